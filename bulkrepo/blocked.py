"""Pure. While nobody is let through: who asks whether that is over, and when."""

_POLL = 0.01  # seconds after which to ask again while one finds out for all
_LONGEST = 60.0
_WINDOWS = (1, 2, 5, 10, 15, 30, 60, 120, 300)  # seconds of windows in use


class Blocked:
    """
    One asks for all, twice as late each time, or when a window may end.

    *until* is when the next may leave at the soonest, *since* when we learnt that we
    are blocked, *opened* the beginning of all, or the end of the last long block.
    """

    def __init__(self) -> None:
        self.until = 0.0
        self.since: float | None = None
        self.opened = 0.0
        self._asked: float | None = None  # when the one that asks left
        self._patience = 1.0  # seconds after which its answer is lost

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
        """Learn that the one that asked got an answer that says nothing."""
        self._asked = None

    def begin(self, now: float, pause: float, *, latency: float) -> None:
        """Learn that a request was refused; the next one leaves after a *pause*."""
        self.since, self._asked = now, None
        self._patience = max(1.0, 2 * latency)
        self.wish(now + pause)

    def go_on(self, now: float) -> None:
        """Learn that the one that asked was refused as well."""
        assert self.since is not None  # noqa: S101 - for the types
        self._asked = None
        blocked = max(0.2, now - self.since)
        reach = now + 1.35 * blocked
        ends = (self.opened + seconds + 0.02 for seconds in _WINDOWS)
        likely = [end for end in ends if now + 0.1 * blocked < end <= reach]
        self.wish(min(likely[0] if likely else now + blocked, now + _LONGEST))

    def end(self, started: float) -> float:
        """Learn that the one that *started* then went through; give how long it was."""
        assert self.since is not None  # noqa: S101 - for the types
        blocked = started - self.since
        self.since = self._asked = None
        return blocked

    def reopen(self, now: float, *, pause: float) -> None:
        """Learn that it was a long one; the next one leaves after a *pause*."""
        self.opened, self.until = now, now + pause
