"""What became of a row: the conversation driven by hand, no engine."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.outcomes import Verdict
from bulkrepo.core.rows import Doubt, RepoSpec, join_doubts
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.operations.conclusion import Conclusion, FinalAnswer, drift
from bulkrepo.swr.operations.creation import create
from bulkrepo.swr.requests import RepositoryInfo

T = 1_767_323_045.0  # 2026-01-02T03:04:05Z
D = Doubt(T - 1, T + 1)
"""A try at T, by a clock that is known to a second."""
PAST = Doubt(T - 61, T - 59)
SPEC = RepoSpec("team", "web/app", is_public=False, category="linux")

DONE = FinalAnswer(Answer(AnswerKind.DONE, 201))
EXISTS = Answer(AnswerKind.EXISTS, 409, "SVCSTG.SWR.4090006")
CONFLICT = Answer(AnswerKind.CONFLICT, 409)
REFUSED = Answer(AnswerKind.REFUSED, 400, "SVCSTG.SWR.4001029")
BROKEN = Answer(AnswerKind.BROKEN, 500)
LOST = Answer(AnswerKind.UNSURE, code="no-reply.dropped")
UNSENT = Answer(AnswerKind.UNREACHABLE, code="no-reply.refused")
ABSENT = FinalAnswer(Answer(AnswerKind.ABSENT, 404, "SVCSTG.SWR.4040010"))
FORBIDDEN = FinalAnswer(Answer(AnswerKind.FORBIDDEN, 403, "SVCSTG.SWR.4037017"))
UNREAD = FinalAnswer(Answer(AnswerKind.BROKEN, 502))
SILENT = FinalAnswer(Answer(AnswerKind.UNSURE))


def shown(**fields: object) -> FinalAnswer:
    """Give the repository as wanted, apart from *fields*."""
    seen = {"is_public": False, "category": "linux", "description": "any", **fields}
    return FinalAnswer(
        Answer(AnswerKind.DONE, 200, seen=msgspec.convert(seen, RepositoryInfo))
    )


def unsure(answer: Answer) -> FinalAnswer:
    """Give *answer* after a first try at T that may have been carried out."""
    return FinalAnswer(answer, D)


def converse(
    script: list[FinalAnswer], *, doubt: Doubt | None = None
) -> tuple[Conclusion, str]:
    """Drive the flow through *script*; what it concludes and what it asked."""
    flow = create(SPEC, doubt=doubt)
    request, asked = next(flow), ""
    for heard in script:
        asked += request.method[0]
        try:
            request = flow.send(heard)
        except StopIteration as end:
            assert heard is script[-1], "the flow ended before its script"
            conclusion: Conclusion = end.value
            return conclusion, asked
    raise AssertionError("the script ended before its flow")


LATER = "2026-01-02T03:04:06.5Z"
AT_ONCE = "2026-01-02T03:04:05.000Z"
SAME_SECOND = "2026-01-02T03:04:04Z"  # cut to seconds, clocks a second apart at most
EARLIER = "2026-01-02T03:04:03.9Z"
YEARS_AGO = "2020-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("script", "asked", "verdict", "certain", "doubt"),
    [
        pytest.param([DONE], "P", "created", True, None, id="created"),
        pytest.param(
            [unsure(Answer(AnswerKind.DONE, 201))],
            "P",
            "created",
            True,
            None,
            id="at-last",
        ),
        pytest.param(
            [FinalAnswer(EXISTS), shown()], "PG", "exists", True, None, id="exists"
        ),
        pytest.param(
            [FinalAnswer(EXISTS), shown(is_public=True)],
            "PG",
            "differs",
            True,
            None,
            id="differs",
        ),
        pytest.param(
            [FinalAnswer(EXISTS), FORBIDDEN],
            "PG",
            "exists",
            False,
            None,
            id="exists-unread",
        ),
        pytest.param(
            [FinalAnswer(EXISTS), UNREAD],
            "PG",
            "exists",
            False,
            None,
            id="exists-broken",
        ),
        pytest.param(
            [unsure(EXISTS), shown(created=LATER)],
            "PG",
            "created",
            False,
            None,
            id="lost-reply-ours",
        ),
        pytest.param(
            [unsure(EXISTS), shown(created_at=LATER)],
            "PG",
            "created",
            False,
            None,
            id="lost-reply-ours-in-a-list's-words",
        ),
        pytest.param(
            [unsure(EXISTS), shown(created=AT_ONCE)],
            "PG",
            "created",
            False,
            None,
            id="lost-reply-ours-at-once",
        ),
        pytest.param(
            [unsure(EXISTS), shown(created=SAME_SECOND)],
            "PG",
            "created",
            False,
            None,
            id="lost-reply-time-cut-to-seconds",
        ),
        pytest.param(
            [unsure(EXISTS), shown(created=EARLIER)],
            "PG",
            "exists",
            True,
            None,
            id="there-a-second-before",
        ),
        pytest.param(
            [unsure(EXISTS), shown(created=YEARS_AGO)],
            "PG",
            "exists",
            True,
            None,
            id="there-for-years",
        ),
        pytest.param(
            [unsure(EXISTS), shown()], "PG", "exists", False, D, id="no-creation-time"
        ),
        pytest.param(
            [unsure(EXISTS), shown(created="yesterday")],
            "PG",
            "exists",
            False,
            D,
            id="no-time-at-all",
        ),
        pytest.param(
            [unsure(EXISTS), shown(created=LATER, category="arm")],
            "PG",
            "differs",
            True,
            None,
            id="lost-reply-but-not-as-wanted",
        ),
        pytest.param(
            [unsure(EXISTS), FORBIDDEN], "PG", "exists", False, D, id="lost-and-unread"
        ),
        pytest.param(
            [FinalAnswer(CONFLICT), shown()],
            "PG",
            "exists",
            True,
            None,
            id="conflict-there",
        ),
        pytest.param(
            [FinalAnswer(CONFLICT), ABSENT, DONE],
            "PGP",
            "created",
            True,
            None,
            id="conflict-absent-then-created",
        ),
        pytest.param(
            [FinalAnswer(CONFLICT), FORBIDDEN],
            "PG",
            "failed",
            True,
            None,
            id="conflict-unread-proves-nothing",
        ),
        pytest.param(
            [FinalAnswer(EXISTS), ABSENT, DONE],
            "PGP",
            "created",
            True,
            None,
            id="deleted-meanwhile",
        ),
        pytest.param(
            [FinalAnswer(EXISTS), ABSENT] * 3,
            "PG" * 3,
            "failed",
            True,
            None,
            id="contradicts-itself",
        ),
        pytest.param([FinalAnswer(REFUSED)], "P", "failed", True, None, id="refused"),
        pytest.param([FinalAnswer(UNSENT)], "P", "failed", True, None, id="never-sent"),
        pytest.param(
            [FinalAnswer(Answer(AnswerKind.BUSY, 409))],
            "P",
            "failed",
            True,
            None,
            id="busy",
        ),
        pytest.param(
            [unsure(BROKEN), ABSENT], "PG", "failed", False, D, id="used-up-absent"
        ),
        pytest.param(
            [unsure(BROKEN), shown(created=LATER)],
            "PG",
            "created",
            False,
            None,
            id="used-up-present",
        ),
        pytest.param(
            [unsure(LOST), shown(created=YEARS_AGO)],
            "PG",
            "exists",
            True,
            None,
            id="used-up-there-before",
        ),
        pytest.param(
            [unsure(LOST), UNREAD], "PG", "failed", False, D, id="used-up-unread"
        ),
        pytest.param(
            [unsure(UNSENT), SILENT], "PG", "failed", False, D, id="used-up-silence"
        ),
        pytest.param(
            [unsure(REFUSED), shown(created=LATER)],
            "PG",
            "created",
            False,
            None,
            id="refused-after-a-lost-reply",
        ),
    ],
)
def test_conclusion_follows_from_what_was_heard(
    script: list[FinalAnswer],
    asked: str,
    verdict: str,
    *,
    certain: bool,
    doubt: Doubt | None,
) -> None:
    """Never `created` for somebody else's, never plain `exists` for perhaps ours."""
    conclusion, questions = converse(script)

    assert questions == asked
    assert conclusion.outcome == verdict
    assert (conclusion.certain, conclusion.doubt) == (certain, doubt)


