"""Pure. The account's project: its id and quotas; and the versions of IAM."""

from bulkrepo.sandbox.messages import Answer, Call, encoded
from bulkrepo.sandbox.state import State


def versions(_state: State, call: Call, *_names: str) -> Answer:
    """Give IAM's version, as clients of Keystone look it up before they log in."""
    found = {
        "id": "v3.14",
        "status": "stable",
        "links": [{"rel": "self", "href": f"{call.url}/v3"}],
        "media-types": [],
        "updated": "2020-04-07T00:00:00Z",
    }
    return Answer(status=200, body=encoded({"version": found}))


def listed(state: State, call: Call, *_names: str) -> Answer:
    """Give the project that is called as asked for: any name is the one project's."""
    project = {
        "id": state.settings.project_id,
        "name": call.query.get("name", "sandbox"),
        "enabled": True,
    }
    found = {"projects": [project], "links": {"self": f"{call.url}/v3/projects"}}
    return Answer(status=200, body=encoded(found))


def quotas(state: State, _call: Call, *_names: str) -> Answer:
    """Give how many organizations there may be, where their number is limited."""
    settings = state.settings
    quota = {
        "quota_key": "namespace",
        "quota_limit": settings.organization_quota,
        "used": state.owned(),
        "unit": "",
    }
    found = [] if settings.any_organization else [quota]
    return Answer(status=200, body=encoded({"quotas": found}))
