"""Pure. Where credentials are looked for, and what is found there."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bulkrepo.swr.auth.protocol import Auth


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """SWR's *endpoint*, and its *region* and IAM's URL if known."""

    endpoint: str
    region: str | None = None
    iam: str | None = None


class FoundCredential(msgspec.Struct, frozen=True, kw_only=True):
    """
    A credential that was found. *build* returns a way to sign in at a place.

    *region*, *auth_url* and *cacert* are what the credential says about the place.
    """

    build: Callable[[Target], Auth]
    region: str | None = None
    auth_url: str | None = None
    auth_url_named: str = "auth_url"
    cacert: str | None = None
    cacert_named: str = "cacert"


class ProviderContext(msgspec.Struct, frozen=True, kw_only=True):
    """
    Where to look.

    *read_file* takes a path and the name of its setting; *keys_file* is the vendor's
    credentials file at its usual place, if it exists; *load_cloud* returns a cloud of
    clouds.yaml by name. *hide* is called with whatever no log may show.
    """

    environment: Mapping[str, str]
    read_file: Callable[[str, str], str]
    load_cloud: Callable[[str], Mapping[str, Any]]
    hide: Callable[[str], None]
    token_file: str | None = None
    keys_file: str | None = None

    def __repr__(self) -> str:
        return "Given(an environment)"

    def __rich_repr__(self) -> Any:
        yield repr(self)

    def at(self, *names: str) -> str | None:
        """Return the value of the first of these variables that is not empty."""
        found = (self.environment.get(name, "").strip() for name in names)
        return next(filter(None, found), None)
