"""Workers, tries, turns and every way to stop, on virtual time."""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from bulkrepo.core.errors import LedgerError, SettingsError
from bulkrepo.core.outcomes import FAILURES, Claim, Outcome, Verdict
from bulkrepo.core.rows import Doubt
from bulkrepo.engine.circuit_breaker import IN_A_ROW
from bulkrepo.engine.ratelimit import RateControl
from bulkrepo.engine.ratelimit.adaptive import Auto
from bulkrepo.engine.ratelimit.fixed import Fixed
from bulkrepo.engine.retrying import Limits
from bulkrepo.engine.scheduler import Engine
from bulkrepo.http.messages import NoReply, Reply, Request
from bulkrepo.swr.answers import Limit
from bulkrepo.swr.auth.token import Token
from bulkrepo.swr.operations.conclusion import Flow
from bulkrepo.swr.operations.creation import create as creating
from bulkrepo.swr.operations.inspection import plan
from tests.support.fakes import (
    ABSENT,
    BROKEN,
    BUSY,
    CREATED,
    EXISTS,
    LOST,
    NO_NAMESPACE,
    UNAUTHORIZED,
    UNSENT,
    Answering,
    FakeClock,
    ListStore,
    ScriptedGateway,
    claims,
    error,
    shown,
    told,
)

QUOTA = error(500, "SVCSTG.SWR.5007019", "maximum reached")
FORBIDDEN = error(403, "SVCSTG.SWR.4037017", "no permission")
NOT_OURS = error(401, "SVCSTG.SWR.4011064", "cross-account access")
NOT_PUBLISHED = error(404, "APIGW.0101", "The API does not exist")
THROTTLED = error(429, "APIGW.0308", "throttling threshold reached")
QUICK = Limit(1_000_000, 1.0)


def create(claim: Claim) -> Flow:
    """Converse as for `create`."""
    return creating(claim, doubt=claim.doubt)


def look(claim: Claim) -> Flow:
    """Converse as for `plan`."""
    return plan(claim, doubt=claim.doubt)


class Bench:
    """An engine with everything around it faked; `run` works the rows off."""

    def __init__(
        self,
        rows: Iterable[Claim],
        script: Iterable[Reply | NoReply] | Answering,
        *,
        limits: Limits | None = None,
        rate: RateControl | None = None,
        auth: Token | None = None,
        store: ListStore | None = None,
        latency: float = 0.05,
        clock: FakeClock | None = None,
        flow: Callable[[Claim], Flow] = create,
    ) -> None:
        self.clock = clock or FakeClock()
        self.gateway = ScriptedGateway(script, clock=self.clock, latency=latency)
        self.store = store or ListStore(rows)
        self.told: list[Outcome] = []
        self.engine = Engine(
            self.gateway,
            auth or Token("SWR_TOKEN", lambda: "t0"),
            rate or Fixed(QUICK),
            self.store,
            clock=self.clock,
            limits=limits or Limits(concurrency=8),
            settled=lambda _, outcome: self.told.append(outcome),
            flow=flow,
        )

    async def run(self) -> tuple[str, int] | None:
        """Run to the end and give what stopped it; no task may be left."""
        try:
            stop = await self.engine.run()
        finally:
            assert asyncio.all_tasks() == {asyncio.current_task()}
        return None if stop is None else (stop.reason, stop.exit_code)

    @property
    def verdicts(self) -> list[str]:
        """Give each settled row's verdict, in the order of the list."""
        return [str(row.outcome) for _, row in sorted(self.store.outcomes.items())]

    def about(self, row: int) -> list[str]:
        """Give the requests about a row."""
        return [said for said in self.gateway.sent if said.endswith(f" r{row}")]


