"""Pure. Merged cells of a sheet: of each range, only the first cell has a value."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})", re.ASCII)
_LETTERS = re.compile(r"[A-Z]{1,3}")


class CellRange(NamedTuple):
    """Merged cells: lines from 1, columns from 0, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


def parse_range(text: str) -> CellRange | None:
    """Return a range such as `A2:B7`; None for what is no range."""
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    left, top, right, bottom = match.groups()
    return CellRange(int(top), column(left), int(bottom), column(right))


def column(letters: str) -> int:
    """Return a column by its *letters*, from 0. ValueError for what is none."""
    if not _LETTERS.fullmatch(letters):
        raise ValueError(f"{letters} is no column")
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def covered(
    given: Iterable[CellRange], lines: Iterable[int], *, width: int
) -> Iterator[dict[int, CellRange]]:
    """
    Yield of each of *lines*, in order, those of *width* cells that have no value.

    They are given as column -> range.
    """
    waiting = sorted(given, reverse=True)
    open_: dict[int, CellRange] = {}  # column -> the range that goes on there
    for line in lines:
        while waiting and waiting[-1].top <= line:
            each = waiting.pop()
            for column in range(each.left, min(each.right + 1, width)):
                open_[column] = each
        yield {
            column: each
            for column, each in open_.items()
            if line <= each.bottom and (line, column) != (each.top, each.left)
        }
