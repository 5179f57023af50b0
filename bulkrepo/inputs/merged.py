"""Pure. Merged cells of a sheet: only the first of each range has a value."""

import re
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

_REF = re.compile(
    rb"mergeCell\s[^>]*?\bref\s*=\s*[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']"
)
_CHUNK = 1 << 20
_MOST = 100_000
"""Ranges of one sheet: hardly anybody merges so much, and all are in memory."""


class Range(NamedTuple):
    """Merged cells: lines from 1, columns from 0, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


def ranges(part: IO[bytes]) -> list[Range]:
    """Return the ranges in the XML of a sheet. `ValueError` for more than 100,000."""
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
    Yield each of *rows*, and which of its first *width* cells have no value.

    *rows* are a line and its cells, in order; the last are such cells by their columns,
    each with its range.
    """
    waiting = sorted(given, reverse=True)
    open_: dict[int, Range] = {}  # by column, the range that goes on
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
