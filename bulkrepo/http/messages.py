"""Requests as they are sent, and what comes back: a reply, or none."""

from collections.abc import Mapping
from typing import Any

import msgspec

BODY_LIMIT = 65_536
"""Bytes of a body that are read; the rest is of no use."""


class Request(msgspec.Struct, frozen=True, gc=False):
    """
    One request to SWR. *path* is raw, percent-encoding included; *body* is JSON.

    A request to somebody else, such as IAM, has a full URL for its path.

    *creates*: it creates a repository, so that a lost answer leaves a doubt. *wants* is
    the type of a good answer's body, *limit* how many bytes of it are read.
    """

    method: str
    path: str
    body: bytes | None = None
    creates: bool = False
    wants: Any = None
    limit: int = BODY_LIMIT


class Response(msgspec.Struct, frozen=True, gc=False):
    """
    An answer as it came, but all of it text that UTF-8 can hold.

    *headers* are case-insensitive, *body* is cut at the request's *limit*.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class TransportFailure(msgspec.Struct, frozen=True, gc=False):
    """
    No answer came.

    *sent* is False only if not one byte of the request can have left: that decides
    whether the repository may have been created.
    """

    kind: str  # refused, dns, tls, certificate, proxy, connect, timeout, dropped
    sent: bool
    detail: str = ""
