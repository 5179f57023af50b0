"""Every row of how an answer is read, every shape of an error, and no exception."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict

from bulkrepo.core.rows import RepoSpec
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.swr.answers import Answer, AnswerKind, Limit
from bulkrepo.swr.error_bodies import MESSAGE_LIMIT
from bulkrepo.swr.requests import RepositoryInfo, create, show
from bulkrepo.swr.responses import read, said

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
POST = create(RepoSpec("team", "app", is_public=False))
GET = show("team", "app")
SECRET = "secret-policy-text"


def body(code: str | None = None, text: str = "words") -> bytes:
    """Give an error body as SWR sends it today."""
    if code is None:
        return b""
    inner = {"errorCode": code, "errorMessage": text, "detail": ""}
    return json.dumps(
        {
            "errors": [inner],
            "error_code": code,
            "error_msg": text,
            "encoded_authorization_message": SECRET,
        }
    ).encode()


def understood(
    status: int,
    content: bytes = b"",
    *,
    request: Request = POST,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Read a reply made of *status*, *content* and *headers*."""
    reply = Response(status, CIMultiDict(headers or {}), content)
    return read(reply, request=request, now=NOW)


SWR = "SVCSTG.SWR."


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        pytest.param(201, None, AnswerKind.DONE, id="created"),
        pytest.param(200, None, AnswerKind.DONE, id="any-2xx"),
        pytest.param(204, None, AnswerKind.DONE, id="no-content"),
        pytest.param(409, SWR + "4090006", AnswerKind.EXISTS, id="exists"),
        pytest.param(500, SWR + "4090006", AnswerKind.EXISTS, id="code-before-status"),
        pytest.param(409, None, AnswerKind.CONFLICT, id="409-no-code"),
        pytest.param(409, SWR + "4090060", AnswerKind.CONFLICT, id="409-other-code"),
        pytest.param(409, SWR + "4090023", AnswerKind.BUSY, id="busy"),
        pytest.param(500, SWR + "5000046", AnswerKind.BROKEN, id="500"),
        pytest.param(500, None, AnswerKind.BROKEN, id="500-no-code"),
        pytest.param(502, "APIGW.0201", AnswerKind.BROKEN, id="502-gateway"),
        pytest.param(503, "APIGW.0613", AnswerKind.BROKEN, id="503-iam-away"),
        pytest.param(504, "APIGW.0201", AnswerKind.BROKEN, id="504-gateway"),
        pytest.param(507, SWR + "5070070", AnswerKind.BROKEN, id="507"),
        pytest.param(408, None, AnswerKind.BROKEN, id="408"),
        pytest.param(429, "APIGW.0308", AnswerKind.THROTTLED, id="429"),
        pytest.param(429, None, AnswerKind.THROTTLED, id="429-no-code"),
        pytest.param(403, SWR + "4031032", AnswerKind.THROTTLED, id="403-requests"),
        pytest.param(403, SWR + "4031042", AnswerKind.THROTTLED, id="403-too-many"),
        pytest.param(401, SWR + "4010000", AnswerKind.UNAUTHORIZED, id="401"),
        pytest.param(401, "APIGW.0301", AnswerKind.UNAUTHORIZED, id="401-iam"),
        pytest.param(401, "APIG.0307", AnswerKind.UNAUTHORIZED, id="401-other-region"),
        pytest.param(401, None, AnswerKind.UNAUTHORIZED, id="401-no-code"),
        pytest.param(403, "APIGW.0310", AnswerKind.UNAUTHORIZED, id="403-project"),
        pytest.param(400, SWR + "4001048", AnswerKind.UNAUTHORIZED, id="400-no-token"),
        pytest.param(400, SWR + "4000031", AnswerKind.UNAUTHORIZED, id="400-ak-sk"),
        pytest.param(
            400, SWR + "4001013", AnswerKind.UNAUTHORIZED, id="400-ak-sk-empty"
        ),
        pytest.param(401, SWR + "4011044", AnswerKind.FORBIDDEN, id="401-another-user"),
        pytest.param(
            401, SWR + "4011064", AnswerKind.FORBIDDEN, id="401-another-account"
        ),
        pytest.param(
            404, SWR + "4040058", AnswerKind.NO_NAMESPACE, id="no-organization"
        ),
        pytest.param(
            404, SWR + "4041061", AnswerKind.NO_NAMESPACE, id="no-organization-2"
        ),
        pytest.param(403, SWR + "4037017", AnswerKind.FORBIDDEN, id="403"),
        pytest.param(403, "APIGW.0302", AnswerKind.FORBIDDEN, id="403-gateway"),
        pytest.param(403, None, AnswerKind.FORBIDDEN, id="403-no-code"),
        pytest.param(400, SWR + "4000097", AnswerKind.QUOTA, id="400-organizations"),
        pytest.param(400, SWR + "4000098", AnswerKind.QUOTA, id="400-repositories"),
        pytest.param(500, SWR + "5007019", AnswerKind.QUOTA, id="500-repositories"),
        pytest.param(404, "APIGW.0101", AnswerKind.WRONG_ENDPOINT, id="not-published"),
        pytest.param(404, "APIG.0101", AnswerKind.WRONG_ENDPOINT, id="not-published-2"),
        pytest.param(404, None, AnswerKind.WRONG_ENDPOINT, id="404-no-code"),
        pytest.param(404, "404", AnswerKind.WRONG_ENDPOINT, id="404-code-is-status"),
        pytest.param(
            404, SWR + "4040083", AnswerKind.WRONG_ENDPOINT, id="url-not-found"
        ),
        pytest.param(301, None, AnswerKind.WRONG_ENDPOINT, id="301"),
        pytest.param(302, None, AnswerKind.WRONG_ENDPOINT, id="302"),
        pytest.param(307, None, AnswerKind.WRONG_ENDPOINT, id="307"),
        pytest.param(400, SWR + "4001029", AnswerKind.REFUSED, id="400"),
        pytest.param(400, None, AnswerKind.REFUSED, id="400-no-code"),
        pytest.param(413, SWR + "4131012", AnswerKind.REFUSED, id="413"),
        pytest.param(421, None, AnswerKind.BUSY, id="421"),
        pytest.param(425, None, AnswerKind.BUSY, id="425"),
        pytest.param(505, None, AnswerKind.REFUSED, id="505"),
        pytest.param(422, None, AnswerKind.REFUSED, id="422"),
        pytest.param(405, "APIGW.0501", AnswerKind.REFUSED, id="405"),
        pytest.param(405, None, AnswerKind.WRONG_ENDPOINT, id="405 of no SWR"),
        pytest.param(501, None, AnswerKind.WRONG_ENDPOINT, id="501 of no SWR"),
        pytest.param(404, SWR + "4040010", AnswerKind.REFUSED, id="404-other"),
        pytest.param(404, "APIGW.0103", AnswerKind.REFUSED, id="404-gateway"),
    ],
)
def test_create_is_read_by_code_first_and_status_second(
    status: int, code: str | None, kind: AnswerKind
) -> None:
    """Each row of the table of answers."""
    answer = understood(status, body(code))

    assert (answer.kind, answer.status, answer.code) == (kind, status, code)
    assert SECRET not in repr(answer)


