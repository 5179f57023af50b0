"""One renewal for all workers, and runs that end with their credential."""

from collections.abc import Mapping

import pytest

from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.retrying import RetryLimits
from bulkrepo.engine.scheduler import Engine
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.swr.auth.token import Token
from tests.support.engine import QUICK, Bench, by_row
from tests.support.fakes import (
    CREATED,
    UNAUTHORIZED,
    FakeClock,
    ListStore,
    ScriptedGateway,
    claims,
    error,
    told,
)


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

    def answer(self, request: Request, headers: Mapping[str, str]) -> Response:
        """Create for a valid token, else refuse."""
        if headers["X-Auth-Token"] == self.valid:
            return CREATED
        return UNAUTHORIZED


async def test_token_is_renewed_once_when_all_workers_are_refused() -> None:
    """Eight requests that are refused together lead to one renewal."""
    file = Tokens("token-t0", "token-t1", valid="token-t0")

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        if len(bench.gateway.requests) == 20:
            file.valid = "token-t1"
        return file.answer(request, headers)

    bench = Bench(claims(60), answer, auth=file.auth)

    assert await bench.run() is None
    assert bench.verdicts == ["created"] * 60
    assert file.reads == 2
    assert len(bench.gateway.requests) <= 60 + 8


async def test_late_401_leaves_a_fresh_token_alone() -> None:
    """A refusal that arrives after the renewal is about the token it was sent with."""
    file = Tokens("token-t0", "token-t1", "token-never", valid="token-t1")
    clock = FakeClock()

    class Slow(ScriptedGateway):
        async def send(
            self, request: Request, headers: Mapping[str, str]
        ) -> Response | TransportFailure:
            reply = await super().send(request, headers)
            if told(request) == "POST r3" and headers["X-Auth-Token"] == "token-t0":
                await clock.sleep(5)
            return reply

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        first = told(request) == "POST r0"
        return CREATED if first else file.answer(request, headers)

    gateway = Slow(answer, clock=clock)
    store = ListStore(claims(40))
    engine = Engine(
        gateway,
        file.auth,
        FixedRateLimiter(QUICK),
        store,
        clock=clock,
        limits=RetryLimits(concurrency=8),
    )

    assert await engine.run() is None
    assert engine.stats["created"] == 40
    assert file.reads == 2
    assert clock.elapsed > 5


@pytest.mark.parametrize(
    ("tokens", "reads", "requests"),
    [
        pytest.param(["token-t0"], 2, 1, id="same-token-again"),
        pytest.param(
            ["token-t0", "token-t1", "token-t2", "token-t3"],
            2,
            2,
            id="new-ones-are-refused-too",
        ),
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
    file = Tokens("token-t0", valid="token-t0")

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
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
    texts = iter(["token-t0", ""])
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

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
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


async def test_a_request_id_that_quotes_the_token_is_not_kept() -> None:
    """Nor where the request succeeded, and nobody looks."""
    token = "a-token-of-some-length"
    bench = Bench(
        claims(1),
        [Response(201, {"X-Request-Id": f"r{token}"})],
        auth=Token("f", lambda: token),
    )

    await bench.run()

    assert bench.verdicts == ["created"]
    assert bench.store.outcomes[0].request_id == "r***"


async def test_token_is_renewed_again_when_the_renewed_one_had_worked() -> None:
    """A long run outlives many tokens."""
    file = Tokens("token-t0", "token-t1", "token-t2", "token-t3", valid="token-t0")

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        file.valid = f"token-t{len(bench.gateway.requests) // 30}"
        return file.answer(request, headers)

    bench = Bench(claims(80), answer, auth=file.auth)

    assert await bench.run() is None
    assert bench.engine.stats["created"] == 80
    assert 3 <= file.reads <= 4
