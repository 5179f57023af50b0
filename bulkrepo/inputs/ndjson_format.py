"""Pure. NDJSON: one object, or one name, a line."""

import json
from collections.abc import Iterator
from typing import TextIO

from bulkrepo.core.errors import InputError
from bulkrepo.core.json_scanner import LONGEST, TOO_LONG, Unreadable, value_decoder
from bulkrepo.core.rows import Row
from bulkrepo.inputs.json_rows import JsonRows


def rows(text: TextIO, source: str) -> Iterator[Row]:
    """Yield a row for each line of *text*; a line that is not JSON is a faulty row."""
    shapes = JsonRows(kind="ndjson")
    decode = value_decoder(source)
    begun = False
    for line, raw in enumerate(_lines(text), start=1):
        if raw.isspace():
            continue
        if not begun and raw.lstrip().startswith("["):
            raise InputError(
                f"{source}:{line}: begins an array, where each line is to hold an "
                "object or a name: read it with --format json"
            )
        begun = True
        value: object
        column = None
        try:
            if len(raw) > LONGEST:
                value = Unreadable(f"is {TOO_LONG.format(LONGEST)}")
            else:
                value = decode(raw.rstrip())
        except json.JSONDecodeError as error:
            value, column = Unreadable(f"is not JSON: {error.msg}"), error.colno
        yield shapes.row(value, source=source, line=line, raw=raw, column=column)


def _lines(text: TextIO) -> Iterator[str]:
    """Yield the lines of *text*, only the beginning of one that is too long."""
    while raw := text.readline(LONGEST + 1):
        yield raw
        while len(raw) > LONGEST and not raw.endswith(("\n", "\r")):
            raw = text.readline(LONGEST + 1)
            if not raw:
                return
