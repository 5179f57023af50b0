"""
Edge. Spreadsheets (.xlsx): the one sheet with columns of a list, row by row, as text.

Whole numbers have no `.0`, and formulas are read as their values. What cannot have been
meant as a value is a fault: an error, a date, a formula that was never computed, a cell
that is merged with another one.
"""

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import tee
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

from msgspec import structs

from bulkrepo.core import csv_cells
from bulkrepo.core.errors import InputError
from bulkrepo.core.rows import FIELDS, Problem, Row
from bulkrepo.core.text import brief
from bulkrepo.inputs import columns, report_rows, xlsx_cells, xlsx_merged_cells
from bulkrepo.inputs.xlsx_package import ExcessError, PartSurvey, XlsxPackage

_NAMES = frozenset({"namespace", "repository"})
_MOST = 100 * 1024 * 1024
"""Bytes of a file, unpacked: a list of 300,000 rows has some 80 MiB."""


class SheetRow(NamedTuple):
    """A row with content: its *line*, its *cells*, and what is *suspect* about it."""

    line: int
    cells: list[object]
    suspects: tuple[Problem, ...]


class Sheet(NamedTuple):
    """A sheet's *title*, its header (*head*) at *line*, and its *rows* with content."""

    title: str
    line: int
    head: list[str]
    rows: Iterator[SheetRow]


def fits(head: bytes) -> bool:
    """Tell whether a file that begins with *head* is a spreadsheet, or an old one."""
    return head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))


def rows(stream: io.BufferedIOBase, source: str) -> Iterator[Row]:
    """Yield the rows of the one visible sheet that has columns of a list."""
    with opened(stream, source, wanted=columns.known) as sheet:
        plan = columns.plan(sheet.head, kind="xlsx", prefix=sheet.title)
        header = tuple(
            structs.replace(
                fault, line=sheet.line, path=cell(sheet.title, index, sheet.line)
            )
            for index, fault in plan.faults
        )
        layout = structs.replace(plan.layout, heading=sheet.line, problems=header)
        plan = structs.replace(plan, layout=layout)
        for found in sheet.rows:
            yield _row(plan, source, found)


def _row(
    plan: columns.ColumnMapping,
    source: str,
    row: SheetRow,
) -> Row:
    title, width = plan.layout.prefix, plan.width
    line, found, suspects = row
    faults = suspects + tuple(
        Problem(
            plan.layout.names[index],
            odd.rule,
            odd.message,
            got=odd.text,
            line=line,
            path=cell(title, index, line),
        )
        for index, odd in enumerate(found[:width])
        if isinstance(odd, xlsx_cells.InvalidCell)
    )
    for index, extra in enumerate(found[width:], start=width):
        if extra is not None:
            message = f"is one more than the {width} columns of the header"
            path = cell(title, index, line)
            faults += (Problem("cell", "surplus-cell", message, line=line, path=path),)
            break
    values = [
        each.text if isinstance(each, xlsx_cells.InvalidCell) else each
        for each in found[:width]
    ]
    values += [None] * (width + 1 - len(values))
    reported = None
    if plan.report:
        values = [csv_cells.plain(v) if isinstance(v, str) else v for v in values]
        faults += report_rows.recorded(plan, values)
        reported = report_rows.reported(plan, values)
    kept, notes = columns.taken(plan, values)
    return Row(source, line, *kept, faults, notes, None, plan.layout, reported)


