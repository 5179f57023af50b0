"""
Pure. The credential for a registry: from the environment, else from docker login.

Sources: docker login, in Docker's CLI reference (`config.json`, credential stores and
helpers); containers-auth.json(5), the same form with other keys.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from bulkrepo.core.errors import SettingsError

USER = "BULKREPO_REGISTRY_USER"
PASSWORD = "BULKREPO_REGISTRY_PASSWORD"  # noqa: S105 - a variable's name
TOKEN = "BULKREPO_REGISTRY_TOKEN"  # noqa: S105 - likewise

_HUB = "https://index.docker.io/v1/"
"""Docker's key for the credential of Docker Hub; Podman's is `docker.io`."""
_HUBS = frozenset(
    {"index.docker.io", "docker.io", "registry-1.docker.io", "hub.docker.com"}
)

_IDENTITY = "<token>"
"""The user name with which a credential helper returns an identity token."""


class RegistryLogin(msgspec.Struct, frozen=True, kw_only=True):
    """
    A credential, and where it was found (*named*).

    *token* is sent as it is; *identity* is exchanged for one by a token service.
    """

    named: str
    user: str = ""
    password: str = ""
    token: str = ""
    identity: str = ""

    @property
    def basic(self) -> str | None:
        """The `Authorization` header for a password; None without one."""
        if not self.password:
            return None
        pair = f"{self.user}:{self.password}".encode()
        return "Basic " + base64.b64encode(pair).decode()

    def secrets(self) -> tuple[str, ...]:
        """Give what nobody may see."""
        basic = (self.basic or "").removeprefix("Basic ")
        return tuple(filter(None, (self.password, self.token, self.identity, basic)))

    def __repr__(self) -> str:
        return f"Login({self.named})"

    def __rich_repr__(self) -> Any:
        yield repr(self)


class DockerConfig(NamedTuple):
    """Docker's configuration file, or Podman's: its *path*, and its text if there."""

    path: str
    text: str | None


Helper = Callable[[str, str], bytes | None]
"""Runs a credential helper for a server; returns its output, None if it has nothing."""


def from_environment(environment: Mapping[str, str]) -> RegistryLogin | None:
    """Return what the environment says. Raises SettingsError for half a credential."""
    user, password, token = (environment.get(name) for name in (USER, PASSWORD, TOKEN))
    if token and (user or password):
        raise SettingsError(
            f"{TOKEN} and {USER if user else PASSWORD}: set one of them"
        )
    if bool(user) is not bool(password):
        there, missing = (USER, PASSWORD) if user else (PASSWORD, USER)
        raise SettingsError(f"{there} is set, but {missing} is not: set it too")
    if user and password:
        return _checked(
            RegistryLogin(named=f"{USER} and {PASSWORD}", user=user, password=password)
        )
    return _checked(RegistryLogin(named=TOKEN, token=token)) if token else None


def from_docker(
    host: str, docker: DockerConfig, helper: Helper
) -> RegistryLogin | None:
    """
    Return Docker's credential for the registry *host*, with its port if not default.

    Raises SettingsError for a file that cannot be read.
    """
    if docker.text is None:
        return None
    try:
        config = msgspec.json.decode(docker.text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        # Without the error's own text, which may quote a secret.
        raise SettingsError(f"{docker.path}: is no JSON object") from None
    program, server = _helper(config, host)
    if program:
        answer = helper(program, server)
        login = answer and _of_helper(answer, f"docker-credential-{program}")
        if login:
            return _checked(login)
    for key in _keys(_object(config, "auths"), host):
        login = _of_entry(_object(_object(config, "auths"), key), docker.path, key)
        if login is not None:
            return _checked(login)
    return None


def _helper(config: Mapping[str, Any], host: str) -> tuple[str, str]:
    """Return the helper for *host*, empty if none, and the server to ask it about."""
    helpers = _object(config, "credHelpers")
    for key in _keys(helpers, host):
        return str(helpers[key]), key
    server = _HUB if host in _HUBS else host
    # Docker keeps an empty entry under the name by which the store knows it.
    server = next(_keys(_object(config, "auths"), host), server)
    return str(config.get("credsStore") or ""), server


def _keys(entries: Mapping[str, Any], host: str) -> Iterator[str]:
    """Yield the keys of *entries* that mean *host*, the exact one first."""
    if host in entries:
        yield host
    for key in entries:
        if key != host and host in _names(key):
            yield key


def _names(key: str) -> frozenset[str]:
    """Return the hosts that *key* stands for; old ones are URLs."""
    host = key.partition("://")[2].partition("/")[0] or key.partition("/")[0]
    return _HUBS if host in _HUBS else frozenset({host})


def _of_helper(answer: bytes, named: str) -> RegistryLogin | None:
    try:
        found = msgspec.json.decode(answer, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SettingsError(f"{named}: its answer is no JSON object") from None
    user, secret = str(found.get("Username") or ""), str(found.get("Secret") or "")
    if not secret:
        return None
    if user == _IDENTITY:
        return RegistryLogin(named=named, identity=secret)
    return RegistryLogin(named=named, user=user, password=secret)


def _of_entry(entry: Mapping[str, Any], path: str, key: str) -> RegistryLogin | None:
    named = f"{path} ({key})"
    user, password = str(entry.get("username") or ""), str(entry.get("password") or "")
    pair = entry.get("auth")
    if pair:
        try:
            text = base64.b64decode(str(pair), validate=True).decode()
        except (binascii.Error, ValueError):
            raise SettingsError(
                f"{named}: auth is not base64 of name:password"
            ) from None
        user, _, password = text.partition(":")
        password = password.rstrip("\0")
    identity = str(entry.get("identitytoken") or "")
    token = str(entry.get("registrytoken") or "")
    login = RegistryLogin(
        named=named,
        user=user,
        password="" if identity or token else password,
        token=token,
        identity="" if token else identity,
    )
    return login if login.password or login.token or login.identity else None


def _checked(login: RegistryLogin) -> RegistryLogin:
    """Return *login*, if it can be sent in a header."""
    for text in (login.user, login.password, login.token, login.identity):
        if not text.isprintable():
            raise SettingsError(f"{login.named}: has characters that nobody can type")
    if not (login.token + login.identity).isascii() or " " in login.token:
        raise SettingsError(f"{login.named}: is no token: has other than plain ASCII")
    return login


def _object(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}