def by_row(
    answers: Mapping[str, Reply | NoReply], other: Reply | NoReply = CREATED
) -> Answering:
    """Give the same answer to each request, `POST r3` say, whatever came before."""

    def answering(request: Request, headers: Mapping[str, str]) -> Reply | NoReply:
        return answers.get(told(request), other)

    return answering


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
    refused = Reply(
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
    bench = Bench(claims(60), by_row({}), limits=Limits(concurrency=concurrency))

    await bench.run()

    assert concurrency == bench.gateway.most


async def test_first_request_goes_alone_when_a_run_begins() -> None:
    """Nobody else starts before the service has answered anything at all."""
    bench = Bench(claims(30), by_row({}))

    await bench.run()

    assert FakeClock().now() == bench.gateway.starts[0]
    assert bench.gateway.starts[1] >= bench.gateway.starts[0] + 0.05


# The credential.


class Tokens:
    """A token file, and a service that takes only the tokens it is told to."""

    def __init__(self, *tokens: str, valid: str) -> None:
        self.tokens = list(tokens)
        self.reads = 0
        self.valid = valid
        self.auth = Token("token.txt", self.read)

    def read(self) -> str:
        """Give the next token, the last one for ever."""
        self.reads += 1
        return self.tokens[min(self.reads, len(self.tokens)) - 1]

    def answer(self, request: Request, headers: Mapping[str, str]) -> Reply:
        """Create for a valid token, else refuse."""
        if headers["X-Auth-Token"] == self.valid:
            return CREATED
        return UNAUTHORIZED


async def test_token_is_renewed_once_when_all_workers_are_refused() -> None:
    """Eight requests that are refused together lead to one renewal."""
    file = Tokens("t0", "t1", valid="t0")

    def answer(request: Request, headers: Mapping[str, str]) -> Reply:
        if len(bench.gateway.requests) == 20:
            file.valid = "t1"
        return file.answer(request, headers)

    bench = Bench(claims(60), answer, auth=file.auth)

    assert await bench.run() is None
    assert bench.verdicts == ["created"] * 60
    assert file.reads == 2
    assert len(bench.gateway.requests) <= 60 + 8


async def test_late_401_leaves_a_fresh_token_alone() -> None:
    """A refusal that arrives after the renewal is about the token it was sent with."""
    file = Tokens("t0", "t1", "never", valid="t1")
    clock = FakeClock()

    class Slow(ScriptedGateway):
        async def send(
            self, request: Request, headers: Mapping[str, str]
        ) -> Reply | NoReply:
            reply = await super().send(request, headers)
            if told(request) == "POST r3" and headers["X-Auth-Token"] == "t0":
                await clock.sleep(5)
            return reply

    def answer(request: Request, headers: Mapping[str, str]) -> Reply:
        first = told(request) == "POST r0"
        return CREATED if first else file.answer(request, headers)

    gateway = Slow(answer, clock=clock)
    store = ListStore(claims(40))
    engine = Engine(
        gateway,
        file.auth,
        Fixed(QUICK),
        store,
        clock=clock,
        limits=Limits(concurrency=8),
    )

    assert await engine.run() is None
    assert engine.stats["created"] == 40
    assert file.reads == 2
    assert clock.elapsed > 5


@pytest.mark.parametrize(
    ("tokens", "reads", "requests"),
    [
        pytest.param(["t0"], 2, 1, id="same-token-again"),
        pytest.param(["t0", "t1", "t2", "t3"], 2, 2, id="new-ones-are-refused-too"),
    ],
)
async def test_run_stops_when_the_credential_is_dead_from_the_start(
    tokens: list[str], reads: int, requests: int
) -> None:
    """One worker finds it out; a renewed token that is refused is not renewed."""
    file = Tokens(*tokens, valid="none of them")
    bench = Bench(claims(100), file.answer, auth=file.auth)

    stop = await bench.run()

    assert stop is not None
    assert stop[1] == 3
    assert "SWR refuses the credential from " in stop[0]
    assert "(401" in stop[0]
    assert "token.txt" in stop[0]
    assert (reads, requests) == (file.reads, len(bench.gateway.requests))
    assert bench.verdicts == ["not_attempted"]


async def test_run_stops_when_the_credential_dies_on_the_way() -> None:
    """Each worker learns of it by one request at most, and one more is the proof."""
    file = Tokens("t0", valid="t0")

    def answer(request: Request, headers: Mapping[str, str]) -> Reply:
        if len(bench.gateway.requests) > 20:
            file.valid = "gone"
        return file.answer(request, headers)

    bench = Bench(claims(100), answer, auth=file.auth)

    stop = await bench.run()

    assert stop is not None
    assert stop[1] == 3
    assert "SWR refuses the credential" in stop[0]
    assert file.reads <= 1 + 8 + 1
    assert len(bench.gateway.requests) <= 20 + 8 + 1
    assert bench.engine.stats["created"] == 20
    assert {"created", "not_attempted"} == set(bench.verdicts)
    assert all(row.status == 401 for row in bench.told if row.outcome != "created")


async def test_run_stops_when_the_token_file_breaks() -> None:
    """A file that holds no token any more stops the run and says so."""
    texts = iter(["t0", ""])
    bench = Bench(
        claims(10), by_row({}, UNAUTHORIZED), auth=Token("f", lambda: next(texts))
    )

    stop = await bench.run()

    assert stop is not None
    assert stop[1] == 3
    assert "f is empty: it must hold a token" in stop[0]


async def test_what_a_service_quotes_of_the_tokens_is_not_kept() -> None:
    """Neither of the one in use nor of the one that it replaced, whole or cut."""
    old, new = "old-token-of-some-length", "new-token-of-some-length"
    file = Tokens(old, new, valid=new)

    def answer(request: Request, headers: Mapping[str, str]) -> Reply:
        token = headers["X-Auth-Token"]
        if token == old:
            return error(401, "SVCSTG.SWR.4010000", f"{token} is refused")
        return error(400, token, f"{token} may not, nor {old[:15]}", X_Request_Id=token)

    bench = Bench(claims(1), answer, auth=file.auth)

    await bench.run()

    kept = str(bench.store.outcomes[0])
    assert "may not" in kept
    assert old[:12] not in kept
    assert new[:12] not in kept


async def test_token_is_renewed_again_when_the_renewed_one_had_worked() -> None:
    """A long run outlives many tokens."""
    file = Tokens("t0", "t1", "t2", "t3", valid="t0")

    def answer(request: Request, headers: Mapping[str, str]) -> Reply:
        file.valid = f"t{len(bench.gateway.requests) // 30}"
        return file.answer(request, headers)

    bench = Bench(claims(80), answer, auth=file.auth)

    assert await bench.run() is None
    assert bench.engine.stats["created"] == 80
    assert 3 <= file.reads <= 4


# Organizations.


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
    answer: Reply, why: str
) -> None:
    """At most one request a worker is spent on it; the others go on."""
    rows = [
        Claim("bad" if row % 2 else "good", f"r{row}", is_public=False, id=row)
        for row in range(200)
    ]

    def answering(request: Request, headers: Mapping[str, str]) -> Reply:
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


