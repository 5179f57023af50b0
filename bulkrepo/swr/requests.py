"""
Pure. SWR's HTTP dialect: requests as documented, and the values that may come back.

What an answer means is decided in `responses`.
"""

import msgspec

from bulkrepo.core.rows import RepoSpec
from bulkrepo.http.dates import moment
from bulkrepo.http.messages import Request


class RepositoryInfo(msgspec.Struct, frozen=True, gc=False):
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
    return Request("GET", _path(namespace, repository), wants=RepositoryInfo)


def shows_another(request: Request, shown: RepositoryInfo) -> bool:
    """Whether *shown* names another repository than the one `show` asks for."""
    *_, namespace, _repos, name = request.path.split("/")
    shown_name = name if shown.name is None else _escape_name(shown.name)
    return (shown.namespace or namespace, shown_name) != (namespace, name)


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
        wants=list[RepositoryInfo],
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
    return f"/v2/manage/namespaces/{namespace}/repos/{_escape_name(repository)}"


def _escape_name(repository: str) -> str:
    return repository.replace("/", "$")