@pytest.mark.parametrize(
    ("reply", "kind", "unsure"),
    [
        pytest.param(
            TransportFailure("refused", sent=False),
            AnswerKind.UNREACHABLE,
            False,
            id="a",
        ),
        pytest.param(
            TransportFailure("dns", sent=False), AnswerKind.UNREACHABLE, False, id="dns"
        ),
        pytest.param(
            TransportFailure("tls", sent=False), AnswerKind.UNREACHABLE, False, id="tls"
        ),
        pytest.param(
            TransportFailure("timeout", sent=True),
            AnswerKind.UNSURE,
            True,
            id="timeout",
        ),
        pytest.param(
            TransportFailure("dropped", sent=True),
            AnswerKind.UNSURE,
            True,
            id="dropped",
        ),
        pytest.param(Response(500, {}), AnswerKind.BROKEN, True, id="500"),
        pytest.param(Response(408, {}), AnswerKind.BROKEN, True, id="408"),
        pytest.param(Response(429, {}), AnswerKind.THROTTLED, False, id="429"),
        pytest.param(
            Response(409, {}, body(SWR + "4090023")), AnswerKind.BUSY, False, id="b"
        ),
    ],
)
def test_answer_is_unsure_when_the_request_may_have_been_carried_out(
    reply: Response | TransportFailure, kind: AnswerKind, *, unsure: bool
) -> None:
    """What was certainly not sent, or certainly not done, is no doubt."""
    answer = read(reply, request=POST, now=NOW)

    assert (answer.kind, answer.unsure) == (kind, unsure)


