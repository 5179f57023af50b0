"""
Pure. SWR's HTTP dialect: requests as documented, and the values that may come back.

What an answer means is decided in `responses`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import IntEnum, auto
from typing import Any

import msgspec

from bulkrepo.core.rows import RepoSpec

BODY_LIMIT = 65_536
"""Bytes of a body that are read; the rest is of no use."""


class Kind(IntEnum):
    """
    What an answer means for the row that asked.

    An integer, as a plain enum would be hashed by Python code for every answer.
    """

    DONE = auto()
    EXISTS = auto()
    CONFLICT = auto()  # a 409 whose code does not tell which: reading settles it
    ABSENT = auto()  # the repository is not there
    BUSY = auto()  # certainly not done; worth another try
    BROKEN = auto()  # a 5xx or 408: may have been done; worth another try
    UNSURE = auto()  # no answer after sending: may have been done
    UNREACHABLE = auto()  # certainly not sent
    THROTTLED = auto()
    UNAUTHORIZED = auto()
    FORBIDDEN = auto()
    NO_NAMESPACE = auto()
    QUOTA = auto()
    REFUSED = auto()
    WRONG_ENDPOINT = auto()


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


class Reply(msgspec.Struct, frozen=True, gc=False):
    """
    An answer as it came, but all of it text that UTF-8 can hold.

    *headers* are case-insensitive, *body* is cut at the request's *limit*.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class NoReply(msgspec.Struct, frozen=True, gc=False):
    """
    No answer came.

    *sent* is False only if not one byte of the request can have left: that decides
    whether the repository may have been created.
    """

    kind: str  # refused, dns, tls, connect, timeout, dropped
    sent: bool
    detail: str = ""


class Limit(msgspec.Struct, frozen=True):
    """At most *count* requests in *seconds*."""

    count: int
    seconds: float


class Answer(msgspec.Struct, frozen=True, gc=False):
    """
    An answer, understood.

    *retry_after* is seconds, *limits* are the throttling rules that the message named,
    *seen* is what the request wanted to read, *total* how many of these there are.
    """

    kind: Kind
    status: int | None = None
    code: str | None = None
    message: str | None = None
    request_id: str | None = None
    retry_after: float | None = None
    limits: tuple[Limit, ...] = ()
    seen: Any = None
    total: int | None = None

    @property
    def unsure(self) -> bool:
        """Whether the request may have been carried out although it looks failed."""
        return self.kind is Kind.BROKEN or self.kind is Kind.UNSURE


class Shown(msgspec.Struct, frozen=True, gc=False):
    """A repository as SWR shows it: alone (*created*) or in a list (*created_at*)."""

    is_public: bool
    name: str | None = None
    namespace: str | None = None
    category: str | None = None
    description: str | None = None
    created: str | None = None
    created_at: str | None = None
    num_images: int | None = None

    @property
    def made(self) -> float | None:
        """Epoch seconds of its creation, if that is shown."""
        return moment(self.created or self.created_at)


class Organization(msgspec.Struct, frozen=True, gc=False):
    """An organization, and what we may do in it: *auth* 7 manage, 3 edit, 1 `READ`."""

    name: str = ""
    auth: int | None = None


class Organizations(msgspec.Struct, frozen=True, gc=False):
    """All organizations that we may see."""

    namespaces: list[Organization]


class Quota(msgspec.Struct, frozen=True, gc=False):
    """How many of *quota_key*, such as `namespace`, there may be and are."""

    quota_key: str
    quota_limit: int
    used: int


class Quotas(msgspec.Struct, frozen=True, gc=False):
    """The quotas of a project."""

    quotas: list[Quota]


class _Body(msgspec.Struct, frozen=True, omit_defaults=True):
    repository: str
    is_public: bool
    category: str | None = None
    description: str | None = None


class _Change(msgspec.Struct, frozen=True, omit_defaults=True):
    is_public: bool
    category: str | None = None
    description: str | None = None


