"""IAM's dialect: what it is asked, and what its answers tell."""

import json
from typing import Any

import msgspec
import pytest

from bulkrepo.http.messages import Response
from bulkrepo.swr.auth import iam
from bulkrepo.swr.auth.iam import IssuedToken, Login
from bulkrepo.swr.responses import read

SECRET = "P4ssw0rd-of-nobody"
BASE: dict[str, Any] = {"endpoint": "https://iam.example.org", "password": SECRET}
NAMED = {**BASE, "user_name": "ann", "domain_name": "acme"}
USER = {"name": "ann", "domain": {"name": "acme"}}
NAMES = {
    "user": "HW_USER_NAME",
    "password": "HW_USER_PASSWORD",
    "domain": "HW_DOMAIN_NAME",
    "project": "HW_PROJECT_NAME",
    "project_domain": "OS_PROJECT_DOMAIN_NAME",
    "passcode": "OS_PASSCODE",
}


def asked(**fields: Any) -> dict[str, Any]:
    """Give `auth` of what IAM is asked."""
    body = iam.ask(Login(**fields)).body
    assert body is not None
    found: dict[str, Any] = json.loads(body)["auth"]
    return found


@pytest.mark.parametrize(
    ("fields", "user"),
    [
        pytest.param({"user_name": "ann", "domain_name": "acme"}, USER, id="names"),
        pytest.param(
            {"user_name": "ann", "domain_id": "d1"},
            {"name": "ann", "domain": {"id": "d1"}},
            id="domain-id",
        ),
        pytest.param({"user_id": "u1"}, {"id": "u1"}, id="id"),
        pytest.param(
            {"user_id": "u1", "user_name": "ann", "domain_name": "acme"},
            {"id": "u1"},
            id="id-before-name",
        ),
    ],
)
def test_a_user_is_an_id_or_a_name_with_its_domain(
    fields: dict[str, str], user: dict[str, Any]
) -> None:
    """As the documentation prints it."""
    identity = asked(**BASE, **fields)["identity"]

    assert identity["methods"] == ["password"]
    assert identity["password"]["user"] == {**user, "password": SECRET}


@pytest.mark.parametrize(
    ("fields", "scope"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"project_id": "p1"}, {"id": "p1"}, id="id"),
        pytest.param(
            {"project_name": "eu-de"},
            {"name": "eu-de", "domain": {"name": "acme"}},
            id="name-in-the-user's-domain",
        ),
        pytest.param(
            {"project_name": "eu-de", "project_domain_id": "d2"},
            {"name": "eu-de", "domain": {"id": "d2"}},
            id="name-in-its-own-domain",
        ),
        pytest.param(
            {"project_name": "eu-de", "project_id": "p1"},
            {"id": "p1"},
            id="id-before-name",
        ),
    ],
)
def test_a_project_is_an_id_or_a_name_with_its_domain(
    fields: dict[str, str], scope: dict[str, Any] | None
) -> None:
    """Keystone refuses a name without its domain; IAM takes it."""
    wanted = None if scope is None else {"project": scope}

    assert asked(**NAMED, **fields).get("scope") == wanted


def test_a_passcode_is_a_second_method() -> None:
    """Of the same user."""
    identity = asked(**BASE, user_id="u1", passcode="123456")["identity"]

    assert identity["methods"] == ["password", "totp"]
    assert identity["totp"] == {"user": {"id": "u1", "passcode": "123456"}}


def test_the_request_goes_to_iam_and_shows_nobody_its_body() -> None:
    """A password is in no repr, however a value is shown."""
    login = Login(**NAMED, passcode="123456")
    request = iam.ask(login)

    assert request.method == "POST"
    assert request.path == "https://iam.example.org/v3/auth/tokens?nocatalog=true"
    assert not request.creates
    for shown in (repr(login), repr(request), str(list(request.__rich_repr__()))):
        assert SECRET not in shown
        assert "123456" not in shown


