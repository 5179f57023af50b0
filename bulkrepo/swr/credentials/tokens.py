"""Pure. IAM tokens from a file or the environment."""

from collections.abc import Callable

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.redaction import SHORTEST
from bulkrepo.swr.auth.token import Token
from bulkrepo.swr.credentials.lookup import FoundCredential, ProviderContext

TOKENS = ("SWR_TOKEN", "HW_AUTH_TOKEN", "OS_AUTH_TOKEN", "OS_TOKEN")


def from_file(given: ProviderContext) -> FoundCredential | None:
    """Return the token of `--token-file`, which is read again when refused."""
    path = given.token_file
    if path is None:
        return None

    def read() -> str:
        token = given.read_file(path, "--token-file")
        given.hide(token.strip())
        return token

    return FoundCredential(build=lambda _: build_token(path, read))


def from_environment(given: ProviderContext) -> FoundCredential | None:
    """Return the token of the first variable that is set."""
    name = next((name for name in TOKENS if given.at(name)), None)
    if name is None:
        return None
    return FoundCredential(
        build=lambda _: build_token(name, lambda: given.environment[name])
    )


def build_token(name: str, read: Callable[[], str]) -> Token:
    """Return a token; SettingsError if it is too short to be one and to be hidden."""

    def read_token() -> str:
        text = read()
        if 0 < len(text.strip()) < SHORTEST:
            raise SettingsError(
                f"{name} does not hold a token: it has fewer than {SHORTEST} characters"
            )
        return text

    return Token(name, read_token)
