"""
Edge. The run's memory: one SQLite file, loaded from the lists, worked off, reported.

`Ledger` is synchronous and lives in one thread; `LedgerThread` gives the event loop
that thread, so the loop never waits for a disk.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, Literal, ParamSpec, Self, TypeVar

from bulkrepo.ledger import deriving, loading, reading, schema, working
from bulkrepo.ledger.file import MEMORY, LedgerFile
from bulkrepo.ledger.loading import Checked
from bulkrepo.ledger.standing import Known, Standing
from bulkrepo.model import Claim, Item, Outcome, Problem, Row, RunInfo, Started, Summary

__all__ = [
    "MEMORY",
    "Checked",
    "Known",
    "Ledger",
    "LedgerThread",
    "Standing",
]

P = ParamSpec("P")
R = TypeVar("R")


class Ledger:
    """
    A ledger, open and locked, and the run that it is about.

    Raises LockedError where another process holds it, and LedgerError where it cannot
    be opened, is not a ledger, or is newer than this program.
    """

    def __init__(self, path: str, *, now: Callable[[], float]) -> None:
        self._file = LedgerFile(path, now=now)
        self._run = 0
        self._claimed = 0
        self._pending = schema.PENDING

    def close(self) -> None:
        """Close the file and let others have it."""
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
        Keep all rows as a new run, or find the interrupted run that they belong to.

        *digest* is asked after the last row, *place* finds where in a row a problem
        stands. Raises SettingsError if the ledger belongs to another endpoint.
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
        """Begin a run with rows of an earlier one; see `deriving.derive`."""
        loaded = deriving.derive(
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
        """Give the organizations of pending rows, and how many rows each has."""
        with self._file.guard():
            return self._file.db.execute(schema.ORGANIZATIONS, (self._run,)).fetchall()

    def matching(self, namespace: str, names: list[str]) -> list[Claim]:
        """Give the rows of *namespace* that are called one of *names*, if pending."""
        return working.matching(self._file, self._run, namespace, names)

    def turn(self, done: list[Outcome], want: int) -> list[Claim]:
        """Keep *done* and hand out up to *want* rows that are on disk as claimed."""
        claims = working.turn(
            self._file, self._run, self._claimed, done, want, pending=self._pending
        )
        if claims:
            self._claimed = claims[-1].id
        return claims

    def finish(
        self,
        *,
        stopped: str | None,
        requests: int,
        throttled: int,
        tell: Callable[[], bool] = lambda: True,
    ) -> None:
        """
        End the run tidily: what was handed out and never sent is simply pending.

        *tell* writes its reports and gives whether it could: a run of which not all
        is told is continued by the same command.
        """
        working.finish(
            self._file,
            self._run,
            stopped=stopped,
            requests=requests,
            throttled=throttled,
            tell=tell,
        )

    def recall(self, key: str) -> str | None:
        """Give what an earlier run of this endpoint remembered as *key*."""
        known: str | None = self._file.value(
            "SELECT value FROM meta WHERE key = ?", key
        )
        return known

    def remember(self, key: str, value: str) -> None:
        """Keep *value* for later runs of this endpoint."""
        with self._file.transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def sent_since(self, at: float) -> tuple[list[tuple[float, int]], int]:
        """
        Give what was sent after *at* (epoch seconds), as far as it is known.

        That is the first start and the tries of each row that was settled, and how
        many more rows were handed out by a process that died.
        """
        return working.sent_since(self._file, at)

    def run_info(self, run: int | None = None, *, creating: bool = False) -> RunInfo:
        """
        Give a run, or the last one whose rows are there; SettingsError without any.

        *creating*: the last one that was to create.
        """
        return reading.run_info(self._file, run, creating=creating)

    def items(self, info: RunInfo, *, unwanted: bool = False) -> Iterator[Item]:
        """
        Give the rows of a run in list order, each with its outcome.

        *unwanted*: only those that are settled by reading: invalid ones, duplicates.
        """
        return reading.items(self._file, info, unwanted=unwanted)

    def standing(self, run: int | None) -> Standing:
        """Give what is known of each repository, of *run* or of all; see `Standing`."""
        return Standing(self._file, run)

    def summary(self, info: RunInfo) -> Summary:
        """Give a run in numbers."""
        return reading.summary(self._file, info)


class LedgerThread:
    """A ledger in a thread of its own; use it as an async context manager."""

    def __init__(self, opener: Callable[[], Ledger]) -> None:
        self._opener = opener
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._ledger: Ledger | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        try:
            self._ledger = await loop.run_in_executor(self._thread, self._opener)
        except BaseException:
            self._thread.shutdown(wait=True)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._ledger is not None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._ledger.close)
        self._thread.shutdown(wait=True)

    async def do(
        self, work: Callable[Concatenate[Ledger, P], R], *args: P.args, **kw: P.kwargs
    ) -> R:
        """Do *work* with the ledger, in its thread."""
        ledger = self._ledger
        if ledger is None:
            raise RuntimeError("the ledger is not open")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._thread, lambda: work(ledger, *args, **kw)
        )

    async def turn(self, done: list[Outcome], want: int) -> list[Claim]:
        """Keep *done* and hand out up to *want* rows that are on disk as claimed."""
        return await self.do(Ledger.turn, done, want)

    async def organizations(self) -> list[tuple[str, int]]:
        """Give the organizations of pending rows, and how many rows each has."""
        return await self.do(Ledger.organizations)

    async def matching(self, namespace: str, names: list[str]) -> list[Claim]:
        """Give the rows of *namespace* that are called one of *names*, if pending."""
        return await self.do(Ledger.matching, namespace, names)
