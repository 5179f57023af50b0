"""Workers, organizations, and errors around the engine, on virtual time."""

import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pytest

from bulkrepo.core.errors import LedgerError, SettingsError
from bulkrepo.core.outcomes import Claim, Outcome, Verdict
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
    NO_NAMESPACE,
    UNSENT,
    FakeClock,
    ListStore,
    claims,
    error,
    shown,
    told,
)

QUOTA = error(500, "SVCSTG.SWR.5007019", "maximum reached")
FORBIDDEN = error(403, "SVCSTG.SWR.4037017", "no permission")
NOT_OURS = error(401, "SVCSTG.SWR.4011064", "cross-account access")


async def test_every_row_is_settled_once_when_all_goes_well() -> None:
    """A row is created by one request, told of once and kept once."""
    bench = Bench(claims(700), by_row({}))

    assert await bench.run() is None
    assert bench.verdicts == ["created"] * 700
    assert 700 == len(bench.gateway.requests) == len(bench.told)
    assert set(bench.told) == set(bench.store.outcomes.values())
    assert 700 == bench.engine.stats["requests"] == bench.engine.stats["created"]


async def test_nothing_is_sent_when_the_store_is_empty() -> None:
    """An empty store ends the run at once."""
    bench = Bench([], [])

    assert await bench.run() is None
    assert bench.gateway.requests == []


async def test_outcome_tells_the_last_answer_and_the_time() -> None:
    """What SWR said, how often we asked, when, and how long it took is kept."""
    refused = Response(
        400,
        {"X-Request-Id": "abc"},
        error(400, "SVCSTG.SWR.4001029", "invalid image name").body,
    )
    bench = Bench(claims(1), [refused])

    await bench.run()

    outcome = bench.store.outcomes[0]
    assert Verdict.FAILED is outcome.outcome
    assert (outcome.status, outcome.code) == (400, "SVCSTG.SWR.4001029")
    assert (outcome.message, outcome.request_id) == ("invalid image name", "abc")
    assert (
        outcome.attempts,
        outcome.started_at,
        outcome.elapsed_ms,
    ) == (1, FakeClock.EPOCH, 50.0)


@pytest.mark.parametrize("concurrency", [1, 2, 3, 8])
async def test_no_more_requests_are_in_flight_than_allowed(concurrency: int) -> None:
    """The concurrency bounds requests in flight, and all of it is used."""
    bench = Bench(claims(60), by_row({}), limits=RetryLimits(concurrency=concurrency))

    await bench.run()

    assert concurrency == bench.gateway.most


async def test_first_request_goes_alone_when_a_run_begins() -> None:
    """Nobody else starts before the service has answered anything at all."""
    bench = Bench(claims(30), by_row({}))

    await bench.run()

    assert FakeClock().now() == bench.gateway.starts[0]
    assert bench.gateway.starts[1] >= bench.gateway.starts[0] + 0.05


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(NO_NAMESPACE, "does not exist (SVCSTG.SWR.4040058)", id="missing"),
        pytest.param(FORBIDDEN, "no permission", id="forbidden"),
        pytest.param(NOT_OURS, "no permission", id="not-ours-under-401"),
        pytest.param(QUOTA, "the quota is used up (SVCSTG.SWR.5007019)", id="quota"),
    ],
)
async def test_only_its_rows_stop_when_an_organization_cannot_work(
    answer: Response, why: str
) -> None:
    """At most one request a worker is spent on it; the others go on."""
    rows = [
        Claim("bad" if row % 2 else "good", f"r{row}", is_public=False, id=row)
        for row in range(200)
    ]

    def answering(request: Request, headers: Mapping[str, str]) -> Response:
        return answer if "/bad/" in request.path else CREATED

    bench = Bench(rows, answering)

    assert await bench.run() is None
    outcomes = bench.store.outcomes
    assert all(outcomes[row].outcome == "created" for row in range(0, 200, 2))
    bad = [outcomes[row] for row in range(1, 200, 2)]
    asked = [row for row in bad if row.outcome == "failed"]
    assert 1 <= len(asked) <= 8
    assert 100 + len(asked) == len(bench.gateway.requests)
    rest = [row for row in bad if row.outcome == "not_attempted"]
    assert len(asked) + len(rest) == 100
    assert all(row.reason is not None and why in row.reason for row in rest)
    assert all(row.attempts == 0 for row in rest)


