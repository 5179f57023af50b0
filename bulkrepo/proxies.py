"""Edge. The proxy on the way to a host, as the environment names it."""

from base64 import b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import getproxies, proxy_bypass

from bulkrepo.endpoints import loopback
from bulkrepo.model import SettingsError


class Proxy(NamedTuple):
    """
    A proxy's *url*, and *headers* that are for it alone.

    Who we are there stands only in the headers: what is said of a URL is shown.
    """

    url: str
    headers: Mapping[str, str] | None = None


def proxy(target: str) -> Proxy | None:
    """
    Give the proxy that the environment names for the URL *target*.

    This machine is never reached through one, which would send in the clear what may
    only go there: secrets over plain HTTP. Raises SettingsError as `parsed` does.
    """
    parts = urlsplit(target)
    host = parts.hostname
    if host is None or loopback(host) or proxy_bypass(host):
        return None
    said = getproxies().get(parts.scheme)
    return parsed(said, named=f"{parts.scheme.upper()}_PROXY") if said else None


def parsed(text: str, *, named: str) -> Proxy:
    """
    Read `[http://][USER:PASSWORD@]HOST[:PORT]`, as curl does; *named* is its variable.

    Raises SettingsError, which repeats nothing of *text*: it may hold a password.
    """
    whole = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname, parts.port
    except ValueError:  # a port that is none
        host = port = None
    # What follows an unescaped sign in a password would be host, port or path.
    if not host or "@" in "".join(parts[2:]):
        raise SettingsError(
            f"{named} is no proxy's URL: write http://HOST:PORT, or "
            "http://USER:PASSWORD@HOST:PORT with / as %2F, @ as %40, # as %23 and ? "
            "as %3F in USER and PASSWORD"
        )
    if parts.scheme not in ("http", "https"):
        raise SettingsError(
            f"{named} names a proxy of a kind that is not supported: http:// and "
            "https:// are"
        )
    address = f"[{host}]" if ":" in host else host
    url = f"{parts.scheme}://{address}" + (f":{port}" if port else "")
    if parts.username is None:
        return Proxy(url)
    who = b":".join(map(_bytes, (parts.username, parts.password or "")))
    return Proxy(url, {"Proxy-Authorization": f"Basic {b64encode(who).decode()}"})


def _bytes(text: str) -> bytes:
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape"))
