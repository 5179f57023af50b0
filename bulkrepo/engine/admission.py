"""Shell. Turns: when the next request of any worker may leave, and why not yet."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bulkrepo.core import loggers
from bulkrepo.core.clock import Clock
from bulkrepo.engine.cancellation import CancellationToken
from bulkrepo.engine.circuit_breaker import CircuitBreaker
from bulkrepo.engine.ratelimit import RateLimiter
from bulkrepo.http.messages import Request
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.responses import said

_LONG = 5.0
"""Seconds that the service asks to wait: from here on it is logged."""


class AdmissionControl:
    """
    Lets requests leave as the rate allows, and during an outage only probes.

    *probe* sends a request whose turn it is. After *patience* seconds without any
    success the run stops.
    """

    def __init__(
        self,
        rate: RateLimiter,
        *,
        clock: Clock,
        brake: CancellationToken,
        patience: float,
        stats: Counter[str],
        probe: Callable[[Request], Awaitable[object]],
    ) -> None:
        self.outage = CircuitBreaker()
        self._rate, self._clock, self._brake = rate, clock, brake
        self._patience, self._stats, self._probe = patience, stats, probe
        self._log = loggers.logger()
        self._chance = random.Random()  # noqa: S311 - jitter
        self._gate, self._waiters = asyncio.Lock(), 0
        self._last_answer = ""
        self._held = (float("-inf"), float("-inf"))  # since when, until when

    @property
    def waiting(self) -> str | None:
        """Say why nothing moves: the service is out, or asked to be left alone."""
        if self.outage.out:
            return f"the service is out: {self._last_answer}"
        (since, until), now = self._held, self._clock.now()
        if now < until and self.outage.good_at < since:
            return f"the service asks to wait, for {until - now:.0f} s more"
        return None

    def free(self) -> bool:
        """Whether a request may leave at once; if so, it is booked."""
        return (
            self._waiters == 0
            and self._brake.stopped is None
            and not self.outage.closed
            and self._rate.reserve(self._clock.now()) <= 0
        )

    async def comes(self) -> bool:
        """Wait until one more request may leave; False: the run stops first."""
        async with self._queue():
            while await self._may_leave():
                if not self.outage.closed or self.outage.witness is None:
                    self.outage.left()
                    return True
                await self._ask(self.outage.witness)
            return False

    async def vouched(self, asked: float) -> bool:
        """
        Wait until it is known whether a try made at *asked* failed by its row's fault.

        See `circuit_breaker`. Nobody else starts meanwhile. False: the run stops first.
        """
        async with self._queue():
            while self.outage.questionable(asked) and self.outage.witness is not None:
                if not await self._may_leave():
                    return False
                await self._ask(self.outage.witness)
        return True

    @asynccontextmanager
    async def _queue(self) -> AsyncIterator[None]:
        """Wait in line: one asks at a time, first come first served."""
        self._waiters += 1
        try:
            async with self._gate:
                yield
        finally:
            self._waiters -= 1

    async def _ask(self, witness: Request) -> None:
        self._stats["probes"] += 1
        self.outage.left()
        await self._probe(witness)

    async def _may_leave(self) -> bool:
        """Wait until the next turn, and book it; False: the run stops first."""
        while self._brake.stopped is None:
            now, ours = self._clock.now(), False
            seconds = self.outage.wait(now)
            if seconds <= 0:
                seconds = self._rate.reserve(now)
                if seconds <= 0:
                    return True
                # Waiting for our own pace does not count as silence of the service.
                ours = now >= self._rate.until
            if seconds > self._patience and not self._rate.given:
                self._brake.stop(
                    f"the service allows no request for {seconds:,.0f} s, longer "
                    f"than {self._patience:,.10g} s (--patience)",
                    exit_code=3,
                )
                break
            # Not longer at once: meanwhile another rule may apply.
            seconds = min(seconds, 5.0)
            if ours:
                if not await self._brake.pause(seconds):
                    break
                self.outage.excuse(self._clock.now() - now)
            elif not await self.pause(seconds):
                break
        return False

    async def pause(self, seconds: float) -> bool:
        """Wait, at most until the patience is over; False: the run stops."""
        left = self._patience - self.outage.silence(self._clock.now())
        if not await self._brake.pause(min(seconds, left)):
            return False
        if self.outage.silence(self._clock.now()) < self._patience:
            return True
        self._brake.stop(
            f"nothing succeeded for {self._patience:,.10g} s (--patience); the last "
            f"answer: {self._last_answer}",
            exit_code=3,
        )
        return False

    def failed(
        self,
        now: float,
        request: Request,
        answer: Answer,
        *,
        started: float,
        first: bool,
        probe: bool,
    ) -> None:
        """Learn of an *answer* worth another try, to a *first* one or to a *probe*."""
        self._log.debug(
            "request.failed",
            method=request.method,
            path=request.path,
            status=answer.status,
            code=answer.code,
        )
        self._last_answer = said(answer)
        seconds, patience = answer.retry_after or 0.0, self._patience
        if answer.kind is AnswerKind.THROTTLED:
            self._stats["throttled"] += 1
            self.outage.refused(started)
            if seconds > patience:
                self._brake.stop(
                    f"the service asks to wait {seconds:,.10g} s, longer than "
                    f"{patience:,.10g} s (--patience)",
                    exit_code=3,
                )
        else:
            was_out = self.outage.out
            self.outage.trouble(
                now,
                started=started,
                u=self._chance.random(),
                retry_after=min(seconds, patience),
                first=first,
                probe=probe,
            )
            if self.outage.out and not was_out:
                self._log.warning("service.out", last_answer=self._last_answer)
        self._wished(now, min(seconds, patience))

    def _wished(self, now: float, seconds: float) -> None:
        """Log that the service asks for a long wait, once for all who are told so."""
        since, until = self._held
        if seconds < _LONG or now + seconds < until + 1:
            return
        self._held = (now if now >= until else since, now + seconds)
        self._log.warning(
            "service.asked_to_wait", seconds=seconds, last_answer=self._last_answer
        )
