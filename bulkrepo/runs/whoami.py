"""Asks SWR for our organizations, once and patiently."""

from collections import Counter

from bulkrepo.core.errors import StoppedError
from bulkrepo.core.system_clock import Clock
from bulkrepo.engine import retry_policy
from bulkrepo.engine.cancellation import Brake
from bulkrepo.engine.ratelimit.fixed import Fixed
from bulkrepo.engine.retrying import Exchange, InterruptedTriesError, Limits, Tries
from bulkrepo.http.client import Client
from bulkrepo.runs.sign_in import SignIn
from bulkrepo.swr.answers import Answer, Kind, Limit
from bulkrepo.swr.requests import organizations
from bulkrepo.swr.responses import said

_RATE = Limit(10, 1.0)


async def list_organizations(
    client: Client, found: SignIn, *, patience: float
) -> Answer:
    """Return what SWR says of our organizations; StoppedError if it does not."""
    clock = Clock()
    brake = Brake(clock)
    exchange = Exchange(
        client,
        found.auth,
        Fixed(_RATE),
        clock=clock,
        brake=brake,
        limits=Limits(concurrency=1, patience=patience),
        stats=Counter(),
    )
    request, tries = organizations(), Tries(0)
    try:
        answer = await exchange.once(request, tries, None)
        if answer.status == 200 and answer.kind is not Kind.DONE:
            # Another service, which will not get better; or an answer cut short.
            answer = await exchange.glance(request)
        elif retry_policy.again(answer):
            answer = (await exchange.ask_again(request, tries, answer)).answer
    except InterruptedTriesError as error:
        stop = brake.stopped
        raise StoppedError(stop.reason if stop else "stopped") from error
    if answer.kind in (Kind.FORBIDDEN, Kind.DONE):
        return answer
    raise StoppedError(
        f"{found.endpoint} does not list organizations ({said(answer)}). Check "
        "--endpoint or --region: the management host starts with swr-api"
    )
