"""
Shell. Sends one request until its answer is conclusive: turns, tries, the credential.

The first try is sent directly; only the second one meets tenacity, whose loop costs as
much as a request.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext

import msgspec
import tenacity
from msgspec.structs import replace

from bulkrepo.core.clock import Clock
from bulkrepo.core.outcomes import FAILURES, Verdict
from bulkrepo.core.rows import Doubt
from bulkrepo.engine import retry_policy
from bulkrepo.engine.admission import AdmissionControl
from bulkrepo.engine.cancellation import CancellationToken
from bulkrepo.engine.credential_refresh import CredentialRefresher
from bulkrepo.engine.ratelimit import RateLimiter
from bulkrepo.http.clock_skew import ClockSkew
from bulkrepo.http.messages import Request, Response
from bulkrepo.http.transport import Transport
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.auth.protocol import Auth
from bulkrepo.swr.operations.conclusion import FinalAnswer
from bulkrepo.swr.responses import read, said

FEW = 3
"""Where no more requests may be in flight, there are more workers than that."""
_DONE = frozenset({AnswerKind.DONE, AnswerKind.EXISTS})
_FOR_ALL = frozenset({AnswerKind.UNAUTHORIZED, AnswerKind.WRONG_ENDPOINT})
"""Answers that, if they are true, are so for every request."""
_CHANGES = frozenset({"PATCH", "DELETE"})


class RetryLimits(msgspec.Struct, frozen=True, kw_only=True):
    """
    How hard to try. *patience* and *deadline* are seconds.

    *failures* are the outcomes that *max_failures* counts.

    *reads_vouch*: a read that succeeds shows that the service is healthy. Only where
    nothing is created: a service may answer reads and fail all creates.
    """

    concurrency: int = 64
    max_attempts: int = 5
    patience: float = 600.0
    deadline: float | None = None
    max_failures: int | None = None
    failures: frozenset[Verdict] = FAILURES - {Verdict.NOT_ATTEMPTED}
    reads_vouch: bool = False


class InterruptedAttemptsError(Exception):
    """The run stops while this row waits; *answer* is the last one, if any."""

    def __init__(self, answer: Answer | None) -> None:
        super().__init__()
        self.answer = answer


class Attempts(msgspec.Struct):
    """
    The requests *sent* for one row.

    *started* and *started_at* are when the first one left (monotonic and epoch
    seconds), *asked* and *asked_at* when the last one did, *unsure* when the first and
    the last create with an unknown result did (epoch seconds). *untold*: an update or a
    delete may have been carried out although it seems to have failed; its flow then
    reads what is there before each further try. *last* is that request's last answer,
    *done* how many tries it had, *used* how many of these count.
    """

    sent: int
    started: float = 0.0
    asked: float = 0.0
    started_at: float | None = None
    asked_at: float = 0.0
    unsure: tuple[float, float] | None = None
    untold: bool = False
    last: Answer | None = None
    done: int = 0
    used: float = 0.0

    def doubted(self, request: Request) -> None:
        """Learn that *request*, which left last, may have been carried out."""
        if request.creates:
            first = self.unsure[0] if self.unsure else self.asked_at
            self.unsure = first, self.asked_at
        self.untold = self.untold or request.method in _CHANGES


class RetryingClient:
    """
    Asks SWR for all workers, which share the rate, the credential and the clock.

    *contact* is set once the service has answered anything at all.

    The path of every request makes few calls: between requests their code drops out of
    the processor's caches, so that each costs three times what it costs in a loop.
    """

    def __init__(
        self,
        gateway: Transport,
        auth: Auth,
        rate: RateLimiter,
        *,
        clock: Clock,
        brake: CancellationToken,
        limits: RetryLimits,
        stats: Counter[str],
    ) -> None:
        self.contact = asyncio.Event()
        self.skew = ClockSkew()
        self._gateway, self._rate = gateway, rate
        self._credential = CredentialRefresher(
            auth,
            brake,
            gateway=gateway,
            clock=clock,
            patience=limits.patience,
            skew=self.skew,
        )
        self._clock, self._brake, self._limits = clock, brake, limits
        self._stats, self._sign = stats, auth.sign
        self._met = False  # whether the service has answered anything at all
        self._vouching = ("GET", "PATCH") if limits.reads_vouch else ("PATCH",)
        # A read that finds nothing is as good an answer of SWR's as another.
        self._well = _DONE | {AnswerKind.ABSENT} if limits.reads_vouch else _DONE
        self._backoff, self._budget = retry_policy.Backoff(), retry_policy.RetryBudget()
        self._chance = random.Random()  # noqa: S311 - jitter
        # Workers are as many as requests may be in flight, unless those are few.
        few = limits.concurrency <= FEW
        self._slots = asyncio.Semaphore(limits.concurrency) if few else None
        self._turns = AdmissionControl(
            rate,
            clock=clock,
            brake=brake,
            patience=limits.patience,
            stats=stats,
            probe=self._probe,
        )
        self._outage = self._turns.outage

    @property
    def waiting(self) -> str | None:
        """Say why nothing moves, if nothing does."""
        return self._turns.waiting

    async def ask(self, request: Request, tries: Attempts) -> FinalAnswer:
        """Ask until the answer is conclusive, or the tries are used up."""
        before = tries.last
        if before is not None and request.method not in _CHANGES:
            before = None  # that read is a first try
        answer = await self.once(request, tries, before)
        if answer.kind in retry_policy.AGAIN:
            return await self.ask_again(request, tries, answer)
        return FinalAnswer(answer, self.doubt(tries))

    def doubt(self, tries: Attempts) -> Doubt | None:
        """Return the doubt that *tries* leave, if any."""
        return None if tries.unsure is None else self.skew.doubt(*tries.unsure)

    async def glance(self, request: Request) -> Answer:
        """
        Ask for something optional: at most twice, whatever makes it fail.

        Throttled tries do not count. Raises InterruptedTriesError at a stop.
        """
        answer = await self.once(request, Attempts(0), None)
        while answer.kind is AnswerKind.THROTTLED:
            answer = await self.once(request, Attempts(0), answer)
        if not retry_policy.again(answer):
            return answer
        if not await self._brake.pause(self._chance.random()):
            raise InterruptedAttemptsError(answer)
        return await self.once(request, Attempts(0), answer)

    async def ask_again(
        self, request: Request, tries: Attempts, answer: Answer
    ) -> FinalAnswer:
        """
        Go on as `ask` does after a first try, which got *answer*.

        Tenacity runs the loop; counting and waiting are ours.
        """
        changes = request.method in _CHANGES
        done, used = (tries.done, tries.used) if changes else (0, 0.0)
        done += 1
        most, settled, again = self._limits.max_attempts, False, False

        def count() -> bool:
            """Count the last try, once; say whether it was the last of all."""
            nonlocal used, settled
            if not settled:
                own = self._outage.own(tries.asked)
                counted = retry_policy.counts(answer, own=own)
                used, settled = used + counted, counted > 0
            return used >= most

        async def once() -> Answer:
            nonlocal answer, again, settled, done
            if not settled and answer.kind is not AnswerKind.THROTTLED:
                if not await self._vouched(tries.asked):
                    raise InterruptedAttemptsError(answer)
                if count():
                    return answer
                while not self._budget.take(self._clock.now()):
                    await pause(1 / self._budget.trickle)
            if changes and tries.untold:
                tries.last, tries.done, again = answer, done, True
                # A throttled try counts here: as the reads in between may succeed,
                # nothing else would end this.
                tries.used = used + (answer.kind is AnswerKind.THROTTLED)
                return answer
            answer = await self.once(request, tries, answer)
            settled, done = False, done + 1
            return answer

        def delay(_: tenacity.RetryCallState | None = None) -> float:
            return self._backoff.wait(done, answer, self._chance.random())

        async def pause(seconds: float) -> None:
            if not await self._turns.pause(seconds):
                raise InterruptedAttemptsError(answer)

        if not count():
            await pause(delay())
            retrying = tenacity.AsyncRetrying(
                retry=tenacity.retry_if_result(
                    lambda answer: retry_policy.again(answer) and not again
                ),
                stop=lambda _: count(),
                wait=delay,
                sleep=pause,
                retry_error_callback=lambda _: answer,
            )
            await retrying(once)
        return FinalAnswer(answer, self.doubt(tries), again)

    async def _vouched(self, asked: float) -> bool:
        """Wait until it is known whose fault a failed try is; False: the run stops."""
        if not self._outage.questionable(asked):
            return True
        async with self._slots or nullcontext():
            return await self._turns.vouched(asked)

    async def _probe(self, witness: Request) -> Answer:
        return await self.once(witness, Attempts(0), None, probe=True)

    async def once(
        self,
        request: Request,
        tries: Attempts,
        before: Answer | None,
        *,
        probe: bool = False,
    ) -> Answer:
        """
        Send once, in our turn; a refused credential is renewed on the way.

        *before* is what the last try got. A *probe* has its turn already.
        """
        while True:
            clock, credential = self._clock, self._credential
            slots = None if probe else self._slots
            if slots is not None:
                await slots.acquire()
            try:
                # Mostly nothing holds us back: no coroutine is made to find that out.
                if not (probe or self._turns.free() or await self._turns.comes()):
                    raise InterruptedAttemptsError(before)
                started, sent_at = clock.now(), clock.time()
                if credential.due <= sent_at:
                    await self._signed_in(before)
                    continue  # in a new turn: this one may be over
                tries.asked, tries.asked_at = started, sent_at
                if tries.started_at is None:
                    tries.started_at, tries.started = sent_at, started
                tries.sent += 1
                self._stats["requests"] += 1
                headers = self._sign(request, at=sent_at)
                reply = await self._gateway.send(request, headers)
                now = clock.now()
            finally:
                if self._outage.closed:
                    self._outage.answered(clock.now())
                if slots is not None:
                    slots.release()
            received = sent_at + (now - started)
            answer = read(reply, request=request, now=received)
            id_ = answer.request_id
            if answer.message is not None or (id_ and credential.is_quoted(id_)):
                answer = credential.concealed(answer)
            if isinstance(reply, Response):
                self.skew.observe(reply, sent=sent_at, received=received)
            self._rate.learn(now, answer, started=started)
            if not self._met:
                self._first_contact(answer)
            kind = answer.kind
            if kind in _FOR_ALL:
                answer = await self._weigh(headers, answer, probe=probe)
                kind = answer.kind
            if kind is AnswerKind.UNAUTHORIZED:  # and renewed
                if probe:
                    return answer
                continue
            if kind in retry_policy.AGAIN:
                self._failed(now, request, tries, answer, before, probe=probe)
                return answer
            # A throttled try was none: the next one is still the first.
            first = before is None or before.kind is AnswerKind.THROTTLED
            self._outage.good(started, first=first)
            self._accepted(request, headers, kind)
            return answer

    def _accepted(
        self, request: Request, headers: Mapping[str, str], kind: AnswerKind
    ) -> None:
        if not self._budget.full:
            self._budget.earn()
        if kind in self._well and (request.creates or request.method in self._vouching):
            self._outage.witness = request
        if headers is self._credential.unproven:
            self._credential.unproven = None

    def _failed(
        self,
        now: float,
        request: Request,
        tries: Attempts,
        answer: Answer,
        before: Answer | None,
        *,
        probe: bool,
    ) -> None:
        if answer.unsure:
            tries.doubted(request)
        first = (before is None or before.kind is AnswerKind.THROTTLED) and not probe
        self._turns.failed(
            now, request, answer, started=tries.asked, first=first, probe=probe
        )

    async def _weigh(
        self, headers: Mapping[str, str], answer: Answer, *, probe: bool
    ) -> Answer:
        """
        Return what an *answer* counts as that condemns the whole run.

        It stays if the credential was renewed. Otherwise it is believed before anything
        has succeeded. Afterwards it is a failed try, and the witness gives a second
        opinion (see `outage`): only where that *probe* is answered so as well, the run
        stops.
        """
        refused = answer.kind is AnswerKind.UNAUTHORIZED
        why = None
        if refused:
            why = await self._credential.renew(headers, answer)
            if self._brake.stopped is not None:
                raise InterruptedAttemptsError(answer)
            if why is None:
                return answer
        witnessed = self._outage.witness is not None
        if witnessed and not probe:
            return replace(
                answer, kind=AnswerKind.BUSY if refused else AnswerKind.BROKEN
            )
        if why is None and not witnessed:
            return answer
        why = why or (
            "answers no longer come from SWR: the last request that succeeded, sent "
            f"again, was answered {said(answer)}. Look for a proxy, a sign-in page or "
            "maintenance on the way to the endpoint"
        )
        self._brake.stop(why, exit_code=3)
        raise InterruptedAttemptsError(answer)

    async def _signed_in(self, before: Answer | None) -> None:
        if not await self._credential.ready():
            raise InterruptedAttemptsError(before)

    def _first_contact(self, answer: Answer) -> None:
        if answer.kind is AnswerKind.UNREACHABLE:
            self._brake.stop(
                f"the endpoint cannot be reached: {answer.message}. Check --endpoint "
                "or --region (the management host starts with swr-api), the network, "
                "HTTPS_PROXY, and --cacert if its certificate is not trusted",
                exit_code=3,
            )
        elif answer.kind is not AnswerKind.UNAUTHORIZED and not (
            self._credential.locks
            and retry_policy.again(answer)  # nothing is proven yet
        ):
            self._met = True
            self.contact.set()
