"""Shell. One credential for all workers: renewed once for all of them, then dead."""

import asyncio
from collections.abc import Mapping

from msgspec import structs

from bulkrepo.answers import said
from bulkrepo.auth import Auth
from bulkrepo.brake import Brake
from bulkrepo.model import SettingsError
from bulkrepo.redact import conceal
from bulkrepo.wire import Answer, Request

_PROBE = Request("GET", "/")


class Credential:
    """Signs requests, and stops the run when there is nothing left to sign with."""

    def __init__(self, auth: Auth, brake: Brake) -> None:
        self._auth, self._brake = auth, brake
        self._renewing = asyncio.Lock()
        self._unproven: Mapping[str, str] | None = None  # renewed, not yet accepted

    def sign(self, request: Request) -> Mapping[str, str]:
        """Give the headers that make *request* ours."""
        return self._auth.sign(request)

    def concealed(self, answer: Answer) -> Answer:
        """Give *answer* without what it quotes of the credential."""
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

    def accepted(self, headers: Mapping[str, str]) -> None:
        """Learn that a request with *headers* was not refused."""
        if headers is self._unproven:
            self._unproven = None

    async def renewed(self, refused: Mapping[str, str], answer: Answer) -> bool:
        """
        Renew what was *refused* once for everybody; False: it is dead, the run ends.

        A renewed one that was never accepted is not renewed again.
        """
        async with self._renewing:
            if self._brake.stopped is not None:
                return False
            if self._auth.sign(_PROBE) is not refused:
                return True  # somebody renewed it while our request was on its way
            hint = "set a new one, for this region and project"
            try:
                if refused is not self._unproven and self._auth.renew():
                    self._unproven = self._auth.sign(_PROBE)
                    return True
            except SettingsError as error:
                hint = str(error)
            self._brake.stop(
                f"the credential is refused ({said(answer)}). It comes from "
                f"{self._auth.name}: {hint}",
                exit_code=3,
            )
            return False
