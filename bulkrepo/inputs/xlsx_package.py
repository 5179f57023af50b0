"""
Edge. The parts of a spreadsheet's package, each surveyed before it is read.

A few kilobytes unpack to millions of cells, and whoever reads them as a tree has them
in memory at once. So whenever a part is opened, a streaming parser goes over it first:
it refuses what no spreadsheet program writes, and keeps what the library does not tell
of a sheet: its hidden rows, merged cells, and formulas without a value.
"""

import zipfile
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Any
from xml.parsers import expat

from bulkrepo.inputs.xlsx_merged_cells import CellRange, column, parse_range

ROWS = 1_048_576
"""Rows that a sheet can have."""
COLUMNS = 16_384
"""Columns that a sheet can have."""
_CELLS = 1 << 24
"""Cells between column A and the last one of each row: all of them are looked at."""
_ELEMENTS = 1 << 18
"""Elements of a part, or of a row or a text in it: a tree is made of them."""
_STRINGS = 1_500_000
"""Different texts of a workbook: 300,000 rows of five columns have as many."""
_TEXT = 1 << 20
"""Bytes without another element. A program's longest cell has 32,767 characters."""
_MERGES = 100_000
"""Ranges of merged cells: all are held in memory, and hardly anybody merges so many."""
_SMALL = 4 << 20
"""Bytes that any part may have, unpacked."""
_RATIO = 200
"""Bytes of a larger part for each byte in the file: rows of a table have 10 to 80."""
_CHUNK = 1 << 16

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


class ExcessError(Exception):
    """A part is larger or odder than what a spreadsheet program writes."""


class XlsxPackage(zipfile.ZipFile):
    """A package, each of whose parts is surveyed before it is first read."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.surveys: dict[str, PartSurvey] = {}

    def open(self, name: Any, *args: Any, **options: Any) -> IO[bytes]:
        """Open a part for reading. Raises ExcessError for one that is refused."""
        key = getattr(name, "filename", name)
        if key not in self.surveys:
            with super().open(name) as part:
                survey = PartSurvey(part)
            info = self.getinfo(key)
            if info.file_size > max(_SMALL, _RATIO * info.compress_size):
                raise ExcessError(f"unpacks to more than {_RATIO} times its size")
            self.surveys[key] = survey
        return super().open(name, *args, **options)


class PartSurvey:
    """
    What the XML of one *part* says; nothing where it is no sheet.

    *merges* are the ranges of merged cells. ExcessError for what is refused; a part
    that is not well-formed is left to its reader.
    """

    def __init__(self, part: IO[bytes]) -> None:
        self.merges: list[CellRange] = []
        self._hidden = array("I")  # lines, ascending
        self._uncomputed = array("Q")  # line * COLUMNS + column, ascending
        self._elements = self._base = self._strings = self._cells = 0
        self._line = self._column = 0
        self._type: str | None = None
        self._formula = self._valued = False
        self._seen: dict[str, int] = {}  # letters -> column
        parser = self._parser = expat.ParserCreate(namespace_separator="}")
        parser.StartElementHandler = self._start
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._handlers: dict[str, Callable[[dict[str, str]], None]] = {
            f"{_MAIN}}}{name}": handler
            for name, handler in {
                "row": self._row,
                "c": self._cell,
                "f": self._formula_begins,
                "v": self._value_begins,
                "is": self._inline_text_begins,
                "mergeCell": self._merge,
                "si": self._string,
            }.items()
        }
        with suppress(expat.ExpatError):
            self._read(part)
        self._end_cell()
        parser.StartElementHandler = parser.StartDoctypeDeclHandler = None

    def is_hidden(self, line: int) -> bool:
        """Tell whether the row at *line* is hidden."""
        at = bisect_left(self._hidden, line)
        return at < len(self._hidden) and self._hidden[at] == line

    def uncomputed(self, line: int) -> Iterator[int]:
        """Yield the columns, from 0, whose formula at *line* has no value."""
        first = bisect_left(self._uncomputed, line * COLUMNS)
        last = bisect_left(self._uncomputed, (line + 1) * COLUMNS)
        for place in self._uncomputed[first:last]:
            yield place % COLUMNS

    def _read(self, part: IO[bytes]) -> None:
        silent = 0
        while chunk := part.read(_CHUNK):
            before = self._elements
            self._parser.Parse(chunk)
            silent = 0 if self._elements > before else silent + len(chunk)
            if silent > _TEXT:
                raise ExcessError(f"has a text of more than {_TEXT:,} bytes")

    def _refuse_doctype(self, *_: object) -> None:
        raise ExcessError("declares a document type, which no spreadsheet has")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements - self._base > _ELEMENTS:
            raise ExcessError(f"has more than {_ELEMENTS:,} elements in one place")
        handler = self._handlers.get(name)
        if handler is not None:
            handler(attributes)

    def _row(self, attributes: dict[str, str]) -> None:
        self._end_cell()
        self._base = self._elements
        self._cells += self._column
        self._column = 0
        line = int(float(attributes.get("r", self._line + 1)))
        if line > ROWS:
            raise ExcessError(f"has more rows than a sheet can have ({ROWS:,})")
        if line <= self._line:
            raise ExcessError(f"has row {line} after row {self._line}")
        if self._cells > _CELLS:
            raise ExcessError(f"has more than {_CELLS:,} cells up to row {line}")
        self._line = line
        if attributes.get("hidden", "0") in {"1", "true"}:
            self._hidden.append(line)

    def _cell(self, attributes: dict[str, str]) -> None:
        self._end_cell()
        place = attributes.get("r")
        if place is None:
            index = self._column + 1
        else:
            letters = place.rstrip("0123456789")
            index = self._seen.get(letters) or column(letters) + 1
            self._seen[letters] = index
        if index > COLUMNS:
            raise ExcessError(
                f"has more columns than a sheet can have ({COLUMNS:,}), in row "
                f"{self._line}"
            )
        if index <= self._column:
            raise ExcessError(f"has cells in the wrong order, in row {self._line}")
        self._column = index
        self._type = attributes.get("t")

    def _formula_begins(self, _: dict[str, str]) -> None:
        self._formula = True

    def _value_begins(self, _: dict[str, str]) -> None:
        if self._formula:
            self._parser.CharacterDataHandler = self._value

    def _value(self, _: str) -> None:
        self._valued = True
        self._parser.CharacterDataHandler = None

    def _inline_text_begins(self, _: dict[str, str]) -> None:
        self._valued = True

    def _end_cell(self) -> None:
        # This type has no value where the formula's result is an empty text.
        if self._formula and not self._valued and self._type != "str":
            self._uncomputed.append(self._line * COLUMNS + self._column - 1)
        self._formula = self._valued = False
        self._parser.CharacterDataHandler = None

    def _merge(self, attributes: dict[str, str]) -> None:
        found = parse_range(attributes.get("ref", ""))
        if found is not None:
            self.merges.append(found)
        if len(self.merges) > _MERGES:
            raise ExcessError(f"has more than {_MERGES:,} merged cells")

    def _string(self, _: dict[str, str]) -> None:
        self._base = self._elements
        self._strings += 1
        if self._strings > _STRINGS:
            raise ExcessError(f"has more than {_STRINGS:,} texts")
