"""Pure. What a way to sign in can do, and what the ready ones need not."""

from collections.abc import Mapping
from typing import Protocol

from bulkrepo.model import SettingsError
from bulkrepo.wire import Answer, Reply, Request

FIRST, NEVER = float("-inf"), float("inf")
"""When to sign in: before the first request, or not at all."""


class Auth(Protocol):
    """
    A way to sign in.

    *name* says where it comes from. *due* is the epoch second from which on to sign in
    anew, or `FIRST`, or `NEVER`. *locks*: a few refusals lock it, so one request goes
    alone until it is proven. *facts* is who we are, as far as it is known.
    """

    name: str
    due: float
    locks: bool
    facts: Mapping[str, str]

    def sign(self, request: Request, *, at: float) -> Mapping[str, str]:
        """Give the headers that make *request*, which leaves at *at*, ours."""
        ...

    def holds(self, headers: Mapping[str, str]) -> bool:
        """Whether *headers* were made of what we have now, and not of older things."""
        ...

    def renew(self) -> bool:
        """Get something newer than what was refused; False: there is nothing."""
        ...

    def login(self) -> Request | None:
        """Give what to ask IAM to get something newer; None: IAM is not asked."""
        ...

    def accept(self, reply: Reply, answer: Answer, *, at: float) -> str | None:
        """
        Take IAM's *reply*, read as *answer*, to what was asked at *at* (epoch seconds).

        Give None if we are signed in, else why not and what to do. Not for answers
        that deserve another try.
        """
        ...

    def advice(self, answer: Answer, *, ahead: float) -> str:
        """
        Say what to do about SWR's refusal *answer*, where nothing newer is to be had.

        *ahead* is the seconds that SWR's clock is ahead of ours, for certain.
        """
        ...

    def secrets(self) -> tuple[str, ...]:
        """Give what must never be shown."""
        ...


class Ready:
    """What needs no signing in."""

    due = NEVER
    locks = False

    def renew(self) -> bool:
        """Have nothing newer."""
        return False

    def login(self) -> Request | None:
        """Have nothing to ask."""
        return None

    def accept(self, reply: Reply, answer: Answer, *, at: float) -> str | None:
        """Learn nothing: nothing was asked."""
        raise AssertionError(reply.status, answer.kind, at)


def sendable(text: str, *, name: str, what: str) -> str:
    """
    Give *text* without blanks around it, if a header can carry it.

    Raises SettingsError, which says *name* and never the text.
    """
    text = text.strip()
    if not text:
        raise SettingsError(f"{name} holds no {what.removeprefix('a ')}: it is empty")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise SettingsError(
            f"{name} does not hold {what}: it has blanks, line breaks or characters "
            "outside ASCII in it"
        )
    return text
