"""A limit that nobody told is found, sat on and found again, in virtual time."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.engine.ratelimit.adaptive import AdaptiveRateLimiter
from bulkrepo.engine.ratelimit.history import LearnedRate
from bulkrepo.engine.ratelimit.rate_search import CAUTION, CEILING, FLOOR, PAUSE
from bulkrepo.swr.answers import Answer, AnswerKind, Limit
from tests.support.limiters import (
    KINDS,
    Both,
    Bucket,
    Changing,
    Fixed,
    Leaky,
    Limiter,
    Shared,
    Sliding,
)
from tests.support.simulation import DONE, simulate

THROTTLED = Answer(AnswerKind.THROTTLED, 429)
ROWS = 2000
T = 1000.0


@pytest.mark.parametrize("rate", [10, 50, 200])
@pytest.mark.parametrize("kind", KINDS)
def test_a_hidden_limit_is_found_and_hardly_exceeded(kind: str, rate: int) -> None:
    """No second request in a hundred is refused, and little time is lost."""
    for seed in range(3):
        run = simulate(AdaptiveRateLimiter(), KINDS[kind](rate), ROWS, seed=seed)

        assert run.seconds <= 1.25 * ROWS / rate
        assert len(run.throttled) <= 0.02 * ROWS


@pytest.mark.parametrize("kind", [Leaky, lambda rate: Sliding(rate, 1)])
@pytest.mark.parametrize("rate", [3, 25, 70, 130, 180])
def test_a_limit_of_any_size_is_found(
    kind: Callable[[int], Limiter], rate: int
) -> None:
    """Limits need not be those that come to one's mind first."""
    run = simulate(AdaptiveRateLimiter(), kind(rate), 1000, seed=rate)

    assert run.seconds <= 1.4 * 1000 / rate + 2
    assert len(run.throttled) <= 40


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize(
    "kind", [Leaky, lambda rate: Bucket(rate, rate), lambda rate: Sliding(rate, 1)]
)
def test_a_limit_that_changes_is_found_again(
    kind: Callable[[int], Limiter], *, text: bool
) -> None:
    """It falls to a fifth and rises to twice that, told in the text or not."""
    for seed in range(10 if text else 3):
        limiter = Changing([(600, kind(50)), (600, kind(10)), (800, kind(20))])

        def rule(limiter: Changing = limiter) -> Limit:
            return Limit((50, 10, 20)[limiter.which], 1.0)

        run = simulate(
            AdaptiveRateLimiter(), limiter, ROWS, seed=seed, rule=rule if text else None
        )

        assert run.seconds <= (1.15 if text else 1.35) * (12 + 60 + 40)
        assert len(run.throttled) <= 0.02 * ROWS
        if text:
            assert max(run.bursts[1:]) <= 3


@pytest.mark.parametrize(
    ("limiter", "rule"),
    [
        (Sliding(60, 60), Limit(60, 60.0)),
        (Fixed(60, 60), Limit(60, 60.0)),
        (Sliding(200, 300), Limit(200, 300.0)),
        (Fixed(200, 300, 100), Limit(200, 300.0)),
    ],
)
def test_a_named_rule_is_used_up_at_once_and_then_kept(
    limiter: Limiter, rule: Limit
) -> None:
    """A burst is sent where the rule allows one; each window refuses one at most."""
    rows = 3 * rule.count
    run = simulate(AdaptiveRateLimiter(), limiter, rows, rule=lambda: rule)

    assert sum(at < 5 for at in run.starts) >= rule.count
    assert run.seconds <= 2 * rule.seconds + 5
    assert len(run.throttled) <= 3


@pytest.mark.parametrize(
    ("limiter", "rule", "refused"),
    [
        (Leaky(1, 5), Limit(60, 60.0), 16),
        (Leaky(10, 20), Limit(600, 60.0), 24),
        (Bucket(10, 100), Limit(600, 60.0), 40),
    ],
)
def test_a_long_named_rule_may_be_a_bucket(
    limiter: Limiter, rule: Limit, refused: int
) -> None:
    """A burst is refused although the rule allows it: the next ones are slower."""
    run = simulate(AdaptiveRateLimiter(), limiter, 5 * rule.count, rule=lambda: rule)

    assert run.seconds <= 1.05 * 5 * rule.seconds
    assert len(run.throttled) <= refused


