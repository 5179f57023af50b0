"""JSON and UTF-8 of whatever text there is, and rows in batches."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import msgspec

from bulkrepo.core.surrogates import clean_text, clean_value

BATCH = 256
"""Rows a chunk: the most that is ever read ahead."""

ENCODER = msgspec.json.Encoder()
_T = TypeVar("_T")


def batches(rows: Iterable[_T]) -> Iterator[list[_T]]:
    """*rows* in lists of `BATCH`, each read only when it is asked for."""
    source = iter(rows)
    return iter(lambda: list(islice(source, BATCH)), [])


def dump(value: object) -> bytes:
    """Compact JSON of *value*, even with lone surrogates in its texts."""
    try:
        return ENCODER.encode(value)
    except UnicodeEncodeError:
        return ENCODER.encode(clean_value(msgspec.to_builtins(value)))


def utf8(text: str) -> bytes:
    """UTF-8 of *text*, with U+FFFD for each lone surrogate."""
    return clean_text(text).encode()
