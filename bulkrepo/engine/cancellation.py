"""Shell. The cancellation token, which ends every wait of a run early."""

import asyncio
from collections.abc import Callable

import msgspec

from bulkrepo.core.clock import Clock


class StopReason(msgspec.Struct, frozen=True):
    """Why a run ended early, and the exit code that says so."""

    reason: str
    exit_code: int


class CancellationToken:
    """Whether the run stops, and waits that end at once when it does."""

    def __init__(self, clock: Clock) -> None:
        self.stopped: StopReason | None = None
        self._clock = clock
        self._waits: set[asyncio.Future[None]] = set()
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Call *listener* when the run is stopped."""
        self._listeners.append(listener)

    def stop(self, reason: str, *, exit_code: int) -> None:
        """Take no more rows and finish what is in flight. The first reason counts."""
        if self.stopped is not None:
            return
        self.stopped = StopReason(reason, exit_code)
        for wait in self._waits:
            wait.cancel()
        for listener in self._listeners:
            listener()

    async def pause(self, seconds: float) -> bool:
        """Wait; False if the run stopped meanwhile."""
        if self.stopped is not None:
            return False
        wait = asyncio.ensure_future(self._clock.sleep(seconds))
        self._waits.add(wait)
        try:
            await wait
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self.stopped is None or (task is not None and task.cancelling()):
                wait.cancel()
                raise
            return False
        finally:
            self._waits.discard(wait)
        return True
