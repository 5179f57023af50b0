"""Pure. What is served: operations by path and method."""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from bulkrepo.sandbox import (
    iam,
    listing,
    organizations,
    own_pages,
    projects,
    repositories,
)
from bulkrepo.sandbox.messages import Answer, Call

Operation = Callable[..., Answer]
"""`(state, call, *names)`, the names being parts of the path as they were sent."""


class Route(NamedTuple):
    """
    An operation, the name it is counted by, and the *names* in its path.

    *template* is the path with placeholders in braces for these.
    """

    template: str
    name: str
    operation: Operation
    names: tuple[str, ...]


def found(call: Call) -> Route | None:
    """Look up what a request asks for."""
    if "%2f" in call.path.lower():  # an escaped slash is a slash to the gateway
        return None
    for template, path in _PATHS:
        match = path.fullmatch(call.path)
        if match is not None:
            named = _ROUTES[template].get(call.method)
            return Route(template, *named, names=match.groups()) if named else None
    return None


def is_managed(path: str) -> bool:
    """Whether a path is of SWR's management API, the one that has faults."""
    return path.startswith("/v2/manage/")


def is_guarded(path: str) -> bool:
    """Whether a path requires authentication."""
    return is_managed(path) or path == "/v3/projects"


def is_watched(path: str) -> bool:
    """Whether a request is counted: all are, but the sandbox's own pages."""
    return path != "/" and not path.startswith("/sandbox/")


_ROUTES: Final[Mapping[str, Mapping[str, tuple[str, Operation]]]] = {
    "/v2/manage/namespaces/{namespace}/repos": {
        "POST": ("create", repositories.create),
    },
    "/v2/manage/namespaces/{namespace}/repos/{repository}": {
        "GET": ("show", repositories.show),
        "PATCH": ("update", repositories.update),
        "DELETE": ("delete", repositories.delete),
    },
    "/v2/manage/repos": {"GET": ("list", listing.listed)},
    "/v2/manage/namespaces": {
        "GET": ("list_organizations", organizations.listed),
        "POST": ("create_organization", organizations.create),
    },
    "/v2/manage/namespaces/{namespace}": {
        "GET": ("show_organization", organizations.show),
        "DELETE": ("delete_organization", organizations.delete),
    },
    "/v2/manage/projects/{project_id}/quotas": {"GET": ("quotas", projects.quotas)},
    "/v3": {"GET": ("discover", projects.versions)},
    "/v3/auth/tokens": {"POST": ("login", iam.login)},
    "/v3/projects": {"GET": ("projects", projects.listed)},
    "/": {"GET": ("welcome", own_pages.welcome)},
    "/sandbox/state": {"GET": ("state", own_pages.state)},
    "/sandbox/push": {"POST": ("push", own_pages.push)},
}
"""By path, then method: the name an operation is counted by, and the operation."""

_PATHS: Final = tuple(
    (template, re.compile(re.sub(r"\{\w+\}", "([^/]+)", template)))
    for template in _ROUTES
)
