"""When the next request may leave, on a clock that only moves when asked."""

import tracemalloc
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkrepo.core.errors import SettingsError
from bulkrepo.engine.ratelimit import RateLimiter, control, parse
from bulkrepo.engine.ratelimit.adaptive import AdaptiveRateLimiter
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.ratelimit.sliding_window import SlidingWindow
from bulkrepo.swr.answers import Answer, AnswerKind, Limit
from tests.support.limiters import Leaky, Limiter, Sliding
from tests.support.simulation import simulate

DONE = Answer(AnswerKind.DONE, 201)
THROTTLED = Answer(AnswerKind.THROTTLED, 429)
T = 1000.0

LIMITS = [Limit(20, 1.0), Limit(60, 60.0), Limit(200, 300.0)]
IDS = ["20/s", "60/m", "200/5m"]


def starts(
    rate: RateLimiter | SlidingWindow, gaps: Iterable[float], *, late: Iterator[float]
) -> list[float]:
    """Let waiters come at *gaps*, wait as told and wake up *late*; when they start."""
    now, found = T, []
    for gap in gaps:
        now += gap
        while (wait := rate.reserve(now)) > 0:
            now += max(wait, 1e-9) + next(late)
        found.append(now)
    return found


def forever(delays: list[float]) -> Iterator[float]:
    """Repeat *delays* without end."""
    while True:
        yield from delays


def fits(found: list[float], limit: Limit) -> bool:
    """Say whether every window [t, t + seconds) holds at most *count* starts."""
    pairs = zip(found, found[limit.count :], strict=False)
    return all(later - sooner >= limit.seconds for sooner, later in pairs)


DELAYS = st.lists(st.floats(0, 3), min_size=1, max_size=20)


@given(
    count=st.integers(1, 20),
    seconds=st.floats(0.1, 600),
    gaps=st.lists(st.floats(0, 50) | st.just(0.0), max_size=120),
    delays=DELAYS,
    kind=st.sampled_from([SlidingWindow, FixedRateLimiter]),
)
def test_no_window_holds_more_than_its_count(
    count: int,
    seconds: float,
    gaps: list[float],
    delays: list[float],
    kind: type[SlidingWindow] | type[FixedRateLimiter],
) -> None:
    """Whatever the arrivals and late wake-ups, t seconds see no more than n starts."""
    limit = Limit(count, seconds)
    found = starts(kind(limit), gaps, late=forever(delays))

    assert fits(found, limit)
    assert len(found) == len(gaps)


@pytest.mark.parametrize("limit", LIMITS, ids=IDS)
@settings(max_examples=20, deadline=None)
@given(delays=st.lists(st.floats(0, 0.002), min_size=1, max_size=50))
def test_all_of_the_rate_is_used_when_work_waits(
    limit: Limit, delays: list[float]
) -> None:
    """At least 99 % of what is allowed, though every sleep is up to 2 ms too long."""
    number = limit.count * 20
    found = starts(FixedRateLimiter(limit), [0.0] * number, late=forever(delays))
    windows = 1 + (found[-1] - T) / limit.seconds

    assert fits(found, limit)
    assert number >= 0.99 * limit.count * (windows - 1)


@pytest.mark.parametrize("gap", [0.0, 0.05, 0.4])
@pytest.mark.parametrize("count", [9_999, 10_001, 25_000])
def test_a_long_rule_is_kept_in_bounded_memory(count: int, gap: float) -> None:
    """In parts, of which none is exceeded; nearly all of it may be used."""
    window = SlidingWindow(Limit(count, 3600.0))
    found = starts(window, [gap] * 2 * count, late=forever([0.0]))

    assert len(window._starts) <= 10_000
    assert fits(found, Limit(count, 3600.0))
    assert found[-1] - T <= 2 * count * gap + 2 * 3600 + 1


def test_a_share_of_a_window_is_less() -> None:
    """Half of ten is five; nothing is never less than one."""
    window = SlidingWindow(Limit(10, 60.0))
    for _ in range(5):
        window.book(T)

    assert window.wait(T) == 0.0
    assert window.wait(T, 0.5) == 60.0
    assert SlidingWindow(Limit(10, 60.0)).wait(T, 0.01) == 0.0


def test_window_excludes_its_end() -> None:
    """Exactly a window later is another window."""
    window = SlidingWindow(Limit(1, 10.0))

    assert window.reserve(T) == 0.0
    assert window.reserve(T + 9.5) == 0.5
    assert window.reserve(T + 10) == 0.0


def test_fixed_holds_everybody_back_when_throttled() -> None:
    """One second at first, then twice as long each time, and all over when healthy."""
    rate = FixedRateLimiter(Limit(1000, 1.0))
    now = T
    for pause in (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0):
        assert rate.reserve(now) == 0.0
        rate.learn(now + 0.1, THROTTLED, started=now)
        assert rate.reserve(now + 0.1) == pytest.approx(pause)
        now += 0.1 + pause
    rate.learn(now + 0.1, DONE, started=now)
    rate.learn(now + 0.2, THROTTLED, started=now + 0.1)

    assert rate.reserve(now + 0.2) == pytest.approx(1.0)
    assert rate.throttled == 8
    assert rate.allowed() == 1000.0