def test_no_reply_says_what_happened() -> None:
    """The kind of silence is the code, the detail the message."""
    answer = read(
        TransportFailure("dns", sent=False, detail="no x"), request=POST, now=NOW
    )

    assert (answer.status, answer.code, answer.message) == (
        None,
        "no-reply.dns",
        "no x",
    )


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        pytest.param(200, b'{"is_public":false}', AnswerKind.DONE, id="shown"),
        pytest.param(404, body(SWR + "4040010"), AnswerKind.ABSENT, id="absent"),
        pytest.param(404, body(SWR + "4040113"), AnswerKind.ABSENT, id="absent-2"),
        pytest.param(
            404, body("APIGW.0103"), AnswerKind.REFUSED, id="gateway-knows-none"
        ),
        pytest.param(404, body(), AnswerKind.WRONG_ENDPOINT, id="404-no-code"),
        pytest.param(
            404, body(SWR + "4040058"), AnswerKind.NO_NAMESPACE, id="organization"
        ),
        pytest.param(200, b'{"is_public":fal', AnswerKind.BROKEN, id="cut-off"),
        pytest.param(200, b"", AnswerKind.BROKEN, id="empty"),
        pytest.param(200, b"[]", AnswerKind.BROKEN, id="no-object"),
        pytest.param(200, b"<html>", AnswerKind.WRONG_ENDPOINT, id="page"),
        pytest.param(
            200, b'{"is_public":false,"name":"x"}', AnswerKind.REFUSED, id="other"
        ),
    ],
)
def test_reading_tells_what_is_there(
    status: int, content: bytes, kind: AnswerKind
) -> None:
    """Only an object is a repository, only SWR's own 404 its absence."""
    answer = understood(status, content, request=GET)

    assert answer.kind is kind
    assert answer.seen == (
        RepositoryInfo(is_public=False) if kind is AnswerKind.DONE else None
    )


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (SWR + "4040010", AnswerKind.ABSENT),
        (SWR + "4040058", AnswerKind.NO_NAMESPACE),
        ("APIGW.0103", AnswerKind.REFUSED),
        (None, AnswerKind.WRONG_ENDPOINT),
    ],
)
def test_what_is_to_be_changed_may_not_be_there(
    method: str, code: str | None, kind: AnswerKind
) -> None:
    """As SWR's own 404 says; only what is to be made cannot be missing."""
    request = Request(method, GET.path)

    assert understood(404, body(code), request=request).kind is kind


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        pytest.param(b"<!doctype html><html>", {}, id="by-body"),
        pytest.param(
            b"\n  <html><title>Sign in</title>", {}, id="by-body-after-blanks"
        ),
        pytest.param(b"Sign in", {"Content-Type": "text/html"}, id="by-type"),
        pytest.param(b"Sign in", {"content-type": "TEXT/HTML;a=b"}, id="any-case"),
    ],
)
def test_page_with_200_is_the_wrong_endpoint(
    content: bytes, headers: dict[str, str]
) -> None:
    """A captive portal is no SWR, whatever the status says."""
    answer = understood(200, content, headers=headers)

    assert answer.kind is AnswerKind.WRONG_ENDPOINT
    title = "Sign in" if b"<title>" in content else "untitled"
    assert answer.message == f"a web page answered: {title}"


