r"""
Pure. Reads JSON in text of any length; no more is held than is being looked at.

Nothing is altered: half of a character (`\ud800`) stays one, a number that is no plain
integer stays as it is written, and an object that has a key twice says so as soon as
that key is read.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, ItemsView, Iterator, Sequence, ValuesView
from functools import partial
from typing import NamedTuple, NoReturn, TextIO

import msgspec

from bulkrepo.core.errors import InputError
from bulkrepo.core.text import shown

LONGEST = 1 << 20
"""Characters that one record of a list may have."""
TOO_LONG = "over {:,} characters long"
Number = msgspec.Raw
"""A number as it is written: one with a fraction or an exponent, or a long one."""

_BLANK = re.compile(r"[ \t\n\r]*")
_CUT = 16
"""Characters: an error this near the end may be due to the value being cut off."""
_DIGITS = 18
"""Digits that fit into 64 bits, whatever they are."""
_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*+"?|(NaN|-?Infinity)')
_BRACKET = re.compile(r'["\[\]{}]')
_IN_STRING = re.compile(r'["\\]')
_DEEP = "nested too deeply"


class Unreadable(NamedTuple):
    """Stands for an element that cannot be held, and says *why*."""

    why: str


class Ambiguous(dict[str, object]):
    """
    An object with keys that stand twice, from *source*; *pairs* are its members.

    `InputError` where such a key is read, or all values are.
    """

    def __init__(self, pairs: Sequence[tuple[str, object]], source: str) -> None:
        super().__init__(pairs)
        self.pairs = pairs
        self._source = source
        self._twice = [key for key, n in Counter(k for k, _ in pairs).items() if n > 1]

    def _refuse(self, key: str) -> NoReturn:
        raise InputError(f'{self._source}: "{shown(key)}" occurs twice')

    def __getitem__(self, key: str) -> object:
        if key in self._twice:
            self._refuse(key)
        return super().__getitem__(key)

    def get(self, key: str, default: object = None) -> object:
        """Return the value of *key*."""
        return self[key] if key in self else default  # noqa: SIM401 - it refuses

    def items(self) -> ItemsView[str, object]:  # type: ignore[override]
        """Raise `InputError`, as `values` does."""
        self._refuse(self._twice[0])

    def values(self) -> ValuesView[object]:  # type: ignore[override]
        """Raise `InputError`: one of them would be lost."""
        self._refuse(self._twice[0])


def list_members(value: dict[str, object]) -> tuple[tuple[str, ...], list[object]]:
    """Return all keys of an object as they are written, and their values."""
    if isinstance(value, Ambiguous):
        return tuple(k for k, _ in value.pairs), [v for _, v in value.pairs]
    return tuple(value), list(value.values())


class _ConstantError(ValueError):
    """NaN or an infinity."""


def _read_integer(digits: str) -> int | Number:
    return int(digits) if len(digits) <= _DIGITS else Number(digits)


def _refuse_constant(word: str) -> NoReturn:
    raise _ConstantError(word)


def as_object(pairs: list[tuple[str, object]], *, source: str) -> dict[str, object]:
    """Return the object that has the members *pairs*."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else Ambiguous(pairs, source)


def _decoder(source: str) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=partial(as_object, source=source),
        parse_float=Number,
        parse_int=_read_integer,
        parse_constant=_refuse_constant,
    )


def _decode_at(decoder: json.JSONDecoder, text: str, at: int) -> tuple[object, int]:
    """Return the value that begins *at* an index, and the index behind it."""
    try:
        return decoder.raw_decode(text, at)
    except RecursionError:
        raise json.JSONDecodeError(_DEEP, text, at) from None
    except _ConstantError as error:
        found = (m.start() for m in _CONSTANT.finditer(text, at) if m[1])
        message = f"{error} is no value"
        raise json.JSONDecodeError(message, text, next(found)) from None


def value_decoder(source: str) -> Callable[[str], object]:
    """
    Return what decodes texts that hold one value each.

    It raises `JSONDecodeError` whatever is wrong.
    """
    decoder = _decoder(source)

    def decode(text: str) -> object:
        begin = _end_of_blanks(text, 0)
        value, end = _decode_at(decoder, text, begin)
        end = _end_of_blanks(text, end)
        if end < len(text):
            raise json.JSONDecodeError("Extra data", text, end)
        return value

    return decode


def _end_of_blanks(text: str, at: int) -> int:
    return _BLANK.match(text, at).end()  # type: ignore[union-attr]


