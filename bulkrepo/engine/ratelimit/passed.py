"""Pure. Recent successes, from which a rate is measured."""

from collections import deque


class Passed:
    """
    Successes by the start of their requests: *total* of them, and the recent ones.

    *span* is the seconds over which to measure; *resumed* is when the last pause ended,
    in which nothing succeeded.
    """

    def __init__(self) -> None:
        self.total = 0
        self.span = 1.0
        self.resumed = 0.0
        self._starts: deque[float] = deque(maxlen=20_000)

    def count(self, started: float) -> None:
        """Learn that a request that *started* then succeeded."""
        self._starts.append(started)

    def pace(self, until: float) -> float:
        """Give the successes a second in the *span* that ends at *until*."""
        first = until - self.span
        if first < self.resumed < until - 0.3:
            first = self.resumed
        count = 0
        for start in reversed(self._starts):
            if start < first:
                break
            count += 1
        return count / (until - first)
