"""
Pure. JSON: an array of objects or names, alone or in an object that gives defaults.

The text is read element by element, so an array of any length needs the memory of one.
The same rules hold for any document that can be walked as JSON can, see `rows_of`.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Protocol, TextIO

from bulkrepo.core.errors import InputError
from bulkrepo.core.json_scanner import LONGEST, JsonScanner
from bulkrepo.core.rows import Row
from bulkrepo.core.text import shown
from bulkrepo.inputs import columns, json_rows
from bulkrepo.inputs.json_rows import JsonRows, shape, step

LISTS = ("repositories", "items")
"""The keys of the object that hold the array."""
_PASSED_OVER = ("run", "summary")
TOP = frozenset({"defaults", *LISTS, *_PASSED_OVER})
"""The keys of the object that may hold the array; the last two are a report's."""


class Document(Protocol):
    """
    A document that is read from its beginning to its end, and held nowhere.

    *line* is that of the element read last, `None` where elements have numbers only.
    Whoever is given a key or comes upon an array reads what is there before going on.
    """

    @property
    def line(self) -> int | None:
        """The line from 1."""

    def next(self) -> str:
        """Return `[` or `{` where one begins here; empty at the end."""

    def members(self) -> Iterator[str]:
        """Yield the keys of the object that begins here."""

    def elements(self) -> Iterator[object]:
        """Yield the elements of the array that begins here."""

    def value(self) -> object:
        """Read the value that begins here."""


def rows(text: TextIO, source: str) -> Iterator[Row]:
    """Yield a row for each element of the array that *text* holds."""
    scan = JsonScanner(text, source=source, longest=LONGEST)
    if scan.next() == "<":
        raise InputError(f"{source}: is a web page (a login, an error?), no list")
    yield from rows_of(scan, source, kind="json")
    if scan.next():
        where = f"{source}:{scan.place(scan.at)}"
        raise InputError(f"{where}: there is more behind the end of the list")


def rows_of(document: Document, source: str, *, kind: str) -> Iterator[Row]:
    """Yield a row for each element of the array in *document*, up to its end."""
    match document.next():
        case "":
            return
        case "[":
            yield from _elements(document, source, JsonRows(kind=kind))
        case "{":
            yield from _members(document, source, kind)
        case _:
            given = shape(document.value())
            raise InputError(f"{source}: wanted an array, got {given}")


def _members(document: Document, source: str, kind: str) -> Iterator[Row]:
    defaults: Mapping[str, tuple[str, object]] = {}
    seen: set[str] = set()
    for key in document.members():
        if key not in TOP:
            raise InputError(f"{source}: {_stranger(key)}")
        if key in seen:
            raise InputError(f'{source}: "{key}" occurs twice')
        if key == "defaults":
            if seen & set(LISTS):
                raise InputError(f'{source}: "defaults" must stand before the list')
            defaults = _defaults(document.value(), source)
        elif key in LISTS:
            if document.next() != "[":
                raise InputError(f'{source}: "{key}" must be an array')
            shapes = JsonRows(kind=kind, prefix=f"${step(key)}", defaults=defaults)
            yield from _elements(document, source, shapes)
        else:
            document.value()
        seen.add(key)
    if not seen & set(LISTS):
        raise InputError(f'{source}: there is no "repositories" in it')


def _stranger(key: str) -> str:
    key = shown(key)
    if columns.known(key):
        return (
            f'"{key}" is a key of rows: what is to hold for all of them stands under '
            '"defaults"; a row alone is none of a list: put the object in [ ], or read '
            "one object a line with --format ndjson"
        )
    close = get_close_matches(key, TOP, n=1)
    hint = f'did you mean "{close[0]}"?' if close else "known: defaults, repositories"
    return f'"{key}" is not a known key; {hint}'


def _defaults(value: object, source: str) -> Mapping[str, tuple[str, object]]:
    if not isinstance(value, dict):
        raise InputError(f'{source}: "defaults" must be an object, not {shape(value)}')
    found, faults = json_rows.defaults(value)
    for fault in faults:
        hint = f'; did you mean "{fault.hint}"?' if fault.hint else ""
        path = f"$.defaults{step(fault.field)}"
        raise InputError(f"{source}: {path} {fault.message}{hint}")
    return found


def _elements(document: Document, source: str, shapes: JsonRows) -> Iterator[Row]:
    for number, value in enumerate(document.elements(), start=1):
        yield shapes.row(value, source=source, line=document.line or number)
