"""
Pure. A request's signature by access key, `SDK-HMAC-SHA256`, and whether it is right.

Source: API Request Signing Guide, Signing API Requests.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, Self
from urllib.parse import parse_qsl, quote, unquote

from bulkrepo.sandbox.messages import Call

ALGORITHM: Final = "SDK-HMAC-SHA256"

SKEW: Final = 900.0
"""Seconds that X-Sdk-Date may be away. (Same guide, FAQ on 0301: 15 minutes.)"""

_AUTHORIZATION: Final = re.compile(
    rf"{ALGORITHM} Access=([^,\s]+), SignedHeaders=([^,\s]+),"
    r" Signature=([0-9a-f]{64})"
)
_DATE: Final = "X-Sdk-Date"
_DATE_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_DIGEST: Final = "X-Sdk-Content-Sha256"
_UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_MANDATORY: Final = frozenset({"host", "x-sdk-date"})


class Claim(NamedTuple):
    """What an Authorization header claims; *headers* are names, in lower case."""

    access_key: str
    headers: tuple[str, ...]
    signature: str

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read an Authorization header; None where it is not written as documented."""
        found = _AUTHORIZATION.fullmatch(text)
        if found is None:
            return None
        return cls(found[1], tuple(found[2].split(";")), found[3])


def holds(claim: Claim, call: Call, *, secret_key: str) -> bool:
    """Whether *claim* is right: fresh, complete, and made with *secret_key*."""
    if not _fresh(call.headers.get(_DATE, ""), now=call.now):
        return False
    if not _in_order(claim.headers) or not set(claim.headers) >= _MANDATORY:
        return False
    if any(name not in call.headers for name in claim.headers):
        return False
    said = call.headers.get(_DIGEST)
    actual = hashlib.sha256(call.body).hexdigest()
    if call.body and said and said not in {actual, _UNSIGNED}:
        return False
    wanted = compute_signature(call, signed=claim.headers, secret_key=secret_key)
    return hmac.compare_digest(wanted, claim.signature)


def compute_signature(call: Call, *, signed: Sequence[str], secret_key: str) -> str:
    """Give 64 hexadecimal digits for *call*, of whose headers those *signed* count."""
    date = call.headers[_DATE].strip()
    text = f"{ALGORITHM}\n{date}\n{_sha256(canonical(call, signed=signed))}"
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def canonical(call: Call, *, signed: Sequence[str]) -> str:
    """Give a request in the one form in which both sides write it."""
    digest = hashlib.sha256(call.body).hexdigest()
    if call.body:
        digest = call.headers.get(_DIGEST) or digest
    headers = "".join(f"{name}:{call.headers[name].strip()}\n" for name in signed)
    return "\n".join(
        (
            call.method,
            _path(call.path),
            _query(call.raw_query),
            headers,
            ";".join(signed),
            digest,
        )
    )


def _path(raw: str) -> str:
    """Escape each segment anew, and end in a slash."""
    path = "/".join(_escaped(part) for part in unquote(raw).split("/"))
    return path if path.endswith("/") else f"{path}/"


def _query(raw: str) -> str:
    """Escape each pair anew, in the order of names, then values, before escaping."""
    pairs = sorted(parse_qsl(raw, keep_blank_values=True))
    return "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in pairs)


def _escaped(text: str) -> str:
    return quote(text, safe="~")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def _in_order(names: Sequence[str]) -> bool:
    """Whether names are in lower case and ascend."""
    return list(names) == sorted({name.lower() for name in names})


def _fresh(date: str, *, now: float) -> bool:
    try:
        then = datetime.strptime(date.strip(), _DATE_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(now - then.timestamp()) <= SKEW
