"""
Pure. The documents in one saved file: JSON, YAML, or else lines.

A file may hold several: a command that follows pages by itself often prints one array
after the other. A reply saved with its headers (`curl -i`) keeps what they say. A long
one comes in parts, so that no more of it is in memory than of a short one.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import TextIO

import msgspec
from msgspec import structs

from bulkrepo.listings import yamls
from bulkrepo.listings.window import Window
from bulkrepo.model import InputError

_STATUS = re.compile(r"HTTP/[\d.]+ (\d{3})")
_NEXT = re.compile(r"rel=\"?next\"?")
_SIZE = 1 << 16
_HEAD = 1 << 18
"""Characters of a text by which it is told whether it is YAML or lines."""
_PART = 2000
"""Records after which an array comes in another part."""


class Document(msgspec.Struct, frozen=True):
    """
    One *value* of a file, or its lines as text, and what its headers said.

    *last*: there were headers, and they name no next page. *continued*: this is a part,
    and the next document goes on with it; a part of an object has all that stands in
    front of its array, and the last one what is behind it as well.
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

    *size* characters are read at once, an array of more than *part* records is parted.
    `InputError` where it begins like JSON and is none, or is an error's answer.
    """
    window = Window(text, source=source, size=size)
    window.more()
    window.at = int(window.held.startswith("\ufeff"))
    while window.skip():
        headers = _headers(window)
        if not window.skip():
            return
        # A YAML file may be a flow mapping, but what is saved from an API is JSON.
        begins = window.held[window.at]
        values: _Values
        if begins == "[":
            values = _array(window, part)
        elif begins == "{":
            values = _object(window, part)
        else:
            values = _other(window)
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
        return _document(source, json.loads(text), headers)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{source}: begins like JSON and is none: {_plain(error)}"
        ) from None


def _plain(error: BaseException) -> str:
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    return "nested too deep" if isinstance(error, RecursionError) else "no number"


def _document(source: str, value: object, headers: Mapping[str, str]) -> Document:
    more = "Link" if _NEXT.search(headers.get("link", "")) else None
    last = bool(headers) and more is None
    return Document(source, value, more, _total(headers), last)


def _headers(window: Window) -> Mapping[str, str]:
    """Read the headers that stand here, by name in lower case."""
    headers: dict[str, str] = {}
    while status := _status(window):
        while not (end := _END.search(window.held, window.at)) and window.more():
            pass
        stop = end.end() if end else len(window.held)
        lines = window.held[window.at : stop].rstrip().splitlines()[1:]
        window.at = stop
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        window.skip()
        # A proxy's own reply may come first.
        if status[1] != "200" and not _status(window):
            advice = _ADVICE.get(status[1], "")
            raise InputError(
                f"{window.source}: is no listing but an answer {status[1]}{advice}"
            )
    return headers


_SIGN_IN = ": save it again, signed in as one who may list"
_ADVICE = {
    "401": f"{_SIGN_IN} (curl -u USER; a token in a header)",
    "403": _SIGN_IN,
}
"""What to do about an answer, by its status."""


def _status(window: Window) -> re.Match[str] | None:
    window.reach(len("HTTP/1.1 200"))
    return _STATUS.match(window.held, window.at)


_END = re.compile(r"\r?\n\r?\n")


def _total(headers: Mapping[str, str]) -> int | None:
    said = headers.get("x-total-count") or headers.get("x-total") or ""
    said = said or headers.get("content-range", "").rpartition("/")[2]
    return int(said) if said.isdecimal() and len(said) < 19 else None


def _array(window: Window, part: float) -> Iterator[tuple[list[object], bool]]:
    """Read the array that begins here, in parts; only a whole one may be empty."""
    window.at += 1
    found: list[object] = []
    if window.next() == "]":
        window.at += 1
        yield found, False
        return
    while True:
        window.next()
        found += window.many() or [window.value()]
        if window.behind("]"):
            yield found, False
            return
        if len(found) >= part:
            yield found, True
            found = []


def _object(window: Window, part: float) -> Iterator[tuple[dict[str, object], bool]]:
    """Read the object that begins here, in parts if its first long array has some."""
    window.at += 1
    found: dict[str, object] = {}
    parted: str | None = None
    if window.next() == "}":
        window.at += 1
        yield found, False
        return
    while True:
        if window.next() != '"':
            window.refuse("Expecting property name enclosed in double quotes")
        key = str(window.value())
        if window.next() != ":":
            window.refuse("Expecting ':' delimiter")
        window.at += 1
        if key in found or key == parted:
            window.twice(key)
        if window.next() == "[":
            # A second long one is not expected, and is kept whole.
            most = part if parted is None else math.inf
            for run, continued in _array(window, most):
                if continued:
                    parted = key
                    yield {**found, key: run}, True
                else:
                    found[key] = run
        else:
            found[key] = window.value()
        if window.behind("}"):
            yield found, False
            return


def _other(window: Window) -> _Values:
    """Read YAML, if it has keys, whole; else lines of names, in parts."""
    if window.held[window.at] == "<":
        raise InputError(
            f"{window.source}: is a web page (a login, an error?), no listing"
        )
    more = window.reach(_HEAD)
    whole = window.held.rfind("\n", window.at) + 1 if more else 0
    if yamls.keyed(window.held[window.at : whole or None]):
        while window.more():
            pass
        text, window.at = window.held[window.at :], len(window.held)
        yield yamls.load(text, window.source), False
    else:
        yield from _lines(window)


def _lines(window: Window) -> _Values:
    going = True
    while going:
        more = window.reach(_SIZE)
        held, at = window.held, window.at
        end = max(held.rfind("\n", at), held.rfind("\r", at)) + 1 if more else 0
        if more and not end:
            line = window.place(at).partition(":")[0]
            raise InputError(
                f"{window.source}:{line}: over {_SIZE} characters in a line are no name"
            )
        lines = held[at : end or None]
        if key := yamls.keyed(lines):
            line = window.place(at + key.end()).partition(":")[0]
            raise InputError(
                f"{window.source}:{line}: has a key, as YAML has, where all before are "
                "names, one a line"
            )
        window.at += len(lines)
        going = window.skip()
        yield lines, going