def records(
    stream: io.BufferedIOBase, source: str
) -> Iterator[tuple[int, dict[str, object]]]:
    """
    Yield line and fields of each row of a listing's sheet; other columns are ignored.

    A column `image` is read as `repository`. A row that is hidden or struck through
    has a field `suspect`. `InputError` for a cell without a value.
    """

    def names(heading: str) -> bool:
        return _field(heading) == "repository"

    known = "image, repository, name, organization, visibility, description"
    with opened(stream, source, wanted=names, known=known) as sheet:
        fields = list(map(_field, sheet.head))
        for name in FIELDS:
            if fields.count(name) > 1:
                raise InputError(
                    f"{source}:{sheet.line}: has {fields.count(name)} columns that "
                    f"mean {name}: rename all but one"
                )
        inverted = "private" in map(columns.normal, sheet.head)
        for line, found, suspects in sheet.rows:
            row: dict[str, object] = {"suspect": True} if suspects else {}
            for index, value in enumerate(found[: len(fields)]):
                field = fields[index]
                if field is None or value is None:
                    continue
                if isinstance(value, xlsx_cells.InvalidCell):
                    at = cell(sheet.title, index, line)
                    raise InputError(f"{source}: {at}: {value.message}")
                row[field] = value
            if inverted:
                row["is_public"] = columns.opposite(row.get("is_public"))
            yield line, row


def _field(heading: str) -> str | None:
    plain = columns.normal(heading)
    return "repository" if plain == "image" else columns.MEANINGS.get(plain)


def cell(title: str, index: int, line: int) -> str:
    """Return a cell's place as spreadsheets write it; *index* counts from 0."""
    letters = ""
    while index >= 0:
        letters = chr(ord("A") + index % 26) + letters
        index = index // 26 - 1
    return f"{title}!{letters}{line}"


@contextmanager
def opened(
    stream: io.BufferedIOBase,
    source: str,
    *,
    wanted: Callable[[str], bool],
    known: str = ", ".join(FIELDS),
) -> Iterator[Sheet]:
    """
    Give the one visible sheet whose first row has a heading that is *wanted*.

    *known* names such headings in messages. `InputError` if there is no such sheet, or
    several, and for what is no spreadsheet, or is too large unpacked.
    """
    with TemporaryFile() as file:
        # Reading begins at the end of the file: a pipe cannot seek.
        while chunk := stream.read(1 << 16):
            file.write(chunk)
            if file.tell() > _MOST:
                raise InputError(f"{source}: is larger than {_MOST:,} bytes")
        found = [
            headed
            for sheet, survey in _visible_sheets(file, source)
            if (headed := _headed(sheet, source, wanted, survey)) is not None
        ]
        if len(found) != 1:
            titles = ", ".join(f'"{sheet.title}"' for sheet in found)
            raise InputError(
                f"{source}: the sheets {titles} all have columns of a list: hide all "
                "but one"
                if found
                else f"{source}: the first row of no visible sheet names a known "
                f"column; known are {known}"
            )
        yield found[0]


def _visible_sheets(file: IO[bytes], source: str) -> list[tuple[Any, PartSurvey]]:
    """Open *file*, and return its visible sheets, each with what its XML says."""
    file.seek(0)
    if file.read(4) == b"\xd0\xcf\x11\xe0":
        raise InputError(
            f"{source}: is protected by a password, or an old .xls: save it as .xlsx "
            "without one"
        )
    from openpyxl.reader.excel import ExcelReader  # noqa: PLC0415 - slow to import

    # It warns of what it would not write back: nothing is written here.
    warnings.filterwarnings("ignore", module="openpyxl")
    with _readable(source):
        reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
        reader.archive = package = XlsxPackage(file)
        size = sum(each.file_size for each in package.infolist())
        if size > _MOST:
            raise InputError(
                f"{source}: has {size:,} bytes when it is unpacked, and the most "
                f"is {_MOST:,}: save the sheet as CSV"
            )
        reader.read()
        paths = {sheet.name: rel.target for sheet, rel in reader.parser.find_sheets()}
        return [
            (sheet, package.surveys[paths[sheet.title]])
            for sheet in reader.wb.worksheets
            if sheet.sheet_state == "visible"
        ]


