"""
Pure. Searches for the highest rate that the service sustains, by its refusals.

The constants were found by experiment, against all limiters of `tests.bench.limits` and
others between them: no service documents them.
"""

from collections import deque
from enum import Enum, auto

FLOOR = 1 / 300
"""Requests a second, which is twelve an hour: the least."""
CAUTION = 200.0
"""Requests a second that the gateway allows by default: the ramp ends there."""
CEILING = 5000.0
"""Requests a second: the most."""
PAUSE = 0.47
"""Seconds for which nobody starts after a clear refusal."""

_SAFE = 0.98  # of a measured rate
_SLOW = 1 / 6  # requests a second: only a long block proves that it is less
_FEW = 20  # requests: fewer tell nothing about a window
_MEMORY = 30.0  # seconds for which a refusal tells something about the next one
_BLIND = 10.0  # latencies that a probe takes, at least, to double its growth


class SearchPhase(Enum):
    """What a search is doing."""

    RAMP = auto()  # nothing is known yet: up fast
    SEEK = auto()  # below a rate that was too fast: up, faster every second
    REST = auto()  # at a level that holds
    PROBE = auto()  # above that level, to see whether more is allowed by now


class RateSearch:
    """
    The *rate* to send at and the *level* believed to hold, in requests a second.

    *known*: an earlier run has met a limit. *passed* are the successes. *event* is when
    the last refusal came, or when a long pause ended, with the number of successes by
    then; *forced* is how many seconds the service asked to wait. *doubted*: what may be
    a window is being tried as one.
    """

    def __init__(self, rate: float, *, known: bool) -> None:
        self.rate = self.level = min(max(rate, FLOOR), CEILING)
        self.passed = RecentSuccesses()
        self.event: tuple[float, int] | None = None
        self._pause = PAUSE
        self.forced = 0.0
        self.phase = SearchPhase.REST if known else SearchPhase.RAMP
        self._since = 0.0  # when the phase began
        self._rest = 8.0  # seconds to rest before the next probe
        self._scale = 1.9  # seconds in which a probe doubles its pace
        self._top = float("inf")  # the rate that last was too fast
        self._proven = False  # the level outlasted a rest, or is a window's average
        self._trial = self._bursty = False  # a probe was believed; wrongly, once
        self._total_then = 0  # when the last long block ended
        self._few = False  # whether hardly any succeeded before that
        self.doubted = self._sure = False  # whether a block was proven a window's
        self._marks: deque[tuple[float, int]] = deque(maxlen=2)
        self._series, self._failures = (0.0, 0), 0

    @property
    def found(self) -> float:
        """The rate that another run should begin with."""
        probing = self.phase is SearchPhase.PROBE
        return (self.level + self.rate) / 2 if probing else self.rate

    def enter(self, phase: SearchPhase, now: float) -> None:
        """Begin a *phase*."""
        self.phase, self._since = phase, now

    def outlast(self, now: float) -> None:
        """Begin to probe if the level has held for its rest."""
        if self.phase is SearchPhase.REST and now - self._since >= self._rest:
            self.enter(SearchPhase.PROBE, now)
            self._proven, self._trial = True, False

    def grow(self, now: float, latency: float) -> None:
        """Raise the rate for one success, which took *latency*, as the phase allows."""
        near = self.rate > 0.95 * self._top
        scale = max(self._scale, self.passed.span / 2, _BLIND * latency)
        more = _gain(self.phase, lasted=now - self._since, near=near, scale=scale)
        # It at most doubles in the time of one answer: until then we are blind.
        self.rate += min(more, 1 / max(latency, 0.01))
        if self.phase is SearchPhase.RAMP and self.rate >= CAUTION:
            self._settle(now, CAUTION)
        self.rate = min(CEILING, self.rate)

    def acquit(self, now: float) -> None:
        """Learn that there is no such window: more than it allows succeeded."""
        self.doubted, self._top = False, CEILING
        self.enter(SearchPhase.SEEK, now)

    # Refusals.

    def too_fast(self, now: float, started: float, *, left: float | None) -> float:
        """
        Learn that a request that *started* then was refused; find a rate that holds.

        Returns for how many seconds nobody is to start. *left* is how many seconds the
        doubted window has left, if all that it allows was used.
        """
        first = self.event is None
        pace = _SAFE * min(self.rate, max(FLOOR, self.passed.pace(started)))
        fresh = self.passed.total - (self.event[1] if self.event else 0)
        if first or fresh >= 0.3 * self.rate:
            self._series, self._failures = (now, self.passed.total), 0
        else:
            self._failures += 1
        self._top = self.rate
        self._pause = min(PAUSE, 2.8 / self.rate)
        marks = [mark for mark in self._marks if now - mark[0] < _MEMORY]
        if self.phase is not SearchPhase.REST:
            self._marks.clear()
        doubted, self.doubted = self.doubted, False
        if doubted:
            self._settle(now, self.level)
            self._proven = self._sure = True
            if left is not None:
                self._pause = max(PAUSE, left)
        elif first and self.phase is not SearchPhase.PROBE:
            self._end_ramp(now, pace)
        elif self._failures:
            self._fail_again(now)
        elif self.phase is SearchPhase.PROBE:
            self._end_probe(now, self._measured(now, marks, pace))
        elif self.phase is SearchPhase.REST:
            measured = max(0.9 * pace, self._measured(now, marks, pace))
            self._end_rest(now, measured, again=len(marks) > 1)
        else:
            self._settle(now, self._sought(now, pace))
        self._marks.append((now, self.passed.total))
        return self._pause

    def _measured(
        self, now: float, marks: list[tuple[float, int]], pace: float
    ) -> float:
        """Give the successes a second since the oldest of *marks*."""
        since = marks[0] if marks else self.event
        if since is None:
            return pace
        return _SAFE * (self.passed.total - since[1]) / (now - since[0])

    def _sought(self, now: float, pace: float) -> float:
        """Give the pace that the search found, less a burst in the last second."""
        if self.event is None or now - self.event[0] < 1:
            return pace
        return min(pace, max(0.85 * pace, self._measured(now, [], pace)))

    def _end_ramp(self, now: float, pace: float) -> None:
        """Begin to seek, well below; or settle at once at the gateway's default."""
        if self.phase is SearchPhase.REST and pace > 0.95 * self.rate:
            self._pause = 0.03
            self._settle(now, pace)
            return
        self._pause = PAUSE
        self.rate = max(0.1 * self.rate, 0.5 * pace)
        self.enter(SearchPhase.SEEK, now)

    def _fail_again(self, now: float) -> None:
        """Wait longer at a proven level; else come down to what still succeeds."""
        self._bursty = self._bursty or self._trial
        self._pause = min(2 * PAUSE, self._pause * 2.0**self._failures)
        if self._proven and self._failures < 3:
            self.rate = self.level
            return
        if not self._proven:
            self._pause = max(PAUSE, self._pause)
        at, total = self._series
        found = 0.75 * self.rate
        if now - at >= 0.5 * self.passed.span:
            passed = (self.passed.total - total) / (now - at)
            found = min(found, max(passed, 0.2 * self.rate))
        self._settle(now, found)

    def _end_probe(self, now: float, measured: float) -> None:
        """
        Go half as far as a probe that went far, else back to the level.

        Not all the way: a token bucket that filled up during the rest lets a probe go
        farther than what can be sustained.
        """
        level = self.level
        if self.rate > (2.7 if self._bursty else 1.1) * level:
            self._settle(now, 0.63 * self.rate + 0.36 * level)
            self._trial, self._bursty = True, False
        elif measured > 1.1 * level:
            self._settle(now, measured)
        else:
            early = self.rate < 1.02 * level
            most = max(20.0, 200 / self.rate, 6 * self.passed.span)
            rest = max(self._rest, min(2 * self._rest, most))
            self._settle(now, max(_SAFE * level if early else level, measured))
            self._rest, self._scale, self._proven = rest, 0.9, not early

    def _end_rest(self, now: float, measured: float, *, again: bool) -> None:
        """Go down a little; *again*, or if far too fast, to what was *measured*."""
        rest = self._rest
        self._bursty = self._bursty or self._trial
        if again or measured < 0.5 * self.rate:
            self._settle(now, min(measured, 0.97 * self.rate))
        else:
            self._settle(now, 0.97 * self.rate)
            self._rest = rest

    def _settle(self, now: float, level: float) -> None:
        self.rate = self.level = max(FLOOR if self._few else _SLOW, level)
        slow = 2 * self.passed.span if self.passed.span > 1 else 0.0
        forced = min(20 * self.forced, 30.0)
        self._rest = max(4.0, min(50 / self.rate, 12.0), slow, forced)
        self._scale, self._proven = 1.5, False
        self.enter(SearchPhase.REST, now)

    # Pauses.

    def resume(self, now: float, *, measurable: bool) -> None:
        """Go on after a pause; over one that is not *measurable*, nothing succeeded."""
        if not measurable:
            self.event = (now, self.passed.total)
            if self._marks:
                self._marks[-1] = self.event
        self.passed.resumed = now

    def believe_window(self, now: float, cycle: float) -> int:
        """
        Take a block for that of a window, which allows so many requests in a *cycle*.

        A window allows as many at any pace. That is tried once: return after how many
        requests it will show, 0 where it is not tried.
        """
        passed = self.passed.total - self._total_then
        trial = 0
        if passed < _FEW and not self._few:
            # Somebody else may have used it up before: nothing is known.
            self.rate, self._top = max(self.rate, 10.0), CEILING
            self.enter(SearchPhase.SEEK, now)
        else:
            self._few = passed < _FEW
            self.passed.span = max(1.0, min(cycle, 60.0))
            self._settle(now, min(self.rate, passed / cycle))
            self._proven = True
            self.doubted = not (self._few or self._sure)
            if self.doubted:
                trial = passed
                self.rate = min(CEILING, 3 * self.level)
        self._few, self._total_then = passed < _FEW, self.passed.total
        return trial


def _gain(phase: SearchPhase, *, lasted: float, near: bool, scale: float) -> float:
    """
    Give what one success adds to the rate, *lasted* seconds into *phase*.

    *near*: the rate is close to one that was too fast. A probe doubles its growth in
    *scale* seconds.
    """
    if phase is SearchPhase.RAMP:
        return 6.3
    if phase is SearchPhase.SEEK:
        return 0.13 if near else 0.15 * 2 ** min(lasted, 2.1)
    if phase is SearchPhase.PROBE:
        return 0.014 * 2 ** min(lasted / scale, 6.0)
    return 0.0


class RecentSuccesses:
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
