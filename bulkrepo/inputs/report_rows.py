"""Pure. What a report says of its rows besides their five fields."""

from collections.abc import Sequence
from typing import Any

import msgspec

from bulkrepo.core.rows import Problem, Reported, written
from bulkrepo.inputs.columns import ColumnMapping

# Rules that show again in a report's own fields if they are still broken; `conflict`
# and `duplicate` do if the other row is in the list too. `type` does not: a report has
# numbers and arrays as text.
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
        "spoiled",
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


def reported(plan: ColumnMapping, values: Sequence[Any]) -> Reported:
    """Return what a report says of a row. *values* have a blank appended."""
    outcome, endpoint = (
        value.strip() if isinstance(value := values[at], str) else ""
        for at in (plan.outcome, plan.endpoint)
    )
    return Reported(outcome.casefold(), endpoint)


def recorded(plan: ColumnMapping, values: Sequence[Any]) -> tuple[Problem, ...]:
    """
    Return the fault of a report's row whose own fault the report does not show.

    Such a row must not pass for a valid one because its five fields look legal: a
    surplus cell, say, is not in the report. Problems that cannot be read count as such
    faults. *values* are those of the record, a blank appended. The fault is not placed.
    """
    problems = values[plan.problems]
    if reported(plan, values).outcome != "invalid":
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
        said = [
            _said(p) for p in found if not (p.note or p.suspect or p.rule in _SHOWN)
        ]
    if not said:
        return ()
    name = plan.layout.names[plan.problems]
    return (Problem(name, _RULE, _TELLS + "; ".join(said), hint=_HINT),)


def _problems(value: object) -> tuple[Problem, ...]:
    """Decode problems as a report has them: a JSON value, or the text of one."""
    if isinstance(value, str):
        return _decode(value)
    return msgspec.convert(value, tuple[Problem, ...])


def _said(problem: Problem) -> str:
    if problem.rule == _RULE:  # a report of a report
        said = problem.message.removeprefix(_TELLS)
    else:
        said = f"{problem.field} {problem.message}"
    return written(said) or said
