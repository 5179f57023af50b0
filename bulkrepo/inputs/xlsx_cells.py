"""Pure. The value of a sheet's cell: text or a boolean, or else what is wrong there."""

import datetime as dt
import re
from typing import NamedTuple

from bulkrepo.core.text import brief

_ERRORS = frozenset(
    {
        "#NULL!",
        "#DIV/0!",
        "#VALUE!",
        "#REF!",
        "#NAME?",
        "#NUM!",
        "#N/A",
        "#GETTING_DATA",
    }
)
_DATES = (dt.date, dt.time, dt.timedelta)


class InvalidCell(NamedTuple):
    """What a cell has instead of a usable value, and the rule that this breaks."""

    text: str
    rule: str
    message: str


NEVER_COMPUTED = InvalidCell(
    "",
    "formula",
    "is a formula that was never computed: save it in a spreadsheet program",
)


def taken(value: object) -> object:
    """Return a cell's value as text; a boolean as it is, None for a blank."""
    if isinstance(value, str):
        if value in _ERRORS:
            return InvalidCell(value, "cell-error", "is an error in the sheet")
        # Excel's way to keep the carriage return of a line end.
        return value.replace("_x000D_\n", "\n") if value.strip() else None
    if isinstance(value, _DATES):
        # Mostly a name or tag that the spreadsheet program took for a date.
        message = "is a date or time in the sheet: format the cell as text"
        return InvalidCell(str(value), "date", message)
    if isinstance(value, float):
        return format(value, ".15g")
    return value if value is None or isinstance(value, bool) else str(value)


def taken_as_name(value: object, number_format: str) -> object:
    """Return the value of a cell with a name: no number that the sheet shows otherwise.

    A person has typed what is shown.
    """
    text = taken(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return text
    if number_format.casefold() in _AS_STORED and "e" not in str(text):
        return text
    shown = _shown(value, number_format)
    if shown == text:
        return text
    how = f"shown as {shown} (format {brief(number_format)})"
    if shown is None:
        how = f"shown in the format {brief(number_format)}"
    message = f"is the number {text}, {how}: format the cell as text and type the name"
    return InvalidCell(str(text), "number-format", message)


_AS_STORED = frozenset({"general", "@"})
_SIMPLE = re.compile(r'(?:"([^"]*)")?(0{1,30})(?:\.(0{1,30}))?(%?)(?:"([^"]*)")?')


def _shown(value: float, number_format: str) -> str | None:
    """Return a number as a simple format shows it; None for any other format."""
    simple = _SIMPLE.fullmatch(number_format)
    if simple is None:
        return None
    front, whole, places, percent, behind = simple.groups(default="")
    width = len(whole) + len(places) + bool(places)
    digits = f"{value * 100 if percent else value:0{width}.{len(places)}f}"
    return f"{front}{digits}{percent}{behind}"