# The endpoint.


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(NOT_PUBLISHED, id="not-published"),
        pytest.param(Reply(404, {}), id="404-without-code"),
        pytest.param(Reply(302, {"Location": "https://login.example"}), id="redirect"),
        pytest.param(
            Reply(200, {"Content-Type": "text/html"}, b"<html>"), id="page-with-200"
        ),
    ],
)
async def test_one_request_is_sent_when_the_endpoint_is_wrong(answer: Reply) -> None:
    """The first answer stops the run; nothing else is sent."""
    bench = Bench(claims(100), by_row({}, answer))

    stop = await bench.run()

    assert stop is not None
    assert stop[1] == 3
    assert "this is not SWR's API" in stop[0]
    assert bench.gateway.sent == ["POST r0"]
    assert bench.verdicts == ["not_attempted"]
    assert bench.store.outcomes[0].status == answer.status


ODD = [
    pytest.param(Reply(302, {"Location": "https://login.example"}), id="redirect"),
    pytest.param(Reply(404, {}, b"<html>"), id="page-with-404"),
    pytest.param(
        Reply(200, {"Content-Type": "text/html"}, b"<html>"), id="page-with-200"
    ),
    pytest.param(Reply(401, {}), id="bare-401"),
]


@pytest.mark.parametrize("odd", ODD)
async def test_one_odd_answer_among_good_ones_costs_one_more_try(odd: Reply) -> None:
    """It says nothing about the run: its row is tried again, and all are created."""
    answers = 0

    def answer(request: Request, headers: Mapping[str, str]) -> Reply:
        nonlocal answers
        answers += 1
        return odd if answers == 40 else CREATED

    bench = Bench(claims(200), answer)

    assert await bench.run() is None
    assert bench.verdicts == ["created"] * 200
    assert len(bench.gateway.requests) <= 200 + 2


@pytest.mark.parametrize("odd", ODD)
async def test_a_row_that_is_always_answered_oddly_fails_alone(odd: Reply) -> None:
    """The others succeed, and their success is the second opinion."""
    bench = Bench(claims(50), by_row({"POST r7": odd, "GET r7": ABSENT}))

    assert await bench.run() is None
    assert bench.verdicts.count("created") == 49
    assert bench.store.outcomes[7].outcome == "failed"
    assert len(bench.about(7)) <= 6


