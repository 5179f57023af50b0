"""Cells that no spreadsheet runs as formulas, and lines of CSV."""

import csv
import io
import re
from collections.abc import Sequence

# OWASP, CSV Injection: "Equals to (=), Plus (+), Minus (-), At (@), Tab (0x09),
# Carriage return (0x0D)."
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


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


# `csv_report.harmless` puts an apostrophe before what a spreadsheet would run as a
# formula, and before what looks as if it had one already.
_DISARMED = re.compile(r"'+[=+\-@\t\r]")


def plain(cell: str) -> str:
    """Return the text from which `csv_report.harmless` made *cell*."""
    return cell[1:] if _DISARMED.match(cell) else cell