@contextmanager
def _readable(source: str) -> Iterator[None]:
    """Turn whatever a broken file makes the library raise into an `InputError`."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except ExcessError as error:
        raise InputError(
            f"{source}: {error}: save the list alone, as .xlsx or as CSV"
        ) from error
    except Exception as error:
        raise InputError(
            f"{source}: is no .xlsx that can be read ({type(error).__name__}): save it "
            "again as .xlsx, or as CSV. What is text is read with --format"
        ) from error


def _headed(
    sheet: Any, source: str, wanted: Callable[[str], bool], survey: PartSurvey
) -> Sheet | None:
    """Return *sheet* after its first row with content, if that is *wanted*."""
    lines = _lines(sheet, source)
    heads = ((line, head) for line, cells in lines if (head := _values(cells)))
    line, head = next(heads, (0, []))
    names = [str(each).strip() if each is not None else "" for each in head]
    if not any(map(wanted, names)):
        return None
    named = [index for index, name in enumerate(names) if _field(name) in _NAMES]
    title = brief(sheet.title)  # it stands in the place of every fault
    found = _rows(lines, source, title, named, survey)
    merges = [each for each in survey.merges if each.bottom > line]
    if merges:
        found = _split(merges, found, len(names), title)
    return Sheet(title, line, names, found)


def _split(
    merges: list[xlsx_merged_cells.CellRange],
    found: Iterator[SheetRow],
    width: int,
    title: str,
) -> Iterator[SheetRow]:
    """Yield *found* with an `InvalidCell` for each cell merged into another."""
    rows, again = tee(found)
    lines = (row.line for row in again)
    without = xlsx_merged_cells.covered(merges, lines, width=width)
    for row, covered in zip(rows, without, strict=False):
        cells = row.cells
        cells.extend([None] * (max(covered, default=-1) + 1 - len(cells)))
        for index, merge in covered.items():
            first = cell(title, merge.left, merge.top)
            message = f"is merged with {first}: unmerge them, and fill each that counts"
            cells[index] = xlsx_cells.InvalidCell("", "merged-cell", message)
        yield row


def _rows(
    lines: Iterator[tuple[int, Sequence[Any]]],
    source: str,
    title: str,
    named: Sequence[int],
    survey: PartSurvey,
) -> Iterator[SheetRow]:
    """Yield each row that is not empty, up to its last value; names are in *named*."""
    for line, cells in lines:
        with _readable(source):
            row = _values(cells)
            suspects: tuple[Problem, ...] = ()
            for index in survey.uncomputed(line):
                row.extend([None] * (index + 1 - len(row)))
                row[index] = xlsx_cells.NEVER_COMPUTED
            if not row:
                continue
            if survey.is_hidden(line):
                suspects += (_suspect("hidden-row", "hidden", line, f"{title}!{line}"),)
            for index in named:
                value = cells[index].value if index < len(row) else None
                if value is None or row[index] is None:
                    continue
                font, number_format = _style(cells[index], source)
                row[index] = xlsx_cells.taken_as_name(value, number_format)
                if font.strike and not suspects:
                    at = cell(title, index, line)
                    suspects += (_suspect("struck-row", "struck through", line, at),)
        yield SheetRow(line, row, suspects)


def _style(found: Any, source: str) -> tuple[Any, str]:
    """Return font and number format of a cell with a value."""
    try:
        return found.font, found.number_format
    except IndexError as error:
        raise InputError(
            f"{source}: the formats of its cells are not found, without which a date "
            "looks like a number: open it in a spreadsheet program and save it again"
        ) from error


def _suspect(rule: str, how: str, line: int, path: str) -> Problem:
    message = f"is {how} in the sheet"
    return Problem("row", rule, message, line=line, path=path, suspect=True)


def _values(cells: Sequence[Any]) -> list[object]:
    """Return what *cells* say, up to the last that says something."""
    row = [xlsx_cells.taken(each.value) for each in cells]
    while row and row[-1] is None:
        row.pop()
    return row


def _lines(sheet: Any, source: str) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yield number and cells of each row."""
    with _readable(source):
        sheet.reset_dimensions()  # what a file says of its size need not be true
        yield from enumerate(sheet.iter_rows(), start=1)
