"""
Pure. Configurations of tools that copy images, as listings of what they copy.

The name taken is that of the target, where the configuration gives one; skopeo's gives
only sources. Credentials are never looked at.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from bulkrepo.migration.listings.references import taken
from bulkrepo.migration.listings.shapes import (
    ListedRepository,
    ListingFormat,
    ListingPage,
    filled,
    first,
    is_object,
    joined,
    member,
    records,
    text,
)
from bulkrepo.migration.mapping import SourceName

_MAPS = ("images", "images-by-tag-regex", "images-by-semver")
_ACCESS = frozenset({"credentials", "tls-verify", "cert-dir"})
"""What skopeo is told of a registry besides its images."""


def _pairs(value: object) -> object:
    """Return image-syncer's map of images, which may stand under `images`."""
    return value["images"] if is_object(value) and "images" in value else value


def _is_syncer(value: object) -> bool:
    pairs = _pairs(value)
    return (
        is_object(pairs)
        and any(map(_refers, pairs))
        and all(_leads(source, _goals(goal)) for source, goal in pairs.items())
    )


def _refers(name: str) -> bool:
    return "/" in name or ":" in name


def _leads(source: str, goals: Sequence[object]) -> bool:
    return all(
        isinstance(goal, str) and (_refers(source) or "/" in goal) for goal in goals
    )


def _goals(value: object) -> Sequence[object]:
    """Return the targets of a source; an empty one stands for the source's own name."""
    goals = value if isinstance(value, list) else [value]
    return ["" if goal is None else goal for goal in goals] or [""]


def _syncer(value: object) -> ListingPage:
    pairs = _pairs(value)
    page = ListingPage()
    goals: list[str] = []
    for source, goal in pairs.items() if is_object(pairs) else ():
        page.rows += 1
        goals += [str(each) or _untagged(source) for each in _goals(goal)]
    return filled(page, map(taken, goals))


def _untagged(source: str) -> str:
    """Return *source* without its tags, which may be several or a /pattern/."""
    path = source.partition("@")[0]
    colon = path.find(":", path.find("/") + 1)
    return path if colon < 0 else path[:colon]


def _lists(value: object, key: str, wanted: str) -> bool:
    """Tell whether under *key* there is an array with an object that has *wanted*."""
    steps = member(value, key)
    return isinstance(steps, list) and any(
        is_object(step) and wanted in step for step in steps
    )


def _regsync(value: object) -> ListingPage:
    page = ListingPage()

    def found() -> Iterator[ListedRepository | tuple[str, str]]:
        for each in records(member(value, "sync"), page):
            target = text(each, "target")
            if text(each, "type") == "registry":
                yield target, "a whole registry: its repositories are not named here"
            else:
                yield taken(target)

    return filled(page, found(), where="target")


def _dregsy(value: object) -> ListingPage:
    page = ListingPage()

    def found() -> Iterator[ListedRepository | tuple[str, str]]:
        for task in records(member(value, "tasks"), ListingPage()):
            for each in records(task.get("mappings"), page):
                origin, goal = text(each, "from"), text(each, "to")
                wanted = goal or origin
                if origin.startswith("regex:") or goal.startswith("regex:"):
                    yield origin, "a pattern: its repositories are not named here"
                else:
                    yield taken(wanted.strip("/"))

    return filled(page, found(), where="from")


def _is_skopeo(value: object) -> bool:
    return (
        is_object(value)
        and all(
            is_object(registry) and (_copied(registry) or registry.keys() <= _ACCESS)
            for registry in value.values()
        )
        and any(_copied(registry) for registry in value.values())
    )


def _copied(registry: object) -> bool:
    return is_object(registry) and any(kind in registry for kind in _MAPS)


def _skopeo(value: object) -> ListingPage:
    page = ListingPage()

    def found() -> Iterator[ListedRepository]:
        for place, registry in value.items() if is_object(value) else ():
            # A key may be a path below the host, too.
            host, _, front = place.partition("/")
            for kind in _MAPS:
                for path in _keys(member(registry, kind)):
                    page.rows += 1
                    yield ListedRepository(
                        SourceName(joined(front.strip("/"), path), host)
                    )

    return filled(page, found())


def _is_promoter(value: object) -> bool:
    return {"name", "dmap"} <= first(_promoted(value)).keys()


def _promoter(value: object) -> ListingPage:
    page = ListingPage()
    images = records(_promoted(value), page)
    return filled(
        page, (ListedRepository(SourceName(text(image, "name"))) for image in images)
    )


def _promoted(value: object) -> object:
    """Return the images of a manifest, or of the file that holds only images."""
    return member(value, "images") if is_object(value) else value


def _keys(value: object) -> Iterable[str]:
    return map(str, value) if is_object(value) else ()


SHAPES = (
    ListingFormat(
        "a regsync configuration",
        "regsync",
        partial(_lists, key="sync", wanted="target"),
        _regsync,
        paged=False,
    ),
    ListingFormat(
        "a dregsy configuration",
        "dregsy",
        partial(_lists, key="tasks", wanted="mappings"),
        _dregsy,
        paged=False,
    ),
    ListingFormat(
        "a skopeo sync configuration", "skopeo", _is_skopeo, _skopeo, paged=False
    ),
    ListingFormat(
        "a Kubernetes promoter manifest",
        "promoter",
        _is_promoter,
        _promoter,
        paged=False,
    ),
    ListingFormat(
        "an image-syncer configuration",
        "image-syncer",
        _is_syncer,
        _syncer,
        paged=False,
    ),
)
