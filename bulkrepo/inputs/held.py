"""Pure. What a cell of a sheet holds: text, or the fault that it is."""

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
    """What a cell holds instead of a value, and the rule that it breaks."""

    text: str
    rule: str
    message: str


def computed(found: Any, formula: object) -> object:
    """Return what is in the cell *found*, in which *formula* may stand."""
    # A formula whose value is no text at all has this type as well.
    if formula is not None and found.value is None and found.data_type != "str":
        message = "is a formula that was never computed: save it in a spreadsheet"
        return Odd("", "formula", f"{message} program")
    return taken(found.value)


def taken(value: object) -> object:
    """Return the text of a cell; a boolean as it is, None for a blank."""
    if isinstance(value, str):
        if value in _ERRORS:
            return Odd(value, "cell-error", "is an error in the sheet")
        return value if value.strip() else None
    if isinstance(value, _DATES):
        # Most often it was a name or a tag, and the program took it for a date.
        message = "is a date or time in the sheet: format the cell as text"
        return Odd(str(value), "date", message)
    if isinstance(value, float):
        return format(value, ".15g")
    return value if value is None or isinstance(value, bool) else str(value)
