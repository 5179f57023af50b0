"""Pure. Organizations, which the API calls namespaces."""

from typing import Final
from urllib.parse import unquote

from bulkrepo.sandbox import permissions, request_bodies
from bulkrepo.sandbox.listing import criteria
from bulkrepo.sandbox.messages import Answer, Call, RefusedError, encoded, refusal
from bulkrepo.sandbox.state import ACCOUNT, MANAGE, Organization, State

_CREATE: Final = frozenset({"namespace"})
_FILTERS: Final = frozenset({"namespace", "mode"})

# Names are unique across all tenants of a region, and this one is the region's own.
_RESERVED: Final = frozenset({"library"})


def create(state: State, call: Call, *_names: str) -> Answer:
    """Create an organization; only our own count against the quota."""
    settings = state.settings
    found = request_bodies.members(call, known=_CREATE)
    name = request_bodies.organization_name(found, hyphen_runs=settings.hyphen_runs)
    elsewhere = name in _RESERVED or name in settings.taken
    if elsewhere or name in state.organizations:
        raise RefusedError(refusal(4090060))
    full = state.owned() >= settings.organization_quota
    if full and not settings.any_organization:
        raise RefusedError(refusal(4000097))
    state.found(name)
    return Answer(status=201, body=b"{}")


def show(state: State, _call: Call, *names: str) -> Answer:
    """Show an organization; its `auth` tells what we may do in it."""
    found = permissions.organization(state, unquote(names[0]))
    return Answer(status=200, body=encoded(_shown(found)))


def listed(state: State, call: Call, *_names: str) -> Answer:
    """List all organizations on one page, by exact name or by filter (a part)."""
    found = list(state.organizations.values())
    if "filter" in call.query:
        part = criteria(call.query["filter"], known=_FILTERS).get("namespace", "")
        found = [each for each in found if part in each.name]
    elif "namespace" in call.query:
        found = [each for each in found if each.name == call.query["namespace"]]
    body = encoded({"namespaces": [_shown(each) for each in found]})
    return Answer(status=200, body=body)


def delete(state: State, _call: Call, *names: str) -> Answer:
    """Delete an organization which holds no repository."""
    found = permissions.organization(state, unquote(names[0]))
    if found.auth != MANAGE:
        raise RefusedError(refusal(4037017))
    if any(namespace == found.name for namespace, _ in state.repositories):
        raise RefusedError(refusal(4060074))
    del state.organizations[found.name]
    return Answer(status=204)


def _shown(found: Organization) -> dict[str, object]:
    return {
        "id": found.id,
        "name": found.name,
        "creator_name": ACCOUNT,
        "auth": found.auth,
    }
