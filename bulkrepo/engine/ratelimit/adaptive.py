"""
Pure. A rate found by trying, for a service that does not say what it allows.

It climbs until the first throttled answer, derives from the successes a level that
holds, and rests there. After a while it probes for more, slowly at first, and comes
back if there is none. A level that fails is measured anew. `rate_search` finds the
level; this module decides when each request may leave, and what each answer means.
"""

from collections import deque
from collections.abc import Iterable

from bulkrepo.engine.ratelimit.blocking import ThrottleBlock
from bulkrepo.engine.ratelimit.canary import CanaryRequest
from bulkrepo.engine.ratelimit.history import LearnedRate
from bulkrepo.engine.ratelimit.rate_search import CEILING, RateSearch, SearchPhase
from bulkrepo.engine.ratelimit.sliding_window import ServerLimits
from bulkrepo.swr.answers import Answer, AnswerKind

_TROUBLE = (AnswerKind.BROKEN, AnswerKind.UNSURE, AnswerKind.UNREACHABLE)
_BLOCKED = 2.5  # seconds without a success that no empty bucket explains
_SHORT = 5.0  # seconds: requests under a shorter rule are spread evenly
_SLOWER = 0.5  # times as fast is a burst after one that was refused
_TRUST = 15.0  # seconds for which a rule is kept; then it is probed beyond, slowly
_HEALTHY = 0.7  # share of answers that are no trouble


