"""
Pure. The documents in one saved file: JSON, YAML, or else lines.

A file may hold several: a command that follows pages by itself often prints one array
after the other. A reply saved with its headers (`curl -i`) keeps what they say.
"""

import json
import re
from collections.abc import Mapping

import msgspec
import yaml

from bulkrepo.model import InputError

_STATUS = re.compile(r"HTTP/[\d.]+ (\d{3})")
_NEXT = re.compile(r"rel=\"?next\"?")


class Document(msgspec.Struct, frozen=True):
    """
    One *value* of a file, or its lines as text, and what its headers said.

    *last*: there were headers, and they name no next page.
    """

    source: str
    value: object
    more: str | None = None
    total: int | None = None
    last: bool = False


def documents(text: str, *, source: str) -> list[Document]:
    """
    Return the documents in *text*, in order; none if it is blank.

    `InputError` where it begins like JSON and is none, or is an error's answer.
    """
    found: list[Document] = []
    rest = text.removeprefix("\ufeff").lstrip()
    while rest:
        headers, rest = _headers(rest, source)
        begins = rest.startswith(("{", "["))
        # A YAML file may be a flow mapping, but what is saved from an API is JSON.
        value, rest = _json(rest, source) if begins else (_other(rest, source), "")
        found.append(_document(source, value, headers))
        rest = rest.lstrip()
    return found


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


def _document(source: str, value: object, headers: Mapping[str, str]) -> Document:
    more = "Link" if _NEXT.search(headers.get("link", "")) else None
    last = bool(headers) and more is None
    return Document(source, value, more, _total(headers), last)


def _headers(text: str, source: str) -> tuple[Mapping[str, str], str]:
    """Return the headers in front of *text*, by name in lower case, and the rest."""
    headers: dict[str, str] = {}
    while status := _STATUS.match(text):
        head, _, text = text.replace("\r\n", "\n").partition("\n\n")
        text = text.lstrip()
        pairs = (line.partition(":") for line in head.splitlines()[1:])
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        final = not _STATUS.match(text)  # a proxy's own reply may come first
        if final and status[1] != "200":
            raise InputError(f"{source}: is no listing but an answer {status[1]}")
    return headers, text


def _total(headers: Mapping[str, str]) -> int | None:
    said = headers.get("x-total-count") or headers.get("x-total") or ""
    said = said or headers.get("content-range", "").rpartition("/")[2]
    return int(said) if said.isdecimal() and len(said) < 19 else None


def _json(text: str, source: str) -> tuple[object, str]:
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError) as error:
        where = ""
        if isinstance(error, json.JSONDecodeError):
            where = f":{error.lineno}:{error.colno}"
        raise InputError(
            f"{source}{where}: begins like JSON and is none: {_plain(error)}. "
            "Was it saved whole?"
        ) from None
    return value, text[end:]


def _plain(error: BaseException) -> str:
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    return "nested too deep" if isinstance(error, RecursionError) else "no number"


# A name may hold a colon, but only a key's is followed by a blank or the line's end.
_KEY = re.compile(r"^[ \t]*(?:- )*[^\s#][^\n]*:(?:[ \t]|$)", re.MULTILINE)
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _other(text: str, source: str) -> object:
    """Return the value of YAML that has keys; else *text* itself, lines of names."""
    if text.startswith("<"):
        raise InputError(f"{source}: is a web page (a login, an error?), no listing")
    if not _KEY.search(text):
        return text
    try:
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        # Not the error's own text: that quotes the line, which may hold a password.
        raise InputError(f"{source}{where}: begins like YAML and is none") from None
