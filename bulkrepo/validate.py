"""
Shell. Lists judged without a network: every fault of every row, and where it stands.

One pass finds the faults of single rows and leaves a hash of each key. Only where
two hashes are equal are the lists read again, for those rows alone.
"""

import shutil
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import msgspec
from msgspec import structs

from bulkrepo import grammar, inputs, lists
from bulkrepo.model import Defaults, InputError, Problem, Rejected, RepoSpec, Row
from bulkrepo.spool import Spool
from bulkrepo.visible import escape

OnProblem = Callable[[str, Problem], None]
OnRejected = Callable[[Rejected], None]

_SETTLE = 1 << 14


class Checked(msgspec.Struct):
    """
    Lists in numbers: *rows* are the *valid*, the *faulty* and the *duplicates*.

    A duplicate is a row that equals an earlier one. *problems* counts what was
    reported as a fault, each place and rule once; *notes* what was worth saying.
    """

    rows: int = 0
    valid: int = 0
    faulty: int = 0
    duplicates: int = 0
    notes: int = 0
    problems: int = 0


def validate(
    sources: Sequence[str],
    *,
    format: str | None,  # noqa: A002 - the option's name
    defaults: Defaults,
    profile: grammar.Profile,
    stdin: BinaryIO | None,
    on_problem: OnProblem,
    on_rejected: OnRejected | None = None,
) -> Checked:
    """
    Return the count of *sources*, after a call of *on_problem* for each fault or note.

    Faults come in list order; what two rows have against each other comes at the
    end, again in list order. *on_rejected* is called for each faulty row. The
    memory needed does not depend on the number of rows, only on that of keys which
    stand there twice. `InputError` as `inputs.read` raises.
    """
    count = Checked()
    with ExitStack() as stack:
        spool = stack.enter_context(Spool())
        opened = [stack.enter_context(_Twice(source, stdin)) for source in sources]
        seen: set[Problem] = set()
        push, mask = spool.push, spool.mask
        check = grammar.check
        for twice in opened:
            rows = 0
            for row in twice.rows(format):
                rows += 1
                if not rows % _SETTLE:
                    spool.settle()
                found = check(row, defaults=defaults, profile=profile)
                if isinstance(found, RepoSpec):
                    value = hash((found.namespace, found.repository))
                    push[value & mask](value)
                else:
                    _report(lists.placed(found), count, seen, on_problem, on_rejected)
                if row.notes:
                    _remark(row, count, on_problem)
            seen.clear()
            count.rows += rows
        repeated = spool.repeated()
        if repeated:
            for row, spec, first in _meetings(
                opened, repeated, format=format, defaults=defaults, profile=profile
            ):
                _meet(row, spec, first, count, on_problem, on_rejected)
    count.valid = count.rows - count.faulty - count.duplicates
    return count


class _Twice:
    """
    A list that can be read more than once: a pipe is kept in a temporary file.

    Use it as a context; the file is gone at the end.
    """

    def __init__(self, source: str, stdin: BinaryIO | None) -> None:
        self.source = source
        self._stdin = stdin
        self._kept: BinaryIO | None = None

    def __enter__(self) -> Self:
        pipe = self._stdin if self.source == "-" else None
        with ExitStack() as stack:
            if pipe is None and self.source != "-":
                path = Path(self.source)
                if path.exists() and not (path.is_file() or path.is_dir()):
                    pipe = stack.enter_context(path.open("rb"))
            if pipe is not None:
                self._kept = TemporaryFile()  # noqa: SIM115 - closed in __exit__
                shutil.copyfileobj(pipe, self._kept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._kept is not None:
            self._kept.close()

    def rows(self, format: str | None) -> Iterator[Row]:  # noqa: A002 - as everywhere
        """Return the rows, from the first."""
        if self._kept is None:
            return inputs.read(self.source, format=format)
        self._kept.seek(0)
        return inputs.read_from(self._kept, name=self.source, format=format)


def _report(
    rejected: Rejected,
    count: Checked,
    seen: set[Problem],
    on_problem: OnProblem,
    on_rejected: OnRejected | None,
) -> None:
    """Report each problem of a row; those of its header only with the first row."""
    row = rejected.row
    count.faulty += 1
    for problem in rejected.problems:
        if problem.line is not None and problem.line < row.line:
            if problem in seen:
                continue
            seen.add(problem)
        count.problems += 1
        on_problem(row.source, problem)
    if on_rejected is not None:
        on_rejected(rejected)


def _remark(row: Row, count: Checked, on_problem: OnProblem) -> None:
    for note in row.notes:
        field, _, message = note.partition(": ")
        count.notes += 1
        problem = Problem(field, "trimmed", message, note=True)
        on_problem(row.source, inputs.place(row, problem))


class _First(NamedTuple):
    """The row that an equal key met first."""

    row: Row
    spec: RepoSpec


def _meetings(
    opened: Sequence[_Twice],
    repeated: Container[int],
    *,
    format: str | None,  # noqa: A002 - the option's name
    defaults: Defaults,
    profile: grammar.Profile,
) -> Iterator[tuple[Row, RepoSpec, _First]]:
    """Yield each valid row whose key stood in an earlier one, with that one."""
    firsts: dict[tuple[str, str], _First] = {}
    for twice in opened:
        for row in twice.rows(format):
            found = grammar.check(row, defaults=defaults, profile=profile)
            if not isinstance(found, RepoSpec):
                continue
            key = (found.namespace, found.repository)
            if hash(key) in repeated:
                first = firsts.setdefault(key, _First(row, found))
                if first.row is not row:
                    yield row, found, first


def _meet(
    row: Row,
    spec: RepoSpec,
    first: _First,
    count: Checked,
    on_problem: OnProblem,
    on_rejected: OnRejected | None,
) -> None:
    where = f"{first.row.source}:{first.row.line}"
    differing = [
        name
        for name in ("is_public", "category", "description")
        if getattr(spec, name) != getattr(first.spec, name)
    ]
    if differing:
        message = f"the same repository as {where}, with another {', '.join(differing)}"
        problem = Problem("repository", "conflict", message, got=spec.repository)
    else:
        message = f"the same as {where}: counted once"
        problem = Problem("repository", "duplicate", message, got=spec.repository)
        problem = structs.replace(problem, note=True)
    problem = inputs.place(row, problem)
    on_problem(row.source, problem)
    if not differing:
        count.duplicates += 1
        count.notes += 1
        return
    count.faulty += 1
    count.problems += 1
    if on_rejected is not None:
        on_rejected(Rejected(row, (problem,)))


def render(source: str, problem: Problem) -> str:
    """
    Return *problem* as compilers print theirs, in one line fit for a terminal.

    `path:line:column: field: message [rule] (try "hint")`; the path in a JSON list
    stands where the field would.
    """
    at = "".join(f":{n}" for n in (problem.line, problem.column) if n is not None)
    note = "note: " if problem.note else ""
    field = problem.path or problem.field
    hint = "" if problem.hint is None else f' (try "{problem.hint}")'
    return escape(
        f"{source}{at}: {note}{field}: {problem.message} [{problem.rule}]{hint}"
    )
