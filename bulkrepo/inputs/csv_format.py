"""
Pure. CSV: records of cells, and the place of each cell in the text.

A line without quotes is split as a record of its own; only the others go through the
csv module. Each row keeps its text, so that places cost nothing until they are needed.
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple, TextIO

from msgspec import structs

from bulkrepo.core.csv_cells import plain
from bulkrepo.core.errors import InputError
from bulkrepo.core.names import legal
from bulkrepo.core.rows import FIELDS, Problem, Row
from bulkrepo.core.text import brief
from bulkrepo.inputs import columns, report_rows
from bulkrepo.inputs.decoding import LONGEST, bounded_lines

DELIMITERS = ",;\t"
_REPOSITORY = FIELDS.index("repository")
_WIDEST = 16_384
"""Columns that a table may have: as many as a spreadsheet."""
# Of the whole process, 131,072 otherwise: `RecordLines` ends records that are too long.
csv.field_size_limit(max(csv.field_size_limit(), 3 * LONGEST))

_OPENING = re.compile(rf'(?:^|[{DELIMITERS}]) *"')
# A first line that tells Excel the delimiter; it is no header.
_EXCEL = re.compile(r"sep=.\s*", re.IGNORECASE)


class CellPosition(NamedTuple):
    """Where a cell starts: lines after the record's first, and column from 1."""

    below: int
    column: int


class RecordLines:
    """
    Keeps the lines that the csv module takes for one record.

    *ended*: there were no more, or the record had more than `LONGEST` characters.
    """

    def __init__(self, text: Iterator[str]) -> None:
        self._text = text
        self._first: str | None = None
        self._size = 0
        self.taken: list[str] = []
        self.ended = False

    def put(self, line: str) -> None:
        """Put the first line before those that follow in the text."""
        self._first = line
        self._size = 0
        self.taken = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line, self._first = self._first, None
        if line is None:
            line = next(self._text, None)
        if line is None or self._size > LONGEST:
            self.ended = True
            raise StopIteration
        self._size += len(line)
        self.taken.append(line)
        return line


def places(raw: str, *, delimiter: str) -> list[CellPosition]:
    """
    Return where each cell of the record *raw* starts.

    Blanks before a value do not belong to it. The last place is the end of the record,
    where a missing cell would be.
    """
    found: list[CellPosition] = []
    below = column = at = 0
    end = len(raw.rstrip("\r\n"))
    while True:
        start = at
        while at < end and raw[at] != delimiter and raw[at].isspace():
            at += 1
        column += at - start
        found.append(CellPosition(below, column + 1))
        if raw[at : at + 1] == '"' and not raw[start:at].strip(" "):
            stop = _closing(raw, at + 1, end)
        else:
            stop = at
        while stop < end and raw[stop] != delimiter:
            stop += 1
        below, column = _moved(raw[at:stop], below=below, column=column)
        if stop >= end:
            found.append(CellPosition(below, column + 1))
            return found
        at = stop + 1
        column += 1


def _closing(raw: str, at: int, end: int) -> int:
    """Return the index after the closing quote of the text that begins at *at*."""
    while at < end:
        at = raw.find('"', at, end)
        if at < 0:
            return end
        if raw[at + 1 : at + 2] != '"':
            return at + 1
        at += 2
    return end


def last_line(row: Row) -> int:
    """Return the line in which the record of *row* ends."""
    return row.line + _moved((row.raw or "").rstrip("\r\n"), below=0, column=0)[0]


