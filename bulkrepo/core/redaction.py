"""
Pure. Keeps secrets out of the log, by the name of a key and by value.

Values are searched for in the rendered line, which costs one scan instead of a look at
every value; only if one is found is the event walked and cleaned.
"""

import re
from collections.abc import Iterable, Mapping, MutableMapping
from collections.abc import Set as AbstractSet
from enum import Enum
from functools import lru_cache
from typing import Any

import msgspec

HIDDEN = "***"
_DEPTH = 8  # deeper values are shown by their type, so a loop cannot hang a run
_CACHED = 1000  # names remembered; names from outside must not fill the memory

# Endings of names, as one word: `X-Auth-Token`, `hw_user_password` and `secretKey` each
# have one. A name such as `token_renewed` has none.
_ENDS = (
    "token",
    "password",
    "passwd",
    "passcode",
    "secret",
    "secretkey",
    "accesskey",
    "privatekey",
    "authorization",
    "encodedauthorizationmessage",
    "credential",
    "cookie",
)
_SHORT = frozenset({"ak", "sk"})
_SCALARS = frozenset({str, int, float, bool, type(None)})


def is_secret(name: str) -> bool:
    """Whether the value of *name*, however it is spelt, must never be shown."""
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    if not words:
        return False
    return words[-1] in _SHORT or "".join(words).rstrip("s").endswith(_ENDS)


class Redactor:
    """Knows the secrets of this process and removes them from events."""

    def __init__(self) -> None:
        self._secrets: list[str] = []
        self._marks: list[bytes] = []
        self._harmless: set[str] = set()

    def hide(self, secret: str) -> None:
        """Never show *secret* again, wherever it turns up."""
        if secret and secret not in self._secrets:
            # The longest first: one secret may be part of another.
            self._secrets = sorted([*self._secrets, secret], key=len, reverse=True)
            self._marks = [_mark(text) for text in self._secrets]

    def simplify(self, event: MutableMapping[str, Any]) -> None:
        """Mask secret keys of *event* and make its values plain JSON, in place."""
        # An ordinary event, with known names and plain values, passes in two steps
        # without a Python loop.
        if event.keys() <= self._harmless and _SCALARS.issuperset(
            map(type, event.values())
        ):
            return
        for name, value in event.items():
            if self._is_secret(name):
                event[name] = HIDDEN
            elif type(value) not in _SCALARS:
                event[name] = self._plain(value, depth=0)

    def found(self, line: bytes) -> bool:
        """Whether *line*, which is JSON, contains a hidden secret."""
        for mark in self._marks:  # noqa: SIM110 - a generator costs as much as all else
            if mark in line:
                return True
        return False

    def scrub(self, value: Any) -> Any:
        """Return plain *value* with every hidden secret replaced."""
        if isinstance(value, dict):
            return {
                self.scrub(name): self.scrub(inner) for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self.scrub(inner) for inner in value]
        if value is None or isinstance(value, bool):
            return value
        text = str(value)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return value if text == str(value) else text

    def _is_secret(self, name: str) -> bool:
        if name in self._harmless:
            return False
        hidden = is_secret(name)
        if not hidden and len(self._harmless) < _CACHED:
            self._harmless.add(name)
        return hidden

    def _plain(self, value: Any, *, depth: int) -> Any:
        if isinstance(value, Enum):
            value = value.value
        if type(value) in _SCALARS:
            return value
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value).decode("utf-8", "backslashreplace")
        if depth >= _DEPTH:
            return f"<{type(value).__name__}>"
        if isinstance(value, msgspec.Struct):
            value = {name: getattr(value, name) for name in value.__struct_fields__}
        if isinstance(value, Mapping):
            return self._mapping(value, depth=depth + 1)
        if isinstance(value, list | tuple):
            if len(value) == 2 and isinstance(value[0], str) and is_secret(value[0]):
                return [value[0], HIDDEN]  # a header pair, as in some libraries
            return [self._plain(inner, depth=depth + 1) for inner in value]
        if isinstance(value, AbstractSet):
            return sorted(str(inner) for inner in value)
        return str(value)

    def _mapping(self, value: Mapping[Any, Any], *, depth: int) -> dict[str, Any]:
        return {
            str(name): HIDDEN
            if self._is_secret(str(name))
            else self._plain(inner, depth=depth)
            for name, inner in value.items()
        }


def _mark(secret: str) -> bytes:
    """Return *secret* as it looks inside a JSON string."""
    try:
        return msgspec.json.encode(secret)[1:-1]
    except UnicodeEncodeError:
        return secret.encode("utf-8", "surrogatepass")


_PIECE = 12
"""Consecutive characters of a secret that are hidden; fewer reveal nothing."""


def conceal(text: str, secrets: Iterable[str]) -> str:
    """
    Return *text* without any of *secrets* or a revealing piece of one.

    For messages of a service, which may quote a refused token, whole or cut.
    """
    hidden: set[int] = set()
    for secret in secrets:
        size = min(_PIECE, len(secret))
        pieces = _pieces(secret, size)
        for at in range(len(text) - size + 1):
            if text[at : at + size] in pieces:
                hidden.update(range(at, at + size))
    if not hidden:
        return text
    shown = ("\0" if at in hidden else char for at, char in enumerate(text))
    return re.sub("\0+", HIDDEN, "".join(shown))


@lru_cache(maxsize=16)
def _pieces(secret: str, size: int) -> frozenset[str]:
    return frozenset(secret[at : at + size] for at in range(len(secret) - size + 1))
