"""Pure. A report in words, for the formats that people read."""

from typing import NamedTuple

from bulkrepo.core.outcomes import Item, Verdict
from bulkrepo.core.results import RunInfo, Summary
from bulkrepo.core.text import fault

_COUNTED = frozenset({Verdict.EXISTS, Verdict.DUPLICATE})
_SIDES = ("wanted", "found")


class Told(NamedTuple):
    """A row in words: where it stands, its full name, and what came of it."""

    place: str
    name: str
    visibility: str
    outcome: str
    why: str


def title(info: RunInfo, summary: Summary) -> str:
    """Say what was run, where, and how many rows succeeded."""
    done = summary.total - summary.failures
    rows = "row" if summary.total == 1 else "rows"
    said = f"{job(info)}: {done} of {summary.total} {rows} succeeded"
    if differ := summary.counts.get(Verdict.DIFFERS):  # no failure, if so asked
        said += f", {differ} differ{'s' if differ == 1 else ''}"
    return said


def job(info: RunInfo) -> str:
    """Name the command and the place, so that reports of two places differ."""
    return f"bulkrepo {info.command}" + (
        f" at {info.endpoint}" if info.endpoint else ""
    )


def facts(info: RunInfo, summary: Summary) -> list[tuple[str, str]]:
    """Say when and where the run was, and how it ended, as far as is known."""
    said = {
        "Run": f"{info.id}, {info.state}",
        "Stopped": info.stopped,
        "Lists": ", ".join(info.lists),
        "Endpoint": info.endpoint,
        "Pull address": _pull_address(info.endpoint),
        "Started": info.started_at,
        "Finished": info.finished_at,
        "Requests": f"{info.requests}, {info.throttled} of them throttled",
        "Not certain": str(summary.uncertain or ""),
        "bulkrepo": info.version,
    }
    return [(name, value) for name, value in said.items() if value]


def reasons(summary: Summary) -> list[tuple[str, str, str, str]]:
    """Give how many rows failed, their outcome, why, and where the first stands."""
    return [
        (str(r.count), r.outcome, _join(": ", r.code, r.message), r.example)
        for r in summary.reasons
    ]


def row(item: Item) -> Told:
    """Put a row in words."""
    public = item.is_public
    return Told(
        f"{item.source}:{item.line}",
        _join("/", item.namespace, item.repository),
        _shown(public) if isinstance(public, bool) else public or "",
        item.outcome if item.certain else f"{item.outcome}, not certain",
        _why(item),
    )


def notable(item: Item) -> bool:
    """Tell whether a row is worth listing: it was not simply found as wanted."""
    return not item.certain or item.outcome not in _COUNTED


def _pull_address(endpoint: str) -> str | None:
    # The documentation shows a repository's path as swr.{region}.{cloud}/{namespace}/
    # {repository}, where the interface answers at swr-api.{region}.{cloud}.
    _, found, host = endpoint.partition("//swr-api.")
    return f"swr.{host.rstrip('/')}/NAMESPACE/REPOSITORY" if found else None


def _why(item: Item) -> str:
    parts = [fault(problem) for problem in item.problems if not problem.note]
    parts += [
        f"{name}: "
        + ", ".join(
            f"{side} {_shown(each)}" for side, each in zip(_SIDES, pair, strict=False)
        )
        for name, pair in (item.differences or {}).items()
    ]
    why = _join(
        "; ", *parts, _join(": ", item.code, item.message), item.reason, item.evidence
    )
    if not why and item.outcome == Verdict.FAILED and item.status:
        return f"answered {item.status}"
    return why


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "public" if value else "private"
    return str(value or "nothing")


def _join(by: str, *parts: str | None) -> str:
    return by.join(filter(None, parts))
