"""Pure. The sandbox's own pages: a welcome, what it has seen, and a way to push."""

from typing import Final

from bulkrepo.sandbox import permissions, request_bodies
from bulkrepo.sandbox.messages import Answer, Call, encoded
from bulkrepo.sandbox.state import State

_PUSH: Final = frozenset({"namespace", "repository"})


def welcome(state: State, call: Call, *_names: str) -> Answer:
    """Give the versions, and a hint for whoever opens the sandbox in a browser."""
    link = {"rel": "self", "href": f"{call.url}/v2"}
    found = {
        "versions": [{"id": "v2", "status": "CURRENT", "links": [link]}],
        "sandbox": {
            "state": f"{call.url}/sandbox/state",
            "login": f"{call.url}/v3/auth/tokens",
            "users": sorted(state.settings.users),
        },
    }
    return Answer(status=200, body=encoded(found))


def state(state: State, _call: Call, *_names: str) -> Answer:
    """Give what the sandbox has seen."""
    return Answer(status=200, body=encoded(state.page()))


def push(state: State, call: Call, *_names: str) -> Answer:
    """Put an image into a repository, which is made if need be, as by docker push."""
    runs = state.settings.hyphen_runs
    found = request_bodies.members(call, known=_PUSH)
    namespace = request_bodies.organization_name(found, hyphen_runs=runs)
    name = request_bodies.repository_name(found, hyphen_runs=runs)
    state.push(permissions.organization(state, namespace), name, now=call.now)
    return Answer(status=201, body=b"{}")
