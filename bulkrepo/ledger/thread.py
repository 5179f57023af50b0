"""The ledger in a thread of its own, so that the loop waits for no disk."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, Self, TypeVar

from bulkrepo.core.outcomes import Claim, Outcome
from bulkrepo.ledger.ledger import Ledger

P = ParamSpec("P")
R = TypeVar("R")


class LedgerThread:
    """A ledger in its own thread; use it as an async context manager."""

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
        """Run *work* with the ledger, in its thread."""
        ledger = self._ledger
        if ledger is None:
            raise RuntimeError("the ledger is not open")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._thread, lambda: work(ledger, *args, **kw)
        )

    async def turn(
        self,
        done: list[Outcome],
        want: int,
        ahead: tuple[float, float] | None = None,
    ) -> list[Claim]:
        """Store *done*, and hand out up to *want* rows; see `claims.turn`."""
        return await self.do(Ledger.turn, done, want, ahead)

    async def organizations(self) -> list[tuple[str, int]]:
        """Return the organizations of pending rows, with the number of rows in each."""
        return await self.do(Ledger.organizations)

    async def matching(self, namespace: str, names: list[str]) -> list[Claim]:
        """Return the pending rows of *namespace* whose name is one of *names*."""
        return await self.do(Ledger.matching, namespace, names)