@pytest.mark.parametrize(
    ("script", "verdict", "certain", "doubt"),
    [
        pytest.param([DONE], "created", True, None, id="not-there-before"),
        pytest.param(
            [FinalAnswer(EXISTS), shown(created=LATER)],
            "created",
            False,
            None,
            id="ours",
        ),
        pytest.param(
            [FinalAnswer(EXISTS), shown(created=YEARS_AGO)],
            "exists",
            True,
            None,
            id="older",
        ),
        pytest.param(
            [FinalAnswer(EXISTS), shown()], "exists", False, PAST, id="no-time"
        ),
        pytest.param(
            [FinalAnswer(EXISTS), FORBIDDEN], "exists", False, PAST, id="unread"
        ),
        pytest.param(
            [FinalAnswer(REFUSED), ABSENT], "failed", False, PAST, id="refused-absent"
        ),
        pytest.param(
            [FinalAnswer(REFUSED), shown(created=LATER)],
            "created",
            False,
            None,
            id="refused",
        ),
        pytest.param(
            [unsure(EXISTS), FORBIDDEN],
            "exists",
            False,
            Doubt(PAST.since, D.until),
            id="both-count",
        ),
    ],
)
def test_doubt_of_an_earlier_process_is_settled(
    script: list[FinalAnswer], verdict: str, *, certain: bool, doubt: Doubt | None
) -> None:
    """What an interrupted run may have created is examined like a lost reply."""
    conclusion, _ = converse(script, doubt=PAST)

    assert conclusion.outcome == verdict
    assert (conclusion.certain, conclusion.doubt) == (certain, doubt)


