"""Edge. Lists as files: one writer a format, and a file that appears whole or never."""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import TextIO

import msgspec

from bulkrepo.core import csv_cells
from bulkrepo.core.rows import FIELDS, Row, written

Writer = Callable[[TextIO, Iterator[Row]], None]


_values = attrgetter(*FIELDS)


def _members(row: Row) -> bytes:
    given = zip(FIELDS, _values(row), strict=True)
    return msgspec.json.encode({name: v for name, v in given if v is not None})


def _csv(file: TextIO, rows: Iterator[Row]) -> None:
    file.write(CSV_HEADING)
    file.writelines(map(csv_row, rows))


CSV_HEADING = csv_cells.csv_line(FIELDS)


def csv_row(row: Row) -> str:
    """Return the line of a list that gives *row*."""
    cells = [v if type(v) is str else written(v) or "" for v in _values(row)]
    return csv_cells.csv_line(cells)


def _ndjson(file: TextIO, rows: Iterator[Row]) -> None:
    file.writelines(_members(row).decode() + "\n" for row in rows)


def _json(file: TextIO, rows: Iterator[Row]) -> None:
    separator = "[\n "
    for row in rows:
        file.write(separator + _members(row).decode())
        separator = ",\n "
    file.write("\n]\n")


WRITERS: Mapping[str, Writer] = {
    ".csv": _csv,
    ".json": _json,
    ".ndjson": _ndjson,
    ".jsonl": _ndjson,
}
