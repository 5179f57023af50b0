"""
Shell. Workers, hand-off and stopping: the only scheduler, and no policy.

N workers in one TaskGroup take claims from a short queue, which a feeder keeps filled
from the store; their outcomes go back to the store in the same turn. A failure stops as
little as it can: a row, an organization, or the run.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from bulkrepo.core import loggers
from bulkrepo.core.clock import Clock
from bulkrepo.core.outcomes import NO_ORGANIZATION, Claim, Outcome, Verdict
from bulkrepo.core.rows import join_doubts
from bulkrepo.engine import outcomes
from bulkrepo.engine.cancellation import CancellationToken, StopReason
from bulkrepo.engine.ratelimit import RateLimiter
from bulkrepo.engine.retrying import (
    FEW,
    Attempts,
    InterruptedAttemptsError,
    RetryingClient,
    RetryLimits,
)
from bulkrepo.http.messages import Request
from bulkrepo.http.transport import Transport
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.auth.protocol import Auth
from bulkrepo.swr.operations.conclusion import Conclusion, Flow
from bulkrepo.swr.operations.creation import create

BATCH = 512
"""Outcomes that are written at once, and claims that are fetched ahead."""
FLUSH = 0.05
"""Seconds that an outcome waits for company before it is written."""

_NAMESPACE_STOPS = {
    AnswerKind.NO_NAMESPACE: NO_ORGANIZATION,
    AnswerKind.FORBIDDEN: "no permission to create in the organization",
    AnswerKind.QUOTA: "the quota is used up",
}


class ClaimStore(Protocol):
    """Where claims come from and outcomes go."""

    async def turn(
        self, done: list[Outcome], want: int, ahead: tuple[float, float] | None
    ) -> list[Claim]:
        """
        Keep *done*, and hand out up to *want* rows that are on disk as claimed.

        *ahead* is how many seconds the server's clock is ahead of ours, at least and
        at most, if known.
        """
        ...


def _create(claim: Claim) -> Flow:
    return create(claim, doubt=claim.doubt)


class Engine:
    """
    Work off a store.

    *flow* is the conversation that a row needs. *prepare* runs first and may settle
    rows, hand some out, and stop organizations; the other rows wait for its end.
    *settled* is told of every outcome, at most `FLUSH` seconds later, and must not
    block. `stats` counts outcomes, requests and throttled answers while it runs.
    """

    def __init__(
        self,
        gateway: Transport,
        auth: Auth,
        rate: RateLimiter,
        store: ClaimStore,
        *,
        clock: Clock,
        limits: RetryLimits,
        settled: Callable[[Claim, Outcome], None] | None = None,
        flow: Callable[[Claim], Flow] = _create,
        prepare: Callable[["Engine"], Awaitable[None]] | None = None,
    ) -> None:
        self.stats: Counter[str] = Counter()
        self._flow, self._prepare = flow, prepare
        self._store, self._clock = store, clock
        self._limits, self._settled = limits, settled
        self._log = loggers.logger()
        self._brake = CancellationToken(clock)
        self._exchange = RetryingClient(
            gateway,
            auth,
            rate,
            clock=clock,
            brake=self._brake,
            limits=limits,
            stats=self.stats,
        )
        self._line: deque[Claim] = deque()
        self._done: list[tuple[Claim, Outcome]] = []
        self._wake, self._more = asyncio.Event(), asyncio.Event()
        self._exhausted = self._closing = False
        self._preparing = prepare is not None
        self._early = 0  # rows that `prepare` handed out and that are not settled
        self._early_done = asyncio.Event()
        self._dead_namespaces: dict[str, str] = {}
        self._suspected: dict[str, str] = {}
        self._flush: asyncio.TimerHandle | None = None
        self._brake.listen(self._halt)

    @property
    def waiting(self) -> str | None:
        """Say why nothing moves, if nothing does."""
        return self._exchange.waiting

    def stop(self, reason: str, *, exit_code: int) -> None:
        """Take no more rows and finish what is in flight. The first reason counts."""
        self._brake.stop(reason, exit_code=exit_code)

    async def run(self) -> StopReason | None:
        """Work until the store is empty; give what stopped the run before that."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._feed(), name="feeder")
            deadline = group.create_task(self._expire(), name="deadline")
            async with asyncio.TaskGroup() as workers:
                if self._prepare is not None:
                    workers.create_task(self._begin(self._prepare), name="prepare")
                workers.create_task(self._work(), name="worker-0")
                # One request alone finds out a wrong endpoint or a dead credential.
                await self._exchange.contact.wait()
                # Where few requests may be in flight, rows that wait for another try
                # must leave a worker for others, which show whether the service works.
                for number in range(1, max(self._limits.concurrency, FEW + 1)):
                    workers.create_task(self._work(), name=f"worker-{number}")
            deadline.cancel()
            self._closing = True
            self._wake.set()
        return self._brake.stopped

    async def _expire(self) -> None:
        if self._limits.deadline is not None:
            await self._clock.sleep(self._limits.deadline)
            self.stop("the deadline is over (--deadline)", exit_code=3)

    def _halt(self) -> None:
        self._line.clear()
        self._exchange.contact.set()
        self._more.set()
        self._early_done.set()

    # What happens before the first row is handed out.

    async def _begin(self, prepare: Callable[["Engine"], Awaitable[None]]) -> None:
        with suppress(InterruptedAttemptsError):
            await prepare(self)
            # An early row that is not settled yet would be handed out again.
            await self._until_early(0)
        self._preparing = False
        self._wake.set()
        self._more.set()

    async def glance(self, request: Request) -> Answer:
        """Ask once for what the run can do without; see `RetryingClient.glance`."""
        return await self._exchange.glance(request)

    def conclude(self, claim: Claim, conclusion: Conclusion) -> None:
        """Settle a row that needs no request of its own."""
        self._settle(claim, outcomes.concluded(claim, conclusion))

    async def hand_out(self, claims: list[Claim]) -> None:
        """Queue rows that `prepare` found; waits while many of them are open."""
        self._early += len(claims)
        self._line.extend(claims)
        self._more.set()
        await self._until_early(BATCH)

    async def _until_early(self, few: int) -> None:
        """Wait until no more than *few* rows that were handed out early are open."""
        while self._early > few and self._brake.stopped is None:
            self._early_done.clear()
            await self._early_done.wait()

    def suspect(self, namespace: str, reason: str) -> None:
        """Note the likely reason, should creating in an organization be refused."""
        self._suspected[namespace] = reason

    def stop_organization(self, namespace: str, reason: str) -> None:
        """Take no more rows of an organization. The first reason counts."""
        if namespace not in self._dead_namespaces:
            self._dead_namespaces[namespace] = reason
            self._log.warning(
                "organization.stopped", namespace=namespace, reason=reason
            )

    # The hand-off.

    async def _feed(self) -> None:
        """Take turns until the workers are gone and all their outcomes are kept."""
        while True:
            await self._turn()
            if self._closing and not self._done:
                return
            await self._wake.wait()
            self._wake.clear()

    async def _turn(self) -> None:
        done, self._done = self._done, []
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        stopped = self._brake.stopped is not None
        idle = stopped or self._exhausted or self._preparing
        want = 0 if idle else max(0, 2 * BATCH - len(self._line))
        if not done and not want:
            return
        if self._settled is not None:
            # In one go this costs a third of what it does row by row, between requests:
            # the code stays in the processor's caches.
            for claim, outcome in done:
                self._settled(claim, outcome)
        settled = [outcome for _, outcome in done]
        claims = await self._store.turn(settled, want, self._exchange.skew.bounds)
        if want and not claims:
            self._exhausted = True
        if self._brake.stopped is None:
            self._line.extend(claims)
        self._more.set()

    async def _filled(self) -> bool:
        """Wait until there is a row to take; False: there will be none."""
        while not self._line:
            if self._exhausted or self._brake.stopped is not None:
                return False
            self._more.clear()
            self._wake.set()
            await self._more.wait()
        return True

    def _settle(self, claim: Claim, outcome: Outcome) -> None:
        self._done.append((claim, outcome))
        if len(self._done) == BATCH:
            self._wake.set()
        elif self._flush is None:
            loop = asyncio.get_running_loop()
            self._flush = loop.call_later(FLUSH, self._wake.set)
        self.stats[outcome.outcome] += 1
        most = self._limits.max_failures
        failures = self._limits.failures
        if most is not None and sum(self.stats[each] for each in failures) >= most:
            rows = "row" if most == 1 else "rows"
            self.stop(f"{most} {rows} failed (--max-failures)", exit_code=3)

    # One row.

    async def _work(self) -> None:
        line = self._line
        while line or await self._filled():
            if len(line) == BATCH:
                self._wake.set()
            claim = line.popleft()
            reason = self._dead_namespaces.get(claim.namespace)
            if reason is None:
                outcome = await self._attempt(claim)
            else:
                outcome = outcomes.not_attempted(claim, reason)
            if outcome is not None:
                self._settle(claim, outcome)
            if self._early:
                self._early -= 1
                self._early_done.set()
        self._exchange.contact.set()  # for whoever waits: there may have been no row

    async def _attempt(self, claim: Claim) -> Outcome | None:
        """Drive one row's flow to its end; None where the run stopped before it."""
        tries = Attempts(claim.attempts)
        flow = self._flow(claim)
        try:
            request = next(flow)
            while True:
                request = flow.send(await self._exchange.ask(request, tries))
        except StopIteration as end:
            conclusion: Conclusion = end.value
        except InterruptedAttemptsError as stopped:
            flow.close()
            return self._interrupted(claim, tries, stopped.answer)
        answer = conclusion.answer
        if conclusion.outcome is Verdict.FAILED:
            self._contain(claim, answer, alone=conclusion.alone)
            if (
                answer.kind is AnswerKind.WRONG_ENDPOINT
            ):  # it was not SWR that refused it
                return self._interrupted(claim, tries, answer)
        return outcomes.concluded(
            claim,
            conclusion,
            attempts=tries.sent,
            started_at=tries.started_at,
            elapsed=self._clock.now() - tries.started,
        )

    def _interrupted(
        self, claim: Claim, tries: Attempts, answer: Answer | None
    ) -> Outcome | None:
        """Give the outcome of a row cut short; None if nothing was sent for it."""
        if tries.sent == claim.attempts:
            return None
        stop = self._brake.stopped
        return outcomes.interrupted(
            claim,
            answer,
            reason=stop.reason if stop else "stopped",
            attempts=tries.sent,
            started_at=tries.started_at,
            doubt=join_doubts(claim.doubt, self._exchange.doubt(tries)),
            untold=tries.untold,
        )

    def _contain(self, claim: Claim, answer: Answer, *, alone: bool) -> None:
        """Stop what cannot succeed, an organization or the run, and nothing else."""
        why = _NAMESPACE_STOPS.get(answer.kind)
        if why is not None and not (
            alone and answer.kind is not AnswerKind.NO_NAMESPACE
        ):
            if answer.kind in (AnswerKind.FORBIDDEN, AnswerKind.NO_NAMESPACE):
                why = self._suspected.get(claim.namespace, why)
            self.stop_organization(
                claim.namespace, f"{why} ({answer.code or answer.status})"
            )
        elif answer.kind is AnswerKind.WRONG_ENDPOINT:
            said = answer.message or answer.code or "nothing that helps"
            self.stop(
                f"this is not SWR's API: it answered {answer.status} ({said}). Check "
                "--endpoint or --region: the management host starts with swr-api",
                exit_code=3,
            )
