"""An engine on virtual time with everything around it faked, and answers for it."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from bulkrepo.core.outcomes import Claim, Outcome
from bulkrepo.engine.ratelimit import RateLimiter
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.retrying import RetryLimits
from bulkrepo.engine.scheduler import Engine
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.swr.answers import Limit
from bulkrepo.swr.auth.token import Token
from bulkrepo.swr.operations.conclusion import Flow
from bulkrepo.swr.operations.creation import create as creating
from tests.support.fakes import (
    CREATED,
    Answering,
    FakeClock,
    ListStore,
    ScriptedGateway,
    error,
    told,
)

THROTTLED = error(429, "APIGW.0308", "throttling threshold reached")
QUICK = Limit(1_000_000, 1.0)


def create(claim: Claim) -> Flow:
    """Converse as for `create`."""
    return creating(claim, doubt=claim.doubt)


class Bench:
    """An engine with everything around it faked; `run` works the rows off."""

    def __init__(
        self,
        rows: Iterable[Claim],
        script: Iterable[Response | TransportFailure] | Answering,
        *,
        limits: RetryLimits | None = None,
        rate: RateLimiter | None = None,
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
            auth or Token("SWR_TOKEN", lambda: "token-t0"),
            rate or FixedRateLimiter(QUICK),
            self.store,
            clock=self.clock,
            limits=limits or RetryLimits(concurrency=8),
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
    answers: Mapping[str, Response | TransportFailure],
    other: Response | TransportFailure = CREATED,
) -> Answering:
    """Give the same answer to each request, `POST r3` say, whatever came before."""

    def answering(
        request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        return answers.get(told(request), other)

    return answering
