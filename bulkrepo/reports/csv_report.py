"""Pure. CSV: a report for a spreadsheet, and cells that it does not run as formulas."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from bulkrepo.core.csv_cells import harmless
from bulkrepo.core.encoding import batches, dump, utf8
from bulkrepo.core.outcomes import Item
from bulkrepo.core.results import RunInfo, Summary
from bulkrepo.core.text import escape
from bulkrepo.reports.json_report import COLUMNS

_TOLD = frozenset({"code", "message", "request_id", "reason", "evidence"})
"""Columns with words of servers and ours, not data of the list."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # no tab, no line feed


def as_csv(_info: RunInfo, _summary: Summary, items: Iterable[Item]) -> Iterator[bytes]:
    r"""
    Yield the rows for a spreadsheet, in the dialect of RFC 4180.

    Missing values are empty cells, differences and problems compact JSON, and text that
    a spreadsheet would run is made `harmless`. In what servers said, control characters
    are written out, as `\x1b`: people read it, perhaps on a terminal. The list's own
    fields keep theirs: a report is a list as well, and must give the same values.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    rows = ([_cell(name, getattr(item, name)) for name in COLUMNS] for item in items)
    for batch in batches(chain([list[object](COLUMNS)], rows)):
        writer.writerows(batch)
        yield utf8(buffer.getvalue())
        buffer.seek(0)
        buffer.truncate()


def _cell(column: str, value: object) -> object:
    if isinstance(value, str):
        return harmless(_plain(value) if column in _TOLD else value)
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    return dump(value).decode()


def _plain(text: str) -> str:
    return _CONTROL.sub(lambda found: escape(found[0]), text)
