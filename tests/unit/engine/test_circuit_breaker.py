"""A service that is out is waited out: one asks, rarely, and no row pays for it."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping

import pytest
from structlog.testing import capture_logs

from bulkrepo.core.outcomes import Verdict
from bulkrepo.engine.circuit_breaker import IN_A_ROW, CircuitBreaker
from bulkrepo.engine.ratelimit import RateLimiter
from bulkrepo.engine.ratelimit.adaptive import AdaptiveRateLimiter
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.ratelimit.history import LearnedRate
from bulkrepo.engine.retrying import RetryLimits
from bulkrepo.engine.scheduler import Engine
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.swr.answers import Limit
from bulkrepo.swr.auth.token import Token
from tests.support.fakes import (
    ABSENT,
    BROKEN,
    CREATED,
    LOST,
    UNAUTHORIZED,
    UNSENT,
    FakeClock,
    ListStore,
    ScriptedGateway,
    claims,
    error,
    told,
)
from tests.support.limiters import Leaky

REFUSED = error(429, "APIGW.0308", "throttling threshold reached")
T = 1000.0


def out(outage: CircuitBreaker, now: float = T) -> None:
    """Let so many answers be trouble that the service is out."""
    for _ in range(IN_A_ROW):
        outage.trouble(now, started=now, u=1.0, retry_after=None)


def test_it_is_no_outage_while_something_goes_well_now_and_then() -> None:
    """A good answer begins the count anew."""
    outage = CircuitBreaker()
    for number in range(100):
        outage.trouble(T, started=T, u=0.5, retry_after=None)
        if number % (IN_A_ROW - 1) == 0:
            outage.good(T)
        assert not outage.closed
        assert outage.wait(T) == 0.0


@pytest.mark.parametrize(
    ("every", "tries"), [(10_000, 5), (100, 5), (20, 6), (10, 8), (4, 13)]
)
def test_a_row_fails_when_chance_cannot_have_done_it(every: int, tries: int) -> None:
    """Where many succeed only when tried again, a few failures are no row's fault."""
    outage, used = CircuitBreaker(), list[float]()
    outage.trouble(T, started=T, u=0.5, retry_after=None)
    for number in range(1, 2001):
        outage.good(T, first=number % every > 0)
    while sum(used) < 5:
        used.append(outage.own(T))
        assert used[-1] > 0

    assert len(used) == pytest.approx(tries, abs=1)


def test_what_always_fails_says_nothing_about_chance() -> None:
    """However many bad rows there are: five tries are enough for each."""
    outage = CircuitBreaker()
    for _ in range(300):
        outage.good(T)
        for _ in range(2):
            outage.good(T)
            outage.trouble(T, started=T, u=0.5, retry_after=None, first=False)

    assert outage.own(T) == 1.0


def test_only_one_asks_and_less_and_less_often() -> None:
    """A second at first, a fifteenth of the time it lasts, and never over 15 s."""
    outage, now, pauses = CircuitBreaker(), T, []
    out(outage)
    while now < T + 1000:
        wait = outage.wait(now)
        pauses.append(wait)
        now += wait
        assert outage.wait(now) == 0.0
        outage.left()
        assert outage.wait(now) > 0.0  # nobody else
        outage.trouble(now, started=now, u=1.0, retry_after=None)

    assert pauses[0] == 1.0
    assert pauses == sorted(pauses)
    assert pauses[-1] == 15.0
    assert sum(at < 60 for at in _sums(pauses)) <= 45


def _sums(pauses: list[float]) -> list[float]:
    return [sum(pauses[: number + 1]) for number in range(len(pauses))]


def test_the_end_is_open_for_all_at_once() -> None:
    """One good answer, whoever's, and everybody may leave."""
    outage = CircuitBreaker()
    out(outage)
    outage.good(T)

    assert not outage.closed
    assert outage.wait(T) == 0.0