@pytest.mark.parametrize(
    ("name", "namespace", "another"),
    [
        pytest.param("web/app", "team", False, id="same"),
        pytest.param("web/app", None, False, id="as-shown-alone"),
        pytest.param(None, None, False, id="names-nothing"),
        pytest.param("web", "team", True, id="name"),
        pytest.param("app", None, True, id="part-of-the-name"),
        pytest.param("web/app", "other", True, id="organization"),
    ],
)
def test_another_repository_is_no_answer(
    name: str | None, namespace: str | None, *, another: bool
) -> None:
    """What is shown must be what was asked for."""
    shown = {"is_public": False, "name": name, "namespace": namespace}

    answer = understood(
        200, json.dumps(shown).encode(), request=show("team", "web/app")
    )

    assert (answer.kind is AnswerKind.REFUSED, answer.seen is None) == (
        another,
        another,
    )


@pytest.mark.parametrize("status", [0, 99, 100, 101, 199])
def test_a_number_that_is_no_status_tells_nothing(status: int) -> None:
    """The request may have been carried out, whatever the body says."""
    answer = understood(status, body(SWR + "4001029"))

    assert (answer.kind, answer.unsure, answer.status) == (
        AnswerKind.UNSURE,
        True,
        status,
    )


CHANGE = Request("PATCH", GET.path, b"{}")
REMOVAL = Request("DELETE", GET.path)


@pytest.mark.parametrize("request_", [POST, CHANGE, REMOVAL])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", AnswerKind.DONE),
        (b"{}", AnswerKind.DONE),
        (b"null", AnswerKind.DONE),
        (b"OK", AnswerKind.WRONG_ENDPOINT),
        (b"{", AnswerKind.WRONG_ENDPOINT),
        (b"<p>", AnswerKind.WRONG_ENDPOINT),
    ],
)
@pytest.mark.parametrize("media", ["application/json", "text/html", ""])
def test_done_is_an_empty_or_a_json_body(
    request_: Request, content: bytes, kind: AnswerKind, media: str
) -> None:
    """The body decides, as servers name a type for nothing, too."""
    headers = {"Content-Type": media}

    assert understood(201, content, request=request_, headers=headers).kind is kind


ONE = {"errorCode": "C.1", "errorMessage": "words", "detail": "in filter"}


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        pytest.param(
            {"errors": [ONE], "error_code": "C.1", "error_msg": "words"},
            "C.1",
            "words (in filter)",
            id="swr-now",
        ),
        pytest.param({"errors": [ONE]}, "C.1", "words (in filter)", id="swr-older"),
        pytest.param([ONE], "C.1", "words (in filter)", id="as-printed"),
        pytest.param(ONE, "C.1", "words (in filter)", id="flat"),
        pytest.param(
            {"error_msg": "slow", "error_code": "APIGW.0308", "request_id": "r"},
            "APIGW.0308",
            "slow",
            id="gateway",
        ),
        pytest.param(
            {"errorCode": "C.1", "errorMsg": "words"}, "C.1", "words", id="sdk-pair"
        ),
        pytest.param(
            {"error": {"code": 401, "message": "wrong", "title": "Unauthorized"}},
            "401",
            "wrong",
            id="iam",
        ),
        pytest.param({"code": "C.1", "message": "m"}, "C.1", "m", id="code-message"),
        pytest.param({"error_msg": "words"}, None, "words", id="no-code"),
        pytest.param({"error_code": "C.1"}, "C.1", None, id="no-message"),
        pytest.param(
            {"errors": [], "error_code": "C.1", "error_msg": "words"},
            "C.1",
            "words",
            id="no-errors-in-the-list",
        ),
        pytest.param(
            {"errors": None, "error": None, "error_code": "C.1"},
            "C.1",
            None,
            id="nulls",
        ),
        pytest.param({"message": "hello"}, None, "hello", id="message-alone"),
        pytest.param({"errorCode": True, "errorMessage": []}, None, None, id="types"),
        pytest.param({"token": "t"}, None, None, id="unknown-json-is-not-shown"),
        pytest.param([], None, None, id="empty-list"),
    ],
)
def test_error_is_found_in_every_shape(
    content: object, code: str | None, message: str | None
) -> None:
    """Code, message and detail, wherever SWR, the gateway or IAM put them."""
    answer = understood(400, json.dumps(content).encode())

    assert (answer.code, answer.message) == (code, message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", None, id="empty"),
        pytest.param(b" upstream timed out\n", "upstream timed out", id="text"),
        pytest.param(b"\xff\xfe", "\ufffd\ufffd", id="no-text"),
        pytest.param(b'{"encoded_authorization_message":"', None, id="cut-off-json"),
        pytest.param(b'"words"', None, id="a-string"),
        pytest.param(
            b"<html><TITLE> 502 Bad Gateway </TITLE>",
            "a web page answered: 502 Bad Gateway",
            id="page",
        ),
        pytest.param(b"<html>", "a web page answered: untitled", id="untitled-page"),
    ],
)
def test_message_is_the_best_words_when_the_body_is_no_json(
    content: bytes, message: str | None
) -> None:
    """Load balancers answer with pages and with text."""
    assert understood(502, content).message == message


