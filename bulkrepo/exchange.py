"""
Shell. One request until its answer is one to act on: turns, tries, and who we are.

The first attempt goes straight; only a second one meets tenacity, whose loop costs as
much as a request.
"""

import asyncio
import random
from collections import Counter

import msgspec
import tenacity

from bulkrepo import events, retry
from bulkrepo.answers import read, said
from bulkrepo.auth import Auth
from bulkrepo.brake import Brake, Clock
from bulkrepo.credential import Credential
from bulkrepo.flows import Heard
from bulkrepo.gateway import Gateway
from bulkrepo.outage import Outage
from bulkrepo.rate import RateControl
from bulkrepo.skew import Skew
from bulkrepo.wire import Answer, Kind, Reply, Request

FEW = 3
"""So many rows in trouble at once may be the rows' own fault, more is an outage."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How hard to try. *patience* and *deadline* are seconds."""

    concurrency: int = 64
    max_attempts: int = 5
    patience: float = 600.0
    deadline: float | None = None
    max_failures: int | None = None


class InterruptedTriesError(Exception):
    """The run stops while this row waits; *answer* is the last one, if any."""

    def __init__(self, answer: Answer | None) -> None:
        super().__init__()
        self.answer = answer


class Tries:
    """Requests sent for one row, when the first left, and the first unsure one."""

    __slots__ = ("sent", "started", "started_at", "unsure_at")

    def __init__(self, sent: int) -> None:
        self.sent = sent
        self.started = 0.0
        self.started_at: float | None = None
        self.unsure_at: float | None = None


