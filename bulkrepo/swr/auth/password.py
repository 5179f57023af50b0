"""Pure. Signing in to IAM with a name and a password."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from msgspec import structs

from bulkrepo.core.errors import SettingsError
from bulkrepo.http.messages import Request, Response
from bulkrepo.swr import endpoints
from bulkrepo.swr.answers import Answer
from bulkrepo.swr.auth import iam
from bulkrepo.swr.auth.protocol import FIRST, NEVER, sendable

_MARGIN, _SHARE = 300.0, 0.2
"""Renew a token this many seconds, or this share of its lifetime, before its end."""


_PARTS = ("user", "password", "domain", "project", "project_domain", "passcode")


def _nobody(_: str) -> None:
    """Ignore a secret: there is no log to hide it from."""


class Password:
    """
    A password: signs in to IAM once for a token, and again before the token ends.

    *names* says where `user`, `password`, `domain`, `project`, `project_domain` and
    `passcode` come from, for messages. *hide* is called with every token, so that no
    log shows it.

    Raises SettingsError if *login* would send the password in the clear.
    """

    locks = False

    def __init__(
        self,
        login: iam.Login,
        *,
        name: str = "the password given",
        names: Mapping[str, str] | None = None,
        hide: Callable[[str], None] = _nobody,
    ) -> None:
        self.name = name
        self.due = FIRST
        self.facts: Mapping[str, str] = {}
        endpoint = endpoints.checked_iam(login.endpoint, named="IAM's endpoint")
        self._login = structs.replace(login, endpoint=endpoint)
        self._hide = hide
        self._names = {part: part for part in _PARTS} | dict(names or {})
        self._had: dict[str, None] = {}
        self._headers: Mapping[str, str] = {}

    def sign(
        self,
        request: Request,  # noqa: ARG002 - protocol
        *,
        at: float,  # noqa: ARG002 - protocol
    ) -> Mapping[str, str]:
        """Return the token header; the same mapping until there is a newer token."""
        return self._headers

    def holds(self, headers: Mapping[str, str]) -> bool:
        """Whether *headers* carry the newest token."""
        return headers is self._headers

    def renew(self) -> bool:
        """Return False: only IAM has newer tokens."""
        return False

    def login(self) -> Request | None:
        """Return the request for a token; None if the one-time passcode is used up."""
        spent = self._login.passcode is not None and self._headers
        return None if spent else iam.ask(self._login)

    def accept(self, reply: Response, answer: Answer, *, at: float) -> str | None:
        """Take the token, and work out when to request the next one."""
        token = reply.headers.get(iam.TOKEN_HEADER) if reply.status < 300 else None
        if not token:
            return iam.advice(reply, answer, self._names, self._login)
        try:
            token = sendable(token, name="IAM's answer", what="a token")
        except SettingsError as error:
            return str(error)
        self._hide(token)
        self._had[token] = None
        self._headers = {"X-Auth-Token": token}
        issued = iam.issued(reply)
        self.facts, self.due = issued.facts, NEVER
        if issued.lifetime is not None:
            ends = at + issued.lifetime
            stamp = datetime.fromtimestamp(ends, UTC).isoformat(timespec="seconds")
            self.facts = {**issued.facts, "expires_at": stamp}
            if self._login.passcode is None:
                self.due = ends - min(_MARGIN, issued.lifetime * _SHARE)
        return None

    def advice(self, answer: Answer, *, ahead: float) -> str:  # noqa: ARG002
        """Say that the token is for another place, or needs a new passcode."""
        if self._login.passcode is not None:
            return (
                "a passcode works once: run the command again with a new "
                f"{self._names['passcode']}"
            )
        return (
            "IAM gives a token, but SWR does not accept it: check that "
            f"{self._names['project']} is in the same region as the endpoint"
        )

    def secrets(self) -> tuple[str, ...]:
        """Return the password, the passcode and all tokens so far."""
        kept = (self._login.password, self._login.passcode, *self._had)
        return tuple(secret for secret in kept if secret)