@pytest.mark.parametrize(
    ("doubt", "created", "verdict"),
    [
        pytest.param(D, "2026-01-02T03:04:03.9Z", "exists", id="before"),
        pytest.param(D, "2026-01-02T03:04:04.1Z", "created?", id="may-be-before"),
        pytest.param(D, "2026-01-02T03:04:06.1Z", "created?", id="after"),
        pytest.param(D, "2026-01-02T03:14:07Z", "exists?", id="long-after"),
        pytest.param(
            Doubt(T), "2026-01-03T03:04:05Z", "created?", id="last-try-not-known"
        ),
        pytest.param(Doubt(0, T), YEARS_AGO, "exists?", id="clock-not-known"),
        pytest.param(Doubt(), LATER, "exists?", id="nothing-known"),
    ],
)
def test_ages_are_compared_by_the_servers_clock(
    doubt: Doubt, created: str, verdict: str
) -> None:
    """Somebody else's is never `created`; what cannot be told is not certain."""
    conclusion, _ = converse([FinalAnswer(EXISTS), shown(created=created)], doubt=doubt)

    certain = "" if conclusion.certain else "?"
    assert f"{conclusion.outcome}{certain}" == verdict
    assert conclusion.doubt == (doubt if verdict == "exists?" else None)


DOUBTS = st.none() | st.builds(Doubt, st.floats(0, 9), st.none() | st.floats(10, 19))


@given(one=DOUBTS, other=DOUBTS)
def test_joined_doubts_hold_each_of_them(
    one: Doubt | None, other: Doubt | None
) -> None:
    """In whatever order; and what is unknown of one is unknown of both."""
    both = join_doubts(one, other)

    assert both == join_doubts(other, one)
    assert (both is None) == (one is other is None)
    for each in (one, other):
        if each is not None:
            assert both is not None
            assert both.since <= each.since
            assert both.until is None or each.until <= both.until  # type: ignore[operator]


@pytest.mark.parametrize(
    ("script", "evidence"),
    [
        ([DONE], None),
        ([FinalAnswer(EXISTS), shown()], None),
        ([FinalAnswer(EXISTS), FORBIDDEN], "could not be read (SVCSTG.SWR.4037017)"),
        ([FinalAnswer(EXISTS), UNREAD], "could not be read (502)"),
        ([FinalAnswer(EXISTS), SILENT], "could not be read (no answer)"),
        ([unsure(EXISTS), shown()], "SWR shows no creation time"),
        ([unsure(EXISTS), shown(created=LATER)], "created 2026-01-02T03:04:06.500"),
        ([unsure(EXISTS), shown(created=YEARS_AGO)], "before our first try"),
        ([unsure(LOST), UNREAD], "may have been created; it could not be read"),
        ([unsure(LOST), ABSENT], "not there when read afterwards"),
        ([FinalAnswer(CONFLICT), ABSENT] * 3, "3 times SWR refused to create it"),
    ],
)
def test_evidence_says_why(script: list[FinalAnswer], evidence: str | None) -> None:
    """A person who doubts a verdict finds what it rests on."""
    conclusion, _ = converse(script)

    if evidence is None:
        assert conclusion.evidence is None
    else:
        assert conclusion.evidence is not None
        assert evidence in conclusion.evidence


def test_answer_is_that_of_the_create() -> None:
    """A row's status and code are about its create, whatever reading said."""
    conclusion, _ = converse([FinalAnswer(EXISTS), FORBIDDEN])

    assert conclusion.answer is EXISTS
    assert conclusion.outcome is Verdict.EXISTS


@pytest.mark.parametrize(
    ("fields", "seen", "differences"),
    [
        pytest.param({}, {"is_public": False}, {}, id="only-what-is-given"),
        pytest.param(
            {}, {"is_public": True}, {"is_public": [False, True]}, id="is-public"
        ),
        pytest.param(
            {"category": "arm", "description": "x"},
            {"is_public": False, "category": "linux", "description": "x"},
            {"category": ["arm", "linux"]},
            id="category",
        ),
        pytest.param(
            {"description": "x"},
            {"is_public": False},
            {"description": ["x", None]},
            id="not-shown",
        ),
        pytest.param(
            {"description": ""}, {"is_public": False}, {}, id="empty-is-not-shown"
        ),
    ],
)
def test_drift_compares_what_the_row_gives(
    fields: dict[str, Any],
    seen: dict[str, object],
    differences: dict[str, list[object]],
) -> None:
    """What a row leaves out may be anything."""
    spec = RepoSpec("team", "app", is_public=False, **fields)

    assert drift(spec, msgspec.convert(seen, RepositoryInfo)) == differences
