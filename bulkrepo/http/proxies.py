"""Edge. The proxy for a host, from the environment."""

from base64 import b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import getproxies, proxy_bypass

from bulkrepo.core.errors import SettingsError
from bulkrepo.http.urls import loopback


class Proxy(NamedTuple):
    """
    A proxy's *url*, and the *headers* for it alone.

    Credentials for it are only in the headers, because URLs appear in messages.
    """

    url: str
    headers: Mapping[str, str] | None = None


def proxy(target: str) -> Proxy | None:
    """
    Return the proxy that the environment names for the URL *target*.

    This machine is never reached through a proxy: secrets may go to it over plain HTTP,
    and a proxy would carry them elsewhere. Raises SettingsError as `parsed` does.
    """
    parts = urlsplit(target)
    host = parts.hostname
    if host is None or loopback(host) or proxy_bypass(host):
        return None
    said = getproxies().get(parts.scheme)
    return parsed(said, named=f"{parts.scheme.upper()}_PROXY") if said else None


def parsed(text: str, *, named: str) -> Proxy:
    """
    Parse `[http://][USER:PASSWORD@]HOST[:PORT]` as curl does; *named* is its variable.

    Raises SettingsError that quotes nothing of *text*: it may contain a password.
    """
    whole = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname, parts.port
    except ValueError:  # not a valid port
        host = port = None
    # After an unescaped sign, the rest of a password would become host, port or path.
    if not host or "@" in "".join(parts[2:]):
        raise SettingsError(
            f"{named} is not a proxy URL: write http://HOST:PORT, or "
            "http://USER:PASSWORD@HOST:PORT with / as %2F, @ as %40, # as %23 and ? "
            "as %3F in USER and PASSWORD"
        )
    if parts.scheme not in ("http", "https"):
        raise SettingsError(
            f"{named} names an unsupported kind of proxy: use one with http:// or "
            "https://"
        )
    address = f"[{host}]" if ":" in host else host
    url = f"{parts.scheme}://{address}" + (f":{port}" if port else "")
    if parts.username is None:
        return Proxy(url)
    who = b":".join(map(_bytes, (parts.username, parts.password or "")))
    return Proxy(url, {"Proxy-Authorization": f"Basic {b64encode(who).decode()}"})


def _bytes(text: str) -> bytes:
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape"))
