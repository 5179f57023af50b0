"""Pure. While the service refuses everybody: when to ask whether that is over."""

_POLL = 0.01  # seconds after which to ask again while one request finds out for all
_LONGEST = 60.0
_WINDOWS = (1, 2, 5, 10, 15, 30, 60, 120, 300)  # usual windows, in seconds


class ThrottleBlock:
    """
    One request asks for all, after pauses that double, or when a window may end.

    No request leaves before *until*. *since* is when the block was noticed, None if
    there is none. *opened* is when the last long block ended, or else the run began.
    """

    def __init__(self) -> None:
        self.until = 0.0
        self.since: float | None = None
        self.opened = 0.0
        self._asked: float | None = None  # when the request that asks left
        self._patience = 1.0  # seconds after which its answer counts as lost

    def wait(self, now: float) -> float:
        """Give the seconds after which to ask again; 0.0: nothing is in the way."""
        if now < self.until:
            return self.until - now
        if self._asked is not None and now - self._asked < self._patience:
            return _POLL
        return 0.0

    def left(self, now: float) -> None:
        """Learn that a request left while we are blocked."""
        self._asked = now

    def wish(self, until: float) -> None:
        """Learn that nobody should leave before *until*."""
        self.until = max(self.until, until)

    def answered(self) -> None:
        """Learn that the request that asked got an answer that tells nothing."""
        self._asked = None

    def begin(self, now: float, pause: float, *, latency: float) -> None:
        """Learn that a request was refused; the next one leaves after a *pause*."""
        self.since, self._asked = now, None
        self._patience = max(1.0, 2 * latency)
        self.wish(now + pause)

    def go_on(self, now: float) -> None:
        """Learn that the request that asked was refused as well."""
        assert self.since is not None  # noqa: S101 - for the types
        self._asked = None
        blocked = max(0.2, now - self.since)
        reach = now + 1.35 * blocked
        ends = (self.opened + seconds + 0.02 for seconds in _WINDOWS)
        likely = [end for end in ends if now + 0.1 * blocked < end <= reach]
        self.wish(min(likely[0] if likely else now + blocked, now + _LONGEST))

    def end(self, started: float) -> float:
        """Learn that a request *started* then succeeded; return the block's length."""
        assert self.since is not None  # noqa: S101 - for the types
        blocked = started - self.since
        self.since = self._asked = None
        return blocked

    def reopen(self, now: float, *, pause: float) -> None:
        """Learn that the block was a long one; the next start is after a *pause*."""
        self.opened, self.until = now, now + pause
