"""Pure. What the JSON body of a refusal says: its code, its words, its request id."""

from collections.abc import Iterable
from itertools import chain

import msgspec

from bulkrepo.core.redaction import is_secret

MESSAGE_LIMIT = 500
"""Characters of a message that are kept."""

# Names as `_folded` gives them, the best first.
_CODES = ("errorcode", "code")
_HEADS = ("errormessage", "errormsg", "message", "msg", "title", "error")
_TAILS = ("detail", "reason", "errordescription")
_IDS = ("requestid",)

_Members = list[tuple[str, object]]


class ErrorBody(msgspec.Struct, frozen=True):
    """What an error body says; None where it says nothing that we know."""

    code: str | None = None
    message: str | None = None
    request_id: str | None = None


def read_error(body: bytes) -> ErrorBody:
    """
    Return what *body* says, whatever its shape; nothing if it is not JSON.

    SWR sends `{"errors": [{...}], "error_code": ...}`, older ones only the list, its
    documentation prints a bare list, the API gateway a flat object, IAM
    `{"error": {"code": 401, ...}}`, OpenStack `{"badRequest": {...}}`, other gateways
    problem details (RFC 9457). So members are looked for in `errors`, at the top and
    one level down, in any case. Only members known to be words are ever shown: others,
    such as `encoded_authorization_message`, may be secret.
    """
    found = _decode(body)
    top = _folded(found)
    request_id = _first(top, _IDS)
    errors = [
        {"message": entry} if isinstance(entry, str) else entry
        for entry in _entries(dict(top).get("errors"))
    ]
    near = [errors, _entries(found)]
    below = [[member] for name, member in top if not is_secret(name)]
    for groups in (near, below):
        entries = map(_folded, chain(*groups))
        code = next(filter(None, (_first(entry, _CODES) for entry in entries)), None)
        message = next(filter(None, map(_joined, groups)), None)
        if code or message:
            return ErrorBody(code, shorten(message), request_id)
    return ErrorBody(request_id=request_id)


def shorten(message: str | None) -> str | None:
    """Cut *message* to `MESSAGE_LIMIT` characters."""
    if message is None or len(message) <= MESSAGE_LIMIT:
        return message
    return message[: MESSAGE_LIMIT - 1] + "…"


def _decode(body: bytes) -> object:
    """Return the value that *body* holds; None also if it is not JSON."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _entries(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _folded(value: object) -> _Members:
    """Return an object's members, their names without case, `_` and `-`."""
    if not isinstance(value, dict):
        return []
    return [
        (name.lower().replace("_", "").replace("-", ""), member)
        for name, member in value.items()
    ]


def _joined(entries: list[object]) -> str:
    """Return the messages of several errors as one, each only once."""
    return "; ".join(dict.fromkeys(filter(None, map(_words, entries))))


def _words(entry: object) -> str | None:
    """Return the message of one error, with the details that it does not contain."""
    members = _folded(entry)
    message = _first(members, _HEADS)
    for name in _TAILS:
        detail = _first(members, (name,))
        if message is None:
            message = detail
        elif detail is not None and detail not in message:
            message = f"{message} ({detail})"
    return message


def _first(members: _Members, names: Iterable[str]) -> str | None:
    """Return the text of the first of *names* that has some."""
    known = ((name, member) for name in names for key, member in members if key == name)
    return next((text for _, member in known if (text := _text(member))), None)


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None