class AdaptiveRateLimiter:
    """
    A rate found by trying; *learnt* is what an earlier run found.

    Rules that answers name become exact windows, and all of them are kept.
    """

    given = False

    def __init__(
        self, learnt: LearnedRate | None = None, starts: Iterable[float] = ()
    ) -> None:
        learnt = learnt or LearnedRate(rate=10.0, limited=False)
        self.throttled = 0
        self._search = RateSearch(learnt.start(), known=learnt.limited)
        self._next = 0.0  # when the next request may leave
        self._blocked = ThrottleBlock()
        self._lone = CanaryRequest(known=learnt.limited)
        self._pressed = False  # whether it is the rate that holds us back
        self._health = 1.0  # the share of answers lately that were no trouble
        self._latencies: deque[float] = deque(maxlen=64)
        self._rules = ServerLimits(learnt.rules, starts, trust=_TRUST)
        self.starts = self._rules.starts  # those that count at a time
        self._untold = False  # whether there is another limit, which no answer names

    def reserve(self, now: float) -> float:
        """Book a start at *now* and give 0.0, or seconds after which to ask again."""
        if not self._lone.count:
            self._blocked.opened = now
            self._search.enter(self._search.phase, now)
        if (wait := self._blocked.wait(now)) > 0:
            return wait
        if self._lone.count > self._lone.after and self._lone.waits(now):
            return 0.005
        pace, rule = self._next - now, self._rules.wait(now)
        ramp = pace > 0 and self._search.phase is SearchPhase.RAMP
        if ramp and self._lone.first():  # answers are pace enough
            pace, self._next, self._pressed = 0.0, now, True
        if (wait := max(pace, rule)) > 0:
            self._pressed = self._pressed or pace >= rule
            return wait
        self._rules.book(now)
        self._lone.book(now)
        # A late wake-up is made up for by at most two requests. What a rule held back
        # hardly is: it would leave in a burst, in this and in later windows.
        step = 1 / (self._search.rate * self._care())
        late = min(2 * step, 0.005 if self._rules else 0.05)
        self._next = max(self._next, now - late) + step
        if self._blocked.since is not None:
            self._blocked.left(now)
        return 0.0

    @property
    def until(self) -> float:
        """Until when the service holds everybody back."""
        return self._blocked.until

    def learn(self, now: float, answer: Answer, *, started: float) -> None:
        """Take in what *answer* tells about our speed."""
        self._latencies.append(now - started)
        if self._lone.over():
            unknown = self._search.event is None
            self._lone.go_on(unknown=unknown, latency=min(self._latencies))
            if self._search.doubted and answer.kind is not AnswerKind.THROTTLED:
                self._search.acquit(now)
        if answer.kind is AnswerKind.THROTTLED:
            self.throttled += 1
            self._refused(now, answer, started)
            return
        event, passed = self._search.event, self._search.passed
        news = event is None or started > event[0]
        self._health += 0.1 * ((well := answer.kind not in _TROUBLE) - self._health)
        if well:
            passed.count(started)
            if news:
                passed.total += 1
                if self._blocked.since is not None:
                    self._reopen(now, started)
                self._climb(now, now - started)
        elif news:
            self._blocked.answered()

    def allowed(self) -> float:
        """Give the requests a second that are allowed at present."""
        return min(self._search.rate * self._care(), self._rules.rate())

    def _care(self) -> float:
        """Give the share of the rate that is fit for a service in trouble."""
        return 1.0 if self._health > _HEALTHY else max(0.1, self._health)

    def learnt(self) -> LearnedRate:
        """Give what the next run should begin with."""
        limited = self._search.event is not None or bool(self._rules)
        rate = self._search.found
        return LearnedRate(rate=rate, limited=limited, rules=self._rules.named())

    def _climb(self, now: float, latency: float) -> None:
        """Go faster by one success, if it is the rate that holds us back."""
        search = self._search
        if self._rules:
            if self._rules.outlived(now):
                self._untold = False
                search.enter(SearchPhase.PROBE, now)
            elif self._rules.regain(now):
                self._spread()
            if not self._untold:
                return
        search.outlast(now)
        if self._pressed and self._health > _HEALTHY:
            self._pressed = False
            search.grow(now, latency)

    def _refused(self, now: float, answer: Answer, started: float) -> None:
        block, search = self._blocked, self._search
        block.wish(now + (answer.retry_after or 0.0))
        told = self._obey(answer, now)
        if search.event is not None and started <= search.event[0]:
            return  # it left before we learnt of the last refusal
        search.forced = answer.retry_after or 0.0
        if block.since is not None:
            block.go_on(now)
        else:
            pause = min(max(0.05 * self._rules.shortest, 0.1), 2.0) if told else None
            if pause is None:
                self._untold = bool(self._rules)
                full = self._lone.count >= self._lone.after
                left = block.opened + search.passed.span - now if full else None
                pause = search.too_fast(now, started, left=left)
            block.begin(now, pause, latency=min(self._latencies))
        search.event = (now, search.passed.total)

    def _reopen(self, now: float, started: float) -> None:
        """Go on: the request that asked succeeded."""
        block, search = self._blocked, self._search
        waited = block.end(started) - 2 * min(self._latencies)
        long = waited > _BLOCKED and not (self._rules or search.forced)
        if long:
            cycle = now - block.opened
            trial = search.believe_window(now, cycle)
            if trial:
                self._lone.expect(trial)
            block.reopen(now, pause=min(1.0, 0.05 * cycle))
        # Nothing can be measured over a long pause: nothing succeeded in it.
        search.resume(now, measurable=not (long or search.forced))
        self._next = max(self._next, now)

    def _obey(self, answer: Answer, now: float) -> bool:
        """Take up the rules that *answer* names; whether it names any."""
        spread = max(self._latencies) - min(self._latencies)
        news = [self._rules.obey(rule, now, spread=spread) for rule in answer.limits]
        if news and not any(news) and self._blocked.since is None:
            # They are kept, and in vain: others use them up too; or a long one is no
            # window, which may be used up at once, but a bucket that fills evenly.
            if all(rule.seconds <= _SHORT for rule in answer.limits):
                self._rules.yield_some(now)
            else:
                self._search.rate *= _SLOWER
        self._untold = self._untold and not any(news)
        if news:
            self._spread()
        return bool(news)

    def _spread(self) -> None:
        """Set the rate by the rules: even for short ones; a long one allows bursts."""
        if not self._untold:  # else the rate is that of the other limit
            search = self._search
            search.level = min(CEILING, self._rules.rate())
            burst = search.rate if self._rules.longest > _SHORT else 0.0
            search.rate = max(search.level, burst)