class JsonScanner:
    """
    The part of a *text* that is *held*, and the index *at* which to read on.

    `next` goes to where a value begins, and must have been called before `value`,
    `elements` or `members` read it; `members` and `elements` do so for what is inside.
    *size* is how many characters are read at once. Errors name *source*. An element of
    an array that has over *longest* characters, or is nested too deeply, is
    `Unreadable`; if *longest* is `None`, any is read, or refused with the text.
    """

    def __init__(
        self,
        text: TextIO,
        *,
        source: str,
        size: int = 1 << 16,
        longest: int | None = None,
    ) -> None:
        self._text, self._size = text, size
        self._lenient = longest is not None
        self._longest = longest or sys.maxsize
        self._too_long = TOO_LONG.format(self._longest)
        self.source = source
        self.held = ""
        self.at = 0
        self.line: int | None = None  # of elements: here they have numbers alone
        self._ended = self._mixed = False
        self._gone = self._margin = 0
        self._decoder = _decoder(source)

    def more(self) -> bool:
        """Hold more, and drop what was read; False at the end of the text."""
        if self._ended:
            return False
        passed, kept = self.held[: self.at], self.held[self.at :]
        # Twice as much each time, so that a long value is not read again and again.
        chunk = self._text.read(max(self._size, len(kept)))
        if not chunk:
            self._ended = True
            return False
        if "\n" in passed:
            self._gone += passed.count("\n")
            self._margin = 0
        self._margin += len(passed) - 1 - passed.rfind("\n")
        self.held, self.at, self._mixed = kept + chunk, 0, False
        return True

    def place(self, at: int) -> str:
        """Return line and column of the held character *at*, both from 1."""
        before = self.held[:at]
        line = self._gone + before.count("\n") + 1
        column = at - before.rfind("\n")
        return f"{line}:{column + (0 if chr(10) in before else self._margin)}"

    def next(self) -> str:
        """Go to the next character that is no blank in JSON; "" at the end."""
        while True:
            self.at = _end_of_blanks(self.held, self.at)
            if self.at < len(self.held):
                return self.held[self.at]
            if not self.more():
                return ""

    def skip(self) -> bool:
        """Go to the next character that is no whitespace at all; False at the end."""
        while True:
            rest = self.held[self.at :]
            self.at += len(rest) - len(rest.lstrip())
            if self.at < len(self.held):
                return True
            if not self.more():
                return False

    def reach(self, count: int) -> bool:
        """Hold *count* characters from here; False if there are not so many."""
        while len(self.held) - self.at < count:
            if not self.more():
                return False
        return True

    def refuse(self, message: str, at: int | None = None) -> NoReturn:
        """Raise the error for invalid JSON *at* an index, or here."""
        where = self.place(self.at if at is None else at)
        raise InputError(
            f"{self.source}:{where}: begins like JSON but is not valid: {message}. "
            "Was it saved whole?"
        )

    def _ends(self, closing: str) -> bool:
        """Read what follows an element; True for the *closing* bracket, not a comma."""
        found = self.next()
        if found not in (closing, ","):
            self.refuse("Expecting ',' delimiter")
        self.at += 1
        return found == closing

    def members(self) -> Iterator[str]:
        """Yield each key of the object that begins here; read its value in between."""
        self.at += 1
        if self.next() == "}":
            self.at += 1
            return
        while True:
            if self.next() != '"':
                self.refuse("Expecting property name enclosed in double quotes")
            key = str(self.value())
            if self.next() != ":":
                self.refuse("Expecting ':' delimiter")
            self.at += 1
            self.next()
            yield key
            if self._ends("}"):
                return

    def elements(self) -> Iterator[object]:
        """Yield each element of the array that begins here."""
        self.at += 1
        if self.next() == "]":
            self.at += 1
            return
        while True:
            self.next()
            found = self._many()
            if found:
                yield from found
            else:
                yield self._one()
            if self._ends("]"):
                return

    def value(self) -> object:
        """Read the JSON value that begins here."""
        value, error = self._try_value()
        if error is not None:
            self.refuse(error.msg, error.pos)
        return value

    def _one(self) -> object:
        value, error = self._try_value()
        if error is None:
            return value
        spoilt = self._lenient and error.msg in (_DEEP, self._too_long)
        if not (spoilt and self.held[self.at] in '"[{'):
            self.refuse(error.msg, error.pos)
        self._pass_over()
        return Unreadable(f"is {error.msg}")

    def _try_value(self) -> tuple[object, json.JSONDecodeError | None]:
        """Return the value that begins here, or what is wrong with it."""
        while True:
            value, end, error = None, self.at, None
            try:
                value, end = _decode_at(self._decoder, self.held, self.at)
                # A number may go on behind what is held, as does the 1 of 1e+5.
                cut = end > len(self.held) - len("e+5")
            except json.JSONDecodeError as broken:
                error = broken
                cut = error.pos > len(self.held) - _CUT
                cut = cut or error.msg.startswith("Unterminated")
            if (len(self.held) if cut else end) - self.at > self._longest:
                error = json.JSONDecodeError(self._too_long, self.held, self.at)
                end = self.at
            elif cut and self.more():
                continue
            self.at = end
            return value, error

    def _pass_over(self) -> None:
        """Go behind the text, array or object that begins here, unread."""
        depth = 0
        while True:
            char = self._find(_BRACKET)
            if char == '"':
                while self._find(_IN_STRING) == "\\":
                    self.reach(1)
                    self.at += 1
            else:
                depth += 1 if char in "[{" else -1
            if not depth:
                return

    def _find(self, pattern: re.Pattern[str]) -> str:
        """Go behind the next character of *pattern*, and return it."""
        while not (found := pattern.search(self.held, self.at)):
            self.at = len(self.held)
            if not self.more():
                self.refuse("it ends within a value")
        self.at = found.end()
        return found[0]

    def _many(self) -> Sequence[object]:
        """
        Read the elements from here to the last one held whole, if all are alike.

        Empty where that fails, or where one may be too long: then they are to be read
        one by one.
        """
        closing = _CLOSING.get(self.held[self.at : self.at + 1])
        some = len(self.held) - self.at <= self._longest
        if closing is None or self._mixed or not some:
            return ()
        cut = self.held.rfind(closing, self.at)
        try:
            # Where the cut is inside a string or an object, this is no JSON.
            found = self._decoder.decode(f"[{self.held[self.at : cut + 1]}]")
        except (ValueError, RecursionError):
            found = []
        if found:
            self.at = cut + 1
        else:
            self._mixed = True
        return found  # type: ignore[no-any-return]


_CLOSING = {'"': '",', "{": "},"}
