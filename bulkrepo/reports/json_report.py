"""Pure. A report as JSON: one object a row, or one object for all."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import msgspec

from bulkrepo.core.rows import Item, RunInfo, Summary
from bulkrepo.core.surrogates import clean_text, clean_value

COLUMNS: tuple[str, ...] = Item.__struct_fields__
"""The keys of a row in every format, in this order."""

BATCH = 256
"""Rows a chunk: the most that is ever read ahead."""

_ENCODER = msgspec.json.Encoder()
_T = TypeVar("_T")


def jsonl(_info: RunInfo, _summary: Summary, items: Iterable[Item]) -> Iterator[bytes]:
    """One object a row; every key is always there, null where there is nothing."""
    return map(_lines, batches(items))


def as_json(info: RunInfo, summary: Summary, items: Iterable[Item]) -> Iterator[bytes]:
    """One object: the run, its numbers, and the rows, one a line."""
    yield b'{"run":%b,\n"summary":%b,\n"items":[' % (dump(info), dump(summary))
    separator = b"\n"
    for batch in batches(items):
        # A JSON string holds no raw line break, so each one here ends a row.
        yield separator + _lines(batch)[:-1].replace(b"\n", b",\n")
        separator = b",\n"
    yield b"\n]}\n"


def batches(rows: Iterable[_T]) -> Iterator[list[_T]]:
    """*rows* in lists of `BATCH`, each read only when it is asked for."""
    source = iter(rows)
    return iter(lambda: list(islice(source, BATCH)), [])


def dump(value: object) -> bytes:
    """Compact JSON of *value*, even with lone surrogates in its texts."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return _ENCODER.encode(clean_value(msgspec.to_builtins(value)))


def utf8(text: str) -> bytes:
    """UTF-8 of *text*, with U+FFFD for each lone surrogate."""
    return clean_text(text).encode()


def _lines(rows: list[Item]) -> bytes:
    try:
        return _ENCODER.encode_lines(rows)
    except UnicodeEncodeError:
        return b"".join(dump(row) + b"\n" for row in rows)
