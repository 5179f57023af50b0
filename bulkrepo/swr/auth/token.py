"""Pure. A ready token."""

from collections.abc import Callable, Mapping

from bulkrepo.http.messages import Request
from bulkrepo.swr.answers import Answer
from bulkrepo.swr.auth.protocol import StaticCredential, check_token


class Token(StaticCredential):
    """
    A ready token, from the environment or from a file that is read again on a 401.

    *read* returns the text; *name* says where it comes from, for messages.
    """

    def __init__(self, name: str, read: Callable[[], str]) -> None:
        self.name = name
        self.facts: Mapping[str, str] = {}
        self._read = read
        self._had: dict[str, None] = {}  # in order of arrival
        self._headers = {"X-Auth-Token": self._token()}

    def sign(
        self,
        request: Request,  # noqa: ARG002 - protocol
        *,
        at: float,  # noqa: ARG002 - protocol
    ) -> Mapping[str, str]:
        """Return the token header; the same mapping until it is renewed."""
        return self._headers

    def holds(self, headers: Mapping[str, str]) -> bool:
        """Whether *headers* carry the token read last."""
        return headers is self._headers

    def renew(self) -> bool:
        """Read the token again; False if it is the same one."""
        token = self._token()
        if token == self._headers["X-Auth-Token"]:
            return False
        self._headers = {"X-Auth-Token": token}
        return True

    def advice(self, answer: Answer, *, ahead: float) -> str:  # noqa: ARG002
        """Say that a new token is needed."""
        return "set a new token, for this region and project"

    def secrets(self) -> tuple[str, ...]:
        """Return the token and those it replaced."""
        return tuple(self._had)

    def _token(self) -> str:
        token = check_token(self._read(), name=self.name)
        self._had[token] = None
        return token
