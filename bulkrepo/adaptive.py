"""
Pure. A rate found by trying, for a service that does not say what it allows.

It climbs until the first throttled answer, finds from what went through a level that
holds, and rests there. After a while it probes for more, slowly at first, and comes
back if there is none. A level that fails is measured anew.
"""

from collections import deque
from collections.abc import Iterable

from bulkrepo.blocked import Blocked
from bulkrepo.learnt import Learnt
from bulkrepo.lone import Lone
from bulkrepo.passed import Passed
from bulkrepo.search import CAUTION, CEILING, FLOOR, PAUSE, SAFE, SLOW, Phase, gain
from bulkrepo.window import Rules
from bulkrepo.wire import Answer, Kind

_TROUBLE = (Kind.BROKEN, Kind.UNSURE, Kind.UNREACHABLE)
_BLOCKED = 2.5  # seconds without a success that no empty bucket explains
_SHORT = 5.0  # seconds: a rule that is spread, and not used up at once
_TRUST = 15.0  # seconds for which a rule is kept, and then probed beyond, slowly
_FEW = 20  # requests that say nothing about a window
_HEALTHY = 0.7  # share of answers that are no trouble
_MEMORY = 30.0  # seconds for which an event says something about the next


class Auto:
    """
    Requests a second, found by trying, or by an earlier run: *learnt*.

    Rules that the texts of answers name become exact windows, and all of them hold.
    """

    given = False

    def __init__(
        self, learnt: Learnt | None = None, starts: Iterable[float] = ()
    ) -> None:
        learnt = learnt or Learnt(rate=10.0, limited=False)
        self.rate = self.level = min(max(learnt.start(), FLOOR), CEILING)
        self.throttled = 0
        # Where we are in the search.
        self._phase = Phase.REST if learnt.limited else Phase.RAMP
        self._since = 0.0  # when the phase began
        self._rest = 8.0  # seconds to rest before the next probe
        self._scale = 1.9  # seconds in which a probe doubles its pace
        self._top = float("inf")  # the rate that last was too fast
        self._proven = False  # the level outlasted a rest, or is a window's average
        self._trial = self._bursty = False  # a probe believed; and wrongly so, once
        # When the next request may leave.
        self._next = 0.0
        self._blocked = Blocked()
        self._lone = Lone(known=learnt.limited)
        self._pressed = False  # whether it is the rate that holds us back
        self._health = 1.0  # the share of answers lately that were no trouble
        # What went through.
        self._passed = Passed()
        self._total_then = 0  # when the last long block ended
        self._few = False  # whether hardly any went through before it
        self._doubted = self._sure = False  # a window is tried; it was one
        # (time, total by then) of the last refusal, or of the end of a long pause.
        self._event: tuple[float, int] | None = None
        self._marks: deque[tuple[float, int]] = deque(maxlen=2)
        self._series, self._failures = (0.0, 0), 0
        self._latencies: deque[float] = deque(maxlen=64)
        self._rules = Rules(learnt.rules, starts, trust=_TRUST)
        self.starts = self._rules.starts  # those that count at a time
        self._untold = False  # whether there is a limit besides, that nobody names

    def reserve(self, now: float) -> float:
        """Book a start at *now* and give 0.0, or seconds after which to ask again."""
        if not self._lone.count:
            self._blocked.opened = self._since = now
        if (wait := self._blocked.wait(now)) > 0:
            return wait
        if self._lone.count > self._lone.after and self._lone.waits(now):
            return 0.005
        pace, rule = self._next - now, self._rules.wait(now)
        ramp = pace > 0 and self._phase is Phase.RAMP
        if ramp and self._lone.first():  # answers are pace enough
            pace, self._next, self._pressed = 0.0, now, True
        if (wait := max(pace, rule)) > 0:
            self._pressed = self._pressed or pace >= rule
            return wait
        self._rules.book(now)
        self._lone.book(now)
        # A late wake-up is made up for, by two requests at most; hardly what a rule
        # held back: it would leave in a burst, in this window and in all that follow.
        step = 1 / (self.rate * self._care())
        late = min(2 * step, 0.005 if self._rules else 0.05)
        self._next = max(self._next, now - late) + step
        if self._blocked.since is not None:
            self._blocked.left(now)
        return 0.0

    @property
    def until(self) -> float:
        """Until when it is the service that holds everybody back."""
        return self._blocked.until

    def learn(self, now: float, answer: Answer, *, started: float) -> None:
        """Take in what the service says about our speed."""
        self._latencies.append(now - started)
        if self._lone.over():
            self._lone.go_on(unknown=self._event is None, latency=min(self._latencies))
            if self._doubted and answer.kind is not Kind.THROTTLED:
                self._doubted, self._top = False, CEILING  # it was no window
                self._enter(Phase.SEEK, now)
        if answer.kind is Kind.THROTTLED:
            self.throttled += 1
            self._refused(now, answer, started)
            return
        news = self._event is None or started > self._event[0]
        self._health += 0.1 * ((well := answer.kind not in _TROUBLE) - self._health)
        if well:
            self._passed.count(started)
            if news:
                self._passed.total += 1
                if self._blocked.since is not None:
                    self._reopen(now, started)
                self._climb(now, now - started)
        elif news:
            self._blocked.answered()

    def allowed(self) -> float:
        """Give the requests a second that are allowed at present."""
        return min(self.rate * self._care(), self._rules.rate())

    def _care(self) -> float:
        """Give the share of the rate that a service in trouble can do with."""
        return 1.0 if self._health > _HEALTHY else max(0.1, self._health)

    def learnt(self) -> Learnt:
        """Give what the next run should begin with."""
        rate = (self.level + self.rate) / 2 if self._phase is Phase.PROBE else self.rate
        limited = self._event is not None or bool(self._rules)
        return Learnt(rate=rate, limited=limited, rules=self._rules.named())

    def _climb(self, now: float, latency: float) -> None:
        """Grow by one success: in a second, by the share that the phase allows."""
        lasted = now - self._since
        if self._rules:
            if self._rules.outlived(now):
                self._untold = False
                self._enter(Phase.PROBE, now)
            elif self._rules.regain(now):
                self._spread()
            if not self._untold:
                return
        if self._phase is Phase.REST and lasted >= self._rest:
            self._enter(Phase.PROBE, now)
            self._proven, self._trial, lasted = True, False, 0.0
        if not self._pressed or self._health <= _HEALTHY:
            return
        self._pressed = False
        near = self.rate > 0.95 * self._top
        scale = max(self._scale, self._passed.span / 2, 10 * latency)
        more = gain(self._phase, lasted=lasted, near=near, scale=scale)
        # In the time of an answer it doubles at most: what leaves meanwhile is blind.
        self.rate += min(more, 1 / max(latency, 0.01))
        if self._phase is Phase.RAMP and self.rate >= CAUTION:
            self._settle(now, CAUTION)
        self.rate = min(CEILING, self.rate)

    def _enter(self, phase: Phase, now: float) -> None:
        self._phase, self._since = phase, now

    def _refused(self, now: float, answer: Answer, started: float) -> None:
        block = self._blocked
        block.wish(now + (answer.retry_after or 0.0))
        told = self._obey(answer, now)
        if self._event is not None and started <= self._event[0]:
            return  # an echo: it left before we knew
        block.forced = answer.retry_after or 0.0
        if block.since is not None:
            block.go_on(now)
        else:
            if told:
                self._pause = min(max(0.05 * self._rules.shortest, 0.1), 2.0)
            else:
                self._untold = bool(self._rules)
                self._too_fast(now, started)
            block.begin(now, self._pause, latency=min(self._latencies))
        self._event = (now, self._passed.total)

    def _too_fast(self, now: float, started: float) -> None:
        """Find a rate that holds, from what went through."""
        first = self._event is None
        pace = SAFE * min(self.rate, max(FLOOR, self._passed.pace(started)))
        fresh = self._passed.total - (self._event[1] if self._event else 0)
        if first or fresh >= 0.3 * self.rate:
            self._series, self._failures = (now, self._passed.total), 0
        else:
            self._failures += 1
        self._top = self.rate
        self._pause = min(PAUSE, 2.8 / self.rate)
        marks = [mark for mark in self._marks if now - mark[0] < _MEMORY]
        if self._phase is not Phase.REST:
            self._marks.clear()
        doubted, self._doubted = self._doubted, False
        if doubted:
            self._settle(now, self.level)
            self._proven = self._sure = True
            if self._lone.count >= self._lone.after:  # it was a window
                end = self._blocked.opened + self._passed.span
                self._pause = max(PAUSE, end - now)
        elif first and self._phase is not Phase.PROBE:
            self._end_ramp(now, pace)
        elif self._failures:
            self._fail_again(now)
        elif self._phase is Phase.PROBE:
            self._end_probe(now, self._measured(now, marks, pace))
        elif self._phase is Phase.REST:
            measured = max(0.9 * pace, self._measured(now, marks, pace))
            self._end_rest(now, measured, again=len(marks) > 1)
        else:
            self._settle(now, self._sought(now, pace))
        self._marks.append((now, self._passed.total))

    def _measured(
        self, now: float, marks: list[tuple[float, int]], pace: float
    ) -> float:
        """Give the successes a second since the oldest of *marks*."""
        since = marks[0] if marks else self._event
        if since is None:
            return pace
        return SAFE * (self._passed.total - since[1]) / (now - since[0])

    def _sought(self, now: float, pace: float) -> float:
        """Give what the search found: the last second may have had a burst in it."""
        if self._event is None or now - self._event[0] < 1:
            return pace
        return min(pace, max(0.85 * pace, self._measured(now, [], pace)))

    def _end_ramp(self, now: float, pace: float) -> None:
        """Begin to seek, well below; at once if the gateway's rate passed a while."""
        if self._phase is Phase.REST and pace > 0.95 * self.rate:
            self._pause = 0.03
            self._settle(now, pace)
            return
        self._pause = PAUSE
        self.rate = max(0.1 * self.rate, 0.5 * pace)
        self._enter(Phase.SEEK, now)

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
        if now - at >= 0.5 * self._passed.span:
            passed = (self._passed.total - total) / (now - at)
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
            most = max(20.0, 200 / self.rate, 6 * self._passed.span)
            rest = max(self._rest, min(2 * self._rest, most))
            self._settle(now, max(SAFE * level if early else level, measured))
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
        self.rate = self.level = max(FLOOR if self._few else SLOW, level)
        slow = 2 * self._passed.span if self._passed.span > 1 else 0.0
        forced = min(20 * self._blocked.forced, 30.0)
        self._rest = max(4.0, min(50 / self.rate, 12.0), slow, forced)
        self._scale, self._proven = 1.5, False
        self._enter(Phase.REST, now)

    def _reopen(self, now: float, started: float) -> None:
        """Go on: the one that asked went through."""
        block = self._blocked
        waited = block.end(started) - 2 * min(self._latencies)
        long = waited > _BLOCKED and not (self._rules or block.forced)
        if long:
            self._believe_window(now, now - block.opened)
        if long or block.forced:  # no time to measure by: nobody was let through
            self._event = (now, self._passed.total)
            if self._marks:
                self._marks[-1] = self._event
        self._passed.resumed, self._next = now, max(self._next, now)

    def _believe_window(self, now: float, cycle: float) -> None:
        """Take a block for a window's: what passed in its *cycle* always passes."""
        passed = self._passed.total - self._total_then
        if passed < _FEW and not self._few:
            # It was closed before we came, perhaps: nothing is known.
            self.rate, self._top = max(self.rate, 10.0), CEILING
            self._enter(Phase.SEEK, now)
        else:
            self._few = passed < _FEW
            self._passed.span = max(1.0, min(cycle, 60.0))
            self._settle(now, min(self.rate, passed / cycle))
            self._proven = True
            # A window lets as many pass at any pace: that is tried, once.
            self._doubted = not (self._few or self._sure)
            if self._doubted:
                self._lone.expect(passed)
                self.rate = min(CEILING, 3 * self.level)
        self._few, self._total_then = passed < _FEW, self._passed.total
        self._blocked.reopen(now, pause=min(1.0, 0.05 * cycle))

    def _obey(self, answer: Answer, now: float) -> bool:
        """Take up the rules that *answer* names; say if it names any."""
        spread = max(self._latencies) - min(self._latencies)
        news = [self._rules.obey(rule, now, spread=spread) for rule in answer.limits]
        # Long ones are used up in a burst, and asked for at their end: that is seldom.
        short = all(rule.seconds <= _SHORT for rule in answer.limits)
        if news and not any(news) and short and self._blocked.since is None:
            self._rules.yield_some(now)
        self._untold = self._untold and not any(news)
        if news:
            self._spread()
        return bool(news)

    def _spread(self) -> None:
        """Spread short rules: a long one may be used up at once."""
        if not self._untold:  # else the rate is about the other limit
            self.level = min(CEILING, self._rules.rate())
            self.rate = max(self.level, self.rate * (self._rules.longest > _SHORT))
