"""
Edge. Which keys of a list may stand in it twice, found in the memory of a few.

Each key leaves a 64-bit hash. Of many, these move to disk, into one of some partitions:
equal keys meet in the same one, so each is searched on its own. Two different keys with
one hash are possible: what is found are candidates.
"""

from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from types import TracebackType
from typing import BinaryIO, Self

_PARTS = 64
_HELD = 1 << 17


class Spool:
    """
    Hashes, added one by one, and those that were added more than once.

    Use it as a context: its files are gone at the end. *add* and *extend* take them,
    without a call of ours in between; `settle` is to be called now and then, and moves
    to disk what has become too much to hold.
    """

    def __init__(self, *, held: int = _HELD) -> None:
        self._most = held
        self._held = array("q")
        self.add, self.extend = self._held.append, self._held.extend
        self._files: list[BinaryIO] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def settle(self) -> None:
        """Move the hashes to disk if they are more than may be held."""
        if len(self._held) < self._most:
            return
        if not self._files:
            self._files = [
                self._stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack's
                for _ in range(_PARTS)
            ]
        parts = [array("q") for _ in range(_PARTS)]
        push = [part.append for part in parts]
        for value in self._held:
            push[value % _PARTS](value)
        for part, file in zip(parts, self._files, strict=True):
            part.tofile(file)
        del self._held[:]

    def repeated(self) -> set[int]:
        """Return the hashes that were added more than once. Ends the adding."""
        if not self._files:
            return _repeated(self._held)
        self._most = 0
        self.settle()
        return set().union(*map(_repeated, self._whole()))

    def _whole(self) -> Iterator["array[int]"]:
        for file in self._files:
            part = array("q")
            size = file.tell() // part.itemsize
            file.seek(0)
            part.fromfile(file, size)
            yield part


def _repeated(part: "array[int]") -> set[int]:
    if len(set(part)) == len(part):
        return set()
    seen: set[int] = set()
    return {value for value in part if value in seen or seen.add(value)}  # type: ignore[func-returns-value]
