"""Pure. A report as a page of Markdown, to be pasted into a ticket."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from bulkrepo.exports.records import batches, utf8
from bulkrepo.model import Item, RunInfo, Summary, Verdict
from bulkrepo.visible import escape

_COUNTED = frozenset({Verdict.EXISTS, Verdict.DUPLICATE})
_NAME = re.compile(r"[a-z0-9._/-]+")
_ACTIVE = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "\r": " ",
        "\n": " ",
        **{char: f"\\{char}" for char in "\\`*_[]~|"},
    }
)


def markdown(info: RunInfo, summary: Summary, items: Iterable[Item]) -> Iterator[bytes]:
    """
    Yield a page: the run, its numbers, reasons of failures, and a table of rows.

    Rows that were found as wanted are only counted; what was created or changed, did
    not succeed or is not certain is listed.
    """
    yield utf8(_head(info, summary))
    rows = filter(None, map(_row, items))
    first = next(rows, None)
    if first is None:
        yield b"\nNothing was created, changed or refused.\n"
        return
    yield b"\n## Rows\n\n| Row | Repository | Visibility | Outcome | Why |\n"
    yield b"| --- | --- | --- | --- | --- |\n"
    for batch in batches(chain([first], rows)):
        yield utf8("".join(batch))


def inert(text: str) -> str:
    """*text* as a cell in which neither Markdown nor HTML means anything."""
    return escape(text.replace("\r\n", "\n").translate(_ACTIVE))


def _head(info: RunInfo, summary: Summary) -> str:
    done = summary.total - summary.failures
    rows = "row" if summary.total == 1 else "rows"
    facts = {
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
    title = f"bulkrepo {info.command}: {done} of {summary.total} {rows} succeeded"
    if differ := summary.counts.get(Verdict.DIFFERS):  # no failure, if so asked
        title += f", {differ} differ{'s' if differ == 1 else ''}"
    parts = [
        f"# {inert(title)}\n",
        _table(
            ["Fact", "Value"], [[name, said] for name, said in facts.items() if said]
        ),
        "## Outcomes\n",
        _table(["Outcome", "Rows"], [[k, str(n)] for k, n in summary.counts.items()]),
    ]
    if summary.reasons:
        reasons = [
            [str(r.count), r.outcome, _join(": ", r.code, r.message), r.example]
            for r in summary.reasons
        ]
        parts += [
            "## Reasons\n",
            _table(["Rows", "Outcome", "Why", "First row"], reasons),
        ]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([inert(c) for c in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _pull_address(endpoint: str) -> str | None:
    # The documentation shows a repository's path as swr.{region}.{cloud}/{namespace}/
    # {repository}, where the interface answers at swr-api.{region}.{cloud}.
    _, found, host = endpoint.partition("//swr-api.")
    return f"swr.{host.rstrip('/')}/NAMESPACE/REPOSITORY" if found else None


def _row(item: Item) -> str:
    """Give the line of one row, or nothing where it is enough to be counted."""
    if item.certain and item.outcome in _COUNTED:
        return ""
    name = _join("/", item.namespace, item.repository)
    public = item.is_public
    if isinstance(public, bool):
        public = "public" if public else "private"
    cells = [
        inert(f"{item.source}:{item.line}"),
        f"`{name}`" if _NAME.fullmatch(name) else inert(name),
        inert(public or ""),
        item.outcome if item.certain else f"{item.outcome}, not certain",
        inert(_why(item)),
    ]
    return f"| {' | '.join(cells)} |\n"


def _why(item: Item) -> str:
    parts = [fault.message for fault in item.problems if not fault.note]
    parts += [
        f"{name}: "
        + ", ".join(map(" ".join, zip(_SIDES, map(str, pair), strict=False)))
        for name, pair in (item.differences or {}).items()
    ]
    return _join(
        "; ", *parts, _join(": ", item.code, item.message), item.reason, item.evidence
    )


def _join(by: str, *parts: str | None) -> str:
    return by.join(filter(None, parts))


_SIDES = ("wanted", "found")
