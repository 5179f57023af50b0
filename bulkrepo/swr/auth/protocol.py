"""Pure. The protocol of a way to sign in, and defaults for those that need none."""

from collections.abc import Mapping
from typing import Protocol

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.redaction import SHORTEST
from bulkrepo.http.messages import Request, Response
from bulkrepo.swr.answers import Answer

FIRST, NEVER = float("-inf"), float("inf")
"""When to sign in: before the first request, or not at all."""


class Auth(Protocol):
    """
    A way to sign in.

    *name* says where it comes from. *due* is the epoch second from which on to sign in
    again, or `FIRST`, or `NEVER`. *locks*: a few refusals lock it, so one request goes
    alone until it is accepted. *facts* tells who we are, as far as known.
    """

    name: str
    due: float
    locks: bool
    facts: Mapping[str, str]

    def sign(self, request: Request, *, at: float) -> Mapping[str, str]:
        """Return the headers that authenticate *request*, sent at *at* (epoch s)."""
        ...

    def holds(self, headers: Mapping[str, str]) -> bool:
        """Whether *headers* were made from the present credential, not an older one."""
        ...

    def renew(self) -> bool:
        """Get a newer credential than the refused one; False: there is none."""
        ...

    def login(self) -> Request | None:
        """Return the request to IAM for a newer credential; None: IAM is not asked."""
        ...

    def accept(self, reply: Response, answer: Answer, *, at: float) -> str | None:
        """
        Take IAM's *reply*, read as *answer*, to a request sent at *at* (epoch seconds).

        Return None if we are signed in, else why not and what to do. Not for answers
        that are worth a retry.
        """
        ...

    def advice(self, answer: Answer, *, ahead: float) -> str:
        """
        Say what to do about SWR's refusal *answer* when there is nothing newer.

        *ahead* is by how many seconds SWR's clock is certainly ahead of ours.
        """
        ...

    def secrets(self) -> tuple[str, ...]:
        """Return what must never be shown."""
        ...


class StaticCredential:
    """A credential that needs no signing in."""

    due = NEVER
    locks = False

    def renew(self) -> bool:
        """Return False: there is nothing newer."""
        return False

    def login(self) -> Request | None:
        """Return None: IAM is not asked."""
        return None

    def accept(self, reply: Response, answer: Answer, *, at: float) -> str | None:
        """Fail: nothing was asked."""
        raise AssertionError(reply.status, answer.kind, at)


def check_token(text: str, *, name: str) -> str:
    """
    Return the token in *text*, if a header can carry it and the log can hide it.

    Raises SettingsError that gives *name* and never the text.
    """
    token = sendable(text, name=name, what="a token")
    if len(token) < SHORTEST:
        raise SettingsError(
            f"{name} does not hold a token: it has fewer than {SHORTEST} characters"
        )
    return token


def sendable(text: str, *, name: str, what: str) -> str:
    """
    Return *text* without surrounding blanks, if a header can carry it.

    Raises SettingsError that gives *name* and never the text.
    """
    text = text.strip()
    if not text:
        raise SettingsError(f"{name} is empty: it must hold {what}")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise SettingsError(
            f"{name} does not hold {what}: it contains blanks, line breaks or "
            "non-ASCII characters"
        )
    return text
