"""Pure. What a report says of its rows beside their five fields."""

from collections.abc import Sequence
from typing import Any

import msgspec

from bulkrepo.inputs.columns import Plan
from bulkrepo.model import Problem, written

# The rules that the five fields of a report show again, if they are still broken;
# `conflict` and `duplicate` show where the other row is in the list as well. Not so
# `type`: a report writes a number or an array as text.
_SHOWN = frozenset(
    {
        "required",
        "uppercase",
        "blanks",
        "character",
        "start",
        "end",
        "separators",
        "length",
        "boolean",
        "category",
        "conflict",
        "duplicate",
    }
)
_RULE = "reported-invalid"
_TELLS = "tells of a fault that the row itself does not show: "
_HINT = "mend the row and remove its outcome and problems"

_decode = msgspec.json.Decoder(tuple[Problem, ...]).decode


def outcome(plan: Plan, values: Sequence[Any]) -> str:
    """Return what a report says became of a row; nothing, where it says nothing."""
    value = values[plan.outcome]
    return value.strip().casefold() if isinstance(value, str) else ""


def recorded(plan: Plan, values: Sequence[Any]) -> tuple[Problem, ...]:
    """
    Return the fault of a report's row that was invalid for what is lost by now.

    *values* are those of the record, a blank appended. Such a row must not pass for
    a good one only because its five fields look legal: a cell too many, say, is not
    in the report. Problems that cannot be read are taken for lost ones. The fault is
    not placed.
    """
    problems = values[plan.problems]
    if outcome(plan, values) != "invalid":
        return ()
    if isinstance(problems, str):
        problems = problems.strip()
    if problems is None or problems in ("", []):
        return ()
    try:
        found = _problems(problems)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        said = ["what it says cannot be read"]
    else:
        said = [_said(p) for p in found if not (p.note or p.rule in _SHOWN)]
    if not said:
        return ()
    name = plan.layout.names[plan.problems]
    return (Problem(name, _RULE, _TELLS + "; ".join(said), hint=_HINT),)


def _problems(value: object) -> tuple[Problem, ...]:
    """Return what a JSON value, or the text of one, says in the way of a report."""
    if isinstance(value, str):
        return _decode(value)
    if isinstance(value, list):
        # Members may come as pairs.
        value = [dict(one) if isinstance(one, list) else one for one in value]
    return msgspec.convert(value, tuple[Problem, ...])


def _said(problem: Problem) -> str:
    if problem.rule == _RULE:  # a report of a report
        said = problem.message.removeprefix(_TELLS)
    else:
        said = f"{problem.field} {problem.message}"
    return written(said) or said
