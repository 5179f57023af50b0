"""Pure. Rows that break no rule but are hardly meant, counted by what is odd."""

from collections.abc import Iterator

import msgspec

from bulkrepo.core.rows import Problem, Rejected, RepoSpec, Row
from bulkrepo.core.text import brief
from bulkrepo.inputs import locations
from bulkrepo.inputs.lookalikes import find_odd_name


class _SuspectCount(msgspec.Struct):
    """*count* valid rows with one oddity, *public* of them so; where the *first* is."""

    first: str
    count: int = 0
    public: int = 0


def find_suspects(row: Row, found: RepoSpec | Rejected) -> tuple[Problem, ...]:
    """Return what is odd in a *row* that was *found* valid or not, placed."""
    odd = [problem for problem in row.faults if problem.suspect]
    if isinstance(found, RepoSpec):
        name = find_odd_name(found.repository)
        if name is not None:
            odd.append(name)
    return tuple(locations.place(row, problem) for problem in odd)


class SuspectCounter:
    """Counts *rows* that are suspect, each kind of oddity with its first place."""

    def __init__(self) -> None:
        self.rows = 0
        self._kinds: dict[str, _SuspectCount] = {}

    def add(self, row: Row, spec: RepoSpec) -> tuple[Problem, ...]:
        """Count a valid *row* if it is odd, and return what is odd in it, placed."""
        found = find_suspects(row, spec)
        self.rows += bool(found)
        for problem in found:
            what = f"{brief(problem.field)} {problem.message} [{problem.rule}]"
            kind = self._kinds.get(what)
            if kind is None:
                at = problem.line if problem.line is not None else row.line
                path = f": {problem.path}" if problem.path else ""
                kind = self._kinds[what] = _SuspectCount(f"{row.source}:{at}{path}")
            kind.count += 1
            kind.public += spec.is_public
        return found

    def sentences(self, total: int) -> Iterator[str]:
        """Yield a line for each kind of oddity, of *total* rows in all."""
        for what, kind in self._kinds.items():
            public = f", {kind.public} of them public" if kind.public else ""
            yield f"{kind.count} of {total} rows{public}: {what} (first: {kind.first})"
