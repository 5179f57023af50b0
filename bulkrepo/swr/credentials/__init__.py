"""
Pure. Which credential is used: the first one found, or the one chosen by `--auth`.

Names are those of the Terraform providers, the vendor's SDK and OpenStack. An
incomplete credential is an error that names the missing part: a typing error must not
sign anybody in as somebody else.
"""

from collections.abc import Callable

from bulkrepo.core.errors import SettingsError
from bulkrepo.swr.credentials import access_keys, clouds_yaml, passwords, tokens
from bulkrepo.swr.credentials.lookup import FoundCredential, ProviderContext

METHODS = {
    "token": "set SWR_TOKEN to an IAM token, or give --token-file FILE",
    "aksk": "set HW_ACCESS_KEY and HW_SECRET_KEY",
    "password": "set HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME and "
    "HW_PROJECT_NAME",
    "cloud": "set OS_CLOUD to a cloud in clouds.yaml",
}
"""Values of `--auth` -> what to set for them."""


def find(given: ProviderContext, *, method: str | None = None) -> FoundCredential:
    """
    Return the first credential found, of *method* if one is chosen.

    Raises SettingsError, which says what to set, if there is none or it is incomplete.
    """
    if given.token_file is not None and method not in (None, "token"):
        raise SettingsError(f"--auth {method} and --token-file: give only one of them")
    for kind, look in _ORDER:
        if method in (None, kind) and (source := look(given)) is not None:
            return source
    if method is not None:
        raise SettingsError(f"--auth {method}: none is set: {METHODS[method]}")
    ways = "; or ".join(METHODS.values())
    raise SettingsError(
        f"no credential: {ways} (to try bulkrepo without an account, add --sandbox)"
    )


_ORDER: tuple[tuple[str, Callable[[ProviderContext], FoundCredential | None]], ...] = (
    ("token", tokens.from_file),
    ("token", tokens.from_environment),
    ("aksk", access_keys.from_environment),
    ("aksk", access_keys.from_named_file),
    ("password", passwords.from_environment),
    ("cloud", clouds_yaml.from_cloud),
    # Settings made on purpose come before a file that merely exists.
    ("aksk", access_keys.from_usual_file),
)