@pytest.mark.parametrize("odd", ODD)
async def test_run_stops_where_the_last_success_is_answered_oddly_too(
    odd: Reply,
) -> None:
    """What was in flight may have been created, unless its credential was refused."""
    answers = 0

    def answer(request: Request, headers: Mapping[str, str]) -> Reply:
        nonlocal answers
        answers += 1
        return CREATED if answers <= 40 else odd

    bench = Bench(claims(200), answer)

    stop = await bench.run()

    refused = odd.status == 401
    why = "refuses the credential" if refused else "answers no longer come from SWR"
    assert stop is not None
    assert stop[1] == 3
    assert why in stop[0]
    assert bench.verdicts.count("created") == 40
    assert set(bench.verdicts) == {"created", "not_attempted"}
    tried = [row for row in bench.told if row.outcome == "not_attempted"]
    assert [row.certain for row in tried] == [refused] * len(tried)
    # Those in flight, the last success once more, and a try that chance made sooner.
    assert len(bench.gateway.requests) <= 40 + 8 + 1 + 1


@pytest.mark.parametrize("odd", ODD)
async def test_what_only_reads_asks_the_last_good_read_again(odd: Reply) -> None:
    """A read that finds nothing vouches for the service as well."""
    answers = 0

    def answer(request: Request, headers: Mapping[str, str]) -> Reply:
        nonlocal answers
        answers += 1
        return odd if answers == 20 else ABSENT

    bench = Bench(
        claims(30), answer, limits=Limits(concurrency=8, reads_vouch=True), flow=look
    )

    assert await bench.run() is None
    assert bench.verdicts == ["to_create"] * 30


async def test_run_stops_when_the_endpoint_is_unreachable_at_first() -> None:
    """Who cannot even connect once is told what to check, and does not wait."""
    bench = Bench(claims(100), by_row({}, UNSENT))

    stop = await bench.run()

    assert stop is not None
    assert stop[1] == 3
    assert "cannot be reached: nobody listens. Check --endpoint" in stop[0]
    assert "the management host starts with swr-api" in stop[0]
    assert "--cacert" in stop[0]
    assert len(bench.gateway.requests) == 1
    assert bench.verdicts == ["not_attempted"]
    assert bench.store.outcomes[0].doubt is None


async def test_unreachable_is_tried_again_later_in_a_run() -> None:
    """Once the service has answered, a refused connection is a passing trouble."""

    def answer(request: Request, headers: Mapping[str, str]) -> Reply | NoReply:
        bad = told(request) == "POST r1" and len(bench.about(1)) <= 2
        return UNSENT if bad else CREATED

    bench = Bench(claims(2), answer, limits=Limits(concurrency=1))

    assert await bench.run() is None
    assert bench.verdicts == ["created", "created"]
    assert bench.store.outcomes[1].attempts == 3


# Tries.


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("bad", [0, 50, 99], ids=["first", "middle", "last"])
async def test_tries_are_used_up_when_the_service_is_healthy(
    concurrency: int, bad: int
) -> None:
    """A row that fails while others succeed fails for itself, wherever it stands."""
    answers = {f"POST r{bad}": BROKEN, f"GET r{bad}": ABSENT}
    bench = Bench(claims(100), by_row(answers), limits=Limits(concurrency=concurrency))

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
    trouble: Reply | NoReply, concurrency: int
) -> None:
    """While nothing succeeds, tries do not count: five minutes out, all created."""

    def answer(request: Request, headers: Mapping[str, str]) -> Reply | NoReply:
        out = 2 < bench.clock.elapsed < 302
        if out:
            return trouble
        return ABSENT if request.method == "GET" else CREATED

    bench = Bench(
        claims(300),
        answer,
        limits=Limits(concurrency=concurrency),
        rate=Fixed(Limit(20, 1.0)),
    )

    assert await bench.run() is None
    assert {"created"} == set(bench.verdicts)
    assert bench.clock.elapsed < 302 + 60


async def test_one_probes_when_nothing_succeeds() -> None:
    """In an outage one row at a time asks, ever more seldom; the others wait."""

    def answer(request: Request, headers: Mapping[str, str]) -> Reply | NoReply:
        return BROKEN if 2 < bench.clock.elapsed < 302 else CREATED

    bench = Bench(
        claims(500), answer, limits=Limits(concurrency=64), rate=Fixed(Limit(99, 1.0))
    )

    assert await bench.run() is None
    start = bench.clock.start
    during = [at - start for at in bench.gateway.starts if 10 < at - start < 302]
    assert 5 <= len(during) <= 80


