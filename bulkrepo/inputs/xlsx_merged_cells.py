"""Pure. Merged cells of a sheet: of each range, only the first cell has a value."""

import re
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

_REF = re.compile(
    rb"mergeCell\s[^>]*?\bref\s*=\s*[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']"
)
_CHUNK = 1 << 20
_MOST = 100_000
"""Ranges of one sheet: all are held in memory, and hardly anybody merges so many."""


class Range(NamedTuple):
    """Merged cells: lines from 1, columns from 0, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


def ranges(part: IO[bytes]) -> list[Range]:
    """Return the ranges in the XML of a sheet. `ValueError` for more than `_MOST`."""
    found: dict[Range, None] = {}
    last = b""
    while chunk := part.read(_CHUNK):
        held = last + chunk
        for left, top, right, bottom in _REF.findall(held):
            found[Range(int(top), _column(left), int(bottom), _column(right))] = None
        if len(found) > _MOST:
            raise ValueError("too many merged cells")
        last = held[-200:]
    return list(found)


def covered(
    given: Iterable[Range], rows: Iterable[tuple[int, list[object]]], *, width: int
) -> Iterator[tuple[int, list[object], dict[int, Range]]]:
    """
    Yield each of *rows*, with those of its first *width* cells that have no value.

    *rows* are lines and their cells, in order. The cells without a value are given as
    column -> range.
    """
    waiting = sorted(given, reverse=True)
    open_: dict[int, Range] = {}  # column -> the range that goes on there
    for line, row in rows:
        while waiting and waiting[-1].top <= line:
            each = waiting.pop()
            for column in range(each.left, min(each.right + 1, width)):
                open_[column] = each
        without = {
            column: each
            for column, each in open_.items()
            if line <= each.bottom and (line, column) != (each.top, each.left)
        }
        yield line, row, without


def _column(letters: bytes) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + letter - ord("A") + 1
    return column - 1
