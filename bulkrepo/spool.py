"""
Edge. Which keys of a list may stand in it twice, found in the memory of a few.

Each key leaves a 64-bit hash in one of many partitions, which move to disk as they
grow. Equal keys meet in the same partition, so each is searched on its own. Two
different keys with one hash are possible: what is found are candidates.
"""

from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from types import TracebackType
from typing import BinaryIO, Self

_PARTS = 64
_HELD = 1 << 16


class Spool:
    """
    Hashes, added one by one, and those that were added more than once.

    Use it as a context: its files are gone at the end. *push* maps the low bits of a
    hash to what adds it there, without a call of ours in between; `settle` is to be
    called now and then, and moves to disk what has become too much to hold.
    """

    def __init__(self, *, held: int = _HELD) -> None:
        self._held = held
        self._parts: list[array[int]] = [array("q") for _ in range(_PARTS)]
        self._files: list[BinaryIO] = []
        self._stack = ExitStack()
        self.push = [part.append for part in self._parts]
        self.mask = _PARTS - 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def add(self, value: int) -> None:
        """Add one hash."""
        self.push[value & self.mask](value)

    def settle(self) -> None:
        """Move the hashes to disk if they are more than may be held."""
        if sum(map(len, self._parts)) < self._held:
            return
        if not self._files:
            self._files = [
                self._stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack's
                for _ in range(_PARTS)
            ]
        for part, file in zip(self._parts, self._files, strict=True):
            part.tofile(file)
            del part[:]

    def repeated(self) -> set[int]:
        """Return the hashes that were added more than once. Ends the adding."""
        return set().union(*map(_repeated, self._whole()))

    def _whole(self) -> Iterator["array[int]"]:
        for number, part in enumerate(self._parts):
            if self._files:
                file = self._files[number]
                size = file.tell() // part.itemsize
                file.seek(0)
                part.fromfile(file, size)
            yield part
            del part[:]


def _repeated(part: "array[int]") -> set[int]:
    if len(set(part)) == len(part):
        return set()
    seen: set[int] = set()
    return {value for value in part if value in seen or seen.add(value)}  # type: ignore[func-returns-value]
