"""No regular expression of the package takes more than linear time, on any text."""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

import bulkrepo

RATIO = 8
"""What four times the text may cost: 4 is linear, 16 quadratic."""
LONGEST = 1 << 15
MEASURABLE = 1e-3  # CPU seconds
SEARCHES = ("search", "sub", "subn", "split", "findall", "finditer")
"""Methods that try each place of a text. An expression is tested as it is used."""
PIECES = ["a", "0", " ", "\n", "-", "_", ".", "/", ":", '"', "'", "<", "=", ",", ";"]
PIECES += ["%", "\\", "a.", "a-", "a ", "a=", '""', "a/", " #", "é", "A0_", "=+", "\t"]

SOURCE = "".join(
    path.read_text() for path in Path(next(iter(bulkrepo.__path__))).rglob("*.py")
)
Use = tuple[re.Pattern[Any], str]


def find_uses() -> dict[str, Use]:
    """Import every module; return its expressions, each with a method in use."""
    found: dict[str, Use] = {}
    for info in pkgutil.walk_packages(bulkrepo.__path__, "bulkrepo."):
        if info.name == "bulkrepo.__main__":
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if isinstance(value, type | FunctionType) and (
                value.__module__ != info.name
            ):
                continue  # imported
            for pattern, method in find_patterns(name, value):
                found[f"{info.name}.{name}.{method}: {pattern.pattern!r:.40}"] = (
                    pattern,
                    method,
                )
    return found


def find_patterns(name: str, value: object) -> Iterator[Use]:
    """Yield expressions in the *value* called *name*: in tables, classes, functions."""
    if isinstance(value, re.Pattern):
        used = [each for each in SEARCHES if f"{name}.{each}(" in SOURCE]
        yield from ((value, each) for each in (used or ["match", "fullmatch"]))
    elif isinstance(value, dict):
        for each in value.values():
            yield from find_patterns(name, each)
    elif isinstance(value, list | tuple | frozenset | set):
        for each in value:
            yield from find_patterns(name, each)
    elif isinstance(value, type):
        for key, each in vars(value).items():
            if isinstance(each, re.Pattern | dict | list | tuple):
                yield from find_patterns(key, each)
    elif isinstance(owner := getattr(value, "__self__", None), re.Pattern):
        yield owner, getattr(value, "__name__", "match")
    else:
        for cell in getattr(value, "__closure__", None) or ():
            yield from find_patterns(name, cell.cell_contents)


USES = find_uses()


def list_pieces(pattern: re.Pattern[Any]) -> list[Any]:
    """Return what to repeat: common characters, and what the expression speaks of."""
    source = pattern.pattern
    source = source.decode("latin-1") if isinstance(source, bytes) else source
    bare = re.sub(r"\\[sSdDwWbB]|\(\?[a-zA-Z<!=:]*|[\[\](){}?*+|^$\\]", "\0", source)
    own = [part for part in bare.split("\0") if part and len(part) < 20][:8]
    pairs = [f"{one}{other} " for one in own for other in own]
    pieces = [piece for piece in dict.fromkeys([*PIECES, *own, *pairs]) if piece]
    if isinstance(pattern.pattern, bytes):
        return [piece.encode() for piece in pieces]
    return pieces


def measure(use: Use, text: Any) -> float:
    """Return the CPU seconds that *text* takes."""
    pattern, method = use
    call = getattr(pattern, method)
    begun = time.process_time()
    if method in {"sub", "subn"}:
        call(text[:0], text)
    else:
        list(call(text) or ()) if method == "finditer" else call(text)
    return time.process_time() - begun


def find_growth(use: Use, piece: Any) -> float:
    """Return how much more four times the text costs, if that can be measured."""
    length = 256
    while length <= LONGEST:
        text = piece * (length // len(piece) + 1)
        cost = measure(use, text)
        if cost >= MEASURABLE:
            least = min(cost, *(measure(use, text) for _ in range(2)))
            growth = float("inf")
            for _ in range(6):
                growth = min(growth, measure(use, text * 4) / least)
                if growth <= RATIO:
                    break
            return growth
        length *= 2
    return 1.0


def test_expressions_are_found_wherever_they_are() -> None:
    """As names, in tables, as bound methods and inside functions."""
    names = {key.split(":")[0] for key in USES}

    assert len(names) > 40
    assert names > {
        "bulkrepo.core.names.MATCH_REPOSITORY.fullmatch",
        "bulkrepo.inputs.lookalikes._find_odd.fullmatch",
        "bulkrepo.core.text._LOGIN.sub",
    }


@pytest.mark.parametrize("use", USES)
def test_four_times_the_text_costs_at_most_eight_times(use: str) -> None:
    """Of each character, and of each part that the expression itself looks for."""
    slow = {
        piece: growth
        for piece in list_pieces(USES[use][0])
        if (growth := find_growth(USES[use], piece)) > RATIO
    }

    assert not slow
