"""Lists as rows, or why they are none."""

import io

from bulkrepo.core.rows import FIELDS, Row
from bulkrepo.inputs import reader


def rows(data: bytes | str, name: str = "list.csv") -> list[Row]:
    """Return the rows of *data* under a file's name."""
    raw = data.encode() if isinstance(data, str) else data
    return list(reader.read_from(io.BytesIO(raw), name=name, format=None))


def fields(row: Row) -> tuple[object, ...]:
    """Return the five fields."""
    return tuple(getattr(row, field) for field in FIELDS)
