"""Requests as documented, byte for byte, and times as SWR writes them."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.rows import RepoSpec
from bulkrepo.http.dates import moment, server_time
from bulkrepo.http.messages import Response
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.requests import create, show

EXAMPLE = """{ "repository" : "busybox", "category" : "linux",
 "description" : "this is a busybox repository", "is_public" : true }"""
"""The example request of the API reference, Creating an Image Repository."""


def test_create_is_the_example_of_the_reference() -> None:
    """The documented example is what we send, blanks and order aside."""
    spec = RepoSpec(
        "demo",
        "busybox",
        is_public=True,
        category="linux",
        description="this is a busybox repository",
    )

    request = create(spec)

    assert (request.method, request.path) == (
        "POST",
        "/v2/manage/namespaces/demo/repos",
    )
    assert request.body == (
        b'{"repository":"busybox","is_public":true,"category":"linux",'
        b'"description":"this is a busybox repository"}'
    )
    assert json.loads(request.body) == json.loads(EXAMPLE)
    assert request.creates


@pytest.mark.parametrize(
    ("spec", "body"),
    [
        pytest.param(
            RepoSpec("a", "app", is_public=False),
            b'{"repository":"app","is_public":false}',
            id="nothing-but-what-is-given",
        ),
        pytest.param(
            RepoSpec("a", "team/app-one", is_public=True),
            b'{"repository":"team/app-one","is_public":true}',
            id="slash-stays",
        ),
        pytest.param(
            RepoSpec("a", "app", is_public=False, category="arm"),
            b'{"repository":"app","is_public":false,"category":"arm"}',
            id="category",
        ),
        pytest.param(
            RepoSpec("a", "app", is_public=False, description='дом — "x"\n'),
            '{"repository":"app","is_public":false,'
            '"description":"дом — \\"x\\"\\n"}'.encode(),
            id="utf-8",
        ),
        pytest.param(
            RepoSpec("a", "app", is_public=False, description=""),
            b'{"repository":"app","is_public":false,"description":""}',
            id="empty-is-given",
        ),
    ],
)
def test_body_holds_what_the_row_gives(spec: RepoSpec, body: bytes) -> None:
    """No null, no namespace, a real slash, UTF-8."""
    assert create(spec).body == body


@pytest.mark.parametrize(
    ("repository", "path"),
    [
        ("app", "/v2/manage/namespaces/demo/repos/app"),
        ("team/app-one", "/v2/manage/namespaces/demo/repos/team$app-one"),
        ("a/b/c__d.e", "/v2/manage/namespaces/demo/repos/a$b$c__d.e"),
    ],
)
def test_show_writes_a_slash_as_a_dollar(repository: str, path: str) -> None:
    """In a path the gateway would take a slash for another API."""
    request = show("demo", repository)

    assert (request.method, request.path, request.body) == ("GET", path, None)
    assert not request.creates


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-02T03:04:05Z", 0.0),
        ("2026-01-02T03:04:05.5Z", 0.5),
        ("2026-01-02T03:04:05.123456789Z", 0.123456789),
        ("2026-01-02T03:04:05", 0.0),
        ("2026-01-02 03:04:05", 0.0),
        (" 2026-01-02T03:04:05Z\n", 0.0),
        ("2026-01-02T04:04:05+01:00", 0.0),
        ("2026-01-02T11:04:05.25+0800", 0.25),
        ("2026-01-02T03:04:05.Z", None),
        ("2026-13-02T03:04:05Z", None),
        ("2026-01-02T03:04:05+99:00", None),
        ("2026-01-02", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1767323045, None),
    ],
)
def test_moment_reads_the_times_of_swr(text: object, seconds: float | None) -> None:
    """Zone or none, any fraction; what is no time is None."""
    base = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
    wanted = None if seconds is None else pytest.approx(base + seconds, abs=1e-6)

    assert moment(text) == wanted


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds are naive
def test_moment_undoes_writing(time: datetime) -> None:
    """Whatever Python writes as RFC 3339 is read as the same moment."""
    assert moment(time.isoformat()) == pytest.approx(time.timestamp(), abs=1e-3)


@given(st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{0,8}"))
def test_moment_never_raises(text: str) -> None:
    """A creation time that makes no sense is no creation time."""
    found = moment(text)

    assert found is None or isinstance(found, float)


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Fri, 02 Jan 2026 03:04:05 GMT", 1767323045.0),
        ("Fri, 02 Jan 2026 03:04:05 -0000", 1767323045.0),
        ("Fri, 02 Jan 99999999999999999999 03:04:05 GMT", None),
        ("now", None),
        (None, None),
    ],
)
def test_server_time_is_the_date_header(
    date: str | None, seconds: float | None
) -> None:
    """The server's clock, or nothing; never this machine's time zone."""
    reply = Response(201, {} if date is None else {"Date": date})

    assert server_time(reply) == seconds


def test_only_broken_and_unsure_are_unsure() -> None:
    """Whether a request may have been carried out is a matter of two kinds."""
    unsure = {kind for kind in AnswerKind if Answer(kind).unsure}

    assert unsure == {AnswerKind.BROKEN, AnswerKind.UNSURE}