async def test_run_stops_when_patience_is_over() -> None:
    """An outage that lasts stops the run; what was not begun stays as it was."""

    def answer(request: Request, headers: Mapping[str, str]) -> Reply | NoReply:
        return BROKEN if bench.clock.elapsed > 1 else CREATED

    bench = Bench(
        claims(600),
        answer,
        limits=Limits(concurrency=8, patience=120),
        rate=Fixed(Limit(20, 1.0)),
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


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(error(503, None, Retry_After="86400"), id="503"),
        pytest.param(error(429, "APIGW.0308", Retry_After="86400"), id="429"),
    ],
)
async def test_patience_holds_when_the_service_asks_for_a_day(answer: Reply) -> None:
    """No `Retry-After` makes a run wait for longer than it was told to."""
    bench = Bench(claims(3), by_row({}, answer), rate=Auto())

    stop = await bench.run()

    assert stop is not None
    assert stop[1] == 3
    assert "(--patience)" in stop[0]
    assert bench.clock.elapsed < 2 * 600 + 60


async def test_our_own_slow_rate_is_not_the_services_silence() -> None:
    """Three an hour, and one of them fails: the run goes on."""

    def answer(request: Request, headers: Mapping[str, str]) -> Reply | NoReply:
        return BROKEN if len(bench.gateway.requests) == 2 else CREATED

    bench = Bench(claims(4), answer, rate=Fixed(Limit(1, 1200.0)))

    assert await bench.run() is None
    assert bench.verdicts == ["created"] * 4
    assert bench.clock.elapsed < 6 * 1200