def test_a_wish_to_wait_is_respected() -> None:
    """`Retry-After` of a 503 holds the next probe back."""
    outage = CircuitBreaker()
    out(outage)
    outage.trouble(T, started=T, u=0.0, retry_after=40.0)

    assert outage.wait(T) == 40.0


def test_a_probe_that_says_nothing_of_the_service_is_followed_by_another() -> None:
    """Throttled, refused or cancelled: the next one may ask a second later."""
    outage = CircuitBreaker()
    out(outage)
    outage.left()
    outage.answered(T + 5)

    assert outage.closed
    assert outage.wait(T + 5) == 1.0
    assert outage.wait(T + 6) == 0.0


class Service:
    """A limiter that is out for a while and loses some requests otherwise."""

    def __init__(
        self,
        clock: FakeClock,
        *,
        out: tuple[float, float] = (0.0, 0.0),
        trouble: Response | TransportFailure = BROKEN,
        share: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.clock, self.out, self.trouble = clock, out, trouble
        self.limiter, self.share = Leaky(52), share
        self.chance = random.Random(seed)
        self.came: list[tuple[float, bool]] = []

    def answer(
        self, request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        """Answer one request, and note when it came and whether all was well."""
        now = self.clock.elapsed
        reply: Response | TransportFailure = CREATED
        if self.out[0] <= now < self.out[1]:
            reply = self.trouble
        elif not self.limiter.admit(now):
            reply = REFUSED
        elif self.chance.random() < self.share:
            reply = BROKEN
        self.came.append((now, reply is CREATED))
        return reply

    def pace(self, first: float, last: float) -> float:
        """Give the creates a second between two times."""
        return sum(first <= at < last and good for at, good in self.came) / (
            last - first
        )


async def run(service: Service, control: RateLimiter, rows: int) -> ListStore:
    """Work *rows* off; no row may be lost."""
    store = ListStore(claims(rows))
    engine = Engine(
        ScriptedGateway(service.answer, clock=service.clock),
        Token("SWR_TOKEN", lambda: "token-t0"),
        control,
        store,
        clock=service.clock,
        limits=RetryLimits(),
    )
    engine._exchange._turns._chance = random.Random(1)

    assert await engine.run() is None
    return store


def fifty() -> RateLimiter:
    """Give a fixed rate below the service's limit."""
    return FixedRateLimiter(Limit(50, 1.0))


def known() -> RateLimiter:
    """Give an adaptive rate that knows the limit."""
    return AdaptiveRateLimiter(LearnedRate(rate=50.0, limited=True))


@pytest.mark.parametrize("trouble", [BROKEN, LOST, UNSENT, error(503)])
@pytest.mark.parametrize("control", [fifty, known])
async def test_a_minute_of_outage_costs_a_minute(
    control: type[RateLimiter], trouble: Response | TransportFailure
) -> None:
    """Few requests fall into it, all is soon as before, and no row fails."""
    clock = FakeClock()
    service = Service(clock, out=(20, 80), trouble=trouble)
    store = await run(service, control(), 2500)

    assert Counter(str(o.outcome) for o in store.outcomes.values()) == {"created": 2500}
    assert sum(20 <= at < 80 for at, _ in service.came) <= 90
    assert service.pace(85, 90) >= 0.9 * 50


@pytest.mark.parametrize("control", [fifty, known])
@pytest.mark.parametrize("between", [REFUSED, UNAUTHORIZED])
async def test_an_outage_that_ends_in_other_trouble_is_over_all_the_same(
    control: type[RateLimiter], between: Response
) -> None:
    """Throttling or an old token, as a gateway comes back, hold nobody for ever."""
    clock, tokens = FakeClock(), iter(["token-t0", "token-t1"])

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        if 2 <= clock.elapsed < 10:
            return BROKEN
        if 10 <= clock.elapsed < 13:
            old = headers["X-Auth-Token"] == "token-t0"
            return between if between is REFUSED or old else CREATED
        return CREATED

    store = ListStore(claims(300))
    engine = Engine(
        ScriptedGateway(answer, clock=clock),
        Token("SWR_TOKEN", lambda: next(tokens)),
        control(),
        store,
        clock=clock,
        limits=RetryLimits(),
    )

    assert await asyncio.wait_for(engine.run(), 30) is None
    assert engine.stats["created"] == 300
    assert clock.elapsed < 60


@pytest.mark.parametrize("rules", [(), (Limit(1, 86400.0),)])
async def test_a_rule_longer_than_patience_ends_the_run(
    rules: tuple[Limit, ...],
) -> None:
    """Named today, or remembered from yesterday: nobody waits for a day unasked."""
    clock, used = FakeClock(), []
    text = "policy user over ratelimit,limit:1,time:1 day"

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        used.append(request)
        return CREATED if len(used) == 1 else error(429, "APIGW.0308", text)

    engine = Engine(
        ScriptedGateway(answer, clock=clock),
        Token("SWR_TOKEN", lambda: "token-t0"),
        AdaptiveRateLimiter(LearnedRate(rate=1.0, limited=bool(rules), rules=rules)),
        ListStore(claims(20)),
        clock=clock,
        limits=RetryLimits(),
    )
    stop = await asyncio.wait_for(engine.run(), 30)

    assert stop is not None
    assert stop.exit_code == 3
    assert "--patience" in stop.reason
    assert clock.elapsed < 700


@pytest.mark.parametrize("control", [fifty, known])
async def test_a_tenth_of_500s_slows_nobody_down(control: type[RateLimiter]) -> None:
    """Rows try again; the others do not wait for them. The very last may be unlucky."""
    spent = []
    for share in (0.0, 0.1):
        clock = FakeClock()
        service = Service(clock, share=share, seed=3)
        store = await run(service, control(), 2000)
        verdicts = Counter(str(o.outcome) for o in store.outcomes.values())
        assert verdicts == {"created": 2000}
        spent.append([at for at, good in service.came if good][1980])

    assert spent[0] / spent[1] >= 0.85


async def test_it_is_said_why_nothing_moves() -> None:
    """While it is out, and no longer."""
    clock = FakeClock()
    service = Service(clock, out=(5, 30), trouble=error(503, "X.1", "upgrading"))
    engine = Engine(
        ScriptedGateway(service.answer, clock=clock),
        Token("SWR_TOKEN", lambda: "token-t0"),
        fifty(),
        ListStore(claims(1000)),
        clock=clock,
        limits=RetryLimits(),
    )
    said: dict[int, str | None] = {}

    async def watch() -> None:
        for second in (4, 20, 40):
            await clock.sleep(second - clock.elapsed)
            said[second] = engine.waiting

    await asyncio.gather(engine.run(), watch())

    assert said[4] is said[40] is None
    assert said[20] is not None
    assert "the service is out: 503" in said[20]


def bad_at_the_end(
    rows: int, bad: int
) -> Callable[[Request, Mapping[str, str]], Response]:
    """Answer a 500 to each create of the last *bad* of *rows*."""
    ill = {f"r{row}" for row in range(rows - bad, rows)}

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        what, name = told(request).split()
        if what == "GET":
            return ABSENT
        return BROKEN if name in ill else CREATED

    return answer


@pytest.mark.parametrize("concurrency", [1, 8, 64])
@pytest.mark.parametrize("bad", [1, 4, 30])
async def test_bad_rows_at_the_end_fail_for_themselves(
    bad: int, concurrency: int
) -> None:
    """Nobody is left to succeed beside them: the last that did bears witness."""
    clock, rows = FakeClock(), 100
    store = ListStore(claims(rows))
    with capture_logs() as logs:
        engine = Engine(
            ScriptedGateway(bad_at_the_end(rows, bad), clock=clock),
            Token("SWR_TOKEN", lambda: "token-t0"),
            fifty(),
            store,
            clock=clock,
            limits=RetryLimits(concurrency=concurrency),
        )
        stop = await engine.run()

    assert stop is None
    assert [store.outcomes[row].outcome for row in range(rows)] == [
        *[Verdict.CREATED] * (rows - bad),
        *[Verdict.FAILED] * bad,
    ]
    assert clock.elapsed < 180
    assert not [entry for entry in logs if entry["event"] == "service.out"]
    assert max(store.outcomes[row].attempts for row in range(rows)) <= 10


@pytest.mark.parametrize("most", [1, 5])
@pytest.mark.parametrize("left", [1, 4, 10])
@pytest.mark.parametrize("trouble", [BROKEN, LOST, UNSENT])
async def test_an_outage_that_begins_at_the_end_fails_no_row(
    trouble: Response | TransportFailure, left: int, most: int
) -> None:
    """Though reads are answered all the time, and only few rows are left to ask."""
    clock, rows, begun = FakeClock(), 100, 0.0

    def answer(
        request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        nonlocal begun
        if request.method == "GET":
            return ABSENT
        if int(told(request).split("r")[1]) >= rows - left:
            begun = begun or clock.elapsed
        return trouble if begun and clock.elapsed < begun + 300 else CREATED

    store = ListStore(claims(rows))
    with capture_logs() as logs:
        engine = Engine(
            ScriptedGateway(answer, clock=clock),
            Token("SWR_TOKEN", lambda: "token-t0"),
            fifty(),
            store,
            clock=clock,
            limits=RetryLimits(max_attempts=most),
        )
        stop = await engine.run()

    assert stop is None
    assert engine.stats["created"] == rows
    assert clock.elapsed < 400
    assert engine.stats["requests"] < rows + 80
    assert [entry["event"] for entry in logs].count("service.out") == 1


async def test_before_anything_went_well_no_row_fails() -> None:
    """There is no witness, and no sign that creates work at all."""
    store, clock = ListStore(claims(20)), FakeClock()
    engine = Engine(
        ScriptedGateway(bad_at_the_end(20, 20), clock=clock),
        Token("SWR_TOKEN", lambda: "token-t0"),
        fifty(),
        store,
        clock=clock,
        limits=RetryLimits(patience=60),
    )
    stop = await engine.run()

    assert stop is not None
    assert stop.exit_code == 3
    assert {str(row.outcome) for row in store.outcomes.values()} == {"not_attempted"}
    assert 60 <= clock.elapsed <= 61


@pytest.mark.parametrize("share", [0.6, 0.75, 0.9])
async def test_where_most_fails_retries_are_few_and_no_row_fails(share: float) -> None:
    """They wait for what succeeds: a service in trouble is not asked even more."""
    clock, rows = FakeClock(), 300
    service = Service(clock, share=share, seed=5)
    store = await run(service, fifty(), rows)
    first = sum(row.attempts == 1 for row in store.outcomes.values())

    assert {str(row.outcome) for row in store.outcomes.values()} == {"created"}
    assert len(service.came) - rows <= 100 + rows + 2 * clock.elapsed
    assert first < rows


async def test_a_credential_that_dies_costs_one_request_in_flight_each() -> None:
    """At row 3,000 of 10,000, with 64 in flight: one more proves it, and no other."""
    clock = FakeClock()
    sent: list[float] = []

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        sent.append(clock.elapsed)
        return CREATED if len(sent) <= 3000 else UNAUTHORIZED

    store = ListStore(claims(10_000))
    engine = Engine(
        ScriptedGateway(answer, clock=clock),
        Token("SWR_TOKEN", lambda: "token-t0"),
        FixedRateLimiter(Limit(1_000_000, 1.0)),
        store,
        clock=clock,
        limits=RetryLimits(concurrency=64),
    )
    stop = await asyncio.wait_for(engine.run(), 60)

    assert stop is not None
    assert stop.exit_code == 3
    assert len(sent) <= 3000 + 64 + 1
    assert clock.elapsed - sent[3000] <= 2
    assert engine.stats["created"] == 3000
