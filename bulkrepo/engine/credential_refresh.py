"""Shell. One credential for all workers, which is signed in and renewed only once."""

import asyncio
import random
from collections.abc import Mapping

from msgspec import structs

from bulkrepo.core import loggers
from bulkrepo.core.clock import Clock
from bulkrepo.core.errors import SettingsError
from bulkrepo.core.redaction import conceal
from bulkrepo.engine import retry_policy
from bulkrepo.engine.cancellation import CancellationToken
from bulkrepo.http.clock_skew import ClockSkew
from bulkrepo.http.messages import Request, Response
from bulkrepo.http.transport import Transport
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.auth.protocol import FIRST, NEVER, Auth
from bulkrepo.swr.responses import read, said

_PROBE = Request("GET", "/")
_BARE: Mapping[str, str] = {}
"""Extra headers for IAM: none, because nobody is signed in yet."""

_LONG_ID = 64
"""Characters of a request id above which it is looked at closely."""

_LATER = 15.0
"""Seconds until an early renewal is tried again."""

_SHORTEST = 1.0
"""Minimum seconds between two sign-ins, however soon a token expires."""

_UNANSWERED = 3
"""Sign-ins that may go unanswered while the password is not yet known to be right."""


class CredentialRefresher:
    """
    Renews what requests are signed with, and stops the run when it cannot.

    *patience* is how many seconds IAM may keep us waiting. From the epoch second `due`
    on, `ready` must be called before a request is signed. `unproven` are the headers
    of a renewed credential until SWR accepts them.
    """

    def __init__(
        self,
        auth: Auth,
        brake: CancellationToken,
        *,
        gateway: Transport,
        clock: Clock,
        patience: float,
        skew: ClockSkew,
    ) -> None:
        self.due = auth.due
        self._auth, self._brake = auth, brake
        self._gateway, self._clock = gateway, clock
        self._patience, self._skew = patience, skew
        self._log = loggers.logger()
        self._backoff = retry_policy.Backoff()
        self._chance = random.Random()  # noqa: S311 - jitter
        self._renewing = asyncio.Lock()
        self._reached = False
        self.unproven: Mapping[str, str] | None = None

    @property
    def locks(self) -> bool:
        """Whether a few refusals lock the credential for a while."""
        return self._auth.locks

    def concealed(self, answer: Answer) -> Answer:
        """Return *answer* without anything it quotes from the credential."""
        secrets = self._auth.secrets()
        said = (answer.code, answer.message, answer.request_id)
        code, message, request_id = (
            text if text is None else conceal(text, secrets) for text in said
        )
        if (code, message, request_id) == said:
            return answer
        return structs.replace(
            answer, code=code, message=message, request_id=request_id
        )

    def is_quoted(self, request_id: str) -> bool:
        """Tell whether *request_id* may quote the credential, by a quick look."""
        return len(request_id) > _LONG_ID or any(
            secret in request_id for secret in self._auth.secrets()
        )

    async def ready(self) -> bool:
        """
        Sign in before the first request, or again before a token expires.

        The first time all workers wait; later the others continue with the old token.
        False: IAM refuses, and the run ends.
        """
        ahead = self.due > FIRST
        if ahead:
            self.due = self._clock.time() + _LATER
        async with self._renewing:
            if self._brake.stopped is not None:
                return False
            if self._auth.due > self._clock.time():  # another worker did it meanwhile
                return True
            request = self._auth.login()
            if request is None:
                self.due = NEVER
                return True
            return await self._sign_in(request, ahead=ahead)

    async def renew(self, refused: Mapping[str, str], answer: Answer) -> str | None:
        """
        Renew what was *refused*, once for all workers; return why it cannot be renewed.

        A renewed credential that was never accepted is not renewed again. None also if
        the run stopped meanwhile.
        """
        async with self._renewing:
            if self._brake.stopped is not None or not self._auth.holds(refused):
                return None  # another worker renewed it while our request was in flight
            hint = self._auth.advice(answer, ahead=self._skew.apart)
            try:
                if refused is not self.unproven and await self._newer():
                    self.unproven = self._auth.sign(_PROBE, at=self._clock.time())
                    return None
            except SettingsError as error:
                hint = str(error)
            return (
                f"SWR refuses the credential from {self._auth.name} ({said(answer)}): "
                f"{hint}"
            )

    async def _newer(self) -> bool:
        request = self._auth.login()
        if request is None:
            return self._auth.renew()
        return await self._sign_in(request, ahead=False)

    async def _sign_in(self, request: Request, *, ahead: bool) -> bool:
        """
        Ask IAM until it says yes or no; a no, or no answer in time, stops the run.

        *ahead* of time it is asked only once: the present token is still good.
        """
        began, tries = self._clock.now(), 0
        while True:
            at = self._clock.time()
            reply = await self._gateway.send(request, _BARE)
            answer = read(reply, request=request, now=self._clock.time())
            answer = self.concealed(answer)
            if isinstance(reply, Response) and not retry_policy.again(answer):
                self._reached = True
                return self._conclude(reply, answer, at=at)
            if ahead:
                self.due += answer.retry_after or 0.0
                return True
            tries += 1
            left = began + self._patience - self._clock.now()
            wait = self._wait(tries, answer)
            why = self._hopeless(answer, tries=tries, left=left - wait)
            if why is not None:
                self._brake.stop(why, exit_code=3)
                return False
            self._reached = self._reached or isinstance(reply, Response)
            self._log.debug("credential.failed", last_answer=said(answer))
            if not await self._brake.pause(wait):
                return False

    def _conclude(self, reply: Response, answer: Answer, *, at: float) -> bool:
        why = self._auth.accept(reply, answer, at=at)
        if why is not None:
            self._brake.stop(why, exit_code=3)
            return False
        self.due = max(self._auth.due, self._clock.time() + _SHORTEST)
        self._log.info(
            "credential.issued",
            signed_in_by=self._auth.name,
            expires_at=self._auth.facts.get("expires_at"),
        )
        return True

    def _wait(self, tries: int, answer: Answer) -> float:
        """Return the seconds to wait; IAM's throttling has no rate control."""
        busy = structs.replace(answer, kind=AnswerKind.BUSY)
        return self._backoff.wait(tries, busy, self._chance.random())

    def _hopeless(self, answer: Answer, *, tries: int, left: float) -> str | None:
        """Return why IAM is not asked again, or None."""
        if answer.kind is AnswerKind.UNREACHABLE and not self._reached:
            return (
                f"IAM cannot be reached: {answer.message}. Check --iam-endpoint "
                "(SWR_IAM_ENDPOINT) or --region, the network, HTTPS_PROXY, and "
                "--cacert if its certificate is not trusted"
            )
        unproven = self.due == FIRST and answer.kind is AnswerKind.UNSURE
        if unproven and tries >= _UNANSWERED:
            return (
                f"IAM did not answer {tries} sign-ins ({answer.message}); more might "
                "lock the user if the password is wrong. Try again later"
            )
        if left <= 0:
            return (
                f"IAM gave no token within {self._patience:,.10g} s (--patience); its "
                f"last answer: {said(answer)}"
            )
        return None
