"""
Edge. Spreadsheets (.xlsx): the one sheet with columns of a list, row by row, as text.

Whole numbers have no `.0`, and formulas are read as their values. What cannot have been
meant as a value is a fault: an error, a date, a formula that was never computed, a cell
that is merged with another one.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

from msgspec import structs

from bulkrepo.core import csv_cells
from bulkrepo.core.errors import InputError
from bulkrepo.core.rows import FIELDS, Problem, Row
from bulkrepo.inputs import columns, report_rows, xlsx_cells, xlsx_merged_cells

_ROWS = 1_048_576
"""Rows that a sheet can have."""
_MOST = 100 * 1024 * 1024
"""Bytes of a file, unpacked: a list of 300,000 rows has some 80 MiB."""


class Sheet(NamedTuple):
    """A sheet's *title*, its header (*head*) at *line*, and its *rows* with content."""

    title: str
    line: int
    head: list[str]
    rows: Iterator[tuple[int, list[object]]]


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
        for line, found in sheet.rows:
            yield _row(plan, source, line, found)


def _row(
    plan: columns.Plan,
    source: str,
    line: int,
    found: list[object],
) -> Row:
    title, width = plan.layout.prefix, plan.width
    faults = tuple(
        Problem(
            plan.layout.names[index],
            odd.rule,
            odd.message,
            got=odd.text,
            line=line,
            path=cell(title, index, line),
        )
        for index, odd in enumerate(found[:width])
        if isinstance(odd, xlsx_cells.Odd)
    )
    for index, extra in enumerate(found[width:], start=width):
        if extra is not None:
            message = f"is one more than the {width} columns of the header"
            path = cell(title, index, line)
            faults += (Problem("cell", "surplus-cell", message, line=line, path=path),)
            break
    values = [
        each.text if isinstance(each, xlsx_cells.Odd) else each
        for each in found[:width]
    ]
    values += [None] * (width + 1 - len(values))
    reported = None
    if plan.report:
        values = [csv_cells.plain(v) if isinstance(v, str) else v for v in values]
        faults += report_rows.recorded(plan, values)
        reported = report_rows.outcome(plan, values)
    kept, notes = columns.taken(plan, values)
    return Row(source, line, *kept, faults, notes, None, plan.layout, reported)


def records(
    stream: io.BufferedIOBase, source: str
) -> Iterator[tuple[int, dict[str, object]]]:
    """
    Yield line and fields of each row of a listing's sheet; other columns are ignored.

    A column `image` is read as `repository`. `InputError` for a cell without a value.
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
        for line, found in sheet.rows:
            row: dict[str, object] = {}
            for index, value in enumerate(found[: len(fields)]):
                field = fields[index]
                if field is None or value is None:
                    continue
                if isinstance(value, xlsx_cells.Odd):
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
        computed, formulas = _workbooks(file, source)
        found = [
            sheet
            for each in computed.worksheets
            if each.sheet_state == "visible"
            and (sheet := _headed(each, source, wanted, formulas)) is not None
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


def _workbooks(file: IO[bytes], source: str) -> tuple[Any, Any]:
    """Open *file* for values, and once more for formulas if some may lack a value."""
    file.seek(0)
    if file.read(4) == b"\xd0\xcf\x11\xe0":
        raise InputError(
            f"{source}: is protected by a password, or an old .xls: save it as .xlsx "
            "without one"
        )
    try:
        import openpyxl  # noqa: PLC0415 - heavy, and not everybody has it
    except ModuleNotFoundError as error:
        raise InputError(
            f"{source}: to read spreadsheets: pip install 'bulkrepo[xlsx]'; or save "
            "it as CSV"
        ) from error
    # It warns of what it would not write back: nothing is written here.
    warnings.filterwarnings("ignore", module="openpyxl")
    with _readable(source):
        with zipfile.ZipFile(file) as packed:
            size = sum(each.file_size for each in packed.infolist())
            if size > _MOST:
                raise InputError(
                    f"{source}: has {size:,} bytes when it is unpacked, and the most "
                    f"is {_MOST:,}: save the sheet as CSV"
                )
            open_ = any(_uncomputed(packed, name) for name in packed.namelist())
        options: dict[str, Any] = {"read_only": True, "keep_links": False}
        computed = openpyxl.load_workbook(file, data_only=True, **options)
        formulas = openpyxl.load_workbook(file, **options) if open_ else None
    return computed, formulas


@contextmanager
def _readable(source: str) -> Iterator[None]:
    """Turn whatever a broken file makes the library raise into an `InputError`."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        raise InputError(
            f"{source}: is no .xlsx that can be read ({type(error).__name__}): save it "
            "again as .xlsx, or as CSV. What is text is read with --format"
        ) from error


# A formula followed by a blank value, or none.
_BLANK = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^>]*/>)\s*<(?:/(?:\w+:)?c>|(?:\w+:)?v(?:\s*/>|>\s*<))"
)


def _uncomputed(packed: zipfile.ZipFile, name: str) -> bool:
    """Tell whether the part *name* is a sheet with a formula that may lack a value."""
    if not name.startswith("xl/worksheets/"):
        return False
    with packed.open(name) as part:
        last = b""
        while chunk := part.read(1 << 20):
            if _BLANK.search(last + chunk):
                return True
            last = chunk[-100:]
    return False


def _headed(
    sheet: Any, source: str, wanted: Callable[[str], bool], formulas: Any
) -> Sheet | None:
    """Return *sheet* after its first row with content, if that is *wanted*."""
    if not hasattr(sheet, "reset_dimensions"):  # a chart
        return None
    found = _rows(sheet, source, formulas and formulas[sheet.title])
    line, head = next(found, (0, []))
    names = [str(each).strip() if each is not None else "" for each in head]
    if not any(map(wanted, names)):
        return None
    with _readable(source), sheet._get_source() as part:  # noqa: SLF001 - its XML
        merges = [each for each in xlsx_merged_cells.ranges(part) if each.bottom > line]
    if merges:
        found = _split(merges, found, len(names), sheet.title)
    return Sheet(sheet.title, line, names, found)


def _split(
    merges: list[xlsx_merged_cells.Range],
    found: Iterator[tuple[int, list[object]]],
    width: int,
    title: str,
) -> Iterator[tuple[int, list[object]]]:
    """Yield the rows *found*, with an `Odd` for each cell merged into another."""
    for line, row, covered in xlsx_merged_cells.covered(merges, found, width=width):
        row.extend([None] * (max(covered, default=-1) + 1 - len(row)))
        for index, merge in covered.items():
            first = cell(title, merge.left, merge.top)
            message = f"is merged with {first}: unmerge them, and fill each that counts"
            row[index] = xlsx_cells.Odd("", "merged-cell", message)
        yield line, row


def _rows(sheet: Any, source: str, beside: Any) -> Iterator[tuple[int, list[object]]]:
    """Yield number and cells of each row that is not empty, up to its last value."""
    with _readable(source):
        for line, (given, formulas) in enumerate(
            zip_longest(_lines(sheet, values=beside is None), _lines(beside)), start=1
        ):
            if line > _ROWS:
                raise InputError(f"{source}: has more rows than a sheet can have")
            if formulas is None:
                row = list(map(xlsx_cells.taken, given))
            else:
                row = list(map(xlsx_cells.computed, given, formulas))
            while row and row[-1] is None:
                row.pop()
            if row:
                yield line, row


def _lines(sheet: Any, *, values: bool = True) -> Iterator[Sequence[Any]]:
    if sheet is not None:
        sheet.reset_dimensions()  # what a file says of its size need not be true
        yield from sheet.iter_rows(values_only=values)
