"""What the JSON of a refusal says, in whatever shape a gateway sends it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.swr.error_bodies import MESSAGE_LIMIT, ErrorBody, read_error


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        pytest.param({"message": "slow down"}, None, "slow down", id="message"),
        pytest.param({"msg": "full", "status": "bad"}, None, "full", id="msg"),
        pytest.param(
            {
                "type": "about:blank",
                "title": "Denied",
                "status": 403,
                "detail": "by IP",
            },
            None,
            "Denied (by IP)",
            id="problem-details",
        ),
        pytest.param({"detail": "gone"}, None, "gone", id="detail-alone"),
        pytest.param({"reason": "locked"}, None, "locked", id="reason"),
        pytest.param({"error": "no luck"}, None, "no luck", id="error-is-text"),
        pytest.param(
            {"error": "invalid_scope", "error_description": "no such scope"},
            None,
            "invalid_scope (no such scope)",
            id="oauth",
        ),
        pytest.param(
            {"Error": {"Code": "Denied", "Message": "by rule"}},
            "Denied",
            "by rule",
            id="capitals-one-level-down",
        ),
        pytest.param(
            {"badRequest": {"code": 400, "message": "odd"}},
            "400",
            "odd",
            id="openstack",
        ),
        pytest.param({"errors": ["a", "b", "a"]}, None, "a; b", id="errors-of-text"),
        pytest.param(
            {"errors": [{"code": "C.1", "message": "a"}, {"detail": "b"}]},
            "C.1",
            "a; b",
            id="errors-of-objects",
        ),
        pytest.param({"errors": "all bad"}, None, "all bad", id="errors-is-text"),
        pytest.param(
            {"errors": ["a"], "code": "C.2", "message": "b"}, "C.2", "a", id="both"
        ),
        pytest.param(
            {"message": "a", "data": {"code": 5}}, None, "a", id="the-nearest-counts"
        ),
        pytest.param({"message": " "}, None, None, id="blank"),
        pytest.param({"credential": {"message": "x"}}, None, None, id="secret-parent"),
        pytest.param({"anything": "else"}, None, None, id="unknown-member"),
        pytest.param({"message": ["a"]}, None, None, id="message-is-no-text"),
        pytest.param(None, None, None, id="null"),
    ],
)
def test_words_are_found_in_every_shape(
    content: object, code: str | None, message: str | None
) -> None:
    """People see why they were refused, whoever refuses."""
    assert read_error(json.dumps(content).encode()) == ErrorBody(code, message)


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(
    name=st.sampled_from(["message", "Msg", "TITLE", "detail", "reason", "error"]),
    words=WORDS.filter(str.strip),
    below=st.none() | WORDS,
)
def test_each_member_that_holds_words_is_shown(
    name: str, words: str, below: str | None
) -> None:
    """At the top or one level down, in any case."""
    content: object = {name: words}
    if below is not None:
        content = {f"x{below}": content}

    assert read_error(json.dumps(content).encode()).message == words.strip()


def test_words_are_cut() -> None:
    """However many errors there are, a report's line stays a line."""
    content = {"errors": [{"message": f"{n} is bad"} for n in range(1000)]}

    message = read_error(json.dumps(content).encode()).message

    assert message is not None
    assert (len(message), message[-1]) == (MESSAGE_LIMIT, "…")


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"message": "a', b"[" * 60_000])
def test_what_is_no_json_says_nothing(body: bytes) -> None:
    """Nor does it raise."""
    assert read_error(body) == ErrorBody()
