"""Who we are: what goes on a request, what a renewal is, and what a refusal means."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.rows import RepoSpec
from bulkrepo.http.messages import Request, Response
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.auth.access_key import AccessKey
from bulkrepo.swr.auth.iam import Login
from bulkrepo.swr.auth.password import Password
from bulkrepo.swr.auth.protocol import FIRST, NEVER, Auth
from bulkrepo.swr.auth.signature import signed
from bulkrepo.swr.auth.token import Token
from bulkrepo.swr.requests import create

REQUEST = Request("GET", "/")


def texts(*values: str) -> Callable[[], str]:
    """Give a function that reads *values* one after the other."""
    left: Iterable[str] = iter(values)
    return lambda: next(iter(left))


def test_token_goes_into_its_header_and_is_a_secret() -> None:
    """The documented header, blanks around the token dropped."""
    auth = Token("SWR_TOKEN", lambda: " abcdef==\n")

    assert auth.sign(REQUEST, at=0.0) == {"X-Auth-Token": "abcdef=="}
    assert auth.secrets() == ("abcdef==",)
    assert auth.name == "SWR_TOKEN"


def test_headers_are_the_same_mapping_until_the_token_is_renewed() -> None:
    """Who compares mappings knows whether a refusal is about the present token."""
    auth = Token("file", texts("older-token", "older-token", "newer-token"))
    before = auth.sign(REQUEST, at=0.0)

    assert auth.renew() is False
    assert auth.holds(before)
    assert auth.sign(REQUEST, at=0.0) is before
    assert auth.renew() is True
    assert auth.sign(REQUEST, at=0.0) is not before
    assert not auth.holds(before)
    assert auth.sign(REQUEST, at=0.0) == {"X-Auth-Token": "newer-token"}
    assert auth.secrets() == ("older-token", "newer-token")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("a b", "does not hold a token"),
        ("a\nb", "does not hold a token"),
        ("a\r\nX-Evil: 1", "does not hold a token"),
        ("tökén", "does not hold a token"),
        ("a\x00b", "does not hold a token"),
        (" seven-7\n", "does not hold a token: it has fewer than 8 characters"),
    ],
)
def test_token_is_refused_when_it_is_none(text: str, why: str) -> None:
    """The error names the place, never the text."""
    with pytest.raises(SettingsError, match=f"token.txt .*{why}") as raised:
        Token("token.txt", lambda: text)

    assert len(text.strip()) == 0 or text not in str(raised.value)


# Keys.

ENDPOINT = "https://swr-api.cn-north-4.myhuaweicloud.com:8443"
POST = create(RepoSpec("team", "web/app", is_public=False))
AT = 1_767_323_045.9
DATE = "20260102T030405Z"


def keys(**more: Any) -> AccessKey:
    """Give keys as the environment names them."""
    return AccessKey(
        endpoint=ENDPOINT,
        access_key="AK123",
        secret_key="SK456",
        names={"access_key": "HW_ACCESS_KEY", "secret_key": "HW_SECRET_KEY"},
        **more,
    )


@pytest.mark.parametrize(
    ("more", "sent"),
    [
        pytest.param({}, {}, id="bare"),
        pytest.param({"project_id": "p1"}, {"X-Project-Id": "p1"}, id="project"),
        pytest.param(
            {"security_token": " tt== "}, {"X-Security-Token": "tt=="}, id="temporary"
        ),
    ],
)
def test_keys_sign_the_request_the_date_and_what_goes_with_it(
    more: dict[str, str], sent: dict[str, str]
) -> None:
    """All that is signed is sent, and all that is sent is signed."""
    headers = dict(keys(**more).sign(POST, at=AT))

    authorization = headers.pop("Authorization")
    assert headers == {
        "Host": "swr-api.cn-north-4.myhuaweicloud.com:8443",
        "X-Sdk-Date": DATE,
        **sent,
    }
    assert authorization == signed(
        "POST",
        ENDPOINT + POST.path,
        sent,
        POST.body or b"",
        access_key="AK123",
        secret_key="SK456",
        date=DATE,
    )


def test_every_attempt_is_signed_anew() -> None:
    """A signature is of a moment and of one request."""
    auth = keys()

    assert auth.sign(POST, at=AT) == auth.sign(POST, at=AT)
    assert auth.sign(POST, at=AT) != auth.sign(POST, at=AT + 1)
    assert auth.sign(POST, at=AT) != auth.sign(REQUEST, at=AT)


def test_there_are_no_newer_keys() -> None:
    """A refusal is about these ones, which a few more would lock."""
    auth = keys(security_token="tt==")

    assert auth.holds(auth.sign(POST, at=AT))
    assert (auth.renew(), auth.login(), auth.locks, auth.due) == (
        False,
        None,
        True,
        NEVER,
    )
    assert set(auth.secrets()) == {"AK123", "SK456", "tt=="}
    assert auth.name == "HW_ACCESS_KEY and HW_SECRET_KEY"


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"access_key": " "}, "access_key is empty: it must hold a key"),
        ({"secret_key": "a b"}, "secret_key does not hold a key"),
        ({"secret_key": "a\r\nX-Evil: 1"}, "secret_key does not hold a key"),
        ({"security_token": "ö"}, "security_token does not hold a token"),
        ({"project_id": "p\n"}, None),
        ({"project_id": "p q"}, "project_id does not hold a project id"),
    ],
)
def test_keys_are_refused_when_a_header_cannot_carry_them(
    parts: dict[str, str], why: str | None
) -> None:
    """The error names the part, never the text."""
    whole: Any = {"access_key": "AK", "secret_key": "SK", **parts}
    if why is None:
        AccessKey(endpoint=ENDPOINT, **whole)
        return
    with pytest.raises(SettingsError, match=why):
        AccessKey(endpoint=ENDPOINT, **whole)


@pytest.mark.parametrize(
    ("message", "ahead", "more", "words"),
    [
        ("verify aksk signature fail", 0.0, {}, "check HW_ACCESS_KEY and HW_SECRET"),
        (
            "Get secretKey failed, err:ak not exist",
            0.0,
            {},
            "check HW_ACCESS_KEY: th",
        ),
        (
            "AK access failed to reach the limit, forbidden",
            0.0,
            {},
            "wait five minutes, then check HW_SECRET_KEY",
        ),
        ("verify aksk signature fail", 59.0, {}, "check HW_ACCESS_KEY"),
        ("expired", 1200.0, {}, "this machine's clock is 20 minutes behind the"),
        ("expired", -3600.0, {}, "this machine's clock is 60 minutes ahead of the"),
        (None, 0.0, {"security_token": "t"}, "set all three parts again"),
    ],
)
def test_a_refused_key_says_what_to_look_at(
    message: str | None, ahead: float, more: dict[str, str], words: str
) -> None:
    """The clock first: no other setting helps while it is wrong."""
    answer = Answer(AnswerKind.UNAUTHORIZED, 401, "APIGW.0301", message)

    assert words in keys(**more).advice(answer, ahead=ahead)


# Passwords.

SECRET = "P4ssw0rd-of-nobody"
DONE = Answer(AnswerKind.DONE, 201)


def password(**more: Any) -> Password:
    """Give a password sign-in; *more* is said of the login."""
    fields = {"user_name": "ann", "domain_name": "acme", "project_name": "eu-de"}
    login = Login(endpoint="https://iam.example", password=SECRET, **fields | more)
    return Password(login, names={"project": "HW_PROJECT_NAME"})


def issue(token: str, *, seconds: float | None = 86_400.0) -> Response:
    """Give IAM's answer with *token*, which lives for so many *seconds*."""
    told: dict[str, object] = {"user": {"name": "ann"}}
    if seconds is not None:
        stamps = {"issued_at": 0.0, "expires_at": seconds}
        told |= {
            name: datetime.fromtimestamp(at, UTC).isoformat()
            for name, at in stamps.items()
        }
    return Response(
        201, {"X-Subject-Token": token}, msgspec.json.encode({"token": told})
    )


