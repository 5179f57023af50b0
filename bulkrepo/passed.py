"""Pure. What went through lately, and how fast: what a rate is found from."""

from collections import deque


class Passed:
    """
    Successes, by when they started: *total* of them, and those of late one by one.

    *span* is the seconds over which to measure, *resumed* when the last pause ended:
    nobody was let through before.
    """

    def __init__(self) -> None:
        self.total = 0
        self.span = 1.0
        self.resumed = 0.0
        self._starts: deque[float] = deque(maxlen=20_000)

    def count(self, started: float) -> None:
        """Learn that a request went through."""
        self._starts.append(started)

    def pace(self, until: float) -> float:
        """Give the successes a second in the last *span*, by *until*."""
        first = until - self.span
        if first < self.resumed < until - 0.3:
            first = self.resumed
        count = 0
        for start in reversed(self._starts):
            if start < first:
                break
            count += 1
        return count / (until - first)
