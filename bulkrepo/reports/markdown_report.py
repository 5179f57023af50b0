"""Pure. A report as a page of Markdown, to be pasted into a ticket."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from bulkrepo.core.encoding import batches, utf8
from bulkrepo.core.outcomes import Item
from bulkrepo.core.results import RunInfo, Summary
from bulkrepo.core.text import escape
from bulkrepo.reports import wording

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

# Forges make links and mentions of plain text, even if it is escaped. An invisible
# space of no width within keeps them from it.
_LIVE, _BREAK = (
    re.compile(r"(?<=@)|(?<=:)(?=//)|(?<=\bwww)(?=\.)", re.IGNORECASE),
    "&#8203;",
)


def markdown(info: RunInfo, summary: Summary, items: Iterable[Item]) -> Iterator[bytes]:
    """
    Yield a page: the run, its numbers, reasons of failures, and a table of rows.

    Rows that were found as wanted are only counted; those that were created or changed,
    did not succeed or are not certain are listed.
    """
    yield utf8(_head(info, summary))
    rows = map(_row, filter(wording.notable, items))
    first = next(rows, None)
    if first is None:
        yield b"\nNothing was created, changed or refused.\n"
        return
    yield b"\n## Rows\n\n| Row | Repository | Visibility | Outcome | Why |\n"
    yield b"| --- | --- | --- | --- | --- |\n"
    for batch in batches(chain([first], rows)):
        yield utf8("".join(batch))


def inert(text: str) -> str:
    """*text* for a cell, with all that means something in Markdown or HTML escaped."""
    return _LIVE.sub(_BREAK, escape(text.replace("\r\n", "\n").translate(_ACTIVE)))


def _head(info: RunInfo, summary: Summary) -> str:
    parts = [
        f"# {inert(wording.title(info, summary))}\n",
        _table(["Fact", "Value"], wording.facts(info, summary)),
        "## Outcomes\n",
        _table(["Outcome", "Rows"], [[k, str(n)] for k, n in summary.counts.items()]),
    ]
    if summary.reasons:
        head = ["Rows", "Outcome", "Why", "First row"]
        parts += ["## Reasons\n", _table(head, wording.reasons(summary))]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([inert(c) for c in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(item: Item) -> str:
    told = wording.row(item)
    cells = [
        inert(told.place),
        f"`{told.name}`" if _NAME.fullmatch(told.name) else inert(told.name),
        inert(told.visibility),
        told.outcome,
        inert(told.why),
    ]
    return f"| {' | '.join(cells)} |\n"