def test_a_password_signs_in_first_and_holds_the_newest_token() -> None:
    """And is told of as a secret, as are all tokens that it got."""
    hidden: list[str] = []
    login = Login(endpoint="https://iam.example", password=SECRET, user_id="u1")
    auth = Password(login, hide=hidden.append)

    assert auth.due == FIRST
    assert auth.login() is not None
    assert auth.accept(issue("one"), DONE, at=1000.0) is None
    before = auth.sign(REQUEST, at=0.0)
    assert before == {"X-Auth-Token": "one"}
    assert auth.sign(POST, at=5.0) is before
    assert auth.accept(issue("two"), DONE, at=2000.0) is None
    assert auth.sign(REQUEST, at=0.0) == {"X-Auth-Token": "two"}
    assert not auth.holds(before)
    assert auth.secrets() == (SECRET, "one", "two")
    assert hidden == ["one", "two"]
    assert auth.facts["user"] == "ann"


@pytest.mark.parametrize(
    ("seconds", "due"),
    [
        pytest.param(86_400.0, 87_100.0, id="five-minutes-before-the-end"),
        pytest.param(600.0, 1480.0, id="a-fifth-of-a-short-life"),
        pytest.param(0.0, 1000.0, id="none"),
        pytest.param(None, NEVER, id="not-told"),
    ],
)
def test_a_token_is_renewed_some_time_before_it_ends(
    seconds: float | None, due: float
) -> None:
    """Counted from when it was asked for; where IAM does not say, by a 401."""
    auth = password()
    auth.accept(issue("one", seconds=seconds), DONE, at=1000.0)

    assert auth.due == due


def test_a_password_goes_to_no_place_where_everybody_reads_it() -> None:
    """Nor is one built that would send it there."""
    with pytest.raises(SettingsError, match="a password is not sent over plain http"):
        Password(Login(endpoint="http://iam.example", password=SECRET, user_id="u"))


def test_a_passcode_is_not_sent_twice() -> None:
    """It is good for once; the run says so and ends when the token does."""
    auth = password(passcode="123456")

    assert auth.login() is not None
    auth.accept(issue("one"), DONE, at=0.0)

    assert auth.login() is None
    assert auth.due == NEVER
    assert "123456" in auth.secrets()
    answer = Answer(AnswerKind.UNAUTHORIZED, 401)
    assert "a passcode works once" in auth.advice(answer, ahead=0.0)


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1"])
def test_an_answer_without_a_good_token_signs_nobody_in(token: str) -> None:
    """What cannot go into a header is no token."""
    auth = password()

    why = auth.accept(issue(token), DONE, at=0.0)

    assert why is not None
    assert auth.due == FIRST
    assert auth.sign(REQUEST, at=0.0) == {}


def test_a_token_that_swr_does_not_take_is_of_another_place() -> None:
    """IAM said yes: then it is the project."""
    auth = password()

    assert "HW_PROJECT_NAME" in auth.advice(
        Answer(AnswerKind.UNAUTHORIZED, 401), ahead=0.0
    )


def test_no_way_to_sign_in_shows_its_secret() -> None:
    """Whoever logs one logs no secret."""
    login = Login(endpoint="https://iam.example", user_id="u", password=SECRET)
    ways: list[Auth] = [
        Password(login),
        Token("SWR_TOKEN", lambda: SECRET),
        AccessKey(endpoint=ENDPOINT, access_key="AK", secret_key=SECRET),
    ]

    assert all(SECRET not in repr(way) for way in ways)
