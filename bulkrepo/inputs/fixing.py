"""
Edge. `validate --fix`: a list written again with its mechanical faults corrected.

A fault is mechanical if one legal form says the same: case, separators, blanks, the
spelling of booleans, categories and columns. What needs a person's decision stays as it
was and is reported.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import structs

from bulkrepo.core.atomic import replace_text
from bulkrepo.core.errors import InputError
from bulkrepo.core.names import Profile, legal
from bulkrepo.core.rows import Defaults, Problem, Rejected, Row
from bulkrepo.inputs import checking, headings, locations, rules
from bulkrepo.inputs.columns import UNKNOWN
from bulkrepo.inputs.rereadable import Rereadable
from bulkrepo.inputs.suspects import find_suspects
from bulkrepo.inputs.writers import WRITERS

OnProblem = Callable[[str, Problem], None]
OnRejected = Callable[[Rejected], None]
_NAMES = ("namespace", "repository")


class FixedList(msgspec.Struct):
    """
    How many *rows* were written, and how many faults were *fixed* or *left*.

    *faulty* counts the rows that have some left.
    """

    rows: int = 0
    fixed: int = 0
    left: int = 0
    faulty: int = 0


def fix(
    sources: Sequence[str],
    out: Path,
    *,
    format: str | None,  # noqa: A002 - the option's name
    defaults: Defaults,
    profile: Profile,
    stdin: BinaryIO | None = None,
    on_problem: OnProblem | None = None,
    on_rejected: OnRejected | None = None,
) -> FixedList:
    """
    Write the rows of *sources* to *out*, in order, mechanical faults corrected.

    *out*'s suffix gives its format. *on_problem* is called for each fault that is
    left, *on_rejected* for each row that has one, as it is written. A name whose
    correction another row has already is left alone. *out* appears whole or not at all,
    and may be one of *sources*. Comments are not kept. Raises `InputError` for what
    would be lost: an unknown column or key, a surplus cell, an unreadable record, what
    is no text where text must be.
    """
    writer = WRITERS.get(out.suffix.lower())
    if writer is None:
        known = ", ".join(WRITERS)
        raise InputError(f"{out}: the name of a corrected list ends in one of {known}")
    count = FixedList()
    options = checking.import_options(defaults, profile)
    with ExitStack() as stack:
        opened = Rereadable(stack, sources, stdin=stdin, import_options=options)
        taken = _taken(opened.rows(format), defaults, profile)
        rows = _mended(
            opened.rows(format),
            taken,
            count,
            defaults=defaults,
            profile=profile,
            on_problem=on_problem,
            on_rejected=on_rejected,
        )
        with replace_text(out) as file:
            writer(file, rows)
    return count


def _taken(rows: Iterator[Row], defaults: Defaults, profile: Profile) -> set[int]:
    """Return the hash of each key that stands in the lists in legal form."""
    return {
        hash(names)
        for row in rows
        if _legal(names := rules.names(row, defaults=defaults), profile)
    }


def _legal(names: tuple[object, object], profile: Profile) -> bool:
    return all(
        isinstance(name, str) and legal(name, profile=profile, slashes=slashes)
        for name, slashes in zip(names, (False, True), strict=True)
    )


def _mended(
    rows: Iterator[Row],
    taken: set[int],
    count: FixedList,
    *,
    defaults: Defaults,
    profile: Profile,
    on_problem: OnProblem | None,
    on_rejected: OnRejected | None,
) -> Iterator[Row]:
    """Yield each row corrected, and report the faults that are left."""
    layout = None
    for row in rows:
        if row.layout is not layout:
            layout = row.layout
            count.fixed += _count_renamed(row)
        count.rows += 1
        count.fixed += len(row.notes)
        found = rules.check(row, defaults=defaults, profile=profile)
        if on_problem is not None:
            for problem in find_suspects(row, found):
                on_problem(row.source, problem)
        if not isinstance(found, Rejected):
            yield row
            continue
        changes = _changes(found)
        collided = _collision(row, changes, taken, defaults, profile)
        if collided is not None:
            changes = {f: v for f, v in changes.items() if f not in _NAMES}
        left: list[Problem] = []
        for problem in found.problems:
            if problem.suspect:
                continue
            renamed = problem.rule == UNKNOWN and problem.hint is not None
            if renamed or problem.field in changes:
                count.fixed += 1
            elif problem in row.faults or problem.rule in _LOSSES:
                raise InputError(_lost(row, locations.place(row, problem)))
            else:
                left.append(locations.place(row, problem))
        if collided is not None:
            left.append(locations.place(row, collided))
        count.left += len(left)
        for problem in left:
            if on_problem is not None:
                on_problem(row.source, problem)
        written = _changed(row, changes, defaults)
        if left:
            count.faulty += 1
            if on_rejected is not None:
                on_rejected(Rejected(written, tuple(left)))
        yield written


def _count_renamed(row: Row) -> int:
    """
    Return how many columns of the table that *row* is from get another name.

    `InputError` for columns that would be lost.
    """
    if row.layout is None:
        return 0
    faults = row.layout.problems
    if any(fault.rule != UNKNOWN or fault.hint is None for fault in faults):
        raise InputError(
            f"{headings.describe(row.source, faults)} Correct this first: nothing was "
            "written"
        )
    return len(faults)


_LOSSES = frozenset(
    {
        UNKNOWN,
        "same-field",
        "surplus-cell",
        "json",
        "quotes",
        "reported-invalid",
        "type",
    }
)


def _lost(row: Row, problem: Problem) -> str:
    at = problem.path or f"{problem.line}:{problem.column}"
    return (
        f"{row.source}:{at}: {problem.field} {problem.message}; "
        "correct this first: nothing was written"
    )


def _changes(found: Rejected) -> dict[str, str]:
    """Return the legal value of each field all of whose faults are mechanical."""
    hints: dict[str, str] = {}
    beyond: set[str] = set()
    for problem in found.problems:
        if problem.rule in rules.MECHANICAL and problem.hint is not None:
            hints[problem.field] = problem.hint
        else:
            beyond.add(problem.field)
    return {field: hint for field, hint in hints.items() if field not in beyond}


def _collision(
    row: Row,
    changes: Mapping[str, str],
    taken: set[int],
    defaults: Defaults,
    profile: Profile,
) -> Problem | None:
    """Return why the names may not be corrected; else reserve the corrected key."""
    if not changes.keys() & set(_NAMES):
        return None
    given = rules.names(row, defaults=defaults)
    names = (changes.get("namespace", given[0]), changes.get("repository", given[1]))
    if not _legal(names, profile):
        return None
    if hash(names) not in taken:
        taken.add(hash(names))
        return None
    field = "repository" if "repository" in changes else "namespace"
    message = f"would become {names[0]}/{names[1]}, which another row is already"
    return Problem(field, "collision", message, got=str(given[field == "repository"]))


def _changed(row: Row, changes: Mapping[str, str], defaults: Defaults) -> Row:
    """Return *row* with *changes*; a namespace that came with the name gets a field."""
    if not changes:
        return row
    given = dict(zip(_NAMES, rules.names(row, defaults=defaults), strict=True))
    whole = row.repository
    if changes.keys() & set(_NAMES) and given["repository"] != whole:
        return structs.replace(row, **(given | dict(changes)))
    return structs.replace(row, **dict(changes))
