"""Tries: when there is another one, and when patience is over."""

from collections.abc import Mapping

import pytest

from bulkrepo.core.outcomes import Verdict
from bulkrepo.core.rows import Doubt
from bulkrepo.engine.circuit_breaker import IN_A_ROW
from bulkrepo.engine.ratelimit.adaptive import AdaptiveRateLimiter
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.retrying import RetryLimits
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.swr.answers import Limit
from tests.support.engine import THROTTLED, Bench, by_row
from tests.support.fakes import (
    ABSENT,
    BROKEN,
    BUSY,
    CREATED,
    EXISTS,
    LOST,
    UNSENT,
    FakeClock,
    claims,
    shown,
)


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("bad", [0, 50, 99], ids=["first", "middle", "last"])
async def test_tries_are_used_up_when_the_service_is_healthy(
    concurrency: int, bad: int
) -> None:
    """A row that fails while others succeed fails for itself, wherever it stands."""
    answers = {f"POST r{bad}": BROKEN, f"GET r{bad}": ABSENT}
    bench = Bench(
        claims(100), by_row(answers), limits=RetryLimits(concurrency=concurrency)
    )

    assert await bench.run() is None
    assert bench.engine.stats["created"] == 99
    outcome = bench.store.outcomes[bad]
    assert Verdict.FAILED is outcome.outcome
    assert outcome.code == "SVCSTG.SWR.5000046"
    assert 5 <= bench.about(bad).count(f"POST r{bad}") <= 6
    assert f"GET r{bad}" == bench.about(bad)[-1]


@pytest.mark.parametrize("concurrency", [1, 4, 64])
@pytest.mark.parametrize(
    "trouble", [BROKEN, LOST, UNSENT, BUSY], ids=["5xx", "lost", "unsent", "busy"]
)
async def test_no_row_fails_when_an_outage_ends_in_time(
    trouble: Response | TransportFailure, concurrency: int
) -> None:
    """While nothing succeeds, tries do not count: five minutes out, all created."""

    def answer(
        request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        out = 2 < bench.clock.elapsed < 302
        if out:
            return trouble
        return ABSENT if request.method == "GET" else CREATED

    bench = Bench(
        claims(300),
        answer,
        limits=RetryLimits(concurrency=concurrency),
        rate=FixedRateLimiter(Limit(20, 1.0)),
    )

    assert await bench.run() is None
    assert {"created"} == set(bench.verdicts)
    assert bench.clock.elapsed < 302 + 60


async def test_run_stops_when_patience_is_over() -> None:
    """An outage that lasts stops the run; what was not begun stays as it was."""

    def answer(
        request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        return BROKEN if bench.clock.elapsed > 1 else CREATED

    bench = Bench(
        claims(600),
        answer,
        limits=RetryLimits(concurrency=8, patience=120),
        rate=FixedRateLimiter(Limit(20, 1.0)),
    )

    stop = await bench.run()

    assert stop is not None
    assert stop[1] == 3
    assert "nothing succeeded for 120 s (--patience); the last answer: 500" in stop[0]
    assert 121 <= bench.clock.elapsed <= 1 + 120 + 0.3
    given_back = [row for row in bench.told if row.outcome == "not_attempted"]
    assert len(given_back) == IN_A_ROW
    assert all(row.doubt is not None for row in given_back)
    assert bench.engine.stats["failed"] == 0
    settled = bench.engine.stats["created"] + IN_A_ROW
    assert settled == len(bench.store.outcomes) < 600


async def test_throttled_answers_use_up_no_tries() -> None:
    """A row that is throttled ten times and then created is created."""
    script = [CREATED, *[THROTTLED] * 10, CREATED]
    bench = Bench(
        claims(2),
        script,
        limits=RetryLimits(concurrency=1, max_attempts=2),
        rate=AdaptiveRateLimiter(),
    )

    assert await bench.run() is None
    assert bench.verdicts == ["created", "created"]
    assert bench.store.outcomes[1].attempts == 11
    assert bench.engine.stats["throttled"] == 10


async def test_lost_reply_is_settled_by_reading() -> None:
    """What is found after a lost reply, made after our first try, is ours."""
    made = shown(created="2023-11-14T22:13:20.500Z")
    bench = Bench(claims(1), [LOST, EXISTS, made])

    assert await bench.run() is None
    outcome = bench.store.outcomes[0]
    assert (
        outcome.outcome,
        outcome.certain,
        outcome.attempts,
    ) == (Verdict.CREATED, False, 3)
    assert bench.gateway.sent == ["POST r0", "POST r0", "GET r0"]


async def test_earlier_process_counts_when_its_row_is_taken_up_again() -> None:
    """Doubt and attempts of an earlier process go on."""
    made = shown(created="2023-11-14T22:00:05Z")
    rows = claims(1, doubt=Doubt(FakeClock.EPOCH - 800), attempts=4)
    bench = Bench(rows, [EXISTS, made])

    await bench.run()

    outcome = bench.store.outcomes[0]
    assert (
        outcome.outcome,
        outcome.certain,
        outcome.attempts,
    ) == (Verdict.CREATED, False, 6)