def test_a_refusal_that_overtakes_good_answers_is_no_worse_than_others() -> None:
    """A gateway refuses at once, and passes on to a service that takes its time."""
    rate, now = FixedRateLimiter(Limit(1000, 1.0)), T
    for _ in range(4):
        rate.learn(now + 0.03, THROTTLED, started=now + 0.02)
        rate.learn(now + 0.1, DONE, started=now)

        assert rate.reserve(now + 0.03) == pytest.approx(1.0)
        now += 1.03


@pytest.mark.parametrize(
    ("limiter", "rule", "ideal"),
    [
        (Sliding(10, 1), Limit(10, 1.0), 60.0),
        (Sliding(200, 300), Limit(200, 300.0), 600.0),
        (Leaky(20, burst=5), Limit(20, 1.0), 30.0),
    ],
)
def test_fixed_obeys_a_rule_that_a_refusal_names(
    limiter: Limiter, rule: Limit, ideal: float
) -> None:
    """A user's 50/s is no reason to be refused over and over."""
    run = simulate(FixedRateLimiter(Limit(50, 1.0)), limiter, 600, rule=lambda: rule)

    assert len(run.throttled) <= 8
    assert run.seconds < 1.15 * ideal


def test_a_rule_that_is_named_is_not_believed_for_ever() -> None:
    """And while it holds, it is the service that says how fast."""
    rate, rule = FixedRateLimiter(Limit(50, 1.0)), Limit(1, 20.0)
    rate.learn(T, Answer(AnswerKind.THROTTLED, limits=(rule,)), started=T - 0.1)
    assert rate.reserve(T + 1) == pytest.approx(19.1)
    assert not rate.given
    assert rate.allowed() == 0.05
    assert rate.reserve(T + 20.2) == 0.0
    rate.learn(T + 70, Answer(AnswerKind.DONE, 201), started=T + 69.9)

    assert rate.given
    assert rate.allowed() == 50.0


def test_a_rule_of_millions_costs_no_memory() -> None:
    """A service's text is from outside."""
    rate = FixedRateLimiter(Limit(50, 1.0))
    rule = Limit(3_000_000, 86_400.0)
    tracemalloc.start()
    rate.learn(T, Answer(AnswerKind.THROTTLED, limits=(rule,)), started=T - 0.1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 2_000_000
    assert rate.allowed() == pytest.approx(3_000_000 / 86_400)


def test_to_retry_at_once_is_not_taken_at_its_word() -> None:
    """`Retry-After: 0`, or a date that is past, is throttling like any other."""
    rate, now = FixedRateLimiter(Limit(1000, 1.0)), T
    for pause in (1.0, 2.0, 4.0):
        rate.learn(
            now, Answer(AnswerKind.THROTTLED, retry_after=0.0), started=now - 0.1
        )
        assert rate.reserve(now) == pytest.approx(pause)
        now += pause + 0.2


@pytest.mark.parametrize(
    "make", [lambda: FixedRateLimiter(Limit(1000, 1.0)), AdaptiveRateLimiter]
)
def test_retry_after_is_obeyed(make: type[AdaptiveRateLimiter]) -> None:
    """The longest wish counts, an echo's too; nobody starts before."""
    rate = make()
    rate.learn(T, Answer(AnswerKind.THROTTLED, retry_after=20.0), started=T - 0.2)
    rate.learn(T + 1, Answer(AnswerKind.THROTTLED, retry_after=60.0), started=T - 0.1)
    rate.learn(T + 2, Answer(AnswerKind.THROTTLED, retry_after=5.0), started=T - 0.1)

    assert rate.reserve(T + 2) == 59.0
    assert rate.reserve(T + 60.9) == pytest.approx(0.1)
    assert rate.reserve(T + 61) == 0.0


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("auto", None),
        ("20/s", Limit(20, 1.0)),
        ("60/m", Limit(60, 60.0)),
        ("200/5m", Limit(200, 300.0)),
        ("200/10m", Limit(200, 600.0)),
        ("1/1s", Limit(1, 1.0)),
        ("3/h", Limit(3, 3600.0)),
        ("9999999/s", Limit(9_999_999, 1.0)),
    ],
)
def test_rate_is_read(text: str, limit: Limit | None) -> None:
    """A number of requests in a time, or auto."""
    assert parse(text) == limit
    assert isinstance(
        control(limit), AdaptiveRateLimiter if limit is None else FixedRateLimiter
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20",
        "0/s",
        "20/",
        "20/0s",
        "20/00m",
        "-1/s",
        "1.5/s",
        "20/d",
        "AUTO",
        "20 /s",
        "20/s ",
        "20/s\n",
        "20/5",
        "12345678/s",
        "1/1234567s",
        "²/s",
    ],
)
def test_rate_is_refused_when_it_makes_no_sense(text: str) -> None:
    """The error says how to write one."""
    with pytest.raises(SettingsError, match="write auto, or a number of requests"):
        parse(text)
