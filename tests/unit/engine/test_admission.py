"""When the next request may leave: rate, probes, and wishes to wait."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
from structlog.testing import capture_logs

from bulkrepo.engine.ratelimit import RateLimiter
from bulkrepo.engine.ratelimit.adaptive import AdaptiveRateLimiter
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.retrying import RetryLimits
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.swr.answers import Limit
from tests.support.engine import QUICK, Bench, by_row
from tests.support.fakes import BROKEN, CREATED, EXISTS, claims, error, shown, told


async def test_one_probes_when_nothing_succeeds() -> None:
    """In an outage one row at a time asks, ever more seldom; the others wait."""

    def answer(
        request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        return BROKEN if 2 < bench.clock.elapsed < 302 else CREATED

    bench = Bench(
        claims(500),
        answer,
        limits=RetryLimits(concurrency=64),
        rate=FixedRateLimiter(Limit(99, 1.0)),
    )

    assert await bench.run() is None
    start = bench.clock.start
    during = [at - start for at in bench.gateway.starts if 10 < at - start < 302]
    assert 5 <= len(during) <= 80


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(error(503, None, Retry_After="86400"), id="503"),
        pytest.param(error(429, "APIGW.0308", Retry_After="86400"), id="429"),
    ],
)
async def test_patience_holds_when_the_service_asks_for_a_day(answer: Response) -> None:
    """No `Retry-After` makes a run wait for longer than it was told to."""
    bench = Bench(claims(3), by_row({}, answer), rate=AdaptiveRateLimiter())

    stop = await bench.run()

    assert stop is not None
    assert stop[1] == 3
    assert "(--patience)" in stop[0]
    assert bench.clock.elapsed < 2 * 600 + 60


async def test_our_own_slow_rate_is_not_the_services_silence() -> None:
    """Three an hour, and one of them fails: the run goes on."""

    def answer(
        request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        return BROKEN if len(bench.gateway.requests) == 2 else CREATED

    bench = Bench(claims(4), answer, rate=FixedRateLimiter(Limit(1, 1200.0)))

    assert await bench.run() is None
    assert bench.verdicts == ["created"] * 4
    assert bench.clock.elapsed < 6 * 1200


@pytest.mark.parametrize("rate", [AdaptiveRateLimiter, lambda: FixedRateLimiter(QUICK)])
@pytest.mark.parametrize("wish", [{}, {"Retry_After": "100"}])
async def test_patience_is_lost_with_a_service_that_only_throttles(
    wish: dict[str, str], rate: Callable[[], RateLimiter]
) -> None:
    """Patience is over after so long, and not one pause later."""
    throttled = error(429, "APIGW.0308", **wish)
    bench = Bench(
        claims(9),
        by_row({"POST r0": CREATED}, throttled),
        rate=rate(),
        limits=RetryLimits(patience=250),
    )

    stop = await bench.run()

    assert stop is not None
    assert "nothing succeeded for 250 s (--patience)" in stop[0]
    assert 250 <= bench.clock.elapsed <= 252


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(error(503, Retry_After="80"), id="503"),
        pytest.param(error(429, Retry_After="80"), id="429"),
    ],
)
async def test_a_long_wish_to_wait_is_said(kind: Response) -> None:
    """In the log, and as the reason why nothing moves."""
    said: dict[int, str | None] = {}

    def answer(
        request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        asked = told(request) == "POST r2" and len(bench.about(2)) == 1
        return kind if asked else CREATED

    with capture_logs() as logs:
        bench = Bench(claims(3), answer)

        async def watch() -> None:
            for second in (20, 100):
                await bench.clock.sleep(second - bench.clock.elapsed)
                said[second] = bench.engine.waiting

        await asyncio.gather(bench.engine.run(), watch())

    assert bench.verdicts == ["created"] * 3
    assert said == {20: "the service asks to wait, for 60 s more", 100: None}
    wishes = [log for log in logs if log["event"] == "service.asked_to_wait"]
    assert [log["seconds"] for log in wishes] == [80.0]
    assert not [log for log in logs if log["event"] == "service.out"]


async def test_nobody_starts_while_the_service_asks_to_wait() -> None:
    """`Retry-After` of a throttled answer holds all workers back."""
    late = error(429, "APIGW.0308", Retry_After="20")

    def answer(
        request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        return late if len(bench.gateway.requests) == 10 else CREATED

    bench = Bench(claims(100), answer)

    assert await bench.run() is None
    told_at = bench.gateway.starts[9] + 0.05
    after = [at for at in bench.gateway.starts if at > told_at]
    assert min(after) >= told_at + 20


@pytest.mark.parametrize("rate", ["20/s", "60/m"])
async def test_requests_keep_to_the_rate(rate: str) -> None:
    """In no window more requests start than the rate says, tries and reads included."""
    count, seconds = (20, 1.0) if rate == "20/s" else (60, 60.0)

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        if request.method == "GET":
            return shown()
        return EXISTS if len(bench.gateway.requests) % 3 else BROKEN

    bench = Bench(claims(120), answer, rate=FixedRateLimiter(Limit(count, seconds)))

    await bench.run()

    starts = bench.gateway.starts
    assert all(
        later - sooner >= seconds
        for sooner, later in zip(starts, starts[count:], strict=False)
    )
