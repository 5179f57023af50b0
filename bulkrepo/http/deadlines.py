"""
Shell. One timer for the deadlines of all requests in flight.

All have the same time, so the oldest is due first: a timer for it serves everybody,
where a timer for each costs a twentieth of a request.
"""

import asyncio


class DeadlineTimer:
    """Cancels the task of a request that is in flight for *seconds*."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[asyncio.Task[object], float] = {}
        self._cancelled: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, task: asyncio.Task[object]) -> None:
        """Give *task* its time, from now."""
        loop = task.get_loop()
        self._due[task] = due = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(due, self._expire, loop)

    def end(self, task: asyncio.Task[object]) -> None:
        """Forget *task*: its request is over."""
        self._due.pop(task, None)
        self._cancelled.discard(task)

    def ours(self, task: asyncio.Task[object]) -> bool:
        """Whether *task* was cancelled by us, and by nobody else as well."""
        return task in self._cancelled and task.uncancel() == 0

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel what is due, and wait for the next oldest."""
        self._timer = None
        now = loop.time()
        for task, due in [*self._due.items()]:
            if due > now:
                self._timer = loop.call_at(due, self._expire, loop)
                break
            del self._due[task]
            self._cancelled.add(task)
            task.cancel()
