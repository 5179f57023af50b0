"""Edge. Lists as files: one writer a format, and a file that appears whole or never."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import TextIO

import msgspec

from bulkrepo.core.rows import FIELDS, InputError, Row
from bulkrepo.reports import csv_report

Writer = Callable[[TextIO, Iterator[Row]], None]


def replace(out: Path, write: Callable[[TextIO], None]) -> None:
    """Let *write* fill a temporary file beside *out*, then put it in its place."""
    try:
        descriptor, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(out)
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)


_values = attrgetter(*FIELDS)


def _members(row: Row) -> bytes:
    given = zip(FIELDS, _values(row), strict=True)
    return msgspec.json.encode({name: v for name, v in given if v is not None})


def _csv(file: TextIO, rows: Iterator[Row]) -> None:
    file.write(CSV_HEADING)
    file.writelines(map(csv_row, rows))


CSV_HEADING = csv_report.csv_line(FIELDS)


def csv_row(row: Row) -> str:
    """Return the line of a list that gives *row*."""
    cells = [v if type(v) is str else _cell(v) for v in _values(row)]
    return csv_report.csv_line(cells)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


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
