"""Asks SWR for our organizations, once and patiently."""

from collections import Counter

from bulkrepo.core.errors import StoppedError
from bulkrepo.core.system_clock import SystemClock
from bulkrepo.engine import retry_policy
from bulkrepo.engine.cancellation import CancellationToken
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.retrying import (
    Attempts,
    InterruptedAttemptsError,
    RetryingClient,
    RetryLimits,
)
from bulkrepo.http.client import Client
from bulkrepo.runs.sign_in import SignIn
from bulkrepo.swr.answers import Answer, AnswerKind, Limit
from bulkrepo.swr.requests import organizations
from bulkrepo.swr.responses import said

_RATE = Limit(10, 1.0)


async def list_organizations(
    client: Client, found: SignIn, *, patience: float
) -> Answer:
    """Return what SWR says of our organizations; StoppedError if it does not."""
    clock = SystemClock()
    brake = CancellationToken(clock)
    exchange = RetryingClient(
        client,
        found.auth,
        FixedRateLimiter(_RATE),
        clock=clock,
        brake=brake,
        limits=RetryLimits(concurrency=1, patience=patience),
        stats=Counter(),
    )
    request, tries = organizations(), Attempts(0)
    try:
        answer = await exchange.once(request, tries, None)
        if answer.status == 200 and answer.kind is not AnswerKind.DONE:
            # Another service, which will not get better; or an answer cut short.
            answer = await exchange.glance(request)
        elif retry_policy.again(answer):
            answer = (await exchange.ask_again(request, tries, answer)).answer
    except InterruptedAttemptsError as error:
        stop = brake.stopped
        raise StoppedError(stop.reason if stop else "stopped") from error
    if answer.kind in (AnswerKind.FORBIDDEN, AnswerKind.DONE):
        return answer
    raise StoppedError(
        f"{found.endpoint} does not list organizations ({said(answer)}). Check "
        "--endpoint or --region: the management host starts with swr-api"
    )