def token(**fields: object) -> Response:
    """Give an answer with a token that has *fields*."""
    body = msgspec.json.encode({"token": fields})
    return Response(201, {"Date": "Fri, 02 Jan 2026 03:04:05 GMT"}, body)


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        pytest.param(
            token(
                issued_at="2026-01-02T03:04:05.000000Z",
                expires_at="2026-01-03T03:04:05.000000Z",
                user={"name": "ann", "domain": {"name": "acme", "id": "d1"}},
                project={"name": "eu-de", "id": "p1"},
            ),
            IssuedToken(
                86_400.0,
                {
                    "user": "ann",
                    "domain": "acme",
                    "project": "eu-de",
                    "project_id": "p1",
                },
            ),
            id="all",
        ),
        pytest.param(
            token(expires_at="2026-01-02T03:05:05Z"),
            IssuedToken(60.0, {}),
            id="by-date",
        ),
        pytest.param(
            token(expires_at="2026-01-02T03:00:00Z"), IssuedToken(0.0, {}), id="ended"
        ),
        pytest.param(
            token(expires_at="9999-12-31T23:59:59Z"),
            IssuedToken(1e9, {}),
            id="for-ever",
        ),
        pytest.param(
            token(expires_at="soon", user=[]), IssuedToken(None, {}), id="strange"
        ),
        pytest.param(Response(201, {}, b"{}"), IssuedToken(None, {}), id="empty"),
        pytest.param(Response(201, {}, b"[]"), IssuedToken(None, {}), id="list"),
        pytest.param(
            Response(201, {}, b'{"token": 1}'), IssuedToken(None, {}), id="number"
        ),
        pytest.param(Response(201, {}, b"\xff"), IssuedToken(None, {}), id="no-json"),
    ],
)
def test_a_lifetime_is_counted_by_iam_own_clock(
    reply: Response, wanted: IssuedToken
) -> None:
    """Ours may be wrong; a body that nobody understands tells nothing."""
    assert iam.issued(reply) == wanted


def refusal(status: int, code: str, text: str = "no", **headers: str) -> Response:
    """Give a refusal as IAM sends it today."""
    body = msgspec.json.encode({"error_code": code, "error_msg": text})
    return Response(status, {k.replace("_", "-"): v for k, v in headers.items()}, body)


def keystone(status: int, text: str) -> Response:
    """Give a refusal in Keystone's shape."""
    error = {"code": status, "message": text, "title": "Title"}
    return Response(status, {}, msgspec.json.encode({"error": error}))


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(
            keystone(401, "The username or password is wrong."),
            "(401 The username or password is wrong.): check HW_USER_NAME, "
            "HW_USER_PASSWORD, HW_DOMAIN_NAME and HW_PROJECT_NAME. Not retried",
            id="wrong-password",
        ),
        pytest.param(
            keystone(400, "Expecting to find domain in project"),
            "check HW_DOMAIN_NAME and HW_PROJECT_NAME",
            id="no-domain",
        ),
        pytest.param(refusal(401, "IAM.0061"), "wait 15 minutes", id="locked"),
        pytest.param(refusal(401, "IAM.0062"), "HW_USER_PASSWORD and", id="password"),
        pytest.param(refusal(401, "IAM.0066"), "has expired: change it", id="expired"),
        pytest.param(refusal(403, "IAM.0081"), "only use the console", id="console"),
        pytest.param(refusal(403, "IAM.0002"), "may not sign in to", id="forbidden"),
        pytest.param(
            refusal(401, "IAM.0001", Openstack_Auth_Receipt="r"),
            "set OS_PASSCODE",
            id="second-factor",
        ),
        pytest.param(refusal(409, "IAM.0011"), "check HW_USER_NAME", id="other"),
        pytest.param(
            Response(404, {}, b""), "is not IAM: it answered 404", id="not-found"
        ),
        pytest.param(
            Response(200, {"Content-Type": "text/html"}, b"<html>"),
            "SWR_IAM_ENDPOINT",
            id="page",
        ),
        pytest.param(
            Response(201, {}, b"{}"), "it answered 201 without a token", id="no-token"
        ),
        pytest.param(
            Response(302, {"Location": "https://elsewhere"}),
            "redirected to https://elsewhere",
            id="redirect",
        ),
    ],
)
def test_a_refusal_says_what_to_set(reply: Response, words: str) -> None:
    """By IAM's code where it has one of its own, else by the status."""
    login = Login(**NAMED)
    answer = read(reply, request=iam.ask(login), now=0.0)

    assert words in iam.advice(reply, answer, NAMES, login)


def test_all_that_was_sent_is_named_where_nobody_says_what_is_wrong() -> None:
    """A project's domain and a passcode too, if they are there."""
    login = Login(**NAMED, project_domain_id="d", passcode="123456")
    reply = refusal(401, "401")
    answer = read(reply, request=iam.ask(login), now=0.0)

    assert (
        "check HW_USER_NAME, HW_USER_PASSWORD, OS_PASSCODE, HW_DOMAIN_NAME, "
        "OS_PROJECT_DOMAIN_NAME and HW_PROJECT_NAME. Not"
    ) in iam.advice(reply, answer, NAMES, login)
