"""Wiring. `bulkrepo whoami`: sign in, look at the organizations, and say it all."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

from bulkrepo.cli.logs import configure
from bulkrepo.core.rows import StoppedError
from bulkrepo.core.text import escape
from bulkrepo.engine import retry_policy
from bulkrepo.engine.cancellation import Brake
from bulkrepo.engine.ratelimit.fixed import Fixed
from bulkrepo.engine.retrying import Exchange, InterruptedTriesError, Limits, Tries
from bulkrepo.http.client import Client, trusted
from bulkrepo.reports import files
from bulkrepo.runs import sign_in
from bulkrepo.runs.runner import VERSION, Clock
from bulkrepo.runs.settings import duration
from bulkrepo.runs.sign_in import SignIn
from bulkrepo.swr.requests import Answer, Kind, Limit, Organization, organizations
from bulkrepo.swr.responses import said

_RATE = Limit(10, 1.0)
_TIMEOUT = 30.0
_RIGHTS = {7: "manage", 3: "edit", 1: "read"}
"""What `auth` of an organization means. Source: SWR API reference."""


async def run(options: dict[str, Any]) -> int:
    """
    Print who we are and what we may; 1 if organizations may not be listed.

    Raises StoppedError if nobody signs us in, or SWR does not answer.
    """
    async with AsyncExitStack() as stack:
        log = configure(quiet=True)
        found = await sign_in.whole(stack, options, log)
        patience = duration(options["patience"])
        client = await stack.enter_async_context(
            Client(
                found.endpoint,
                timeout=min(_TIMEOUT, patience),
                connections=1,
                user_agent=f"bulkrepo/{VERSION}",
                tls=trusted(options["cacert"]),
            )
        )
        answer = await _organizations(client, found, patience=patience)
    files.say("".join(f"{line}\n" for line in lines(found, answer)))
    return int(answer.kind is not Kind.DONE)


async def _organizations(client: Client, found: SignIn, *, patience: float) -> Answer:
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


def lines(found: SignIn, answer: Answer) -> Iterator[str]:
    """Give what is known, a line each; what is not known has none."""
    facts = found.auth.facts
    project = facts.get("project")
    project_id = facts.get("project_id")
    if project and project_id:
        project = f"{project} ({project_id})"
    for name, value in (
        ("signed in by", found.auth.name),
        ("user", facts.get("user")),
        ("domain", facts.get("domain")),
        ("project", project or project_id),
        ("token expires", facts.get("expires_at")),
        ("endpoint", found.endpoint),
        ("IAM endpoint", found.iam),
    ):
        if value is not None:
            yield f"{name:<14} {escape(value)}"
    if answer.kind is not Kind.DONE:
        yield f"organizations  may not be listed ({escape(said(answer))})"
        return
    listed: list[Organization] = answer.seen.namespaces
    yield f"organizations  {len(listed) or 'none'}"
    for each in sorted(listed, key=lambda each: each.name):
        right = _RIGHTS.get(each.auth or 0, "unknown")
        yield f"  {escape(each.name)}: {right} ({each.auth})"
