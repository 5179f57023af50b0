"""The rate that the user sets, kept exactly."""

from collections.abc import Iterable

from bulkrepo.engine.ratelimit.sliding_window import MOST, ServerLimits, SlidingWindow
from bulkrepo.swr.answers import Answer, AnswerKind, Limit

_LATE = 0.02
"""Seconds by which a timer of the event loop may be late, mostly."""
_SHORT = 5.0
"""Seconds: requests under a shorter named rule are spread evenly."""
_TRUST = 60.0
"""Seconds for which a rule is kept: then the user's rate is tried, at once."""
_FIRST, _LONGEST = 1.0, 30.0
"""Seconds of a pause."""


class ThrottlePause:
    """
    A pause for everybody after a throttled answer, twice as long each time.

    Answers to requests that started before the pause began belong to the same event. It
    doubles where nothing succeeded since the last one: a refusal may come before the
    answers to requests that left earlier and succeed.
    """

    def __init__(self) -> None:
        self.until = 0.0
        self.since = self._before = float("-inf")
        self._pause = _FIRST

    def begin(self, now: float, answer: Answer, *, started: float) -> None:
        """Hold everybody back; answers of the same event extend it only if they ask."""
        if answer.retry_after is not None:
            self.until = max(self.until, now + answer.retry_after)
        if started <= self.since:
            return
        if answer.retry_after is None or answer.retry_after < _FIRST:
            self.until = max(self.until, now + self._pause)
            self._pause = min(_LONGEST, self._pause * 2)
        self._before, self.since = self.since, now

    def healthy(self, *, started: float) -> None:
        """Make pauses short again, if a request since the last but one succeeded."""
        if started > self._before:
            self._pause = _FIRST


class FixedRateLimiter:
    """
    The user's rate, as an exact window; the service can only slow it down.

    Within a window of a second requests are spread evenly, as many limiters refuse a
    burst, but may make up for `_LATE` seconds. A longer window may be used up at once.
    Rules that refusals name are kept as well, for as long as they are believed; short
    ones are spread likewise.
    """

    def __init__(self, limit: Limit, starts: Iterable[float] = ()) -> None:
        self.given = True
        self._window = SlidingWindow(limit, starts)
        self._named: ServerLimits | None = None
        self._hold = ThrottlePause()
        self._own = limit.seconds / limit.count if limit.seconds <= 1 else 0.0
        self._step = self._own
        self._next = 0.0
        self.throttled = 0

    def reserve(self, now: float) -> float:
        """Book a start at *now* and give 0.0, or seconds after which to ask again."""
        if now < self._hold.until:
            return self._hold.until - now
        if now < self._next:
            return self._next - now
        named = self._named
        if named is not None:
            wait = named.wait(now)
            self.given = wait <= 0
            if wait > 0:
                return wait
        wait = self._window.reserve(now)
        if wait <= 0:
            self._next = max(self._next, now - _LATE) + self._step
            if named is not None:
                named.book(now)
        return wait

    def learn(self, now: float, answer: Answer, *, started: float) -> None:
        """Hold everybody back where the service says it is too much."""
        if answer.kind is AnswerKind.THROTTLED:
            self.throttled += 1
            self._hold.begin(now, answer, started=started)
            self._obey(now, answer)
        elif self.throttled and answer.status is not None:
            self._hold.healthy(started=started)
            if self._named is not None and self._named.outlived(now):
                self._named, self.given, self._step = None, True, self._own

    def _obey(self, now: float, answer: Answer) -> None:
        if not answer.limits:
            return
        named = self._named
        if named is None:  # refused: so it is used up
            used = max(rule.count for rule in answer.limits)
            named = self._named = ServerLimits(
                (), [now] * min(used, MOST), trust=_TRUST
            )
        for rule in answer.limits:
            named.obey(rule, now, spread=0.1)
            if rule.seconds <= _SHORT:
                self._step = max(self._step, rule.seconds / rule.count)

    @property
    def until(self) -> float:
        """Until when the service holds everybody back."""
        return self._hold.until

    def starts(self, now: float) -> list[float]:
        """Give the starts that count at *now*, for a process that goes on."""
        return self._window.starts(now)

    def allowed(self) -> float:
        """Give the requests a second that are allowed at present."""
        limit = self._window.limit
        named = float("inf") if self._named is None else self._named.rate()
        return min(limit.count / limit.seconds, named)
