"""Real time."""

import asyncio
import time

_AGE = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, and is never set."""


class SystemClock:
    """Real time. The epoch time is read once: nobody sets it during a run."""

    now = staticmethod(time.monotonic)
    sleep = staticmethod(asyncio.sleep)

    def __init__(self) -> None:
        self._epoch = time.time() - time.clock_gettime(_AGE)

    def time(self) -> float:
        """Return epoch seconds."""
        return self._epoch + time.clock_gettime(_AGE)
