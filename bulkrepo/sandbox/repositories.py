"""Pure. Creating, showing, updating and deleting one repository."""

from typing import Final
from urllib.parse import unquote

from bulkrepo.sandbox import grammar, permissions, request_bodies
from bulkrepo.sandbox.messages import Answer, Call, RefusedError, encoded, refusal
from bulkrepo.sandbox.state import ACCOUNT, Repository, State, timestamp

REGISTRY: Final = "swr.sandbox.localhost"
"""The host that images would be pushed to. There is none."""

_CREATE: Final = frozenset({"repository", "is_public", "category", "description"})
_UPDATE: Final = _CREATE  # clients send the name as well


def create(state: State, call: Call, *names: str) -> Answer:
    """
    Create a repository.

    Checked in this order: the body, the organization, whether the repository exists,
    the quota.
    """
    runs = state.settings.hyphen_runs
    found = request_bodies.members(call, known=_CREATE)
    name = request_bodies.repository_name(found, hyphen_runs=runs)
    is_public = request_bodies.is_public(found)
    category = request_bodies.category(found)
    description = request_bodies.description(found)
    namespace = unquote(names[0])
    if not grammar.is_namespace(namespace, hyphen_runs=runs):
        raise RefusedError(refusal(4001028, repr(namespace)))
    organization = permissions.writable(state, namespace)
    if (namespace, name) in state.repositories:
        raise RefusedError(refusal(4090006))
    if state.full(organization):
        raise RefusedError(refusal(4000098))
    made = state.appear(
        organization,
        name,
        is_public=is_public,
        category=category or "other",
        description=description or "",
        now=call.now,
    )
    return Answer(status=201, body=b"{}", commit=state.commit(made))


def show(state: State, _call: Call, *names: str) -> Answer:
    """Show a repository, in the form with ids but without tags and organization."""
    found = _repository(state, *names)
    shown = common(found) | {
        "id": found.id,
        "ns_id": found.ns_id,
        "creator_id": "0" * 32,
        "creator_name": ACCOUNT,
        "created": timestamp(found.created),
        "updated": timestamp(found.updated),
        "domain_id": "0" * 32,
        "priority": 0,
    }
    return Answer(status=200, body=encoded(shown))


def common(found: Repository) -> dict[str, object]:
    """Give the members that both forms of a repository have, shown and listed."""
    path = f"{REGISTRY}/{found.namespace}/{found.name}"
    return {
        "name": found.name,
        "category": found.category,
        "description": found.description,
        "size": found.size,
        "is_public": found.is_public,
        "num_images": found.num_images,
        "num_download": found.num_download,
        "url": "",
        "path": path,
        "internal_path": path,
    }


def update(state: State, call: Call, *names: str) -> Answer:
    """Change a repository; `is_public` is required even if it stays the same."""
    found = request_bodies.members(call, known=_UPDATE)
    is_public = request_bodies.is_public(found)
    category = request_bodies.category(found)
    description = request_bodies.description(found)
    permissions.writable(state, unquote(names[0]))
    changed = _repository(state, *names)
    if found.get("repository", changed.name) != changed.name:
        raise RefusedError(refusal(4000014, "repository is not the path's"))
    changed.is_public = is_public
    if category is not None:
        changed.category = category
    if description is not None:
        changed.description = description
    changed.updated = call.now
    return Answer(status=201)


def delete(state: State, _call: Call, *names: str) -> Answer:
    """Delete a repository, unless it holds images."""
    permissions.writable(state, unquote(names[0]))
    found = _repository(state, *names)
    if found.num_images:
        raise RefusedError(refusal(4060012))
    state.remove((found.namespace, found.name))
    return Answer(status=204)


def _repository(state: State, namespace: str, segment: str) -> Repository:
    """Find a repository by two segments of a path; `$` stands for `/` in its name."""
    organization = permissions.organization(state, unquote(namespace))
    name = unquote(segment).replace("$", "/")
    known = state.repositories.get((organization.name, name))
    if known is None:
        raise RefusedError(refusal(4040010))
    return known
