"""
Pure. IAM's HTTP dialect: requesting a token, and reading the answer.

Sources: IAM API reference, Obtaining a User Token; OpenStack Identity API v3, which it
follows. With a project's name, Keystone requires its domain too; IAM accepts it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from bulkrepo.http.dates import moment, server_time
from bulkrepo.http.messages import Request, Response
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.responses import said

TOKEN_HEADER = "X-Subject-Token"  # noqa: S105 - a header's name


class Login(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    Who signs in where, and for which project.

    *endpoint* is IAM's URL without `/v3`. A user is an id, or a name with its domain
    (IAM calls it an account). A project is an id, or a name with its domain, by
    default the user's. *passcode* comes from a virtual MFA device.
    """

    endpoint: str
    password: str
    user_name: str | None = None
    user_id: str | None = None
    domain_name: str | None = None
    domain_id: str | None = None
    project_name: str | None = None
    project_id: str | None = None
    project_domain_name: str | None = None
    project_domain_id: str | None = None
    passcode: str | None = None

    def __repr__(self) -> str:
        return f"Login({self.user_name or self.user_id} at {self.endpoint})"

    def __rich_repr__(self) -> Any:
        yield repr(self)


class _TokenRequest(Request, frozen=True, gc=False):
    """A request whose body is never shown."""

    def __repr__(self) -> str:
        return f"Request({self.method} {self.path})"

    def __rich_repr__(self) -> Any:
        yield repr(self)


class IssuedToken(msgspec.Struct, frozen=True):
    """
    What is known about a token, without the token itself.

    *lifetime* is seconds from the answer on, None if IAM does not say. *facts* are
    `user`, `domain`, `project` and `project_id`, those that IAM gives.
    """

    lifetime: float | None
    facts: dict[str, str]


def ask(login: Login) -> Request:
    """Return the request for a token, without the catalog of services."""
    user = _who(login)
    methods = ["password"]
    identity: dict[str, object] = {
        "methods": methods,
        "password": {"user": {**user, "password": login.password}},
    }
    if login.passcode is not None:
        methods.append("totp")
        identity["totp"] = {"user": {**user, "passcode": login.passcode}}
    auth: dict[str, object] = {"identity": identity}
    project = _project(login)
    if project:
        auth["scope"] = {"project": project}
    return _TokenRequest(
        "POST",
        f"{login.endpoint}/v3/auth/tokens?nocatalog=true",
        msgspec.json.encode({"auth": auth}),
    )


def _who(login: Login) -> dict[str, object]:
    if login.user_id is not None:
        return {"id": login.user_id}
    domain = _named(login.domain_id, login.domain_name)
    return {"name": login.user_name, "domain": domain}


def _project(login: Login) -> dict[str, object]:
    project: dict[str, object] = {**_named(login.project_id, login.project_name)}
    if "name" in project:
        domain = _named(login.project_domain_id, login.project_domain_name)
        domain = domain or _named(login.domain_id, login.domain_name)
        if domain:
            project["domain"] = domain
    return project


def _named(identity: str | None, name: str | None) -> dict[str, str]:
    if identity is not None:
        return {"id": identity}
    return {} if name is None else {"name": name}


_FOREVER = 1e9
"""Seconds, some thirty years: not every library can express later dates."""


def issued(reply: Response) -> IssuedToken:
    """Return what *reply* says about its token; nothing if the body is unusual."""
    try:
        token = msgspec.json.decode(reply.body)["token"]
        begins, ends = (moment(token.get(at)) for at in ("issued_at", "expires_at"))
    except (msgspec.DecodeError, TypeError, KeyError, AttributeError):
        return IssuedToken(None, {})
    if begins is None:
        begins = server_time(reply)  # both times by IAM's clock: ours may be wrong
    lifetime = None
    if ends is not None and begins is not None:
        lifetime = min(max(0.0, ends - begins), _FOREVER)
    user, project = _at(token, "user"), _at(token, "project")
    facts = {
        "user": user.get("name"),
        "domain": _at(user, "domain").get("name"),
        "project": project.get("name"),
        "project_id": project.get("id"),
    }
    return IssuedToken(
        lifetime, {name: told for name, told in facts.items() if isinstance(told, str)}
    )


def _at(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    child = parent.get(name)
    return child if isinstance(child, dict) else {}


_LOCK = "Not retried: a few wrong passwords lock a user for 15 minutes"

# What to do about a code. Source: IAM API reference, Error Codes.
_BY_CODE = {
    "IAM.0061": "the user is locked after wrong passwords: wait 15 minutes, then check "
    "{password}",
    "IAM.0062": "check {who}. " + _LOCK,
    "IAM.0066": "the password of {user} has expired: change it, then set {password}",
    "IAM.0067": "{password} is not a valid password. " + _LOCK,
    "IAM.0081": "the user in {user} may only use the console: allow programmatic "
    "access, or set another user",
}
_BY_STATUS = {
    400: "check {place}",
    401: "check {all}. " + _LOCK,
    403: "the user in {user} may not sign in to the project in {project}: allow it in "
    "IAM, or set another project",
}
_SECOND = (
    "a second factor is required: set {passcode} to the current code of the user's "
    "virtual MFA device"
)


def advice(
    reply: Response, answer: Answer, names: Mapping[str, str], login: Login
) -> str:
    """
    Say why there is no token and what to do; *answer* is *reply* as it was read.

    *names* says where `user`, `password`, `domain`, `project`, `project_domain` and
    `passcode` of *login* came from.
    """
    if answer.kind is AnswerKind.WRONG_ENDPOINT or answer.kind is AnswerKind.DONE:
        what = said(answer) if answer.message else f"{reply.status} without a token"
        return (
            f"the IAM endpoint is not IAM: it answered {what}. Check --iam-endpoint "
            "(SWR_IAM_ENDPOINT) or --region"
        )
    todo = _BY_CODE.get(answer.code or "") or _BY_STATUS.get(reply.status)
    if reply.headers.get("Openstack-Auth-Receipt"):
        todo = _SECOND
    todo = (todo or "check {user}, {place}").format_map(
        {**names, **_told(login, names)}
    )
    return f"IAM refuses the sign-in ({said(answer)}): {todo}"


def _told(login: Login, names: Mapping[str, str]) -> dict[str, str]:
    """Name what was sent: the user (`who`), domain and project (`place`), or `all`."""
    second = ["passcode"] if login.passcode is not None else []
    theirs = login.project_domain_id or login.project_domain_name
    place = ["domain", *(["project_domain"] if theirs else []), "project"]
    who = ["user", "password", *second]
    return {
        "who": _listed(names[part] for part in (*who, "domain")),
        "place": _listed(names[part] for part in place),
        "all": _listed(names[part] for part in (*who, *place)),
    }


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}"
