"""Pure. The value of a sheet's cell: text or a boolean, or else what is wrong there."""

import datetime as dt
from typing import Any, NamedTuple

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


class Odd(NamedTuple):
    """What a cell has instead of a usable value, and the rule that this breaks."""

    text: str
    rule: str
    message: str


def computed(found: Any, formula: object) -> object:
    """Return the value of the cell *found*, which may have a *formula*."""
    # This type has no value where the formula's result is an empty text.
    if formula is not None and found.value is None and found.data_type != "str":
        message = "is a formula that was never computed: save it in a spreadsheet"
        return Odd("", "formula", f"{message} program")
    return taken(found.value)


def taken(value: object) -> object:
    """Return a cell's value as text; a boolean as it is, None for a blank."""
    if isinstance(value, str):
        if value in _ERRORS:
            return Odd(value, "cell-error", "is an error in the sheet")
        return value if value.strip() else None
    if isinstance(value, _DATES):
        # Mostly a name or tag that the spreadsheet program took for a date.
        message = "is a date or time in the sheet: format the cell as text"
        return Odd(str(value), "date", message)
    if isinstance(value, float):
        return format(value, ".15g")
    return value if value is None or isinstance(value, bool) else str(value)