def test_a_short_named_rule_is_spread_evenly() -> None:
    """To burst in each second gains nothing, and hurts when the rule changes."""
    auto = AdaptiveRateLimiter()
    run = simulate(auto, Sliding(20, 1), 400, rule=lambda: Limit(20, 1.0))
    steady = [at for at in run.starts if at > 3]

    assert auto.allowed() == pytest.approx(20, rel=0.06)
    assert min(b - a for a, b in itertools.pairwise(steady)) > 0.02


def test_several_named_rules_hold_together_and_newer_ones_replace() -> None:
    """A rule a second and a rule a minute; the first one named was another."""
    auto = AdaptiveRateLimiter()
    assert auto.reserve(T) == 0.0
    for number, rule in enumerate([Limit(9, 1.0), Limit(5, 1.0), Limit(60, 60.0)]):
        answer = Answer(AnswerKind.THROTTLED, 429, limits=(rule,))
        auto.learn(T + 0.1 * number + 0.1, answer, started=T)

    assert auto.allowed() == 1.0
    assert set(auto.learnt().rules) == {Limit(5, 1.0), Limit(60, 60.0)}


@pytest.mark.parametrize("rule", [Limit(60, 60.0), Limit(20, 1.0), Limit(10, 2.0)])
def test_a_named_rule_that_is_shared_is_not_run_into_for_ever(rule: Limit) -> None:
    """Somebody else takes half: a short one is left to him, a long one used up."""
    half = rule.count / rule.seconds / 2
    limiter = Shared(Sliding(rule.count, rule.seconds), 1 / half)
    rows = int(half * 900)
    run = simulate(AdaptiveRateLimiter(), limiter, rows, rule=lambda: rule)

    assert run.seconds <= 1.2 * rows / half
    assert len(run.throttled) <= max(0.03 * rows, 20)


def test_a_limit_that_nobody_names_holds_beside_a_named_rule() -> None:
    """30 in ten seconds are told, that two a second are too many is not."""

    class Told(Both):
        """Says which of the two refused."""

        told = False

        def admit(self, now: float) -> bool:
            """Ask both, the one that is told of first."""
            self.told = not self._first.admit(now)
            return not self.told and self._then.admit(now)

    limiter = Told(Sliding(30, 10), Bucket(2, 40))
    auto = AdaptiveRateLimiter()
    run = simulate(
        auto,
        limiter,
        1000,
        rule=lambda: Limit(30, 10.0) if limiter.told else None,
    )

    assert run.seconds <= 1.25 * 1000 / 2
    assert len(run.throttled) <= 80


def test_what_is_known_is_where_the_next_run_starts() -> None:
    """It neither runs up again nor is refused, and still finds out if there is more."""
    run = simulate(
        AdaptiveRateLimiter(LearnedRate(rate=48.0, limited=True)), Leaky(50), 500
    )
    more = AdaptiveRateLimiter(LearnedRate(rate=48.0, limited=True))
    simulate(more, Leaky(100), 4000)

    assert run.seconds <= 1.06 * 500 / 50
    assert len(run.throttled) <= 2
    assert more.learnt().rate > 80


def test_what_a_run_learnt_is_not_found_out_again() -> None:
    """Neither a level nor a named rule; how far a run came is where to run up from."""
    level, named, free = (
        AdaptiveRateLimiter(),
        AdaptiveRateLimiter(),
        AdaptiveRateLimiter(),
    )
    simulate(level, Leaky(50), ROWS)
    simulate(named, Sliding(60, 60), 100, rule=lambda: Limit(60, 60.0))
    simulate(free, Bucket(1e9, 1e9), 100)

    assert 45 <= level.learnt().rate <= 50
    assert level.learnt().limited
    assert named.learnt().rules == (Limit(60, 60.0),)
    assert not free.learnt().limited
    assert free.learnt().rate > 50
    again = simulate(AdaptiveRateLimiter(named.learnt()), Sliding(60, 60), 110)
    assert again.throttled == []


def test_nobody_is_refused_where_there_is_no_limit() -> None:
    """It runs up to what the gateway allows by default, rests, and goes on slowly."""
    run = simulate(AdaptiveRateLimiter(), Bucket(1e9, 1e9), ROWS)
    rates = [sum(second <= at < second + 1 for at in run.starts) for second in range(9)]

    assert rates[0] <= 140
    assert max(rates[:5]) <= CAUTION + 5
    assert rates[5] >= 0.95 * CAUTION


