"""
Pure. Who we are: what goes on a request, and what to do when it is refused.

Reading files is the caller's: a way to sign in gets functions, and holds values.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from bulkrepo.model import SettingsError
from bulkrepo.wire import Request

TOKEN_VARIABLES = ("SWR_TOKEN", "HW_AUTH_TOKEN", "OS_AUTH_TOKEN")
"""Environment variables that hold a token; the first that is set wins."""


class Auth(Protocol):
    """A way to sign in."""

    name: str

    def sign(self, request: Request) -> Mapping[str, str]:
        """Give the headers that make *request* ours."""
        ...

    def renew(self) -> bool:
        """Get something newer than what was refused; False: there is nothing."""
        ...

    def secrets(self) -> tuple[str, ...]:
        """Give what must never be shown."""
        ...


class Token:
    """
    A ready token, from the environment or from a file that is read again on a 401.

    *read* gives the text; *name* says where it comes from, for messages.
    """

    def __init__(self, name: str, read: Callable[[], str]) -> None:
        self.name = name
        self._read = read
        self._had: dict[str, None] = {}  # in the order that they came
        self._headers = {"X-Auth-Token": self._token()}

    def sign(self, request: Request) -> Mapping[str, str]:  # noqa: ARG002 - protocol
        """Give the token header; the same mapping until it is renewed."""
        return self._headers

    def renew(self) -> bool:
        """Read the token again; False if it is the same one."""
        token = self._token()
        if token == self._headers["X-Auth-Token"]:
            return False
        self._headers = {"X-Auth-Token": token}
        return True

    def secrets(self) -> tuple[str, ...]:
        """Give the token, and those that it replaced."""
        return tuple(self._had)

    def _token(self) -> str:
        token = self._read().strip()
        if not token:
            raise SettingsError(f"{self.name} holds no token: it is empty")
        if not token.isascii() or not token.isprintable() or " " in token:
            raise SettingsError(
                f"{self.name} does not hold a token: it has blanks, line breaks or "
                "characters outside ASCII in it"
            )
        self._had[token] = None
        return token


def choose(
    environment: Mapping[str, str],
    *,
    token_file: str | None,
    read_file: Callable[[str], str],
) -> Auth:
    """
    Give the first credential that is there: `--token-file`, then the environment.

    Raises SettingsError, which says what to set, when there is none.
    """
    if token_file is not None:
        return Token(token_file, lambda: read_file(token_file))
    variable = next((name for name in TOKEN_VARIABLES if environment.get(name)), None)
    if variable is not None:
        return Token(variable, lambda: environment[variable])
    raise SettingsError(
        "no credential: set SWR_TOKEN to an IAM token, or give --token-file FILE "
        "(to try things out without an account, add --sandbox)"
    )