def _moved(text: str, *, below: int, column: int) -> tuple[int, int]:
    """Return line and column after *text*."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) == 1:
        return below, column + len(text)
    return below + len(lines) - 1, len(lines[-1])


def header(raw: str, *, name: str, line: int) -> columns.ColumnMapping:
    """
    Return the plan of the header *raw*, with the delimiter that gives most known names.

    Its faults are in the layout. `InputError` where no delimiter gives a known name,
    or there are more than `_WIDEST` columns.
    """
    best: list[str] = []
    delimiter = ","
    most = 0
    for candidate in DELIMITERS:
        names = _parsed(raw, candidate)
        score = sum(map(columns.known, names))
        if score > most:
            best, delimiter, most = names, candidate, score
    if not most:
        known = "namespace, repository, is_public, category, description"
        raise InputError(
            f"{name}:{line}: the first line names no known column; known are {known}"
            " (a file of plain names is read with --format text)"
        )
    while not best[-1].strip():
        best.pop()
    if len(best) > _WIDEST:
        raise InputError(
            f"{name}:{line}: has {len(best):,} columns; the most is {_WIDEST:,}"
        )
    plan = columns.plan(best, kind="csv", delimiter=delimiter)
    problems = tuple(_placed(plan, raw, line))
    layout = structs.replace(plan.layout, heading=line, problems=problems)
    return structs.replace(plan, layout=layout)


def _parsed(raw: str, delimiter: str) -> list[str]:
    lines = io.StringIO(raw, newline="")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        return [cell.strip() for cell in next(reader, [])]
    except csv.Error:  # longer than any header
        return []


def _top(text: Iterator[str], name: str) -> tuple[str, int, int]:
    """
    Return the first record that is not blank, and its first and last line.

    `InputError` if a quote in it is never closed.
    """
    top = 1
    raw = next(text, "")
    while raw.isspace() or _EXCEL.fullmatch(raw):
        raw = next(text, "")
        top += 1
    taken = [raw]
    size, quotes = len(raw), raw.count('"') if _OPENING.search(raw) else 0
    while quotes % 2:
        more = next(text, "")
        if not more or size > LONGEST:
            raise _unclosed(name, top)
        taken.append(more)
        size += len(more)
        quotes += more.count('"')
    return "".join(taken), top, top + len(taken) - 1


def _unclosed(name: str, line: int) -> InputError:
    return InputError(
        f"{name}:{line}: a quote is opened and never closed, or not within "
        f"{LONGEST:,} characters"
    )


def rows(text: TextIO, source: str) -> Iterator[Row]:
    """Yield the rows of CSV *text* under a header line."""
    lines = bounded_lines(text, source)
    raw, top, last = _top(lines, source)
    if not raw:
        return
    plan = header(raw, name=source, line=top)
    layout, pick, width = plan.layout, plan.pick, plan.width
    delimiter = layout.delimiter
    special = plan.inverted or plan.report
    tape = RecordLines(lines)
    quoted = csv.reader(tape, delimiter=delimiter, skipinitialspace=True)
    whole = _record(delimiter)
    for raw in lines:
        line = last = last + 1
        odd: tuple[Problem, ...] = ()
        if '"' in raw:
            tape.put(raw)
            cells = next(quoted)
            if tape.ended:
                raise _unclosed(source, line)
            raw = "".join(tape.taken)  # noqa: PLW2901 - the record, not its first line
            last += len(tape.taken) - 1
            swallowed = sum(_looks_like_row(plan, each) for each in tape.taken[1:])
            if swallowed:
                odd = (_swallowed(swallowed),)
            elif not whole.fullmatch(raw):
                odd = (_MISQUOTED,)
        else:
            cells = raw.rstrip("\r\n").split(delimiter)
        if len(cells) != width:
            odd += _fit(cells, width=width, line=line, raw=raw, delimiter=delimiter)
        cells.append("")
        a, b, c, d, e = pick(cells)
        if (
            special
            or odd
            or not b
            or a.strip() is not a
            or b.strip() is not b
            or c.strip() is not c
            or d.strip() is not d
            or e.strip() is not e
        ):
            if not odd and not any(map(str.strip, cells)):
                continue
            reported = None
            if plan.report:
                cells = list(map(plain, cells))
                odd += report_rows.recorded(plan, cells)
                reported = report_rows.reported(plan, cells)
            values, notes = columns.taken(plan, cells)
            yield Row(source, line, *values, odd, notes, raw, layout, reported)
        else:
            yield Row(
                source,
                line,
                a or None,
                b,
                c or None,
                d or None,
                e or None,
                (),
                (),
                raw,
                layout,
            )


def _fit(
    cells: list[str], *, width: int, line: int, raw: str, delimiter: str
) -> tuple[Problem, ...]:
    """Make *cells* as many as the header has; return a fault if there is a surplus."""
    if len(cells) < width:
        cells.extend([""] * (width - len(cells)))
        return ()
    extra = [cell for cell in cells[width:] if cell.strip()]
    if extra:
        place = places(raw, delimiter=delimiter)[width + _first(cells[width:])]
        fault = Problem(
            "cell",
            "surplus-cell",
            f"is one more than the {width} columns of the header",
            got=brief(extra[0].strip()),
            line=line + place.below,
            column=place.column,
        )
        del cells[width:]
        return (fault,)
    del cells[width:]
    return ()


def _first(cells: list[str]) -> int:
    return next(index for index, cell in enumerate(cells) if cell.strip())


def _record(delimiter: str) -> re.Pattern[str]:
    """Return the pattern of a record with well-formed quotes."""
    d = re.escape(delimiter)
    blank = rf"(?:(?!{d})[^\S\r\n])*+"
    quoted = rf' *+"(?:[^"]++|"")*+"{blank}'
    bare = rf'(?! *+")[^{d}\r\n]++'
    return re.compile(rf"(?:{quoted}|{bare}|)(?:{d}(?:{quoted}|{bare}|))*+[\r\n]*+")


_MISQUOTED = Problem(
    "record",
    "quotes",
    "has text behind a closing quote; inside a value a quote is written twice",
)


def _looks_like_row(plan: columns.ColumnMapping, line: str) -> bool:
    """Tell whether *line*, read alone, has all the cells and a legal repository."""
    reader = csv.reader([line], delimiter=plan.layout.delimiter, skipinitialspace=True)
    cells = next(reader)
    if len(cells) < plan.width or any(map(str.strip, cells[plan.width :])):
        return False
    name: str = plan.pick([*cells[: plan.width], ""])[_REPOSITORY].strip()
    return legal(name, profile="docker", slashes=True)


def _swallowed(number: int) -> Problem:
    rows = "a line that looks like a row"
    if number > 1:
        rows = f"{number} lines that look like rows"
    message = f"holds {rows}: a quote is opened in it and closed too late"
    return Problem("record", "quotes", message)


def _placed(plan: columns.ColumnMapping, raw: str, line: int) -> Iterator[Problem]:
    """Yield the header's faults with their places."""
    spots = places(raw, delimiter=plan.layout.delimiter)
    for index, fault in plan.faults:
        spot = spots[index]
        yield structs.replace(fault, line=line + spot.below, column=spot.column)
