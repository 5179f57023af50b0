"""Wiring. `bulkrepo whoami`: sign in, look at the organizations, and say it all."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import msgspec

from bulkrepo import signin
from bulkrepo.answers import said
from bulkrepo.api import VERSION
from bulkrepo.brake import Brake
from bulkrepo.client import Client, trusted
from bulkrepo.exchange import Exchange, InterruptedTriesError, Limits, Tries
from bulkrepo.logs import configure
from bulkrepo.model import StoppedError
from bulkrepo.rate import Fixed
from bulkrepo.settings import duration
from bulkrepo.signin import SignIn
from bulkrepo.visible import escape
from bulkrepo.wire import Answer, Kind, Limit, organizations

_RATE = Limit(10, 1.0)
_TIMEOUT = 30.0
_RIGHTS = {7: "manage", 3: "edit", 1: "read"}
"""What `auth` of an organization means. Source: SWR API reference."""


class _Organization(msgspec.Struct, frozen=True):
    name: str
    auth: int


class _Listed(msgspec.Struct, frozen=True):
    namespaces: list[_Organization]


class _Clock:
    now = staticmethod(time.monotonic)
    time = staticmethod(time.time)
    sleep = staticmethod(asyncio.sleep)


async def run(options: dict[str, Any]) -> int:
    """
    Print who we are and what we may; 1 if organizations may not be listed.

    Raises StoppedError if nobody signs us in, or SWR does not answer.
    """
    async with AsyncExitStack() as stack:
        log = configure(quiet=True)
        found = await signin.whole(stack, options, log)
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
    print("\n".join(lines(found, answer)))  # noqa: T201 - what was asked for
    return int(answer.kind is not Kind.DONE)


async def _organizations(client: Client, found: SignIn, *, patience: float) -> Answer:
    clock = _Clock()
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
    try:
        answer = (await exchange.ask(organizations(), Tries(0))).answer
    except InterruptedTriesError as error:
        stop = brake.stopped
        raise StoppedError(stop.reason if stop else "stopped") from error
    if answer.kind is Kind.FORBIDDEN:
        return answer
    what = said(answer)
    if answer.kind is Kind.DONE:
        try:
            msgspec.convert(answer.seen, type=_Listed)
        except msgspec.ValidationError as error:
            what = str(error)
        else:
            return answer
    raise StoppedError(
        f"{found.endpoint} does not list organizations as SWR would ({what}). Check "
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
    listed = msgspec.convert(answer.seen, type=_Listed).namespaces
    yield f"organizations  {len(listed) or 'none'}"
    for each in sorted(listed, key=lambda each: each.name):
        right = _RIGHTS.get(each.auth, "unknown")
        yield f"  {escape(each.name)}: {right} ({each.auth})"
