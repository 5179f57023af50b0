"""
Pure. The search for a rate that holds: where it is, and what it takes from refusals.

The numbers here were found by trying many, each against all limiters of
`tests.bench.limits` and others between them: no service has told them.
"""

from collections import deque
from enum import Enum, auto

from bulkrepo.passed import Passed

FLOOR = 1 / 300
"""Requests a second, twelve an hour: slower is no rate."""
CAUTION = 200.0
"""Requests a second that the gateway allows by default: nobody runs up beyond."""
CEILING = 5000.0
PAUSE = 0.47
"""Seconds after a refusal that was no slip."""

_SAFE = 0.98  # of what went through
_SLOW = 1 / 6  # requests a second: only a block of its own proves that it is less
_FEW = 20  # requests that say nothing about a window
_MEMORY = 30.0  # seconds for which an event says something about the next
_BLIND = 10.0  # times as long as an answer takes, at least, a probe goes on doubling


class Phase(Enum):
    """What a search is at."""

    RAMP = auto()  # nothing is known: up fast
    SEEK = auto()  # below a rate that was too fast: up, faster every second
    REST = auto()  # at a level that holds
    PROBE = auto()  # above it, to see whether there is more by now


class Search:
    """
    The *rate* to send at and the *level* believed to hold, in requests a second.

    *known*: an earlier run has met a limit. *passed* counts what went through. *event*
    is when the last refusal was learnt of, or when a long pause ended, with how many
    had passed; *forced* is how many seconds the service asked to wait. *doubted*: what
    looks like a window is tried as one.
    """

    def __init__(self, rate: float, *, known: bool) -> None:
        self.rate = self.level = min(max(rate, FLOOR), CEILING)
        self.passed = Passed()
        self.event: tuple[float, int] | None = None
        self._pause = PAUSE
        self.forced = 0.0
        self.phase = Phase.REST if known else Phase.RAMP
        self._since = 0.0  # when the phase began
        self._rest = 8.0  # seconds to rest before the next probe
        self._scale = 1.9  # seconds in which a probe doubles its pace
        self._top = float("inf")  # the rate that last was too fast
        self._proven = False  # the level outlasted a rest, or is a window's average
        self._trial = self._bursty = False  # a probe believed; and wrongly so, once
        self._total_then = 0  # when the last long block ended
        self._few = False  # whether hardly any went through before it
        self.doubted = self._sure = False  # whether one was a window, once
        self._marks: deque[tuple[float, int]] = deque(maxlen=2)
        self._series, self._failures = (0.0, 0), 0

    @property
    def found(self) -> float:
        """The rate that another run should begin with."""
        probing = self.phase is Phase.PROBE
        return (self.level + self.rate) / 2 if probing else self.rate

    def enter(self, phase: Phase, now: float) -> None:
        """Begin a *phase*."""
        self.phase, self._since = phase, now

    def outlast(self, now: float) -> None:
        """Begin to probe where the level has outlasted its rest."""
        if self.phase is Phase.REST and now - self._since >= self._rest:
            self.enter(Phase.PROBE, now)
            self._proven, self._trial = True, False

    def grow(self, now: float, latency: float) -> None:
        """Grow by one success, which took *latency*: by the share the phase allows."""
        near = self.rate > 0.95 * self._top
        scale = max(self._scale, self.passed.span / 2, _BLIND * latency)
        more = _gain(self.phase, lasted=now - self._since, near=near, scale=scale)
        # In the time of an answer it doubles at most: what leaves meanwhile is blind.
        self.rate += min(more, 1 / max(latency, 0.01))
        if self.phase is Phase.RAMP and self.rate >= CAUTION:
            self._settle(now, CAUTION)
        self.rate = min(CEILING, self.rate)

    def acquit(self, now: float) -> None:
        """Learn that the window in doubt was none: more than it allows passed."""
        self.doubted, self._top = False, CEILING
        self.enter(Phase.SEEK, now)

    # Refusals.

    def too_fast(self, now: float, started: float, *, left: float | None) -> float:
        """
        Find a rate that holds, from what went through before a request that *started*.

        Gives for how many seconds nobody is to start. *left* is how many seconds the
        window in doubt has left, if all that it allows has passed.
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
        if self.phase is not Phase.REST:
            self._marks.clear()
        doubted, self.doubted = self.doubted, False
        if doubted:
            self._settle(now, self.level)
            self._proven = self._sure = True
            if left is not None:
                self._pause = max(PAUSE, left)
        elif first and self.phase is not Phase.PROBE:
            self._end_ramp(now, pace)
        elif self._failures:
            self._fail_again(now)
        elif self.phase is Phase.PROBE:
            self._end_probe(now, self._measured(now, marks, pace))
        elif self.phase is Phase.REST:
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
        """Give what the search found: the last second may have had a burst in it."""
        if self.event is None or now - self.event[0] < 1:
            return pace
        return min(pace, max(0.85 * pace, self._measured(now, [], pace)))

    def _end_ramp(self, now: float, pace: float) -> None:
        """Begin to seek, well below; at once if the gateway's rate passed a while."""
        if self.phase is Phase.REST and pace > 0.95 * self.rate:
            self._pause = 0.03
            self._settle(now, pace)
            return
        self._pause = PAUSE
        self.rate = max(0.1 * self.rate, 0.5 * pace)
        self.enter(Phase.SEEK, now)

    def _fail_again(self, now: float) -> None:
        """Wait longer at a proven level; else come down to what still passes."""
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
        Believe a probe half if it went far, else come back to the level.

        A bucket that filled up during the rest lets a probe go far without meaning it.
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
        """Go down a little, or, *again* or if that is clear, to what was measured."""
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
        self.enter(Phase.REST, now)

    # Pauses.

    def resume(self, now: float, *, measurable: bool) -> None:
        """Go on after a pause; one that is not *measurable* let nobody through."""
        if not measurable:
            self.event = (now, self.passed.total)
            if self._marks:
                self._marks[-1] = self.event
        self.passed.resumed = now

    def believe_window(self, now: float, cycle: float) -> int:
        """
        Take a block for a window's: what passed in its *cycle* always passes.

        A window lets as many pass at any pace. That is tried, once: give after how many
        requests it shows, 0 where it is not.
        """
        passed = self.passed.total - self._total_then
        trial = 0
        if passed < _FEW and not self._few:
            # It was closed before we came, perhaps: nothing is known.
            self.rate, self._top = max(self.rate, 10.0), CEILING
            self.enter(Phase.SEEK, now)
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


def _gain(phase: Phase, *, lasted: float, near: bool, scale: float) -> float:
    """
    Give what one success adds to the rate, *lasted* seconds into *phase*.

    *near*: to a rate that was too fast. A probe doubles its pace in *scale* seconds.
    """
    if phase is Phase.RAMP:
        return 6.3
    if phase is Phase.SEEK:
        return 0.13 if near else 0.15 * 2 ** min(lasted, 2.1)
    if phase is Phase.PROBE:
        return 0.014 * 2 ** min(lasted / scale, 6.0)
    return 0.0
