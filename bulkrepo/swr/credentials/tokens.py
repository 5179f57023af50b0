"""Pure. IAM tokens from a file or the environment."""

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

    return FoundCredential(build=lambda _: Token(path, read))


def from_environment(given: ProviderContext) -> FoundCredential | None:
    """Return the token of the first variable that is set."""
    name = next((name for name in TOKENS if given.at(name)), None)
    if name is None:
        return None
    return FoundCredential(build=lambda _: Token(name, lambda: given.environment[name]))
