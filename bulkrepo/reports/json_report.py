"""Pure. A report as JSON: one object a row, or one object for all."""

from collections.abc import Iterable, Iterator

from bulkrepo.core.encoding import ENCODER, batches, dump
from bulkrepo.core.outcomes import Item
from bulkrepo.core.results import RunInfo, Summary

COLUMNS: tuple[str, ...] = Item.__struct_fields__
"""The keys of a row in every format, in this order."""


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


def _lines(rows: list[Item]) -> bytes:
    try:
        return ENCODER.encode_lines(rows)
    except UnicodeEncodeError:
        return b"".join(dump(row) + b"\n" for row in rows)
