"""
Pure. Requests signed with an access key and a secret key: SDK-HMAC-SHA256.

Source: API Request Signing Guide of Huawei Cloud, whose worked example is a test.
"""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, unquote_to_bytes, urlsplit

ALGORITHM = "SDK-HMAC-SHA256"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def signed(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    access_key: str,
    secret_key: str,
    date: str,
) -> str:
    """
    Give the value of the `Authorization` header.

    *url* is the full URL as sent, path and query raw. *headers* are all that is to be
    signed but Host and X-Sdk-Date, which come from *url* and *date*, a UTC time such
    as `20260102T030405Z`. A name with an underscore is not signed: gateways drop it.
    """
    parts = urlsplit(url)
    named = {name.lower(): value.strip() for name, value in headers.items()}
    named |= {"host": host(url), "x-sdk-date": date}
    names = sorted(name for name in named if "_" not in name)
    canonical = "\n".join(
        (
            method.upper(),
            _path(parts.path),
            _query(parts.query),
            *(f"{name}:{named[name]}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        )
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{date}\n{digest}"
    signature = hmac.digest(secret_key.encode(), text.encode(), "sha256").hex()
    return (
        f"{ALGORITHM} Access={access_key}, SignedHeaders={';'.join(names)}, "
        f"Signature={signature}"
    )


def host(url: str) -> str:
    """Give what a client sends as Host: without user, and without a default port."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    if ":" in name:
        name = f"[{name}]"
    if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)):
        return name
    return f"{name}:{parts.port}"


def _path(raw: str) -> str:
    """Quote every segment anew; the slash at the end is only signed, not sent."""
    path = quote(unquote_to_bytes(raw), safe="/~")
    return path if path.endswith("/") else f"{path}/"


def _query(raw: str) -> str:
    """Quote and sort the pairs, as a server does that has read them."""
    pairs = (pair.partition("=") for pair in raw.split("&") if pair)
    read = sorted((_read(name), _read(value)) for name, _, value in pairs)
    return "&".join(f"{quote(name, '~')}={quote(value, '~')}" for name, value in read)


def _read(text: str) -> bytes:
    return unquote_to_bytes(text.replace("+", " "))