@pytest.mark.parametrize("rate", [Auto, lambda: Fixed(QUICK)])
@pytest.mark.parametrize("wish", [{}, {"Retry_After": "100"}])
async def test_patience_is_lost_with_a_service_that_only_throttles(
    wish: dict[str, str], rate: Callable[[], RateControl]
) -> None:
    """Patience is over after so long, and not one pause later."""
    throttled = error(429, "APIGW.0308", **wish)
    bench = Bench(
        claims(9),
        by_row({"POST r0": CREATED}, throttled),
        rate=rate(),
        limits=Limits(patience=250),
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
async def test_a_long_wish_to_wait_is_said(kind: Reply) -> None:
    """In the log, and as the reason why nothing moves."""
    said: dict[int, str | None] = {}

    def answer(request: Request, headers: Mapping[str, str]) -> Reply | NoReply:
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


async def test_throttled_answers_use_up_no_tries() -> None:
    """A row that is throttled ten times and then created is created."""
    script = [CREATED, *[THROTTLED] * 10, CREATED]
    bench = Bench(
        claims(2), script, limits=Limits(concurrency=1, max_attempts=2), rate=Auto()
    )

    assert await bench.run() is None
    assert bench.verdicts == ["created", "created"]
    assert bench.store.outcomes[1].attempts == 11
    assert bench.engine.stats["throttled"] == 10


async def test_nobody_starts_while_the_service_asks_to_wait() -> None:
    """`Retry-After` of a throttled answer holds all workers back."""
    late = error(429, "APIGW.0308", Retry_After="20")

    def answer(request: Request, headers: Mapping[str, str]) -> Reply | NoReply:
        return late if len(bench.gateway.requests) == 10 else CREATED

    bench = Bench(claims(100), answer)

    assert await bench.run() is None
    told_at = bench.gateway.starts[9] + 0.05
    after = [at for at in bench.gateway.starts if at > told_at]
    assert min(after) >= told_at + 20


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


# Stopping.


async def test_run_stops_when_the_deadline_is_over() -> None:
    """At the deadline no row is taken any more; what is in flight is finished."""
    bench = Bench(
        claims(600),
        by_row({}),
        limits=Limits(concurrency=4, deadline=10),
        rate=Fixed(Limit(20, 1.0)),
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
        limits=Limits(concurrency=8, deadline=90),
        rate=Fixed(Limit(1, 60.0)),
    )

    assert await bench.run() == ("the deadline is over (--deadline)", 3)
    assert bench.clock.elapsed == 90
    assert bench.verdicts == ["created", "created"]


async def test_one_try_is_one_try() -> None:
    """With one try allowed, a row that fails beside a success is not tried again."""
    bench = Bench(
        claims(60),
        by_row({"POST r9": BUSY}),
        limits=Limits(concurrency=4, max_attempts=1),
        rate=Fixed(Limit(20, 1.0)),
    )

    assert await bench.run() is None
    assert bench.store.outcomes[9].outcome is Verdict.FAILED
    assert len(bench.about(9)) <= 2


async def test_run_ends_at_once_when_the_deadline_is_far() -> None:
    """A deadline that is not reached holds nothing up."""
    bench = Bench(claims(3), by_row({}), limits=Limits(deadline=1e6))

    assert await bench.run() is None
    assert bench.clock.elapsed < 1


async def test_run_stops_when_too_many_rows_failed() -> None:
    """The failure that is one too many stops the run."""
    refused = error(400, "SVCSTG.SWR.4001029", "invalid image name")
    bench = Bench(
        claims(100),
        by_row({}, refused),
        limits=Limits(concurrency=1, max_failures=3),
    )

    assert await bench.run() == ("3 rows failed (--max-failures)", 3)
    assert bench.verdicts == ["failed"] * 3


@pytest.mark.parametrize("ignores", [True, False])
async def test_what_differs_stops_no_run_that_ignores_it(*, ignores: bool) -> None:
    """`--max-failures` counts what the exit code counts."""

    def answer(request: Request, headers: Mapping[str, str]) -> Reply:
        return EXISTS if request.creates else shown(is_public=True)

    bench = Bench(
        claims(20),
        answer,
        limits=Limits(
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

    def answer(request: Request, headers: Mapping[str, str]) -> Reply:
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
    answer: Reply | NoReply, status: int | None, *, doubt: bool
) -> None:
    """A row between two tries is not attempted; in doubt if it may have been done."""
    first = FakeClock.EPOCH + 0.05
    bench = Bench(
        claims(2),
        by_row({"POST r1": answer}),
        limits=Limits(concurrency=2, max_attempts=99),
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

    def answer(request: Request, headers: Mapping[str, str]) -> Reply:
        bench.engine.stop("interrupted", exit_code=130)
        return EXISTS

    bench = Bench(claims(1), answer)

    assert await bench.run() == ("interrupted", 130)
    reason = bench.store.outcomes[0].reason
    assert reason == "interrupted; what is there was not read"


# What goes wrong around it.


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


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(CREATED, id="in-flight"),
        pytest.param(BROKEN, id="between-tries"),
        pytest.param(THROTTLED, id="held-back"),
    ],
)
async def test_no_task_is_left_when_the_run_is_cancelled(answer: Reply) -> None:
    """To cancel is to end at once, whatever everybody waits for."""
    bench = Bench(
        claims(5000), by_row({"POST r0": CREATED}, answer), rate=Fixed(Limit(20, 1.0))
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


@pytest.mark.parametrize("rate", ["20/s", "60/m"])
async def test_requests_keep_to_the_rate(rate: str) -> None:
    """In no window more requests start than the rate says, tries and reads included."""
    count, seconds = (20, 1.0) if rate == "20/s" else (60, 60.0)

    def answer(request: Request, headers: Mapping[str, str]) -> Reply:
        if request.method == "GET":
            return shown()
        return EXISTS if len(bench.gateway.requests) % 3 else BROKEN

    bench = Bench(claims(120), answer, rate=Fixed(Limit(count, seconds)))

    await bench.run()

    starts = bench.gateway.starts
    assert all(
        later - sooner >= seconds
        for sooner, later in zip(starts, starts[count:], strict=False)
    )


# All at once.


class Registry:
    """An SWR that knows what is there and who made it, and answers badly by chance."""

    def __init__(self, clock: FakeClock, *, seed: int, others: Iterable[str]) -> None:
        self.clock, self.chance = clock, random.Random(seed)
        self.there = dict.fromkeys(others, "2023-11-14T21:00:00.250Z")
        self.ours: set[str] = set()

    def answer(self, request: Request, headers: Mapping[str, str]) -> Reply | NoReply:
        """Carry out or not, tell or not; the first contact is a good one."""
        name = told(request).split()[1]
        luck = self.chance.random() if self.ours else 1.0
        trouble: list[Reply | NoReply] = [BROKEN, LOST, UNSENT, THROTTLED]
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
        limits=Limits(concurrency=1 + seed, max_attempts=3),
        rate=Auto() if seed % 2 else Fixed(Limit(50, 1.0)),
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
