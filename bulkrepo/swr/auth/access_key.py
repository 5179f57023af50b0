"""Pure. Signing requests with an access key and a secret key."""

from collections.abc import Mapping
from datetime import UTC, datetime

from bulkrepo.http.messages import Request
from bulkrepo.swr.answers import Answer
from bulkrepo.swr.auth.protocol import StaticCredential, sendable
from bulkrepo.swr.auth.signature import host, signed

_CLOCK = 60.0
"""Seconds of clock difference from which on a refusal is blamed on it."""

_PARTS = {
    "access_key": "key",
    "secret_key": "key",
    "security_token": "token",
    "project_id": "project id",
}


class AccessKey(StaticCredential):
    """
    An access key and a secret key, which sign every request to *endpoint* afresh.

    *security_token* belongs to temporary keys. *project_id* is needed if the project is
    not the region's default one. *names* says where these parts come from, for
    messages.
    """

    locks = True

    def __init__(
        self,
        *,
        endpoint: str,
        access_key: str,
        secret_key: str,
        security_token: str | None = None,
        project_id: str | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._names = {name: name for name in _PARTS} | dict(names or {})
        self.name = f"{self._names['access_key']} and {self._names['secret_key']}"
        self._endpoint = endpoint.rstrip("/")
        self._access_key = self._checked("access_key", access_key)
        self._secret_key = self._checked("secret_key", secret_key)
        self._fixed: dict[str, str] = {}
        self.facts: Mapping[str, str] = {}
        if security_token is not None:
            token = self._checked("security_token", security_token)
            self._fixed["X-Security-Token"] = token
        if project_id is not None:
            project = self._checked("project_id", project_id)
            self._fixed["X-Project-Id"] = project
            self.facts = {"project_id": project}
        # Set Host, so that the HTTP library does not write another form of it.
        self._sent = {**self._fixed, "Host": host(self._endpoint)}

    def _checked(self, part: str, text: str) -> str:
        return sendable(text, name=self._names[part], what=f"a {_PARTS[part]}")

    def sign(self, request: Request, *, at: float) -> Mapping[str, str]:
        """Return the headers with a signature of *request* at *at*, for one try."""
        date = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
        signature = signed(
            request.method,
            self._endpoint + request.path,
            self._fixed,
            request.body or b"",
            access_key=self._access_key,
            secret_key=self._secret_key,
            date=date,
        )
        return {**self._sent, "X-Sdk-Date": date, "Authorization": signature}

    def holds(self, headers: Mapping[str, str]) -> bool:  # noqa: ARG002
        """Return True: there are no other keys."""
        return True

    def advice(self, answer: Answer, *, ahead: float) -> str:
        """Say which part to check, or that the clock is wrong."""
        message = (answer.message or "").lower()
        access_key, secret_key = (self._names[n] for n in ("access_key", "secret_key"))
        if abs(ahead) >= _CLOCK:
            way = "behind" if ahead > 0 else "ahead of"
            return (
                f"this machine's clock is {abs(ahead) / 60:.0f} minutes {way} the "
                "service's, and signatures are valid for a short time only: set the "
                "clock"
            )
        if "reach the limit" in message:
            return (
                "the key is locked after wrong signatures: wait five minutes, then "
                f"check {secret_key}"
            )
        if (answer.code or "").endswith(".0310"):
            return (
                f"check {self._names['project_id']}: it must be the id of a project in "
                "the endpoint's region; for the region's own project, unset it"
            )
        temporary = "X-Security-Token" in self._fixed
        if "not exist" in message:
            less = (
                ""
                if temporary
                else (
                    f"; a temporary key needs {self._names['security_token']} as well"
                )
            )
            return f"check {access_key}: this cloud has no such access key{less}"
        if temporary:
            return (
                "the temporary key may have expired: set all three parts again. "
                f"Otherwise check {secret_key}"
            )
        return f"check {access_key} and {secret_key}, which belong together"

    def secrets(self) -> tuple[str, ...]:
        """Return both keys, and the security token of temporary ones."""
        temporary = self._fixed.get("X-Security-Token")
        keys = (self._secret_key, self._access_key)
        return keys if temporary is None else (*keys, temporary)
