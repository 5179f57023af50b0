"""
Pure. How far the server's clock is from ours, from the `Date` headers of its answers.

A `Date` has whole seconds and was written somewhere between our sending and receiving:
each one bounds the offset from both sides, and many of them narrow it down. One that
contradicts them shows that a clock was set, or has drifted: from then on the bounds
hold for both.
"""

from bulkrepo.core.rows import Doubt
from bulkrepo.http.dates import server_time
from bulkrepo.http.messages import Response


class ClockSkew:
    """The bounds of (server's clock - ours), in seconds."""

    def __init__(self) -> None:
        self._low: float | None = None
        self._high: float | None = None
        self._last: str | None = None
        self._before: tuple[float, float] | None = None  # a clock was set

    def observe(self, reply: Response, *, sent: float, received: float) -> None:
        """Learn from *reply*; *sent* and *received* are epoch seconds of our clock."""
        date = reply.headers.get("Date")
        if date is None or date == self._last:  # parsing once a second is enough
            return
        self._last = date
        server = server_time(reply)
        if server is None:
            return
        low, high = server - received, server + 1 - sent
        if self._low is None or self._high is None:
            self._low, self._high = low, high
        elif low > self._high or high < self._low:
            self._before = self.bounds
            self._low, self._high = low, high
        else:
            self._low, self._high = max(low, self._low), min(high, self._high)

    @property
    def apart(self) -> float:
        """Seconds that the server's clock is ahead of ours at least, or behind: < 0."""
        if self._low is None or self._high is None:
            return 0.0
        return max(self._low, 0.0) + min(self._high, 0.0)

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the most that the server's clock was ahead, if known."""
        if self._low is None or self._high is None:
            return None
        before = self._before or (self._low, self._high)
        return min(self._low, before[0]), max(self._high, before[1])

    def doubt(self, first: float, last: float) -> Doubt:
        """Return the doubt that tries leave which began at *first* to *last*, by us."""
        bounds = self.bounds
        return Doubt() if bounds is None else Doubt(first + bounds[0], last + bounds[1])
