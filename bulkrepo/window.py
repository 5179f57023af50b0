"""Pure. An exact sliding window: the bookkeeping of a limit that is known."""

from collections import deque

from bulkrepo.wire import Limit


class Window:
    """
    An exact sliding window: at most *count* starts in any *seconds*.

    A window includes its start and excludes its end: of two starts exactly *seconds*
    apart, each window holds one.
    """

    def __init__(self, limit: Limit, starts: deque[float] | None = None) -> None:
        self.limit = limit
        self._starts: deque[float] = deque(starts or (), maxlen=limit.count)

    def wait(self, now: float) -> float:
        """Give the seconds until one more may start; 0.0 or less: now."""
        starts, limit = self._starts, self.limit
        if len(starts) < limit.count:
            return 0.0
        return limit.seconds - (now - starts[0])

    def book(self, now: float) -> None:
        """Count a start at *now*."""
        self._starts.append(now)

    def reserve(self, now: float) -> float:
        """Book a start at *now* and give 0.0, or seconds after which to ask again."""
        wait = self.wait(now)
        if wait > 0:
            return wait
        self.book(now)
        return 0.0
