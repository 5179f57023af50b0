"""
Shell. Validates lists offline: every fault of every row, with its place.

One pass finds the faults of single rows and keeps a hash of each key. Only if some
hashes are equal are the lists read again, for those rows alone.
"""

from collections.abc import Container, Iterator, Sequence
from contextlib import ExitStack
from typing import BinaryIO

import msgspec

from bulkrepo.core.duplicates import DuplicateFinder
from bulkrepo.core.names import Profile
from bulkrepo.core.rows import Defaults, Problem, Rejected, RepoSpec, Row
from bulkrepo.core.text import escape, fault
from bulkrepo.inputs import checking, headings, locations, rules
from bulkrepo.inputs.fixing import OnProblem, OnRejected
from bulkrepo.inputs.rereadable import Rereadable
from bulkrepo.inputs.suspects import SuspectCounter

_SETTLE = 1 << 14


class ListCounts(msgspec.Struct):
    """
    Lists in numbers: *rows* are the *valid*, the *faulty* and the *duplicates*.

    A duplicate is a row that equals an earlier one. *problems* counts the faults
    reported, each place and rule once; *notes* the harmless remarks; *suspects* are
    sentences about valid rows that are hardly meant; *headings* the tables whose
    heading is at fault, which is no fault of their rows.
    """

    rows: int = 0
    valid: int = 0
    faulty: int = 0
    duplicates: int = 0
    notes: int = 0
    problems: int = 0
    suspects: tuple[str, ...] = ()
    headings: int = 0


def validate(
    sources: Sequence[str],
    *,
    format: str | None,  # noqa: A002 - the option's name
    defaults: Defaults,
    profile: Profile,
    stdin: BinaryIO | None,
    on_problem: OnProblem,
    on_rejected: OnRejected | None = None,
) -> ListCounts:
    """
    Count the rows of *sources*, and call *on_problem* for each fault or note.

    Faults come in list order, those of a table's heading first; conflicts of two rows
    come at the end, again in list order. *on_rejected* is called for each faulty row,
    and for a faulty heading. The memory needed depends only on the number of keys that
    are there twice. `InputError` as `reader.read` raises.
    """
    count = ListCounts()
    options = checking.import_options(defaults, profile)
    suspects = SuspectCounter()
    with ExitStack() as stack:
        spool = DuplicateFinder(stack)
        opened = Rereadable(stack, sources, stdin=stdin, import_options=options)
        add = spool.add
        check = rules.check
        for rows in opened.lists(format):
            number = 0
            lacking: frozenset[str] = frozenset()
            said: set[str] = set()
            for number, row in enumerate(rows, start=1):
                if number == 1:
                    faults = headings.find_faults(row, defaults=defaults)
                    lacking = frozenset(f.field for f in faults if f.rule == "required")
                    _report_heading(row, faults, count, on_problem, on_rejected)
                if not number % _SETTLE:
                    spool.settle()
                found = check(row, defaults=defaults, profile=profile)
                if isinstance(found, RepoSpec):
                    add(hash((found.namespace, found.repository)))
                    for problem in suspects.add(row, found):
                        count.notes += 1
                        on_problem(row.source, problem)
                else:
                    found = checking.placed(found)
                    _report(found, count, lacking, said, on_problem)
                    if on_rejected is not None:
                        on_rejected(found)
                if row.notes:
                    _remark(row, count, on_problem)
            count.rows += number
        repeated = spool.repeated()
        if repeated:
            for (first, earlier), (row, spec) in _meetings(
                opened.rows(format), repeated, defaults=defaults, profile=profile
            ):
                where = f"{first.source}:{first.line}"
                twice = rules.twice(spec, earlier, where)
                problem = locations.place(row, twice)
                on_problem(row.source, problem)
                if problem.note:
                    count.duplicates += 1
                    count.notes += 1
                    continue
                count.faulty += 1
                count.problems += 1
                if on_rejected is not None:
                    on_rejected(Rejected(row, (problem,)))
    count.valid = count.rows - count.faulty - count.duplicates
    count.suspects = tuple(suspects.sentences(count.rows))
    return count


def _report_heading(
    row: Row,
    faults: tuple[Problem, ...],
    count: ListCounts,
    on_problem: OnProblem,
    on_rejected: OnRejected | None,
) -> None:
    """Report the *faults* of a table's heading, as those of a row of their own."""
    if not faults:
        return
    count.headings += 1
    count.problems += len(faults)
    for problem in faults:
        on_problem(row.source, problem)
    if on_rejected is not None:
        on_rejected(Rejected(Row(row.source, faults[0].line or row.line), faults))


def _report(
    rejected: Rejected,
    count: ListCounts,
    lacking: frozenset[str],
    said: set[str],
    on_problem: OnProblem,
) -> None:
    """
    Report each problem of a row, but what comes of columns *lacking* in its list.

    An unknown key is *said* once.
    """
    row = rejected.row
    count.faulty += 1
    for problem in rejected.problems:
        if problem.rule == "required" and problem.field in lacking:
            continue
        if problem.rule == "unknown-column":
            if problem.field in said:
                continue
            said.add(problem.field)
        count.problems += not problem.suspect
        on_problem(row.source, problem)


def _remark(row: Row, count: ListCounts, on_problem: OnProblem) -> None:
    for note in row.notes:
        field, _, message = note.partition(": ")
        count.notes += 1
        problem = Problem(field, "trimmed", message, note=True)
        on_problem(row.source, locations.place(row, problem))


_Valid = tuple[Row, RepoSpec]


def _meetings(
    rows: Iterator[Row],
    repeated: Container[int],
    *,
    defaults: Defaults,
    profile: Profile,
) -> Iterator[tuple[_Valid, _Valid]]:
    """Yield each valid row whose key an earlier one has, after the first of these."""
    firsts: dict[tuple[str, str], _Valid] = {}
    for row in rows:
        found = rules.check(row, defaults=defaults, profile=profile)
        if not isinstance(found, RepoSpec):
            continue
        key = (found.namespace, found.repository)
        if hash(key) in repeated:
            first = firsts.setdefault(key, (row, found))
            if first[0] is not row:
                yield first, (row, found)


def render(source: str, problem: Problem) -> str:
    """
    Return *problem* as compilers print theirs, in one line fit for a terminal.

    `path:line:column: field: message [rule] (try "hint")`; the path in a JSON list
    stands where the field would.
    """
    at = "".join(f":{n}" for n in (problem.line, problem.column) if n is not None)
    note = "note: " if problem.note or problem.suspect else ""
    return escape(f"{source}{at}: {note}{fault(problem)}")
