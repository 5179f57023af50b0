"""A service whose answers are generated, by a seed; and runs against it."""

import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping

import msgspec

from bulkrepo.core.outcomes import Claim, Outcome, Verdict
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.retrying import RetryLimits
from bulkrepo.engine.scheduler import Engine
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.swr.answers import AnswerKind, Limit
from bulkrepo.swr.auth.token import Token
from bulkrepo.swr.error_bodies import MESSAGE_LIMIT
from bulkrepo.swr.operations.conclusion import Flow
from bulkrepo.swr.operations.creation import create
from bulkrepo.swr.responses import read
from tests.support.fakes import ABSENT, EXISTS, FakeClock, ListStore, ScriptedGateway

ROWS = 40
"""Rows of a run: what stops a run must not leave too much untried."""

_STATUSES = (
    *(0, 7, 99, 100, 101, 199, 200, 201, 202, 204, 206, 299, 301, 302, 304, 308),
    *(400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 413, 415, 421, 422, 425, 429),
    *(431, 451, 499, 500, 501, 502, 503, 504, 505, 507, 511, 520, 599, 600, 999),
)
_SWR = ("4090006", "4090023", "4000098", "4001029", "4011064", "4040010", "4040058")
_CODES: tuple[object, ...] = (
    *(f"SVCSTG.SWR.{number}" for number in (*_SWR, "4031042", "5000046", "5007019")),
    *("APIGW.0101", "APIGW.0308", "APIG.0201", "404", 401, 0, None, True, "", "\0", {}),
)
_TEXTS = (
    *("no", "", " ", "x" * 5000, "limit:9,time:1 second", "limit:0,time:0 day", "é☃"),
    *("\x1b[31m\r\n", "\u202e", None, 5, ["a"], {"message": "in"}, "<b>", "'=1+1"),
)
_NAMES = (
    *("message", "msg", "Message", "errorMessage", "error_msg", "title", "detail"),
    *("reason", "error", "error_description", "request_id", "other"),
)
_HEADERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Retry-After", ("0", "3", "-1", "1e9", "soon", "9" * 400, "²", "")),
    ("Retry-After", ("Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 99 Jan 99999 00:00 GMT")),
    ("Content-Type", ("application/json", "text/html", "TEXT/HTML;x", "a/b", "")),
    ("X-Request-Id", ("r1", "", "\ufffd", "x" * 3000)),
    ("Location", ("https://elsewhere.example/", "", "//")),
    ("Date", ("Fri, 02 Jan 2026 03:04:05 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "?")),
    ("Content-Range", ("0-9/10", "9-0/x", "")),
)


class Service:
    """
    Answers by chance, but truthfully where an answer says what was done.

    *made* are the repositories that creates made, *answered* counts the answers by
    kind. What a create is told to exist was somebody else's before.
    """

    def __init__(self, chance: random.Random) -> None:
        self.made: set[str] = set()
        self.answered: Counter[AnswerKind] = Counter()
        self._chance = chance
        self._there: set[str] = set()

    def __call__(
        self, request: Request, _headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        """Answer a create or a read."""
        reply = self._reply(request)
        answer = read(reply, request=request, now=0.0)
        if request.creates:
            name = str(json.loads(request.body or b"")["repository"])
            if answer.kind is AnswerKind.DONE and name in self._there:
                reply, answer = EXISTS, read(EXISTS, request=request, now=0.0)
            lost = answer.unsure and self._chance.random() < 0.5
            if name not in self._there and (answer.kind is AnswerKind.DONE or lost):
                self.made.add(name)
            if name in self.made or answer.kind is AnswerKind.EXISTS:
                self._there.add(name)
        self.answered[answer.kind] += 1
        return reply

    def _reply(self, request: Request) -> Response | TransportFailure:
        chance = self._chance
        luck = chance.random()
        if luck < 0.2 and not request.creates:
            return ABSENT
        if luck < 0.3:
            return Response(201, {}, chance.choice((b"", b"{}")))
        if luck < 0.35:
            kind = chance.choice(("refused", "dns", "tls", "timeout", "dropped"))
            return TransportFailure(
                kind, sent=kind in {"timeout", "dropped"}, detail="x"
            )
        headers = {
            name: chance.choice(values)
            for name, values in _HEADERS
            if chance.random() < 0.3
        }
        return Response(chance.choice(_STATUSES), headers, self._body(request))

    def _body(self, request: Request) -> bytes:
        chance = self._chance
        shape = chance.randrange(8)
        if shape == 0:
            return chance.choice((b"", b"{}", b"[]", b"null", b"OK", b"\xff\xfe", b"1"))
        if shape == 1:
            return chance.choice((b"<html>", b" <!doctype html><title>Sign in</title>"))
        content: object = self._error()
        if shape == 2:
            content = {"errors": [content, self._error()], "error_code": "C"}
        elif shape == 3:
            content = [content]
        elif shape == 4:
            content = {chance.choice(("error", "Error", "fault", "x")): content}
        elif shape == 5:
            name = request.path.rsplit("/", 1)[1].replace("$", "/")
            content = {
                "is_public": chance.choice((True, False, "x", None)),
                "name": chance.choice((name, "another")),
                "created": chance.choice(("2026-01-02T03:04:05Z", "?", None, 5)),
            }
        body = json.dumps(content).encode()
        if shape == 6:  # cut off
            return body[: chance.randrange(len(body))]
        if shape == 7:  # torn
            at = chance.randrange(len(body))
            return body[:at] + chance.randbytes(2) + body[at:]
        return body

    def _error(self) -> dict[str, object]:
        chance = self._chance
        names = chance.sample(_NAMES, chance.randrange(4))
        found: dict[str, object] = {name: chance.choice(_TEXTS) for name in names}
        if chance.random() < 0.7:
            name = chance.choice(("errorCode", "error_code", "code", "Code"))
            found[name] = chance.choice(_CODES)
        return found


def _flow(claim: Claim) -> Flow:
    return create(claim, doubt=claim.doubt)


async def _run(chance: random.Random) -> Counter[AnswerKind]:
    """Create rows, each in an organization of its own; check what is said of them."""
    clock, service = FakeClock(), Service(chance)
    store = ListStore(
        Claim(f"team{number}", f"r{number}", is_public=False, id=number)
        for number in range(ROWS)
    )
    told: list[Outcome] = []
    stop = await Engine(
        ScriptedGateway(service, clock=clock),
        Token("SWR_TOKEN", lambda: "token-t0"),
        FixedRateLimiter(Limit(1_000_000, 1.0)),
        store,
        clock=clock,
        limits=RetryLimits(concurrency=8, patience=60.0),
        settled=lambda _, outcome: told.append(outcome),
        flow=_flow,
    ).run()
    assert sorted(one.id for one in told) == sorted(store.outcomes)
    assert stop is not None or len(told) == ROWS
    for outcome in told:
        check(outcome, made=f"r{outcome.id}" in service.made)
    return service.answered


def check(outcome: Outcome, *, made: bool) -> None:
    """Check that *outcome* can be kept, and is true where it is certain."""
    assert msgspec.json.encode(outcome)
    assert len(outcome.message or "") <= MESSAGE_LIMIT
    if outcome.certain and outcome.outcome is Verdict.CREATED:
        assert made, outcome
    if outcome.certain and outcome.outcome in {Verdict.FAILED, Verdict.NOT_ATTEMPTED}:
        assert not made, outcome


async def runs(answers: int, *, seed: int) -> AsyncIterator[Counter[AnswerKind]]:
    """Run until there were *answers* answers, and yield those of each run."""
    chance = random.Random(seed)
    while answers > 0:
        answered = await _run(chance)
        answers -= answered.total()
        yield answered
