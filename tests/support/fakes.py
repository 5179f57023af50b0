"""Stand-ins that belong to us: a clock, a service and a store."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from email.utils import formatdate
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from msgspec.structs import replace

from bulkrepo.core.outcomes import Claim, Outcome
from bulkrepo.http.messages import Request, Response, TransportFailure

_ticks: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()
"""How many clocks of a loop are about to tick."""


class FakeClock:
    """
    Virtual time, which moves only while everybody waits for it.

    A sleeper yields; when the event loop has nothing else to do, the earliest one is
    woken and the time is what it wanted it to be.
    """

    EPOCH = 1_700_000_000.0

    def __init__(self, *, start: float = 1000.0) -> None:
        self.start = self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._ticking = False

    def now(self) -> float:
        """Give monotonic seconds."""
        return self._now

    def time(self) -> float:
        """Give epoch seconds."""
        return self.EPOCH + (self._now - self.start)

    @property
    def elapsed(self) -> float:
        """Give the seconds since this clock was made."""
        return self._now - self.start

    async def sleep(self, seconds: float) -> None:
        """Wait; a moment passes even where the wait is too short for a float."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        at = self._now + max(seconds, 1e-6)
        heapq.heappush(self._sleepers, (at, next(self._order), done))
        if not self._ticking:
            self._ticking = True
            self._tick_soon(loop)
        await done

    def _tick_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        _ticks[loop] = _ticks.get(loop, 0) + 1
        loop.call_soon(self._tick, loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        _ticks[loop] -= 1
        # Somebody, and no other clock, has still something to do at this time.
        if len(vars(loop)["_ready"]) > _ticks[loop]:
            self._tick_soon(loop)
            return
        while self._sleepers:
            at, _, done = heapq.heappop(self._sleepers)
            if not done.done():
                self._now = max(self._now, at)
                done.set_result(None)
                self._tick_soon(loop)
                return
        self._ticking = False


class Hasty:
    """A clock that is fifty times as fast, but for what others date."""

    time = staticmethod(time.time)

    @staticmethod
    def now() -> float:
        """Give monotonic seconds, which are short."""
        return 50 * time.monotonic()

    @staticmethod
    async def sleep(seconds: float) -> None:
        """Wait for a short time."""
        await asyncio.sleep(seconds / 50)


Answering = Callable[[Request, Mapping[str, str]], Response | TransportFailure]


class ScriptedGateway:
    """
    Answers from a script, or what a function says; each answer takes *latency*.

    Its clock is ours, and every answer says so.

    `requests` is every request with its headers, `starts` when it came, `most` how
    many were in flight at once.
    """

    def __init__(
        self,
        script: Iterable[Response | TransportFailure] | Answering,
        *,
        clock: FakeClock,
        latency: float = 0.05,
    ) -> None:
        self._script = script if callable(script) else iter(script)
        self._clock, self._latency = clock, latency
        self.requests: list[tuple[Request, Mapping[str, str]]] = []
        self.starts: list[float] = []
        self.in_flight = self.most = 0

    async def send(
        self, request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        """Give the next answer; what it is was decided when the request came."""
        self.requests.append((request, dict(headers)))
        self.starts.append(self._clock.now())
        if callable(self._script):
            answer = self._script(request, headers)
        else:
            answer = next(self._script)
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            await self._clock.sleep(self._latency)
        finally:
            self.in_flight -= 1
        if isinstance(answer, Response):
            date = {"Date": formatdate(self._clock.time(), usegmt=True)}
            return replace(answer, headers=date | dict(answer.headers))
        return answer

    @property
    def sent(self) -> list[str]:
        """Give what was asked, as `METHOD last/part/of/the/path or body's name`."""
        return [told(request) for request, _ in self.requests]


def told(request: Request) -> str:
    """Say a request in two words: its method and the repository it is about."""
    if request.body is not None:
        return f"{request.method} {msgspec.json.decode(request.body)['repository']}"
    return f"{request.method} {request.path.rsplit('/', 1)[1].replace('$', '/')}"


class ListStore:
    """Hands out a list of claims and keeps the outcomes, as a ledger would."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._claims = iter(tuple(claims))
        self.claimed: list[Claim] = []
        self.outcomes: dict[int, Outcome] = {}

    async def turn(
        self,
        done: list[Outcome],
        want: int,
        ahead: tuple[float, float] | None = None,
    ) -> list[Claim]:
        """Keep *done* and hand out up to *want* claims."""
        for outcome in done:
            if outcome.id in self.outcomes:
                raise AssertionError(f"row {outcome.id} was settled twice")
            self.outcomes[outcome.id] = outcome
        await asyncio.sleep(0)
        claims = list(itertools.islice(self._claims, want))
        self.claimed += claims
        return claims


def claims(count: int, **fields: Any) -> list[Claim]:
    """Give *count* claims, numbered from 0 and named `r0`, `r1` and so on."""
    return [
        Claim(
            fields.get("namespace", "team"),
            f"r{number}",
            is_public=False,
            id=number,
            doubt=fields.get("doubt"),
            attempts=fields.get("attempts", 0),
        )
        for number in range(count)
    ]


def error(
    status: int, code: str | None = None, text: str = "", **headers: str
) -> Response:
    """Give an error as SWR sends it; an underscore in a header's name is a hyphen."""
    body = b""
    if code is not None:
        found = {"errorCode": code, "errorMessage": text, "detail": ""}
        body = msgspec.json.encode({"errors": [found]})
    return Response(
        status, {key.replace("_", "-"): value for key, value in headers.items()}, body
    )


def shown(**fields: object) -> Response:
    """Give a repository as SWR shows it: private, unless *fields* say otherwise."""
    return Response(200, {}, msgspec.json.encode({"is_public": False, **fields}))


CREATED = Response(201, {})
EXISTS = error(409, "SVCSTG.SWR.4090006", "The image already exists.")
BUSY = error(409, "SVCSTG.SWR.4090023", "The system is busy.")
ABSENT = error(404, "SVCSTG.SWR.4040010", "The image does not exist.")
BROKEN = error(500, "SVCSTG.SWR.5000046", "Create failed.")
LOST = TransportFailure("dropped", sent=True)
UNSENT = TransportFailure("refused", sent=False, detail="nobody listens")
UNAUTHORIZED = error(401, "SVCSTG.SWR.4010000", "Authentication failed.")
NO_NAMESPACE = error(404, "SVCSTG.SWR.4040058", "Namespace does not exist")