_encode = msgspec.json.Encoder().encode

READ = 1
"""`auth` of an organization in which we may only read."""
PAGE = 1000
"""Repositories on a page: the most that SWR gives."""
_PAGE_LIMIT = 16 * 1024 * 1024


def create(spec: RepoSpec) -> Request:
    """
    Give the request that creates *spec*; a `/` in the name stays as it is.

    Source: SWR API reference, Creating an Image Repository.
    """
    return Request(
        "POST",
        f"/v2/manage/namespaces/{spec.namespace}/repos",
        _encode(
            _Body(spec.repository, spec.is_public, spec.category, spec.description)
        ),
        True,  # noqa: FBT003 - by position: for every row
    )


def show(namespace: str, repository: str) -> Request:
    """Give the request that reads one repository."""
    return Request("GET", _path(namespace, repository), wants=Shown)


def update(spec: RepoSpec) -> Request:
    """
    Give the request that makes a repository as wanted; what *spec* leaves out stays.

    SWR insists on `is_public`, changed or not.
    """
    change = _Change(spec.is_public, spec.category, spec.description)
    return Request("PATCH", _path(spec.namespace, spec.repository), _encode(change))


def delete(namespace: str, repository: str) -> Request:
    """Give the request that deletes a repository; SWR refuses while it has images."""
    return Request("DELETE", _path(namespace, repository))


def page(namespace: str, offset: int) -> Request:
    """
    Give the request that lists up to `PAGE` repositories of an organization.

    By name, so that changes meanwhile shift few of them. SWR wants limit and offset
    together, and likewise both parameters of the order.
    """
    return Request(
        "GET",
        f"/v2/manage/repos?namespace={namespace}&limit={PAGE}&offset={offset}"
        "&order_column=name&order_type=asc",
        wants=list[Shown],
        limit=_PAGE_LIMIT,
    )


def organization(namespace: str) -> Request:
    """Give the request that reads an organization, with our rights in it."""
    return Request("GET", f"/v2/manage/namespaces/{namespace}", wants=Organization)


def organizations() -> Request:
    """
    Give the request that lists all organizations, on one page.

    Source: SWR API reference, Querying Organizations.
    """
    return Request(
        "GET", "/v2/manage/namespaces", wants=Organizations, limit=_PAGE_LIMIT
    )


def quotas(project_id: str) -> Request:
    """Give the request that reads a project's quotas."""
    return Request("GET", f"/v2/manage/projects/{project_id}/quotas", wants=Quotas)


def create_organization(namespace: str) -> Request:
    """Give the request that creates an organization."""
    body = _encode({"namespace": namespace})
    return Request("POST", "/v2/manage/namespaces", body)


def _path(namespace: str, repository: str) -> str:
    """
    Give a repository's path, in which each `/` of its name is written as `$`.

    A real slash makes the gateway answer 404 APIGW.0101.
    """
    name = repository.replace("/", "$")
    return f"/v2/manage/namespaces/{namespace}/repos/{name}"


def server_time(reply: Reply) -> float | None:
    """Give the server's own clock as epoch seconds, from the `Date` header."""
    when = http_date(reply.headers.get("Date"))
    return None if when is None else when.timestamp()


def http_date(value: str | None) -> datetime | None:
    """Give the time that a header says, aware; one without a zone is UTC."""
    if value is None:
        return None
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year of twenty digits overflows
        return None
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)


_STAMP = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$")


def moment(value: object) -> float | None:
    """
    Give an RFC 3339 time as epoch seconds, with 0 to 9 fraction digits; else `None`.

    A time without a zone is UTC, as SWR's are.
    """
    match = _STAMP.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    zone = "+00:00" if match[3] in (None, "Z") else match[3]
    try:
        whole = datetime.fromisoformat(match[1] + zone).timestamp()
    except ValueError:
        return None
    return whole + float(match[2] or 0)
