"""Pure. The URL of a listing, checked and taken apart."""

import re
from collections.abc import Sequence
from pathlib import PurePath
from urllib.parse import parse_qsl, urlsplit

import msgspec

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.text import anonymous, escape
from bulkrepo.http import urls
from bulkrepo.migration import mapping

_URL = re.compile(r"https?://", re.IGNORECASE)
_SCHEME = re.compile(r"\w[\w+.-]*://")
_FILES = frozenset(
    {".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".txt", ".csv", ".xlsx", ".html"}
)
"""Suffixes of files, although a host might end in one."""
_PORTS = {"http": 80, "https": 443}

_SECRETS = frozenset(
    {"private_token", "access_token", "job_token", "token", "password", "api_key"}
)
"""Query parameters that carry secrets, which shells and proxies would keep."""

_ADVICE = (
    "set BULKREPO_REGISTRY_USER and BULKREPO_REGISTRY_PASSWORD, or "
    "BULKREPO_REGISTRY_TOKEN, or use docker login"
)


class RegistryUrl(msgspec.Struct, frozen=True):
    """
    Where a listing is: *origin* is scheme and host; *host* has its port if not default.

    *path* is raw, without a slash at its end; *query* is raw.
    """

    origin: str
    host: str
    path: str
    query: str

    @property
    def segments(self) -> list[str]:
        """The segments of the path."""
        return [segment for segment in self.path.split("/") if segment]

    @property
    def stem(self) -> str:
        """A file's name for this listing, without a suffix."""
        return re.sub(r"[^\w.-]+", "-", self.host + self.path, flags=re.ASCII)


def is_url(source: str) -> bool:
    """Tell whether *source* is a URL, and not a file."""
    return _URL.match(source) is not None


def place(source: str) -> RegistryUrl:
    """
    Take the URL *source* apart.

    Raises SettingsError if it carries a secret, for plain HTTP to another machine, and
    for an invalid URL. Secrets are not repeated.
    """
    try:
        parts = urlsplit(source)
        host, port = parts.hostname, parts.port
    except ValueError:  # a bracket that does not close, a port out of range
        raise SettingsError(f"{_shown(source)}: is no URL") from None
    if "@" in parts.netloc:
        raise SettingsError(
            f"{_shown(source)}: leave name and password out of the URL: others see "
            f"it. Instead, {_ADVICE}"
        )
    if not host or port == 0 or not re.fullmatch(r"[!-~]+", source):
        raise SettingsError(
            f"{_shown(source)}: is no URL: write https://HOST/PATH in ASCII"
        )
    if parts.fragment or source.endswith("#"):
        raise SettingsError(f"{source}: leave out what follows #")
    told = {name.lower() for name, _ in parse_qsl(parts.query)}
    if told & _SECRETS:
        raise SettingsError(
            f"{source.partition('?')[0]}: leave the secret out of the URL: others see "
            f"it. Instead, {_ADVICE}"
        )
    if parts.scheme == "http" and not urls.loopback(host):
        raise SettingsError(
            f"{source}: plain http is not used, except on this machine: write "
            "https://, or save the listing (curl -si) and import the file"
        )
    name = f"[{host}]" if ":" in host else host
    odd = port is not None and port != _PORTS[parts.scheme]
    name = f"{name}:{port}" if odd else name
    return RegistryUrl(
        f"{parts.scheme}://{name}", name, parts.path.rstrip("/"), parts.query
    )


def mistaken(source: str) -> str | None:
    """
    Say what is wrong with *source*, which is no file, if it was meant as a URL.

    A login in it is not repeated.
    """
    shown, name = escape(anonymous(source)), PurePath(source)
    if _SCHEME.match(source):
        return f"{shown}: is no file, and of URLs only https://HOST/PATH can be read"
    host, _, path = source.partition("/")
    if "@" in source and ":" in source.partition("@")[0]:
        return (
            f"{shown}: is no file, and of a registry the URL is wanted, without name "
            f"and password: https://HOST. Instead of these, {_ADVICE}"
        )
    if mapping.is_host(host) and (path or name.suffix.lower() not in _FILES):
        return f"{shown}: is no file; to list a registry, write https://{shown}"
    return None


def _shown(source: str) -> str:
    """Return *source* without what may be a password."""
    return escape(anonymous(source).partition("?")[0])


def checked(sources: Sequence[str]) -> None:
    """Raise SettingsError unless the URLs among *sources* are of one registry."""
    origins = {place(source).origin for source in sources if is_url(source)}
    if len(origins) > 1:
        raise SettingsError(
            f"{' and '.join(sorted(origins))}: give one registry at a time, so that "
            "no credential goes to another one"
        )
