"""Pure. Listing repositories: filters, order and pages."""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple

from bulkrepo.sandbox import grammar
from bulkrepo.sandbox.messages import Answer, Call, RefusedError, encoded, refusal
from bulkrepo.sandbox.repositories import common
from bulkrepo.sandbox.state import ACCOUNT, Repository, State, timestamp

_LONGEST_PAGE = 1000
_PAGE = 100

_FILTERS: Final = frozenset({"namespace", "name", "category", "is_public"})
_PAGING: Final = frozenset({"limit", "offset", "order_column", "order_type"})

_ORDERS: Final[Mapping[str, Callable[[Repository], Any]]] = {
    "name": attrgetter("name"),
    "updated_time": attrgetter("updated"),  # and not `updated_at`, as the items say
    "tag_count": lambda repository: len(repository.tags),
    "namespace": attrgetter("namespace"),
    "is_public": attrgetter("is_public"),
}


class _Page(NamedTuple):
    offset: int
    limit: int


def criteria(text: str, *, known: frozenset[str]) -> dict[str, str]:
    """Read the one-string form of a filter: `key::value` joined by `|`."""
    found: dict[str, str] = {}
    for part in text.split("|"):
        name, colons, value = part.partition("::")
        if not colons or name not in known:
            raise RefusedError(refusal(4001035, repr(part)))
        found[name] = value
    return found


def listed(state: State, call: Call, *_names: str) -> Answer:
    """
    List repositories, a bare array; `Content-Range` and each item count them all.

    Without an order they come in the order of their creation.
    """
    wanted: Mapping[str, str] = call.query
    inside = "filter" in wanted
    if inside:  # then the plain parameters are ignored
        wanted = criteria(wanted["filter"], known=_FILTERS | _PAGING)
    page = _page(wanted)
    hidden = state.settings.unlisted
    if wanted.get("namespace") in hidden:
        raise RefusedError(refusal(4037017))
    seen = (
        each for each in state.repositories.values() if each.namespace not in hidden
    )
    found = _ordered(_matching(seen, wanted, fuzzy=inside), wanted)
    shown = found[page.offset : page.offset + page.limit]
    return Answer(
        status=200,
        body=encoded([_item(each, total=len(found)) for each in shown]),
        headers={"Content-Range": f"{page.offset}-{len(shown)}/{len(found)}"},
    )


def _page(wanted: Mapping[str, str]) -> _Page:
    given = {name: wanted[name] for name in ("offset", "limit") if name in wanted}
    if not given:
        return _Page(offset=0, limit=_PAGE)
    digits = all(text.isascii() and text.isdigit() for text in given.values())
    if len(given) == 2 and digits:
        page = _Page(**{name: int(text) for name, text in given.items()})
        if 1 <= page.limit <= _LONGEST_PAGE:
            return page
    raise RefusedError(refusal(4001072, "Invalid parameter in filter"))


def _matching(
    repositories: Iterable[Repository], wanted: Mapping[str, str], *, fuzzy: bool
) -> list[Repository]:
    """
    Pick the repositories that are *wanted*.

    A part of `name` is enough to match; with *fuzzy*, so is one of `namespace`.
    """
    found = list(repositories)
    if "namespace" in wanted:
        part = wanted["namespace"]
        found = [
            each
            for each in found
            if each.namespace == part or (fuzzy and part in each.namespace)
        ]
    if "name" in wanted:
        part = wanted["name"]
        found = [each for each in found if part in each.name]
    if "category" in wanted:
        if wanted["category"] not in grammar.CATEGORIES:
            raise RefusedError(refusal(4000014, f"category {wanted['category']!r}"))
        found = [each for each in found if each.category == wanted["category"]]
    if "is_public" in wanted:
        if wanted["is_public"] not in {"true", "false"}:
            raise RefusedError(refusal(4001009, repr(wanted["is_public"])))
        public = wanted["is_public"] == "true"
        found = [each for each in found if each.is_public == public]
    return found


def _ordered(found: list[Repository], wanted: Mapping[str, str]) -> list[Repository]:
    column, direction = wanted.get("order_column"), wanted.get("order_type")
    if column is None and direction is None:
        return found
    if column is None or column not in _ORDERS or direction not in {"asc", "desc"}:
        raise RefusedError(refusal(4001096, f"{column} {direction}"))
    return sorted(found, key=_ORDERS[column], reverse=direction == "desc")


def _item(found: Repository, *, total: int) -> dict[str, object]:
    """Give the listed form: with organization and tags, without ids."""
    return common(found) | {
        "created_at": timestamp(found.created),
        "updated_at": timestamp(found.updated),
        "logo": "",
        "domain_name": ACCOUNT,
        "namespace": found.namespace,
        "tags": found.tags,
        "status": False,
        "total_range": total,
    }
