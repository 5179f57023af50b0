"""
The run's memory: one SQLite file, loaded from lists, worked through, reported.

`Ledger` is synchronous and lives in one thread; see `LedgerThread`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from bulkrepo.core.outcomes import Claim, Item, Outcome
from bulkrepo.core.results import RunInfo, Started, Summary
from bulkrepo.core.rows import Problem, Row
from bulkrepo.ledger import claims, derived_runs, loading, queries, schema
from bulkrepo.ledger.database import LedgerFile
from bulkrepo.ledger.latest_outcomes import LatestOutcomes
from bulkrepo.ledger.loading import Checked


class Ledger:
    """
    A ledger, open and locked, and its current run.

    Raises LockedError if another process holds it, and LedgerError if it cannot be
    opened, is not a ledger, or is newer than this program.
    """

    def __init__(self, path: str, *, now: Callable[[], float]) -> None:
        self._file = LedgerFile(path, now=now)
        self._run = 0
        self._claimed = 0
        self._pending = schema.PENDING

    def close(self) -> None:
        """Close and unlock the file."""
        self._file.close()

    def load(
        self,
        checked: Iterable[Checked],
        *,
        lists: Sequence[str],
        endpoint: str,
        digest: Callable[[], str],
        version: str,
        place: Callable[[Row, Problem], Problem],
        command: str = "create",
        fresh: bool = False,
    ) -> Started:
        """
        Store all rows as a new run, or find the interrupted run they belong to.

        *digest* is called after the last row; *place* locates a problem in a row.
        Raises SettingsError if the ledger belongs to another endpoint.
        """
        loaded = loading.load(
            self._file,
            checked,
            lists=lists,
            endpoint=endpoint,
            digest=digest,
            version=version,
            place=place,
            command=command,
            fresh=fresh,
        )
        self._run, self._claimed = loaded.run, 0
        return loaded

    def derive(
        self,
        command: Literal["retry", "undo"],
        run: int | None,
        *,
        endpoint: str,
        version: str,
        dry_run: bool = False,
    ) -> Started:
        """Start a run with rows of an earlier one; see `derived_runs.derive`."""
        loaded = derived_runs.derive(
            self._file,
            command,
            run,
            endpoint=endpoint,
            version=version,
            dry_run=dry_run,
        )
        self._run, self._claimed = loaded.run, 0
        if command == "undo":
            self._pending = schema.UNDOING
        return loaded

    def organizations(self) -> list[tuple[str, int]]:
        """Return the organizations of pending rows, with the number of rows in each."""
        with self._file.guard():
            return self._file.db.execute(schema.ORGANIZATIONS, (self._run,)).fetchall()

    def matching(self, namespace: str, names: list[str]) -> list[Claim]:
        """Return the pending rows of *namespace* whose name is one of *names*."""
        return claims.matching(self._file, self._run, namespace, names)

    def turn(
        self,
        done: list[Outcome],
        want: int,
        ahead: tuple[float, float] | None = None,
    ) -> list[Claim]:
        """Store *done*, and hand out up to *want* rows; see `claims.turn`."""
        handed_out = claims.turn(
            self._file,
            self._run,
            self._claimed,
            done,
            want,
            ahead=ahead,
            pending=self._pending,
        )
        if handed_out:
            self._claimed = handed_out[-1].id
        return handed_out

    def finish(
        self,
        *,
        stopped: str | None,
        requests: int,
        throttled: int,
        tell: Callable[[], bool] = lambda: True,
    ) -> None:
        """
        End the run cleanly: rows handed out but never sent are pending again.

        *tell* writes the reports and returns whether it could: if not, the same
        command continues the run.
        """
        claims.finish(
            self._file,
            self._run,
            stopped=stopped,
            requests=requests,
            throttled=throttled,
            tell=tell,
        )

    def recall(self, key: str) -> str | None:
        """Return what an earlier run with this endpoint stored as *key*."""
        known: str | None = self._file.value(
            "SELECT value FROM meta WHERE key = ?", key
        )
        return known

    def remember(self, key: str, value: str) -> None:
        """Store *value* for later runs with this endpoint."""
        with self._file.transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def sent_since(self, at: float) -> tuple[list[tuple[float, int]], int]:
        """
        Return what was sent after *at* (epoch seconds), as far as known.

        That is, for each settled row, the start of its first try and the number of
        tries; and the number of rows that a process that died had handed out.
        """
        return claims.sent_since(self._file, at)

    def run_info(self, run: int | None = None, *, creating: bool = False) -> RunInfo:
        """
        Return a run, by default the last that still has rows; SettingsError if none.

        *creating*: the last run that was to create.
        """
        return queries.run_info(self._file, run, creating=creating)

    def items(self, info: RunInfo, *, unwanted: bool = False) -> Iterator[Item]:
        """
        Yield the rows of a run in list order, each with its outcome.

        *unwanted*: only those settled on reading: invalid rows and duplicates.
        """
        return queries.items(self._file, info, unwanted=unwanted)

    def standing(self, run: int | None) -> LatestOutcomes:
        """Return what is known of each repository, in *run* or in all."""
        return LatestOutcomes(self._file, run)

    def summary(self, info: RunInfo) -> Summary:
        """Return a run in numbers."""
        return queries.summary(self._file, info)
