"""
Pure. What is wrong with the heading of a table, which is a fault of the whole list.

No row is at fault for it, and none is sent: a column that is not understood might be
the one that keeps a repository private.
"""

from collections.abc import Sequence

from bulkrepo.core.errors import InputError
from bulkrepo.core.rows import FIELDS, Defaults, Problem, Row
from bulkrepo.core.text import brief, quote
from bulkrepo.inputs.columns import UNKNOWN

_NAMED = 1000
"""Columns that one message names; of more, the number."""
_LACKING = "is no column of this list: add it"


def find_faults(row: Row, *, defaults: Defaults) -> tuple[Problem, ...]:
    """
    Return the faults of the heading of the table that *row* is from, placed.

    They are those that its reader found, and each column that it lacks although every
    row must say what is in it.
    """
    layout = row.layout
    if layout is None or layout.heading is None:
        return ()
    messages = {"repository": _LACKING}
    if len(layout.names) == 1:
        messages["repository"] += "; plain names are read with --format text"
    if defaults.namespace is None and not defaults.namespace_from_path:
        messages["namespace"] = (
            f"{_LACKING}, or say --namespace NAME, or --namespace-from-path if the "
            "names begin with it"
        )
    if defaults.is_public is None:
        messages["is_public"] = f"{_LACKING}, or say --visibility: it is never guessed"
    return layout.problems + tuple(
        Problem(field, "required", message, line=layout.heading)
        for field, message in messages.items()
        if field not in layout.columns
    )


def refuse(row: Row, *, defaults: Defaults) -> None:
    """Raise `InputError` if the heading of the table that *row* is from is at fault."""
    faults = find_faults(row, defaults=defaults)
    if faults:
        raise InputError(f"{describe(row.source, faults)} Nothing was sent")


def describe(source: str, faults: Sequence[Problem]) -> str:
    """Return all *faults* of one heading in one text, which ends in what to do."""
    unknown = [fault for fault in faults if fault.rule == UNKNOWN]
    strange = [_name(fault) for fault in unknown if fault.hint is None]
    alike = [f'{_name(f)} (try "{f.hint}")' for f in unknown if f.hint is not None]
    said = [
        f"{_join(names)} {is_one if len(names) == 1 else are_many}"
        for names, is_one, are_many in (
            (strange, "is not a known column", "are not known columns"),
            (alike, "looks like a known column", "look like known columns"),
        )
        if names
    ]
    others = [fault for fault in faults if fault.rule != UNKNOWN]
    said += [f"{brief(fault.field)} {fault.message}" for fault in others[:_NAMED]]
    if len(alike) == len(faults):
        advice = f" To rename: bulkrepo validate {quote(source)} --fix FIXED.csv."
    elif any(fault.rule != "required" for fault in faults):
        advice = f" Rename or delete columns; known are {', '.join(FIELDS)}."
    else:
        advice = ""
    return f"{source}:{faults[0].line}: {'; '.join(said)}.{advice}"


def _name(fault: Problem) -> str:
    if fault.field.strip():
        return f'"{brief(fault.field)}"'
    return f"what has no name (at {fault.path or f'character {fault.column}'})"


def _join(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
