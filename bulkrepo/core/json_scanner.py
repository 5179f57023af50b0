"""Pure. Scans JSON in text of any length; no more is held than is being looked at."""

import json
import re
from typing import NoReturn, TextIO

from bulkrepo.core.errors import InputError
from bulkrepo.core.text import shown

_BLANK = re.compile(r"[ \t\n\r]*")
_CUT = 16
"""Characters: an error this near the end may be due to the value being cut off."""


class Scanner:
    """
    The part of a *text* that is *held*, and the index *at* which to read on.

    *size* is how many characters are read at once. Errors name *source*.
    """

    def __init__(self, text: TextIO, *, source: str, size: int) -> None:
        self._text, self._size = text, size
        self.source = source
        self.held = ""
        self.at = 0
        self._ended = self._mixed = False
        self._gone = self._margin = self._reads = 0
        self._decoder = json.JSONDecoder(object_pairs_hook=self._once)

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
        self._reads += 1
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
            self.at = _BLANK.match(self.held, self.at).end()  # type: ignore[union-attr]
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

    def behind(self, closing: str) -> bool:
        """Read what follows an element; True for the *closing* bracket, not a comma."""
        found = self.next()
        if found not in (closing, ","):
            self.refuse("Expecting ',' delimiter")
        self.at += 1
        return found == closing

    def twice(self, key: str) -> NoReturn:
        """Raise the error for an object that has *key* twice."""
        raise InputError(f'{self.source}: "{shown(key)}" occurs twice')

    def _once(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    self.twice(key)
                seen.add(key)
        return found

    def value(self) -> object:
        """Read the JSON value that begins here; a key given twice is refused."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self.held, self.at)
            except json.JSONDecodeError as error:
                near = error.pos > len(self.held) - _CUT
                cut = near or error.msg.startswith("Unterminated")
                if not (cut and self.more()):
                    self.refuse(error.msg, error.pos)
            except RecursionError:
                self.refuse("nested too deeply")
            except ValueError:  # longer than any number may be
                self.refuse("not a valid number")
            else:
                # A number may go on behind what is held, as does the 1 of 1e+5.
                if end > len(self.held) - len("e+5") and self.more():
                    continue
                self.at = end
                return value

    def many(self) -> list[object]:
        """
        Read the elements from here to the last one held whole, if all are alike.

        An empty list where that fails: then they are to be read one by one. Keys given
        twice are looked for only in short texts: it takes half as long again, and long
        ones are written by programs.
        """
        closing = _CLOSING.get(self.held[self.at : self.at + 1])
        if closing is None or self._mixed:
            return []
        cut = self.held.rfind(closing, self.at)
        try:
            # Where the cut is inside a string or an object, this is no JSON.
            read = self._decoder.decode if self._reads < 2 else json.loads
            found: list[object] = read(f"[{self.held[self.at : cut + 1]}]")
        except (ValueError, RecursionError):
            found = []
        if found:
            self.at = cut + 1
        else:
            self._mixed = True
        return found


_CLOSING = {'"': '",', "{": "},"}
