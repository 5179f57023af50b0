"""Pure. CSV: a report for a spreadsheet, and cells that it does not run as formulas."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from bulkrepo.core.rows import Item, RunInfo, Summary
from bulkrepo.core.text import escape
from bulkrepo.reports.json_report import COLUMNS, batches, dump, utf8

# OWASP, CSV Injection: "Equals to (=), Plus (+), Minus (-), At (@), Tab (0x09),
# Carriage return (0x0D)."
_FORMULA = re.compile(r"'*[=+\-@\t\r]")

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


def harmless(text: str) -> str:
    """
    *text* as a cell that no spreadsheet runs as a formula: `'` goes in front.

    `csv_format.plain` takes it off again, because text that only looks as if it had
    one gets one as well.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def csv_line(cells: Sequence[str]) -> str:
    """Return *cells* as a line of CSV, in the dialect of RFC 4180."""
    text = ",".join(cells)
    if '"' in text or "\n" in text or "\r" in text or text.count(",") >= len(cells):
        # Few lines need the csv module, which is slow: it looks at each character.
        buffer = io.StringIO(newline="")
        csv.writer(buffer, lineterminator="\r\n").writerow(cells)
        return buffer.getvalue()
    return f"{text}\r\n"


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