def test_the_first_that_wait_for_each_answer_need_no_pace() -> None:
    """A survey's eleven reads, one after another; what follows keeps the pace."""
    auto = AdaptiveRateLimiter()
    now = T
    for _ in range(12):
        assert auto.reserve(now) == 0.0
        now += 0.001
        auto.learn(now, DONE, started=now - 0.001)
    late = auto.reserve(now)

    assert 0 < late <= 1 / 20


def test_those_who_do_not_wait_for_answers_keep_the_pace() -> None:
    """The first one's answer is not here, and so the second waits for its turn."""
    auto = AdaptiveRateLimiter()
    auto.reserve(T)

    assert auto.reserve(T + 0.01) == pytest.approx(0.04)


def test_it_does_not_climb_when_the_rate_is_not_used() -> None:
    """Who sends two a second learns nothing about twenty."""
    auto = AdaptiveRateLimiter()
    for half in range(60):
        now = T + half / 2
        assert auto.reserve(now) == 0.0
        auto.learn(now + 0.05, DONE, started=now)

    assert auto.allowed() == 10.0


@pytest.mark.parametrize(
    "kind", [AnswerKind.BROKEN, AnswerKind.UNSURE, AnswerKind.UNREACHABLE]
)
def test_a_service_in_trouble_is_asked_less_and_recovers(kind: AnswerKind) -> None:
    """The rate follows the share that goes well; what was known is not forgotten."""
    auto = AdaptiveRateLimiter(LearnedRate(rate=100.0, limited=True))
    auto.reserve(T)
    for number in range(50):
        auto.learn(T + number / 100, Answer(kind, 500), started=T + number / 100)
    assert auto.allowed() == pytest.approx(10.0)
    for number in range(20):
        auto.learn(T + 1 + number / 100, DONE, started=T + 1 + number / 100)

    assert auto.allowed() == pytest.approx(100.0)


def test_one_broken_answer_in_ten_costs_nothing() -> None:
    """That is the row's trouble and not the service's."""
    auto = AdaptiveRateLimiter(LearnedRate(rate=100.0, limited=True))
    auto.reserve(T)
    for number in range(200):
        answer = DONE if number % 10 else Answer(AnswerKind.BROKEN, 500)
        auto.learn(T + number / 100, answer, started=T + number / 100)

    assert auto.allowed() >= 100.0


def test_answers_that_left_before_we_knew_are_one_event() -> None:
    """Many throttled together say no more than one."""
    one, many = AdaptiveRateLimiter(), AdaptiveRateLimiter()
    for auto, echoes in ((one, 1), (many, 20)):
        auto.reserve(T)
        auto.learn(T + 0.05, DONE, started=T)
        for _ in range(echoes):
            auto.learn(T + 0.2, THROTTLED, started=T + 0.1)

    assert one.allowed() == many.allowed()
    assert many.throttled == 20


def test_one_asks_for_all_after_a_pause() -> None:
    """While nobody knows whether it goes on, one request finds out."""
    auto = AdaptiveRateLimiter()
    auto.reserve(T)
    auto.learn(T + 0.05, THROTTLED, started=T)
    assert auto.reserve(T + 0.3) == pytest.approx(PAUSE - 0.25)
    assert auto.reserve(T + 0.6) == 0.0
    assert 0 < auto.reserve(T + 0.7) <= 0.1
    auto.learn(T + 0.7, DONE, started=T + 0.6)

    assert auto.reserve(T + 30) == 0.0


@pytest.mark.parametrize("seconds", [5.0, 30.0])
def test_a_wish_to_wait_is_no_window(seconds: float) -> None:
    """What was throttled at the very beginning costs that pause, and not the run."""

    class First:
        """Refuses all that comes in the first second."""

        since: float | None = None

        def admit(self, now: float) -> bool:
            """Remember when the first one came."""
            self.since = now if self.since is None else self.since
            return now > self.since + 1

    run = simulate(AdaptiveRateLimiter(), First(), 1000, retry_after=seconds)

    assert run.seconds <= seconds + 45


def test_a_block_before_anything_went_through_says_nothing_about_the_rate() -> None:
    """Somebody else used the limit up; then it is ours."""

    class Blocked:
        """Refuses everything for a quarter of a minute."""

        since: float | None = None

        def admit(self, now: float) -> bool:
            """Remember when the first one came."""
            self.since = now if self.since is None else self.since
            return now > self.since + 15

    auto = AdaptiveRateLimiter()
    run = simulate(auto, Blocked(), 1000)

    assert run.seconds <= 60
    assert auto.learnt().rate > 20


