"""
Pure. How far the server's clock is from ours, from the `Date` headers of its answers.

A `Date` has whole seconds and was written somewhere between our sending and receiving:
each one bounds the offset from both sides, and many of them narrow it down.
"""

from bulkrepo.wire import Reply, server_time

UNKNOWN_TOLERANCE = 1.0
"""Seconds that clocks may disagree while no answer carried a `Date`."""


class Skew:
    """The bounds of (server's clock - ours), in seconds."""

    def __init__(self) -> None:
        self._low: float | None = None
        self._high: float | None = None
        self._last: str | None = None

    def observe(self, reply: Reply, *, sent: float, received: float) -> None:
        """Learn from *reply*; *sent* and *received* are epoch seconds of our clock."""
        date = reply.headers.get("Date")
        if date is None or date == self._last:  # parsing once a second is enough
            return
        self._last = date
        server = server_time(reply)
        if server is None:
            return
        low, high = server - received, server + 1 - sent
        if self._low is None or self._high is None or low > self._high:
            self._low, self._high = low, high  # first, or somebody set a clock
        elif high < self._low:
            self._low, self._high = low, high
        else:
            self._low, self._high = max(low, self._low), min(high, self._high)

    @property
    def apart(self) -> float:
        """Seconds that the server's clock is ahead of ours at least, or behind: < 0."""
        if self._low is None or self._high is None:
            return 0.0
        return max(self._low, 0.0) + min(self._high, 0.0)

    def earliest(self, ours: float) -> float:
        """Give the earliest time that the server's clock may have shown at *ours*."""
        return ours + (-UNKNOWN_TOLERANCE if self._low is None else self._low)

    def latest(self, ours: float) -> float:
        """Give the latest time that the server's clock may have shown at *ours*."""
        return ours + (UNKNOWN_TOLERANCE if self._high is None else self._high)