def test_message_says_where_when_redirected() -> None:
    """Where a redirect would lead tells what is wrong with the endpoint."""
    answer = understood(302, headers={"Location": "https://login.example/"})

    assert answer.message == "redirected to https://login.example/"


def test_message_is_cut_when_it_is_long() -> None:
    """A report's line stays a line."""
    answer = understood(400, body("C.1", "x" * 5000))

    assert answer.message == "x" * (MESSAGE_LIMIT - 1) + "…"


@pytest.mark.parametrize(
    ("headers", "content", "request_id"),
    [
        pytest.param({"X-Request-Id": "a"}, b'{"request_id":"b"}', "a", id="header"),
        pytest.param({"x-request-id": "a"}, b"", "a", id="any-case"),
        pytest.param({"X-IAM-Trace-Id": "c"}, b'{"request_id":"b"}', "c", id="iam"),
        pytest.param({}, b'{"request_id":"b","error_code":"C"}', "b", id="body"),
        pytest.param({}, b"", None, id="none"),
    ],
)
def test_request_id_is_found(
    headers: dict[str, str], content: bytes, request_id: str | None
) -> None:
    """Support asks for it, so it is kept wherever it stands."""
    assert understood(400, content, headers=headers).request_id == request_id


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("9" * 30, 999_999_999.0),
        ("Fri, 02 Jan 2026 03:05:05 GMT", 60.0),
        ("Fri, 02 Jan 2026 03:05:05 -0000", 60.0),
        ("Fri, 02 Jan 2026 04:05:05 +0100", 60.0),
        ("Fri, 02 Jan 2026 03:03:05 GMT", 0.0),
        ("Fri, 02 Jan 99999999999999999999 03:03:05 GMT", None),
        ("Fri, 02 Jan 20260 03:03:05 GMT", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    """Both forms of the header; what is neither is no wish."""
    answer = understood(503, headers={"retry-after": value})

    assert answer.retry_after == seconds


def test_a_date_to_wait_for_is_one_of_the_servers_clock() -> None:
    """However wrong ours is: its own `Date` says what time it is there."""
    answer = understood(
        429,
        headers={
            "Date": "Fri, 01 Jan 2100 00:00:00 GMT",
            "Retry-After": "Fri, 01 Jan 2100 00:00:07 GMT",
        },
    )

    assert answer.retry_after == 7.0


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (408, None, AnswerKind.BROKEN),
        (409, SWR + "4090023", AnswerKind.BUSY),
        (413, None, AnswerKind.BUSY),
        (421, None, AnswerKind.BUSY),
        (425, None, AnswerKind.BUSY),
        (429, None, AnswerKind.THROTTLED),
        (503, None, AnswerKind.BROKEN),
    ],
)
def test_retry_after_is_kept_where_another_try_makes_sense(
    status: int, code: str | None, kind: AnswerKind
) -> None:
    """Also what is too large only for now."""
    answer = understood(status, body(code), headers={"Retry-After": "2"})

    assert (answer.kind, answer.retry_after) == (kind, 2.0)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 505])
