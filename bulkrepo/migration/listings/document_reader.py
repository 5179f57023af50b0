"""
Pure. The documents in one saved file: JSON, YAML, or else lines.

A file may hold several: commands that follow pages often print one array after the
other. Headers saved with a reply (`curl -i`) are read too. A long document comes in
parts, so that memory is bounded.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TextIO

import msgspec
from msgspec import structs

from bulkrepo.core.errors import InputError
from bulkrepo.core.json_scanner import JsonScanner, value_decoder
from bulkrepo.core.text import shown
from bulkrepo.migration.listings import continuation, references, yaml_text

_STATUS = re.compile(r"HTTP/[\d.]+ (\d{3})")
_SIZE = 1 << 16
_HEAD = 1 << 18
"""Characters that decide whether a text is YAML or lines."""
_PART = 2000
"""Records of an array in one part."""


class Document(msgspec.Struct, frozen=True):
    """
    A *value* of a file, or lines as text, and what its headers said.

    *last*: there were headers, and they name no next page. *continued*: this is a part,
    and the next document goes on with it; each part of an object has the members in
    front of its array, and the last one also those behind it.
    """

    source: str
    value: object
    more: str | None = None
    total: int | None = None
    last: bool = False
    continued: bool = False


def documents(
    text: TextIO, *, source: str, size: int = _SIZE, part: int = _PART
) -> Iterator[Document]:
    """
    Yield the documents in *text*, in order; none if it is blank.

    *size* characters are read at once; an array comes in parts of *part* records.
    `InputError` for invalid JSON or YAML, a web page, or a saved error response.
    """
    scan = JsonScanner(text, source=source, size=size)
    scan.more()
    scan.at = int(scan.held.startswith("\ufeff"))
    while scan.skip():
        headers = _headers(scan)
        if not scan.skip():
            return
        # A YAML file may be a flow mapping, but what is saved from an API is JSON.
        begins = scan.held[scan.at]
        values: _Values
        if begins == "[":
            values = _array(scan, part)
        elif begins == "{":
            values = _object(scan, part)
        else:
            values = _other(scan)
        for value, continued in values:
            document = _document(source, value, headers)
            if continued:
                document = structs.replace(document, continued=True)
            yield document


_Values = Iterator[tuple[object, bool]]
"""The parts of a value, and whether it goes on."""


def answered(text: str, headers: Mapping[str, str], *, source: str) -> Document:
    """
    Return the one document that an API answered, its *headers* by lower-case name.

    `InputError` where *text* is not all of one JSON array or object.
    """
    if not text.lstrip().startswith(("{", "[")):
        page = " but a web page (a login?)" if text.lstrip().startswith("<") else ""
        raise InputError(f"{source}: is no JSON{page}")
    try:
        value = value_decoder(source)(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{source}: begins like JSON but is not valid: {error.msg}"
        ) from None
    return _document(source, value, headers)


def _document(source: str, value: object, headers: Mapping[str, str]) -> Document:
    more = continuation.find_header(headers)
    last = bool(headers) and more is None
    return Document(source, value, more, continuation.read_total(headers), last)


def _headers(scan: JsonScanner) -> Mapping[str, str]:
    """Read the headers that begin here, by name in lower case."""
    headers: dict[str, str] = {}
    while status := _status(scan):
        while not (end := _END.search(scan.held, scan.at)) and scan.more():
            pass
        stop = end.end() if end else len(scan.held)
        lines = scan.held[scan.at : stop].rstrip().splitlines()[1:]
        scan.at = stop
        headers = {}
        for name, _, value in (line.partition(":") for line in lines):
            key, before = name.strip().lower(), headers.get(name.strip().lower())
            headers[key] = f"{before}, {value.strip()}" if before else value.strip()
        scan.skip()
        # A proxy's own response may come first.
        if status[1] != "200" and not _status(scan):
            advice = _ADVICE.get(status[1], "")
            raise InputError(
                f"{scan.source}: is not a listing but a response with status "
                f"{status[1]}{advice}"
            )
    return headers


_SIGN_IN = ": save it again, signed in as one who may list"
_ADVICE = {
    "401": f"{_SIGN_IN} (curl -u USER; a token in a header)",
    "403": _SIGN_IN,
}
"""What to do about an error response, by its status."""


def _status(scan: JsonScanner) -> re.Match[str] | None:
    scan.reach(len("HTTP/1.1 200"))
    return _STATUS.match(scan.held, scan.at)


_END = re.compile(r"\r?\n\r?\n")


def _array(scan: JsonScanner, part: int | None) -> Iterator[tuple[list[object], bool]]:
    """Read the array that begins here, in parts; only a sole part may be empty."""
    elements = scan.elements()
    found = list(islice(elements, part))
    while following := list(islice(elements, part)):
        yield found, True
        found = following
    yield found, False


def _object(scan: JsonScanner, part: int) -> Iterator[tuple[dict[str, object], bool]]:
    """Read the object that begins here, parted as its first long array is."""
    found: dict[str, object] = {}
    parted: str | None = None
    for key in scan.members():
        if key in found or key == parted:
            raise InputError(f'{scan.source}: "{shown(key)}" occurs twice')
        if scan.next() == "[":
            # A second long array is not expected, and is not parted.
            for run, continued in _array(scan, part if parted is None else None):
                if continued:
                    parted = key
                    yield {**found, key: run}, True
                else:
                    found[key] = run
        else:
            found[key] = scan.value()
    yield found, False


def _other(scan: JsonScanner) -> _Values:
    """Read YAML as a whole, if there are keys; else lines of names, in parts."""
    if scan.held[scan.at] == "<":
        raise InputError(
            f"{scan.source}: is a web page (a login, an error?), no listing"
        )
    more = scan.reach(_HEAD)
    whole = scan.held.rfind("\n", scan.at) + 1 if more else 0
    if yaml_text.keyed(scan.held[scan.at : whole or None]):
        while scan.more():
            pass
        text, scan.at = scan.held[scan.at :], len(scan.held)
        yield yaml_text.load(text, scan.source), False
    else:
        yield from _lines(scan)


def _lines(scan: JsonScanner) -> _Values:
    going = whole = True
    while going:
        more = scan.reach(_SIZE)
        held, at = scan.held, scan.at
        end = max(held.rfind("\n", at), held.rfind("\r", at)) + 1 if more else 0
        if more and not end:
            line = scan.place(at).partition(":")[0]
            raise InputError(
                f"{scan.source}:{line}: a line of over {_SIZE} characters is not a name"
            )
        lines = held[at : end or None]
        if key := yaml_text.keyed(lines):
            line = scan.place(at + key.end()).partition(":")[0]
            raise InputError(
                f"{scan.source}:{line}: has a key, as YAML has, where all before are "
                "names, one a line"
            )
        scan.at += len(lines)
        going = scan.skip()
        whole = whole and not going
        yield references.split_only_line(lines, scan.source) if whole else lines, going
        whole = False