class Exchange:
    """
    Asks SWR, for all workers: they share the rate, the credential and the clock.

    *contact* is set once the service has answered anything at all.
    """

    def __init__(
        self,
        gateway: Gateway,
        auth: Auth,
        rate: RateControl,
        *,
        clock: Clock,
        brake: Brake,
        limits: Limits,
        stats: Counter[str],
    ) -> None:
        self.contact = asyncio.Event()
        self.skew = Skew()
        self._gateway, self._rate = gateway, rate
        self._credential = Credential(
            auth,
            brake,
            gateway=gateway,
            clock=clock,
            patience=limits.patience,
            skew=self.skew,
        )
        self._clock, self._brake, self._limits = clock, brake, limits
        self._stats = stats
        self._log = events.logger()
        self._backoff = retry.Backoff()
        self._chance = random.Random()  # noqa: S311 - jitter
        self._gate = asyncio.Lock()
        # Workers are as many as requests may be in flight, unless those are few.
        few = limits.concurrency <= FEW
        self._slots = asyncio.Semaphore(limits.concurrency) if few else None
        self._began = clock.now()
        self._last_good = float("-inf")
        self._troubled = 0
        self._outage = Outage()
        self._last_trouble = ""

    @property
    def waiting(self) -> str | None:
        """Say why nothing moves, if the service is out: what it answered last."""
        return self._last_trouble if self._outage.closed else None

    async def ask(self, request: Request, tries: Tries) -> Heard:
        """Ask until the answer is one to act on, or the tries are used up."""
        began = self._clock.now()
        answer = await self._once(request, tries, None)
        if retry.again(answer):
            answer = await self._ask_again(request, tries, answer, began=began)
        return Heard(answer, tries.unsure_at)

    async def _ask_again(
        self, request: Request, tries: Tries, answer: Answer, *, began: float
    ) -> Answer:
        """Second and later tries: tenacity keeps the loop, we count and wait."""
        asked = began
        used = int(retry.counts(answer, healthy=self._healthy(asked, began)))

        async def once() -> Answer:
            nonlocal answer, asked, used
            asked = self._clock.now()
            answer = await self._once(request, tries, answer)
            used += retry.counts(answer, healthy=self._healthy(asked, began))
            return answer

        def enough(_: tenacity.RetryCallState) -> bool:
            self._lose_patience(answer)
            return used >= self._limits.max_attempts

        def delay(state: tenacity.RetryCallState | None) -> float:
            done = 1 + (state.attempt_number if state is not None else 0)
            return self._backoff.wait(done, answer, self._chance.random())

        async def pause(seconds: float) -> None:
            if not await self._brake.pause(min(seconds, self._limits.patience)):
                raise InterruptedTriesError(answer)

        if used >= self._limits.max_attempts:
            return answer
        self._troubled += 1
        try:
            self._lose_patience(answer)
            await pause(delay(None))
            again = tenacity.AsyncRetrying(
                retry=tenacity.retry_if_result(retry.again),
                stop=enough,
                wait=delay,
                sleep=pause,
                retry_error_callback=lambda _: answer,
            )
            last: Answer = await again(once)
        finally:
            self._troubled -= 1
        return last

    def _healthy(self, asked: float, began: float) -> bool:
        """
        Whether an error of a try made at *asked* is the row's own.

        It is if anybody succeeded since; at the end of a list, where nobody else is
        left to succeed, also if few rows are in trouble and one succeeded since the
        row was begun, at *began*.
        """
        if self._last_good >= asked:
            return True
        return self._troubled <= FEW and self._last_good >= began

    def _lose_patience(self, answer: Answer) -> None:
        patience = self._limits.patience
        good = max(self._began, self._last_good)
        if self._clock.now() - good > patience:
            self._brake.stop(
                f"nothing succeeded for {patience:g} s (--patience); the last answer: "
                f"{said(answer)}",
                exit_code=3,
            )
            raise InterruptedTriesError(answer)

    async def _once(
        self, request: Request, tries: Tries, before: Answer | None
    ) -> Answer:
        """Send once, in our turn; a refused credential is renewed on the way."""
        while True:
            clock, slots, credential = self._clock, self._slots, self._credential
            if slots is not None:
                await slots.acquire()
            try:
                # Mostly nothing holds us back: then no coroutine is made to find out.
                if not self._free() and not await self._turn_comes():
                    raise InterruptedTriesError(before)
                started, sent_at = clock.now(), clock.time()
                if credential.due <= sent_at:
                    await self._signed_in(before)
                    continue  # in a turn of its own: this one may be over
                if tries.started_at is None:
                    tries.started_at, tries.started = sent_at, started
                tries.sent += 1
                self._stats["requests"] += 1
                headers = credential.sign(request, at=sent_at)
                reply = await self._gateway.send(request, headers)
                now = clock.now()
            finally:
                if self._outage.closed:
                    self._outage.answered(clock.now())
                if slots is not None:
                    slots.release()
            received = sent_at + (now - started)
            answer = read(reply, request=request, now=received)
            if answer.message is not None:
                answer = self._credential.concealed(answer)
            if isinstance(reply, Reply):
                self.skew.observe(reply, sent=sent_at, received=received)
            self._rate.learn(now, answer, started=started)
            if not self.contact.is_set():
                self._first_contact(answer)
            if answer.kind is Kind.UNAUTHORIZED:
                if await self._credential.renewed(headers, answer):
                    continue
                raise InterruptedTriesError(answer)
            if answer.unsure and request.creates and tries.unsure_at is None:
                tries.unsure_at = sent_at
            if retry.again(answer):
                if answer.kind is Kind.THROTTLED:
                    self._held_back(answer)
                else:
                    self._in_trouble(now, answer)
                self._log.debug(
                    "request.failed",
                    method=request.method,
                    path=request.path,
                    status=answer.status,
                    code=answer.code,
                )
            else:
                self._last_good = now
                self._outage.good()
                self._credential.accepted(headers)
            return answer

    async def _signed_in(self, before: Answer | None) -> None:
        if not await self._credential.ready():
            raise InterruptedTriesError(before)

    def _held_back(self, answer: Answer) -> None:
        """Count a throttled answer; to wait longer than we may is to stop."""
        self._stats["throttled"] += 1
        seconds, patience = answer.retry_after or 0.0, self._limits.patience
        if seconds > patience:
            self._brake.stop(
                f"the service asks to wait {seconds:g} s, longer than {patience:g} s "
                "(--patience)",
                exit_code=3,
            )

    def _in_trouble(self, now: float, answer: Answer) -> None:
        u, was_closed = self._chance.random(), self._outage.closed
        retry_after = min(answer.retry_after or 0.0, self._limits.patience)
        self._outage.trouble(now, u=u, retry_after=retry_after)
        self._last_trouble = f"the service is out: {said(answer)}"
        if self._outage.closed and not was_closed:
            self._log.warning("service.out", last_answer=said(answer))

    def _first_contact(self, answer: Answer) -> None:
        if answer.kind is Kind.UNREACHABLE:
            self._brake.stop(
                f"the endpoint cannot be reached: {answer.message}. Check --endpoint "
                "or --region, the network, and HTTPS_PROXY",
                exit_code=3,
            )
        elif answer.kind is not Kind.UNAUTHORIZED and not (
            self._credential.locks and retry.again(answer)  # nothing is proven yet
        ):
            self.contact.set()

    def _free(self) -> bool:
        """Whether a request may leave at once, and is booked."""
        return (
            self._brake.stopped is None
            and not self._outage.closed
            and not self._gate.locked()
            and self._rate.reserve(self._clock.now()) <= 0
        )

    async def _turn_comes(self) -> bool:
        """Wait until one more request may leave; False: the run stops first."""
        async with self._gate:  # one waiter asks at a time, first come first served
            while True:
                if self._brake.stopped is not None:
                    return False
                now = self._clock.now()
                seconds = self._outage.wait(now) or self._rate.reserve(now)
                if seconds <= 0:
                    self._outage.left()
                    return True
                if seconds > self._limits.patience and not self._rate.given:
                    self._brake.stop(
                        f"the service allows no request for {seconds:.0f} s, longer "
                        f"than {self._limits.patience:g} s (--patience)",
                        exit_code=3,
                    )
                    return False
                # Held back for long: another rule may come to hold meanwhile.
                if not await self._brake.pause(min(seconds, 5.0)):
                    return False
