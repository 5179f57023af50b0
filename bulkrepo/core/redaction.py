"""
Pure. Keeps secrets out of the log, by the name of a key and by value.

Values are searched for in the rendered line, which costs one scan instead of a look at
every value; only if one is found is the event walked and cleaned.

A secret may be as short as a password is, or a word that we use ourselves. Replacing it
wherever it turns up would spoil our own words, and give it away. So such a secret is
hidden in the log only where it is a whole value; and names of keys are ours.
"""

import base64
import html
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from collections.abc import Set as AbstractSet
from enum import Enum
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import msgspec

from bulkrepo.core.outcomes import Verdict

HIDDEN = "***"
SHORTEST = 8
"""Characters of a secret that is hidden inside other text; fewer turn up by chance."""

_COMMON = re.compile(rf".{{1,{SHORTEST - 1}}}|[a-z]{{1,16}}", re.DOTALL)
"""A secret that our own words may contain."""

_OWN = frozenset({*Verdict, "running", "finished", "stopped"})
"""Whole values that are words of ours: as such, they tell nothing of a secret."""

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
        self._whole: set[str] = set()
        self._marks: list[bytes] = []
        self._encoded: list[bytes] = []
        self._harmless: set[str] = set()

    def hide(self, secret: str) -> None:
        """Never show *secret* again, wherever it turns up."""
        if not secret or secret in self._secrets or secret in self._whole | _OWN:
            return
        if _COMMON.fullmatch(secret):
            self._whole.add(secret)
            self._marks.append(b'"%s"' % _mark(secret))
        else:
            self._secrets.append(secret)
            self._marks.append(_mark(secret))
            self._encoded += map(_mark, {*_encodings(secret)} - {secret})

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

    def found(self, line: bytes, *, encoded: bool) -> bool:
        """Whether *line*, which is JSON, contains a secret, or an *encoded* one."""
        for mark in self._marks:
            if mark in line:
                return True
        return encoded and any(mark in line for mark in self._encoded)

    def scrub(self, value: Any) -> Any:
        """Return plain *value* with every hidden secret replaced, but for keys."""
        if isinstance(value, dict):
            return {name: self.scrub(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.scrub(inner) for inner in value]
        if value is None or isinstance(value, bool):
            return value
        if value in self._whole:
            return HIDDEN
        text = conceal(str(value), self._secrets)
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

    For messages of a service, which may quote a refused token, whole or cut, or as
    base64, hexadecimal digits, with percent signs or as HTML. A secret of fewer than
    `SHORTEST` characters is hidden only where it is all of *text*.
    """
    hidden: set[int] = set()
    for secret in secrets:
        if len(secret) < SHORTEST:
            if text == secret:
                return HIDDEN
            continue
        hidden.update(_find_pieces(text, secret))
        for start, end, decoded in _decoded_runs(text):
            if next(_find_pieces(decoded, secret), None) is not None:
                hidden.update(range(start, end))
    if not hidden:
        return text
    shown = ("\0" if at in hidden else char for at, char in enumerate(text))
    return re.sub("\0+", HIDDEN, "".join(shown))


def _find_pieces(text: str, secret: str) -> Iterator[int]:
    """Yield where in *text* there are characters of a telling piece of *secret*."""
    size = min(_PIECE, len(secret))
    pieces = _pieces(secret, size)
    for at in range(len(text) - size + 1):
        if text[at : at + size] in pieces:
            yield from range(at, at + size)


def _encodings(secret: str) -> Iterator[str]:
    """Yield *secret* as base64 in other text, hexadecimal digits and in a URL."""
    raw = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        text = base64.b64encode(bytes(before) + raw).decode()
        # Without the characters that depend on what is around.
        inner = text[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        yield inner
        yield inner.translate(_URL_SAFE)
    yield raw.hex()
    yield raw.hex().upper()
    yield quote(raw, safe="")
    yield quote_plus(raw)
    yield html.escape(secret)


_URL_SAFE, _STANDARD = str.maketrans("+/", "-_"), str.maketrans("-_", "+/")
_BASE64 = re.compile(rf"[A-Za-z0-9+/_-]{{{SHORTEST * 8 // 6},}}")
_HEX = re.compile(rf"[0-9A-Fa-f]{{{SHORTEST * 2},}}")
_IN_URL = re.compile(r"[\w.~+*%-]+", re.ASCII)


def _decoded_runs(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start and end of what may be encoded in *text*, and what it would be."""
    for run in _BASE64.finditer(text):
        for skipped in range(4):  # it may begin within a longer run
            digits = run[0][skipped:]
            digits += "A" * (-len(digits) % 4)
            raw = base64.b64decode(digits.translate(_STANDARD))
            yield *run.span(), raw.decode("utf-8", "replace")
    for run in _HEX.finditer(text):
        for skipped in range(2):
            digits = run[0][skipped:]
            raw = bytes.fromhex(digits[: len(digits) // 2 * 2])
            yield *run.span(), raw.decode("utf-8", "replace")
    for run in _IN_URL.finditer(text):
        if "%" in run[0]:
            yield *run.span(), unquote(run[0])
            yield *run.span(), unquote_plus(run[0])
    if "&" in text:
        yield 0, len(text), html.unescape(text)


@lru_cache(maxsize=16)
def _pieces(secret: str, size: int) -> frozenset[str]:
    return frozenset(secret[at : at + size] for at in range(len(secret) - size + 1))