@pytest.mark.parametrize("seconds", [3, 5, 8])
def test_a_block_that_is_no_window_is_found_out(seconds: float) -> None:
    """The service refused everybody for a while: that is over when it is over."""

    class Upset(Bucket):
        """Without limit, but for some seconds after the third."""

        first: float | None = None

        def admit(self, now: float) -> bool:
            """Refuse for a while."""
            self.first = now if self.first is None else self.first
            return not 3 <= now - self.first < 3 + seconds

    run = simulate(AdaptiveRateLimiter(), Upset(1, 1), 4000)

    assert run.seconds <= 4000 / CAUTION + seconds + 6


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize(
    "kind",
    [
        lambda count: Fixed(count, 60, 20),
        lambda count: Sliding(count, 60),
        lambda count: Bucket(count / 60, count),
    ],
)
def test_a_limit_of_a_few_a_minute_is_found(
    kind: Callable[[int], Limiter], count: int
) -> None:
    """It is not run into for ever, though no text tells of it."""
    run = simulate(AdaptiveRateLimiter(), kind(count), 20 * count)
    late = [at for at in run.throttled if at > 240]

    assert run.seconds <= 1.5 * 20 * 60
    assert len(late) <= 12 + 5 * count


@pytest.mark.parametrize("latency", [1.0, 3.0])
def test_answers_that_take_seconds_are_no_block(latency: float) -> None:
    """A refusal is heard late, and so is the next success."""
    run = simulate(AdaptiveRateLimiter(), Leaky(20), 1000, latency=latency)

    assert run.seconds <= 2.6 * 1000 / 20
    assert len(run.throttled) <= 100


def test_a_low_rate_that_was_bad_luck_does_not_last() -> None:
    """Each run to a healthy service leaves a higher one."""
    low = AdaptiveRateLimiter(LearnedRate(rate=FLOOR, limited=True))
    run = simulate(low, Bucket(1e9, 1e9), 100)

    assert run.seconds <= 40
    assert low.learnt().rate > 2


def test_an_answer_that_never_comes_does_not_hold_everybody_for_ever() -> None:
    """The one that asks may be lost; after a second another one does."""
    auto = AdaptiveRateLimiter()
    auto.reserve(T)
    auto.learn(T + 0.05, THROTTLED, started=T)

    assert auto.reserve(T + 10) == 0.0
    assert auto.reserve(T + 10.5) > 0
    assert auto.reserve(T + 11.1) == 0.0


@given(
    st.lists(
        st.tuples(
            st.floats(0.001, 100),
            st.sampled_from([*AnswerKind]),
            st.none() | st.floats(0, 1000),
            st.tuples(st.builds(Limit, st.integers(1, 500), st.floats(0.5, 600)))
            | st.just(()),
        ),
        max_size=200,
    )
)
def test_it_stays_within_bounds_whatever_it_is_told(
    told: list[tuple[float, AnswerKind, float | None, tuple[Limit, ...]]],
) -> None:
    """No answer makes it stand still for ever, or run away."""
    auto, now = AdaptiveRateLimiter(), T
    for gap, kind, retry_after, limits in told:
        started, now = now, now + gap
        auto.reserve(started)
        answer = Answer(kind, retry_after=retry_after, limits=limits)
        auto.learn(now, answer, started=now)
        assert FLOOR <= auto.learnt().rate <= CEILING
    waited = 0.0
    while (wait := auto.reserve(now + waited)) > 0:
        waited += wait

    assert waited <= 1000 + 600 + 60


@given(
    gaps=st.lists(st.floats(0, 2), max_size=100),
    late=st.lists(st.floats(0, 3), min_size=1, max_size=20),
)
def test_it_never_packs_what_it_missed(gaps: list[float], late: list[float]) -> None:
    """A late wake-up is made up for by two requests at most."""
    auto, now, found = AdaptiveRateLimiter(), T, []
    delays = itertools.cycle(late)
    for gap in gaps:
        now += gap
        while (wait := auto.reserve(now)) > 0:
            now += max(wait, 1e-9) + next(delays)
        found.append(now)

    for number, first in enumerate(found):
        for count, last in enumerate(found[number:], start=1):
            assert count <= 3 + (last - first) * 10 + 1e-6