def test_retry_after_is_ignored_when_another_try_makes_no_sense(status: int) -> None:
    """Only throttling and trouble are waited out."""
    assert understood(status, headers={"Retry-After": "9"}).retry_after is None


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        pytest.param(
            "policy user over ratelimit,limit:200,time:5 minute",
            [Limit(200, 300.0)],
            id="vpc",
        ),
        pytest.param(
            "over ratelimit,limit:100,time:1 minute", [Limit(100, 60.0)], id="dns"
        ),
        pytest.param("limit:5,time:1 second", [Limit(5, 1.0)], id="second"),
        pytest.param("limit:10,time:2 hours", [Limit(10, 7200.0)], id="hours"),
        pytest.param("limit:10, time:1 day", [Limit(10, 86_400.0)], id="blank"),
        pytest.param("Limit: 10, Time: 1 Day", [Limit(10, 86_400.0)], id="case"),
        pytest.param("limit:0,time:1 minute", [], id="zero"),
        pytest.param("limit:5,time:0 minute", [], id="no-time"),
        pytest.param("limit:5,time:1 fortnight", [], id="unknown-unit"),
        pytest.param("policy api over ratelimit", [], id="unnamed"),
        pytest.param(
            "limit:20,time:1 second; limit:600,time:1 minute",
            [Limit(20, 1.0), Limit(600, 60.0)],
            id="two",
        ),
    ],
)
def test_limit_is_read_when_the_text_names_a_rule(
    text: str, limits: list[Limit]
) -> None:
    """The gateway says in words how much it allows, in one rule or in several."""
    answer = understood(429, body("APIGW.0308", text))

    assert (answer.kind, answer.limits) == (AnswerKind.THROTTLED, tuple(limits))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "errors",
                    "error",
                    "errorCode",
                    "error_code",
                    "code",
                    "errorMessage",
                    "error_msg",
                    "message",
                    "detail",
                    "request_id",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
BODIES = st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode())
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Retry-After", "Content-Type", "X-Request-Id", "Location", "Date"]
    ),
    st.text(max_size=40)
    | st.builds("Fri, {} Jan {} 03:04:05 {}".format, *[st.integers()] * 3),
)


@given(status=st.integers(0, 999), content=BODIES, headers=HEADERS, reads=st.booleans())
@example(status=400, content=b"1" * 5000, headers={}, reads=False)
@example(status=400, content=b'{"code":' + b"1" * 5000 + b"}", headers={}, reads=False)
@example(status=400, content=b"[" * 60_000, headers={}, reads=True)
@example(
    status=400, content=b'{"code":"\\ud800","message":"x"}', headers={}, reads=True
)
def test_read_never_raises(
    status: int, content: bytes, headers: dict[str, str], *, reads: bool
) -> None:
    """There is one kind for whatever comes, and it can be written down as text."""
    answer = understood(
        status, content, request=GET if reads else POST, headers=headers
    )

    assert isinstance(answer.kind, AnswerKind)
    for text in (answer.code, answer.message):
        assert text is None or text.encode() is not None
    assert answer.retry_after is None or answer.retry_after >= 0


@given(secret=st.uuids().map(str), status=st.sampled_from([400, 401, 403, 409, 500]))
def test_authorization_message_never_appears(secret: str, status: int) -> None:
    """It encodes the caller's policy, and is nobody's business."""
    content = {
        "errors": [{**ONE, "encoded_authorization_message": secret}],
        "encoded_authorization_message": secret,
    }
    for shape in (content, {"encoded_authorization_message": secret}):
        assert secret not in repr(understood(status, json.dumps(shape).encode()))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            Answer(AnswerKind.REFUSED, 400, "APIGW.0201", "too big"),
            "400 APIGW.0201 too big",
        ),
        (Answer(AnswerKind.UNAUTHORIZED, 401, "401", "wrong"), "401 wrong"),
        (Answer(AnswerKind.UNREACHABLE, code="no-reply.dns"), "no-reply.dns"),
        (Answer(AnswerKind.BROKEN, 502), "502"),
    ],
)
def test_an_answer_is_told_in_a_few_words(answer: Answer, words: str) -> None:
    """A code that is only the status once more is not repeated."""
    assert said(answer) == words