class BrokenStore(ListStore):
    """A store whose disk is full after a while."""

    async def turn(
        self,
        done: list[Outcome],
        want: int,
        ahead: tuple[float, float] | None = None,
    ) -> list[Claim]:
        """Keep and hand out, or fail."""
        if len(self.outcomes) + len(done) > 300:
            raise LedgerError("the disk is full")
        return await super().turn(done, want, ahead)


async def test_error_of_the_store_reaches_the_caller() -> None:
    """A store that fails ends the run, and leaves no task behind."""
    bench = Bench([], by_row({}), store=BrokenStore(claims(2000)))

    with pytest.raises(ExceptionGroup) as raised:
        await bench.run()

    found = raised.value.split(LedgerError)
    assert found[0] is not None
    assert found[1] is None


class LateStore(ListStore):
    """A store that fails at its first turn."""

    async def turn(
        self,
        done: list[Outcome],
        want: int,
        ahead: tuple[float, float] | None = None,
    ) -> list[Claim]:
        """Fail."""
        raise LedgerError("locked")


async def test_error_of_the_first_turn_reaches_the_caller() -> None:
    """Nobody waits for a first answer that cannot come."""
    bench = Bench([], by_row({}), store=LateStore([]))

    with pytest.raises(ExceptionGroup):
        await bench.run()


async def test_error_of_a_callback_reaches_the_caller() -> None:
    """A callback that raises ends the run, and leaves no task behind."""
    bench = Bench(claims(50), by_row({}))

    def raising(claim: Claim, outcome: Outcome) -> None:
        raise SettingsError("a bug of the caller's")

    bench.engine._settled = raising

    with pytest.raises(ExceptionGroup):
        await bench.run()


class Registry:
    """An SWR that knows what is there and who made it, and answers badly by chance."""

    def __init__(self, clock: FakeClock, *, seed: int, others: Iterable[str]) -> None:
        self.clock, self.chance = clock, random.Random(seed)
        self.there = dict.fromkeys(others, "2023-11-14T21:00:00.250Z")
        self.ours: set[str] = set()

    def answer(
        self, request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        """Carry out or not, tell or not; the first contact is a good one."""
        name = told(request).split()[1]
        luck = self.chance.random() if self.ours else 1.0
        trouble: list[Response | TransportFailure] = [BROKEN, LOST, UNSENT, THROTTLED]
        if request.method == "GET":
            if luck < 0.1:
                return self.chance.choice(trouble)
            return shown(created=self.there[name]) if name in self.there else ABSENT
        if luck < 0.2:
            return self.chance.choice([*trouble, BUSY])
        if name in self.there:
            return EXISTS
        self.there[name] = self.stamp()
        if luck < 0.25:  # somebody else was quicker
            return EXISTS
        self.ours.add(name)
        return self.chance.choice(trouble[:2]) if luck < 0.4 else CREATED

    def stamp(self) -> str:
        """Give the time as SWR shows it, cut to milliseconds."""
        now = datetime.fromtimestamp(self.clock.time(), UTC)
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize("seed", range(20))
async def test_no_verdict_lies_when_everything_goes_wrong(seed: int) -> None:
    """Each row ends once; `created` is there, plain `exists` is not ours."""
    clock, count = FakeClock(), 200
    others = [f"r{row}" for row in range(9, count, 10)]
    registry = Registry(clock, seed=seed, others=others)
    bench = Bench(
        claims(count),
        registry.answer,
        limits=RetryLimits(concurrency=1 + seed, max_attempts=3),
        rate=AdaptiveRateLimiter() if seed % 2 else FixedRateLimiter(Limit(50, 1.0)),
        clock=clock,
    )
    bench.engine._exchange._chance = random.Random(seed)

    assert await bench.run() is None
    assert set(range(count)) == set(bench.store.outcomes)
    for row, outcome in bench.store.outcomes.items():
        name = f"r{row}"
        probes = bench.engine.stats["probes"]
        assert outcome.attempts <= len(bench.about(row)) <= outcome.attempts + probes
        if outcome.outcome == "created":
            assert name in registry.there
            assert name in registry.ours or not outcome.certain
            assert name not in others
        elif outcome.outcome == "exists":
            assert name in registry.there
            assert name not in registry.ours or not outcome.certain
        else:
            assert outcome.outcome == "failed"
            assert name not in registry.ours or outcome.doubt is not None
