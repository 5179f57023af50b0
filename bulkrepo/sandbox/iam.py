"""Pure. IAM: a token for a name and a password."""

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Any

from bulkrepo.sandbox import request_bodies
from bulkrepo.sandbox.messages import Answer, Call, RefusedError, encoded, iam_refusal
from bulkrepo.sandbox.state import ACCOUNT, State

_SUBJECT_BYTES = 1536
"""Random bytes in a token: real ones are kilobytes long too."""


def login(state: State, call: Call, *_names: str) -> Answer:
    """
    Issue a token by the method `password`.

    Any project of the account will do. Without one the token is issued all the same,
    but SWR, which belongs to projects, will not take it.
    """
    auth = _at(_document(call), "auth")
    user = _user(state, auth)
    project = _project(auth, project_id=state.settings.project_id)
    token = "MII" + secrets.token_urlsafe(_SUBJECT_BYTES)
    dies = state.issue(token, scoped=project is not None, now=call.now)
    account = {"id": _id(ACCOUNT), "name": ACCOUNT}
    # The default project of a region is called like the region, any other
    # `{region}_{name}`. (IAM API reference.)
    region = (project or {}).get("name", "*").partition("_")[0]
    catalog = [] if call.query.get("nocatalog") else _catalog(call.url, region=region)
    issued: dict[str, object] = {
        "catalog": catalog,
        "expires_at": _stamp(dies),
        "issued_at": _stamp(call.now),
        "methods": ["password"],
        "roles": [{"id": "0", "name": "te_admin"}],
        "user": {
            "domain": account,
            "id": _id(user),
            "name": user,
            "password_expires_at": "",
        },
    }
    if project is not None:
        issued["project"] = {**project, "domain": account}
    else:
        issued["domain"] = account
    return Answer(
        status=201,
        body=encoded({"token": issued}),
        headers={"X-Subject-Token": token, "X-IAM-Trace-Id": call.request_id},
    )


def _document(call: Call) -> dict[str, Any]:
    if not request_bodies.is_json(call.headers):
        raise _bad("Content-Type must be application/json.")
    try:
        found = request_bodies.decoded(call.body)
    except ValueError as error:
        raise _bad("The request body is not JSON.") from error
    if not isinstance(found, dict):
        raise _bad("The request body is not an object.")
    return found


def _user(state: State, auth: dict[str, Any]) -> str:
    """Give the name of the user whose password is right."""
    identity = _at(auth, "identity")
    if identity.get("methods") != ["password"]:
        raise RefusedError(
            iam_refusal(
                401,
                "Unauthorized",
                "Attempted to authenticate with an unsupported method.",
            )
        )
    user = _at(_at(identity, "password"), "user")
    account = _at(user, "domain").get("name")
    name, password = user.get("name"), user.get("password")
    if not isinstance(name, str) or not isinstance(password, str):
        raise _bad("Expecting to find name and password in user.")
    if account != ACCOUNT or state.settings.users.get(name) != password:
        raise RefusedError(
            iam_refusal(401, "Unauthorized", "The username or password is wrong.")
        )
    return name


def _project(auth: dict[str, Any], *, project_id: str) -> dict[str, str] | None:
    """
    Give id and name of the project that is asked for, None where none is.

    All names are those of the one project, and any id will do. A name may come with
    its account or, other than in Keystone, without.
    """
    if "scope" not in auth or "project" not in _at(auth, "scope"):
        return None
    asked = _at(auth["scope"], "project")
    account = asked.get("domain", {"name": ACCOUNT})
    if account not in ({"name": ACCOUNT}, {"id": _id(ACCOUNT)}):
        raise RefusedError(
            iam_refusal(401, "Unauthorized", "The project is not of this account.")
        )
    match asked:
        case {"id": str(known)} if known:
            return {"id": known, "name": known}
        case {"name": str(known)} if known:
            return {"id": project_id, "name": known}
        case _:
            raise _bad("Expecting to find id or name in project.")


def _at(parent: dict[str, Any], name: str) -> dict[str, Any]:
    """Give the member *name*, an object."""
    child = parent.get(name)
    if not isinstance(child, dict):
        raise _bad(f"Expecting to find {name} in request body.")
    return child


def _catalog(url: str, *, region: str) -> list[dict[str, object]]:
    """Give the services as clients look them up, IAM and SWR under all its types."""
    return [
        {
            "endpoints": [
                {"id": _id(kind), "interface": "public", "region": region, "url": at}
                | {"region_id": region}
            ],
            "id": _id(f"service {kind}"),
            "name": kind,
            "type": kind,
        }
        for kind, at in (
            ("identity", f"{url}/v3"),
            ("swr", f"{url}/v2"),
            ("swrv2", f"{url}/v2"),
        )
    ]


def _id(name: str) -> str:
    """Give 32 hexadecimal digits, always the same for the same name."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _stamp(seconds: float) -> str:
    """Write epoch seconds as IAM does: UTC with six digits of fraction."""
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _bad(message: str) -> RefusedError:
    return RefusedError(iam_refusal(400, "Bad Request", message))
