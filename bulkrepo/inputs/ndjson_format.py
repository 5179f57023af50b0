"""Pure. NDJSON: one object, or one name, a line."""

import json
from collections.abc import Iterator
from typing import NoReturn, TextIO

from bulkrepo.core.rows import Problem, Row
from bulkrepo.core.surrogates import clean_escapes
from bulkrepo.inputs.json_rows import Shapes, shape


class _Pairs(list[tuple[str, object]]):
    """An object's members as written, with keys that are given twice."""


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs, parse_constant=_refuse)


def rows(text: TextIO, source: str) -> Iterator[Row]:
    """Yield a row for each line of *text*; a line that is not JSON is a faulty row."""
    shapes = Shapes(kind="ndjson")
    for line, raw in enumerate(text, start=1):
        if raw.isspace():
            continue
        value: object
        try:
            value = _decode(raw.rstrip())
        except (ValueError, RecursionError) as error:
            yield shapes.unfit(_broken(error, line), source=source, line=line)
            continue
        if isinstance(value, _Pairs):
            yield shapes.members(
                tuple([key for key, _ in value]),
                [value for _, value in value],
                source=source,
                line=line,
                raw=raw,
                at="$",
            )
        elif isinstance(value, str):
            yield shapes.name(value, source=source, line=line, raw=raw)
        else:
            message = f"is {shape(value)}, where an object or a name is wanted"
            fault = Problem("record", "type", message, line=line, path="$")
            yield shapes.unfit(fault, source=source, line=line)


def _decode(line: str) -> object:
    """Return the value of *line*; texts inside of arrays and objects are cleaned."""
    value: object = _DECODER.decode(line)
    if isinstance(value, _Pairs) and clean_escapes(line) is not line:
        for index, (key, inner) in enumerate(value):
            if isinstance(inner, list):
                value[index] = key, json.loads(clean_escapes(json.dumps(inner)))
    return value


def _broken(error: Exception, line: int) -> Problem:
    if isinstance(error, json.JSONDecodeError):
        message, column = error.msg, error.colno
    else:
        message, column = str(error), 1
    return Problem(
        "record", "json", f"is not JSON: {message}", line=line, column=column
    )
