"""`bulkrepo whoami`: sign in, look at the organizations, and say it all."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

from bulkrepo.cli.durations import duration
from bulkrepo.cli.logs import configure
from bulkrepo.core import stdio
from bulkrepo.core.text import escape
from bulkrepo.core.version import VERSION
from bulkrepo.http.client import Client
from bulkrepo.http.tls import trusted
from bulkrepo.runs import sign_in
from bulkrepo.runs.sign_in import SignIn
from bulkrepo.runs.whoami import list_organizations
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.responses import said

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
        found = await sign_in.whole(stack, options, log.hide)
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
        answer = await list_organizations(client, found, patience=patience)
    stdio.say("".join(f"{line}\n" for line in lines(found, answer)))
    return int(answer.kind is not AnswerKind.DONE)


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
    if answer.kind is not AnswerKind.DONE:
        yield f"organizations  may not be listed ({escape(said(answer))})"
        return
    listed = answer.seen.namespaces
    yield f"organizations  {len(listed) or 'none'}"
    for each in sorted(listed, key=lambda each: each.name):
        right = _RIGHTS.get(each.auth or 0, "unknown")
        yield f"  {escape(each.name)}: {right} ({each.auth})"
