"""
Pure. JSON: an array of objects or names, alone or in an object that gives defaults.

The text is read event by event, so an array of any length needs the memory of one
element. Nested arrays and objects are read as empty ones, except the problems of a
report.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TextIO

import ijson

from bulkrepo.core.errors import InputError
from bulkrepo.core.rows import Problem, Row
from bulkrepo.core.surrogates import clean_escapes
from bulkrepo.inputs import columns, json_rows
from bulkrepo.inputs.json_rows import Shapes, shape, step

LISTS = ("repositories", "items")
"""The keys of the object that hold the array."""
_PASSED_OVER = ("run", "summary")
TOP = frozenset({"defaults", *LISTS, *_PASSED_OVER})
"""The keys of the object that may hold the array; the last two are a report's."""

_HALF = "".join(f"\\u{ord(char):x}" for char in json_rows.HALF)
_PAIR = len(r"\ud83d\ude00")

_Events = Iterator[tuple[str, Any]]


class _Bytes:
    r"""
    JSON as bytes of UTF-8, for a parser that reads bytes.

    It takes `\ud800` for a question mark and `\udc00` for broken UTF-8, so both come
    as `json_rows.HALF`.
    """

    def __init__(self, text: TextIO) -> None:
        self._text = text

    def read(self, size: int = -1) -> bytes:
        chunk = self._text.read(size)
        # A pair of escapes is not cut in two.
        while "\\" in chunk[-_PAIR:] and (more := self._text.read(_PAIR)):
            chunk += more
        return clean_escapes(chunk, _HALF).encode()


def rows(text: TextIO, source: str) -> Iterator[Row]:
    """Yield a row for each element of the array that *text* holds."""
    events: _Events = iter(ijson.basic_parse(_Bytes(text), buf_size=1 << 16))
    done = 0
    try:
        for row in _rows(events, source):
            done += 1
            yield row
    except ijson.JSONError as error:
        behind = f" behind element {done}" if done else ""
        reason = " ".join(str(error).split())[:120]
        hint = "; one object a line is read with --format ndjson" if done < 2 else ""
        raise InputError(f"{source}: not JSON{behind}: {reason}{hint}") from error


def _rows(events: _Events, source: str) -> Iterator[Row]:
    event, value = next(events)
    if event == "start_array":
        yield from _elements(events, source, Shapes(kind="json"), "$")
    elif event == "start_map":
        yield from _members(events, source)
    else:
        raise InputError(f"{source}: wanted an array, got {shape(value)}")
    for _ in events:  # the parser refuses whatever follows
        pass


def _members(events: _Events, source: str) -> Iterator[Row]:
    defaults: Mapping[str, tuple[str, object]] = {}
    seen: set[str] = set()
    for event, key in events:
        if event == "end_map":
            break
        first, value = next(events)
        if key not in TOP:
            raise InputError(f"{source}: {_stranger(key)}")
        if key in seen:
            raise InputError(f'{source}: "{key}" occurs twice')
        if key == "defaults":
            if seen & set(LISTS):
                raise InputError(f'{source}: "defaults" must stand before the list')
            defaults = _defaults(events, source, first, value)
        elif key in LISTS:
            if first != "start_array":
                raise InputError(f'{source}: "{key}" must be an array')
            prefix = f"${step(key)}"
            shapes = Shapes(kind="json", prefix=prefix, defaults=defaults)
            yield from _elements(events, source, shapes, prefix)
        else:
            _whole(events, first, value)
        seen.add(key)
    if not seen & set(LISTS):
        raise InputError(f'{source}: there is no "repositories" in it')


def _stranger(key: str) -> str:
    key = json_rows.clean_key(key)
    if columns.known(key):
        return (
            f'"{key}" stands where a list is wanted: put the object in [ ], '
            "or read one object a line with --format ndjson"
        )
    close = get_close_matches(key, TOP, n=1)
    hint = f'did you mean "{close[0]}"?' if close else "known: defaults, repositories"
    return f'"{key}" is not a known key; {hint}'


def _defaults(
    events: _Events, source: str, first: str, value: object
) -> Mapping[str, tuple[str, object]]:
    if first != "start_map":
        given = shape(_whole(events, first, value))
        raise InputError(f'{source}: "defaults" must be an object, not {given}')
    found, faults = json_rows.defaults(*_object(events))
    for fault in faults:
        hint = f'; did you mean "{fault.hint}"?' if fault.hint else ""
        path = f"$.defaults{step(fault.field)}"
        raise InputError(f"{source}: {path} {fault.message}{hint}")
    return found


def _elements(
    events: _Events, source: str, shapes: Shapes, prefix: str
) -> Iterator[Row]:
    """Yield a row an element, up to the end of the array."""
    for line, (event, value) in enumerate(events, start=1):
        if event == "end_array":
            return
        if event == "start_map":
            keys, values = _object(events)
            yield shapes.members(
                keys,
                values,
                source=source,
                line=line,
                raw=None,
                at=f"{prefix}[{line - 1}]",
            )
        elif event == "string":
            yield shapes.name(value, source=source, line=line, raw=None)
        else:
            found = _whole(events, event, value)
            message = f"is {shape(found)}, where an object or a name is wanted"
            path = f"{prefix}[{line - 1}]"
            fault = Problem("record", "type", message, path=path)
            yield shapes.unfit(fault, source=source, line=line)


def _object(events: _Events) -> tuple[tuple[str, ...], list[object]]:
    """Return keys and values of the object that has just begun."""
    keys: list[str] = []
    values: list[object] = []
    for event, value in events:
        if event == "map_key":
            keys.append(value)
        elif event == "end_map":
            break
        elif not event.startswith("start"):
            values.append(value)
        elif columns.normal(keys[-1]) == "problems":
            values.append(_built(events, event, value))
        else:
            values.append(_whole(events, event, value))
    return tuple(keys), values


def _built(events: _Events, event: str, value: object) -> object:
    """Return the array or object that has just begun, complete."""
    builder = ijson.ObjectBuilder()
    builder.event(event, value)
    depth = 1
    while depth:
        event, value = next(events)
        builder.event(event, value)
        depth += event.startswith("start") - event.startswith("end")
    return builder.value


def _whole(events: _Events, event: str, value: object) -> object:
    """Return a scalar; skip an array or object, and return an empty one."""
    if not event.startswith("start"):
        return value
    depth = 1
    for inner, _ in events:
        if inner.startswith("start"):
            depth += 1
        elif inner.startswith("end"):
            depth -= 1
            if not depth:
                break
    return {} if event == "start_map" else []
