"""
Edge. Finds the keys that may stand twice in a list of any length, in bounded memory.

Only a 64-bit hash of each key is kept. Many hashes move to disk, into partitions: equal
ones meet in the same partition, so each is searched on its own. Different keys may
share a hash: what is found are candidates.
"""

from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import BinaryIO

_PARTS = 64
_HELD = 1 << 17


class DuplicateFinder:
    """
    Collects hashes, and tells which were added more than once.

    *add* and *extend* are methods of the array itself, and so as fast as can be. Call
    `settle` now and then: it moves to disk what is too much to hold. The files are gone
    once *stack* is closed.
    """

    def __init__(self, stack: ExitStack, *, held: int = _HELD) -> None:
        self._stack = stack
        self._most = held
        self._held = array("q")
        self.add, self.extend = self._held.append, self._held.extend
        self._files: list[BinaryIO] = []

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
        """Return the hashes that were added more than once. Nothing is added after."""
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
