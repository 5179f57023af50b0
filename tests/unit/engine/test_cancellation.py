"""Every way to stop a run, and what becomes of its rows."""

import asyncio
from collections.abc import Mapping

import pytest

from bulkrepo.core.outcomes import FAILURES, Verdict
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.retrying import RetryLimits
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.swr.answers import Limit
from tests.support.engine import THROTTLED, Bench, by_row
from tests.support.fakes import (
    BROKEN,
    BUSY,
    CREATED,
    EXISTS,
    LOST,
    UNSENT,
    FakeClock,
    claims,
    error,
    shown,
)


async def test_run_stops_when_the_deadline_is_over() -> None:
    """At the deadline no row is taken any more; what is in flight is finished."""
    bench = Bench(
        claims(600),
        by_row({}),
        limits=RetryLimits(concurrency=4, deadline=10),
        rate=FixedRateLimiter(Limit(20, 1.0)),
        latency=0.5,
    )

    assert await bench.run() == ("the deadline is over (--deadline)", 3)
    assert 10 <= bench.clock.elapsed <= 10.6
    assert {"created"} == set(bench.verdicts)
    assert len(bench.gateway.requests) == len(bench.store.outcomes)


async def test_deadline_ends_every_wait() -> None:
    """Who waits for a turn is woken; a row that was not begun stays as it was."""
    bench = Bench(
        claims(60),
        by_row({}),
        limits=RetryLimits(concurrency=8, deadline=90),
        rate=FixedRateLimiter(Limit(1, 60.0)),
    )

    assert await bench.run() == ("the deadline is over (--deadline)", 3)
    assert bench.clock.elapsed == 90
    assert bench.verdicts == ["created", "created"]


async def test_one_try_is_one_try() -> None:
    """With one try allowed, a row that fails beside a success is not tried again."""
    bench = Bench(
        claims(60),
        by_row({"POST r9": BUSY}),
        limits=RetryLimits(concurrency=4, max_attempts=1),
        rate=FixedRateLimiter(Limit(20, 1.0)),
    )

    assert await bench.run() is None
    assert bench.store.outcomes[9].outcome is Verdict.FAILED
    assert len(bench.about(9)) <= 2


async def test_run_ends_at_once_when_the_deadline_is_far() -> None:
    """A deadline that is not reached holds nothing up."""
    bench = Bench(claims(3), by_row({}), limits=RetryLimits(deadline=1e6))

    assert await bench.run() is None
    assert bench.clock.elapsed < 1


async def test_run_stops_when_too_many_rows_failed() -> None:
    """The failure that is one too many stops the run."""
    refused = error(400, "SVCSTG.SWR.4001029", "invalid image name")
    bench = Bench(
        claims(100),
        by_row({}, refused),
        limits=RetryLimits(concurrency=1, max_failures=3),
    )

    assert await bench.run() == ("3 rows failed (--max-failures)", 3)
    assert bench.verdicts == ["failed"] * 3


@pytest.mark.parametrize("ignores", [True, False])
async def test_what_differs_stops_no_run_that_ignores_it(*, ignores: bool) -> None:
    """`--max-failures` counts what the exit code counts."""

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        return EXISTS if request.creates else shown(is_public=True)

    bench = Bench(
        claims(20),
        answer,
        limits=RetryLimits(
            concurrency=1,
            max_failures=2,
            failures=FAILURES - {Verdict.DIFFERS} if ignores else FAILURES,
        ),
    )

    stop = await bench.run()

    assert (stop is None) is ignores
    assert (bench.verdicts.count("differs") == 20) is ignores


async def test_requests_in_flight_are_finished_when_the_run_is_stopped() -> None:
    """What was sent is heard out, what was not is not sent any more."""

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        if len(bench.gateway.requests) == 20:
            bench.engine.stop("interrupted", exit_code=130)
            bench.engine.stop("a later reason", exit_code=3)
        return CREATED

    bench = Bench(claims(100), answer)

    assert await bench.run() == ("interrupted", 130)
    assert bench.verdicts == ["created"] * 20
    assert len(bench.gateway.requests) == 20


@pytest.mark.parametrize(
    ("answer", "doubt", "status"),
    [
        pytest.param(BROKEN, True, 500, id="unsure"),
        pytest.param(LOST, True, None, id="no-answer"),
        pytest.param(BUSY, False, 409, id="certainly-not-done"),
        pytest.param(UNSENT, False, None, id="never-sent"),
    ],
)
async def test_waiting_row_is_given_back_when_the_run_is_stopped(
    answer: Response | TransportFailure, status: int | None, *, doubt: bool
) -> None:
    """A row between two tries is not attempted; in doubt if it may have been done."""
    first = FakeClock.EPOCH + 0.05
    bench = Bench(
        claims(2),
        by_row({"POST r1": answer}),
        limits=RetryLimits(concurrency=2, max_attempts=99),
    )

    async def interrupt() -> None:
        await bench.clock.sleep(0.5)
        bench.engine.stop("interrupted", exit_code=130)

    async with asyncio.TaskGroup() as group:
        group.create_task(interrupt())
        stop = await bench.engine.run()

    assert stop is not None
    assert stop.exit_code == 130
    outcome = bench.store.outcomes[1]
    assert Verdict.NOT_ATTEMPTED is outcome.outcome
    assert outcome.reason is not None
    assert outcome.reason.startswith("interrupted; its tries so far failed")
    assert status == outcome.status
    assert outcome.certain == (not doubt) == (outcome.evidence is None)
    assert (outcome.doubt is not None) == doubt
    if outcome.doubt is not None:  # by a `Date` of whole seconds
        assert outcome.doubt.until is not None
        assert first - 1 <= outcome.doubt.since <= first
        assert first <= outcome.doubt.until <= first + 2


async def test_row_is_given_back_when_there_is_no_time_to_read_it() -> None:
    """A row whose conflict was not looked into yet is not attempted."""

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        bench.engine.stop("interrupted", exit_code=130)
        return EXISTS

    bench = Bench(claims(1), answer)

    assert await bench.run() == ("interrupted", 130)
    reason = bench.store.outcomes[0].reason
    assert reason == "interrupted; what is there was not read"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(CREATED, id="in-flight"),
        pytest.param(BROKEN, id="between-tries"),
        pytest.param(THROTTLED, id="held-back"),
    ],
)
async def test_no_task_is_left_when_the_run_is_cancelled(answer: Response) -> None:
    """To cancel is to end at once, whatever everybody waits for."""
    bench = Bench(
        claims(5000),
        by_row({"POST r0": CREATED}, answer),
        rate=FixedRateLimiter(Limit(20, 1.0)),
    )

    async def cancel(task: asyncio.Task[object]) -> None:
        await bench.clock.sleep(30)
        task.cancel()

    run = asyncio.create_task(bench.engine.run())
    killer = asyncio.create_task(cancel(run))
    with pytest.raises(asyncio.CancelledError):
        await run
    await killer

    assert {asyncio.current_task()} == asyncio.all_tasks()
