"""
Shell. Another registry's pages: one request at a time, tried again, signed in.

`retrying` is not used: it speaks SWR's codes, shares an outage among workers and signs
for IAM. Here one request at a time only reads.
"""

import random
from collections.abc import Callable, Mapping
from typing import NamedTuple

import tenacity

from bulkrepo.core.clock import Clock
from bulkrepo.core.errors import StoppedError
from bulkrepo.engine import retry_policy
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.http.transport import Transport
from bulkrepo.migration.remote import (
    authentication,
    docker_credentials,
    errors,
    pagination,
    product_discovery,
    products,
    urls,
)
from bulkrepo.swr import responses
from bulkrepo.swr.answers import Answer, Limit

_RATE = Limit(10, 1.0)
"""Requests, at most: it is somebody else's registry."""
_TRIES = 5
_PATIENCE = 600.0
"""Seconds that a registry may ask us to wait."""


class _Exchange(NamedTuple):
    reply: Response | TransportFailure
    answer: Answer


class RegistryFetcher:
    """
    Asks one registry, in turn, until an answer is one to act on.

    *login* finds the credential, once it is known for what product. Raises
    StoppedError for what cannot be listed.
    """

    def __init__(
        self,
        gateway: Transport,
        place: urls.RegistryUrl,
        *,
        registry: str | None,
        login: Callable[
            [products.RegistryProduct], docker_credentials.RegistryLogin | None
        ],
        clock: Clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._gateway, self._clock, self._chance = gateway, clock, chance
        self._place, self._registry, self._login = place, registry, login
        self._rate, self._backoff = FixedRateLimiter(_RATE), retry_policy.Backoff()
        self._product: products.RegistryProduct | None = None
        self._access: authentication.RegistryAuth | None = None
        self._contact = False

    @property
    def told(self) -> str:
        """Say what is listed, and as whom."""
        product, named = self._product, self._access and self._access.named
        who = f"signed in by {named}" if named else "as anybody sees it"
        if product is not None and product.public and not named:
            who += f": what is not public is not listed. To list it, {product.wanted}"
        return (
            f"{self._place.origin}: {product.title if product else 'not known'}, {who}"
        )

    async def begin(self) -> pagination.Conversation:
        """Find out what answers there, and give the conversation that lists it."""
        conversation = product_discovery.discovery(self._place, self._registry)
        try:
            url = next(conversation)
            while True:
                url = conversation.send(await self._asked(Request("GET", url), {}))
        except StopIteration as found:
            product: products.RegistryProduct = found.value
        self._product = product
        self._access = authentication.RegistryAuth(
            self._place, product, self._login(product)
        )
        return pagination.pages(self._place, product)

    async def page(self, url: str) -> Response:
        """Give the answer to the page *url*; what shows who asks is renewed once."""
        access = self._access
        if access is None:
            raise RuntimeError("nothing has begun")
        request = Request("GET", url, limit=pagination.MOST)
        renewed = False
        while True:
            asking = access.due(self._clock.now())
            if asking is not None:
                reply = await self._asked(asking, asking.headers)
                access.accept(reply, self._clock.now())
            reply = await self._asked(request, access.headers)
            if reply.status != 401 or renewed or not access.refused(reply):
                return reply
            renewed = True

    def refusal(
        self, url: str, reply: Response | TransportFailure, *, less: str | None = None
    ) -> StoppedError:
        """Say why *url* is not listed, and what to do; *less* is what can be had."""
        access = self._access
        return StoppedError(
            errors.refusal(
                url,
                reply,
                self._product,
                named=access.named if access else None,
                secrets=access.secrets() if access else (),
                less=less,
            )
        )

    async def _asked(self, request: Request, headers: Mapping[str, str]) -> Response:
        """Ask until it is answered; what fails for good is the reply of the last."""

        async def once() -> _Exchange:
            await self._turn()
            started = self._clock.now()
            reply = await self._gateway.send(request, headers)
            answer = responses.read(reply, request=request, now=self._clock.time())
            self._rate.learn(self._clock.now(), answer, started=started)
            # Who cannot be reached at the very first is more often a wrong host.
            if isinstance(reply, TransportFailure) and not (
                self._contact or reply.sent
            ):
                raise self.refusal(request.path, reply)
            self._contact = True
            return _Exchange(reply, answer)

        def again(heard: _Exchange) -> bool:
            return retry_policy.again(heard.answer)

        def delay(state: tenacity.RetryCallState) -> float:
            tried = state.attempt_number
            return self._backoff.wait(tried, last(state).answer, self._chance())

        def last(state: tenacity.RetryCallState) -> _Exchange:
            heard: _Exchange = state.outcome.result()  # type: ignore[union-attr]
            return heard

        trying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_result(again),
            stop=tenacity.stop_after_attempt(_TRIES),
            wait=delay,
            sleep=self._pause,
            retry_error_callback=last,
        )
        heard: _Exchange = await trying(once)
        if isinstance(heard.reply, TransportFailure) or again(heard):
            raise self.refusal(request.path, heard.reply)
        return heard.reply

    async def _turn(self) -> None:
        while (wait := self._rate.reserve(self._clock.now())) > 0:
            await self._pause(wait)

    async def _pause(self, seconds: float) -> None:
        if seconds > _PATIENCE:
            raise StoppedError(
                f"{self._place.origin}: asks to wait for {seconds:.0f} seconds, which "
                "is too long. Nothing was written"
            )
        await self._clock.sleep(seconds)
