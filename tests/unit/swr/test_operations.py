"""Conversations that read, change and take back: driven by hand, no engine."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from bulkrepo.core.outcomes import Verdict
from bulkrepo.core.rows import RepoSpec
from bulkrepo.http.messages import Request
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.operations import creation, inspection, organization_survey, removal
from bulkrepo.swr.operations.conclusion import Conclusion, FinalAnswer, Flow
from bulkrepo.swr.operations.organization_survey import (
    Extent,
    PageFindings,
    RepositoryPage,
)
from bulkrepo.swr.requests import PAGE, Organization, RepositoryInfo

T = 1_767_323_045.0  # 2026-01-02T03:04:05Z
SPEC = RepoSpec("team", "web/app", is_public=False, category="linux")

ABSENT = Answer(AnswerKind.ABSENT, 404, "SVCSTG.SWR.4040010")
FORBIDDEN = Answer(AnswerKind.FORBIDDEN, 403, "SVCSTG.SWR.4037017")
NOBODY = Answer(AnswerKind.NO_NAMESPACE, 404, "SVCSTG.SWR.4040058")
BROKEN = Answer(AnswerKind.BROKEN, 500)
BUSY = Answer(AnswerKind.BUSY, 409, "SVCSTG.SWR.4090023")
DONE = Answer(AnswerKind.DONE, 201)
EXISTS = Answer(AnswerKind.EXISTS, 409)
HOLDS_IMAGES = Answer(AnswerKind.REFUSED, 406, "SVCSTG.SWR.4060012")
OURS = "2026-01-02T03:04:06.000Z"
LATER = "2026-01-02T03:04:06.500Z"


def shown(**fields: object) -> Answer:
    """Give the repository as wanted, apart from *fields*."""
    seen = {"is_public": False, "category": "linux", **fields}
    return Answer(AnswerKind.DONE, 200, seen=msgspec.convert(seen, RepositoryInfo))


def again(answer: Answer) -> FinalAnswer:
    """Give *answer* to a change that may have been carried out, and has tries left."""
    return FinalAnswer(answer, again=True)


def converse(
    flow: Flow, script: Sequence[Answer | FinalAnswer]
) -> tuple[Conclusion, list[str]]:
    """Answer a flow's requests from *script*, all of it; give the methods asked."""
    asked = []
    answers = iter(script)
    try:
        request = next(flow)
        while True:
            asked.append(request.method)
            heard = next(answers)
            request = flow.send(
                heard if isinstance(heard, FinalAnswer) else FinalAnswer(heard)
            )
    except StopIteration as end:
        assert next(answers, None) is None
        conclusion: Conclusion = end.value
        return conclusion, asked


CHANGED: dict[str, list[object]] = {"category": ["linux", "arm"]}


@pytest.mark.parametrize(
    ("script", "verdict", "differences"),
    [
        pytest.param([DONE], "updated", CHANGED, id="done"),
        pytest.param([FORBIDDEN], "failed", CHANGED, id="refused"),
        pytest.param([BROKEN, shown()], "updated", CHANGED, id="lost, and done"),
        pytest.param(
            [BROKEN, shown(category="arm")], "failed", CHANGED, id="lost, not done"
        ),
        pytest.param([BROKEN, BROKEN], "failed", CHANGED, id="lost, unread"),
        pytest.param([BROKEN, ABSENT], "failed", CHANGED, id="lost, and gone"),
        pytest.param(
            [again(BROKEN), shown()], "updated", CHANGED, id="lost, done, tries left"
        ),
        pytest.param(
            [again(BROKEN), shown(category="arm"), DONE],
            "updated",
            CHANGED,
            id="lost, not done, done again",
        ),
        pytest.param(
            [again(BROKEN), shown(category="arm"), FORBIDDEN, shown(category="arm")],
            "failed",
            CHANGED,
            id="lost, not done, refused",
        ),
        pytest.param(
            [again(BROKEN), shown(category="lang")],
            "differs",
            {"category": ["linux", "lang"]},
            id="lost, and somebody else's by now",
        ),
        pytest.param(
            [BROKEN, shown(category="arm", is_public=True)],
            "differs",
            {**CHANGED, "is_public": [False, True]},
            id="lost, no tries left, and somebody changed more",
        ),
    ],
)
def test_a_change_is_told_by_what_is_there_afterwards(
    script: list[Answer | FinalAnswer],
    verdict: str,
    differences: dict[str, list[object]],
) -> None:
    """
    Old and new values are kept; a refusal concerns this repository alone.

    It is read before another try, and what somebody else changed is not overwritten.
    """
    conclusion, asked = converse(creation.change(SPEC, CHANGED), script)

    assert (conclusion.outcome, conclusion.differences) == (verdict, differences)
    assert conclusion.alone == (verdict == "failed")
    assert asked == (["PATCH", "GET"] * 2)[: len(script)]


def test_a_change_that_may_have_been_made_is_not_said_to_have_failed_for_sure() -> None:
    """Where it cannot be read, nobody knows."""
    conclusion, _ = converse(creation.change(SPEC, CHANGED), [BROKEN, FORBIDDEN])

    assert not conclusion.certain
    assert conclusion.evidence == (
        "may have been changed; it could not be read (SVCSTG.SWR.4037017)"
    )


def test_a_list_that_shows_an_empty_text_as_none_is_no_change_of_somebody() -> None:
    """What the survey found is compared with what reading one repository shows."""
    spec = RepoSpec("team", "app", is_public=False, description="x")
    listed: dict[str, list[object]] = {"description": ["x", None]}
    script = (again(BROKEN), shown(description=""), DONE)

    conclusion, _ = converse(creation.change(spec, listed), script)

    assert conclusion.outcome is Verdict.UPDATED


def test_what_differs_is_changed_only_where_that_is_wanted() -> None:
    """The conflict is read first; the change sends what the row gives."""
    script = (EXISTS, shown(is_public=True), DONE)
    amending = creation.create(SPEC, doubt=None, amend=True)

    conclusion, asked = converse(amending, script)
    left, _ = converse(creation.create(SPEC, doubt=None), script[:2])

    assert conclusion.outcome is Verdict.UPDATED
    assert conclusion.differences == {"is_public": [False, True]}
    assert asked == ["POST", "GET", "PATCH"]
    assert left.outcome is Verdict.DIFFERS


@pytest.mark.parametrize(
    ("answer", "amend", "verdict"),
    [
        (ABSENT, False, "to_create"),
        (shown(), False, "exists"),
        (shown(category="arm"), False, "differs"),
        (shown(category="arm"), True, "to_update"),
        (FORBIDDEN, False, "failed"),
        (NOBODY, False, "failed"),
    ],
)
def test_a_plan_says_what_would_be_done(
    answer: Answer, verdict: str, *, amend: bool
) -> None:
    """By one reading."""
    flow = inspection.plan(SPEC, doubt=None, amend=amend)

    conclusion, asked = converse(flow, [answer])

    assert conclusion.outcome == verdict
    assert asked == ["GET"]


def test_a_plan_asks_nothing_of_what_a_whole_list_lacks() -> None:
    """It is known not to be there."""
    flow = inspection.plan(SPEC, doubt=None, absent=True)

    conclusion, asked = converse(flow, [])

    assert conclusion.outcome is Verdict.TO_CREATE
    assert asked == []


@pytest.mark.parametrize(
    ("answer", "verdict", "certain", "evidence"),
    [
        (shown(created=OURS), "exists", True, "created 2026-01-02T03:04:06"),
        (shown(), "exists", True, "shown by SWR"),
        (shown(is_public=True), "differs", True, "shown by SWR"),
        (ABSENT, "failed", True, "not there"),
        (FORBIDDEN, "failed", False, "could not be read"),
    ],
)
def test_verifying_proves_or_says_why_not(
    answer: Answer, verdict: str, evidence: str, *, certain: bool
) -> None:
    """Each verdict comes with what it rests on."""
    conclusion, asked = converse(inspection.verify(SPEC), [answer])

    assert (conclusion.outcome, conclusion.certain) == (verdict, certain)
    assert evidence in (conclusion.evidence or "")
    assert asked == ["GET"]


@pytest.mark.parametrize(
    ("script", "verdict", "why"),
    [
        pytest.param([shown(created=OURS), DONE], "removed", "", id="ours"),
        pytest.param([ABSENT], "removed", "not there any more", id="gone"),
        pytest.param(
            [shown(created=OURS), ABSENT], "removed", "any more", id="gone meanwhile"
        ),
        pytest.param(
            [shown(created="2026-01-02T03:04:01Z")],
            "kept",
            "made it anew",
            id="older than our request",
        ),
        pytest.param(
            [shown(created="2026-01-02T04:04:05Z")],
            "kept",
            "made it anew",
            id="younger than our answer",
        ),
        pytest.param([shown()], "kept", "no creation time", id="no time"),
        pytest.param(
            [shown(created=OURS, num_images=2)], "kept", "2 images", id="images"
        ),
        pytest.param(
            [shown(created=OURS), HOLDS_IMAGES], "kept", "images", id="images by now"
        ),
        pytest.param([FORBIDDEN], "failed", "could not be read", id="unread"),
        pytest.param([shown(created=OURS), FORBIDDEN], "failed", "", id="refused"),
        pytest.param(
            [shown(created=OURS), BROKEN, ABSENT], "removed", "lost", id="lost, done"
        ),
        pytest.param(
            [shown(created=OURS), BROKEN, shown(created=OURS)],
            "failed",
            "still there",
            id="lost, not done",
        ),
        pytest.param(
            [shown(created=OURS), BROKEN, FORBIDDEN],
            "failed",
            "may have been removed; it could not be read (",
            id="lost, and unread",
        ),
        pytest.param(
            [shown(created=OURS), again(BROKEN), ABSENT],
            "removed",
            "read after a lost reply",
            id="lost, done, tries left",
        ),
        pytest.param(
            [shown(created=OURS), again(BROKEN), shown(created=OURS), DONE],
            "removed",
            "None None",
            id="lost, not done, done again",
        ),
        pytest.param(
            [shown(created=OURS), again(BROKEN), shown(created=OURS), ABSENT],
            "removed",
            "it was not there any more",
            id="lost, done late",
        ),
        pytest.param(
            [shown(created=OURS), again(BROKEN), shown(created=LATER)],
            "kept",
            "may have removed ours",
            id="lost, and made anew within the second",
        ),
        pytest.param(
            [shown(created=OURS), again(BROKEN), shown()],
            "kept",
            "may have removed ours",
            id="lost, and without a time now",
        ),
        pytest.param(
            [shown(created=OURS), BROKEN, shown(created=LATER)],
            "kept",
            "may have removed ours",
            id="lost, no tries left, and made anew",
        ),
        pytest.param(
            [shown(created=OURS), again(BROKEN), shown(created=LATER, num_images=1)],
            "kept",
            "it holds 1 image created 2026-01-02T03:04:06.500+00:00; a delete whose "
            "reply was lost may have removed ours",
            id="lost, made anew, and pushed to",
        ),
        pytest.param(
            [shown(created=OURS), again(BROKEN), shown(created=OURS, num_images=1)],
            "kept",
            "it holds 1 image None",
            id="lost, not done, and pushed to",
        ),
        pytest.param(
            [shown(created=OURS), again(BROKEN), FORBIDDEN],
            "failed",
            "may have been removed; it could not be read (",
            id="lost, tries left, and unread",
        ),
        pytest.param(
            [shown(created=OURS), *[again(BROKEN), shown(created=OURS)] * 2, DONE],
            "removed",
            "None None",
            id="lost twice",
        ),
        pytest.param(
            [
                shown(created=OURS),
                again(BROKEN),
                shown(created=OURS),
                BUSY,
                shown(created=OURS),
            ],
            "failed",
            "still there",
            id="lost, then busy until the tries are used up",
        ),
        pytest.param(
            [shown(created=OURS), again(BROKEN), shown(created=OURS), BUSY, ABSENT],
            "removed",
            "read after a lost reply",
            id="lost, then busy, and done late",
        ),
        pytest.param(
            [
                shown(created=OURS),
                again(BROKEN),
                shown(created=OURS),
                HOLDS_IMAGES,
                shown(created=OURS, num_images=1),
            ],
            "kept",
            "it holds 1 image None",
            id="lost, then pushed to",
        ),
    ],
)
def test_only_what_is_still_ours_and_empty_is_removed(
    script: list[Answer | FinalAnswer], verdict: str, why: str
) -> None:
    """It is read before each delete; whatever else is true of it is said."""
    flow = removal.undo("team", "web/app", made=(T, T + 2))

    conclusion, asked = converse(flow, script)

    assert conclusion.outcome == verdict
    assert why in f"{conclusion.reason} {conclusion.evidence}"
    assert conclusion.certain == ("may have " not in why)
    assert asked == (["GET", "DELETE"] * 3)[: len(script)]


def test_what_is_not_certainly_ours_is_not_even_asked_about() -> None:
    """A lost reply is no proof."""
    flow = removal.undo("team", "web/app", made=None)

    conclusion, asked = converse(flow, [])

    assert conclusion.outcome is Verdict.KEPT
    assert asked == []


def test_a_dry_run_stops_before_the_first_delete() -> None:
    """What it says is what would be removed."""
    flow = removal.undo("team", "web/app", made=(T, T + 2), dry_run=True)

    conclusion, asked = converse(flow, [shown(created=OURS)])

    assert conclusion.outcome is Verdict.TO_REMOVE
    assert asked == ["GET"]


# The survey.

ORGANIZATION = Answer(AnswerKind.DONE, 200, seen=Organization("team", 7))


def page(count: int, *, total: int | None, namespace: str = "team") -> Answer:
    """Give a page of *count* repositories out of *total*."""
    seen = [RepositoryInfo(False, f"r{n}", namespace) for n in range(count)]  # noqa: FBT003
    return Answer(AnswerKind.DONE, 200, seen=seen, total=total)


def surveyed(
    script: Sequence[Answer], *, left: Sequence[int] = (), **options: Any
) -> tuple[PageFindings, list[Request], list[RepositoryPage]]:
    """Drive a survey; after page n, *left[n]* rows are still open (then 10 ** 6)."""
    answers, open_rows = iter(script), iter(left)
    steps = organization_survey.survey("team", **{"known": False, **options})
    asked, pages = [], []
    try:
        step = next(steps)
        while True:
            if isinstance(step, Request):
                asked.append(step)
                step = steps.send(FinalAnswer(next(answers)))
            else:
                pages.append(step)
                step = steps.send(next(open_rows, 10**6))
    except StopIteration as end:
        return end.value, asked, pages


@pytest.mark.parametrize(
    ("script", "left", "extent"),
    [
        pytest.param([NOBODY], [], "missing", id="no organization"),
        pytest.param([ABSENT], [], "missing", id="no organization, another code"),
        pytest.param([FORBIDDEN], [], "unreadable", id="organization unread"),
        pytest.param([ORGANIZATION, FORBIDDEN], [], "unreadable", id="list unread"),
        pytest.param([ORGANIZATION, page(0, total=0)], [], "whole", id="empty"),
        pytest.param(
            [ORGANIZATION, page(PAGE, total=1500), page(500, total=1500)],
            [],
            "whole",
            id="two pages",
        ),
        pytest.param(
            [ORGANIZATION, page(PAGE, total=PAGE)], [], "whole", id="just a page"
        ),
        pytest.param(
            [ORGANIZATION, page(PAGE, total=None), page(3, total=None)],
            [],
            "whole",
            id="nobody counts",
        ),
        pytest.param(
            [ORGANIZATION, page(300, total=600), page(300, total=600)],
            [],
            "whole",
            id="smaller pages than asked for",
        ),
        pytest.param(
            [ORGANIZATION, page(PAGE, total=50_000)], [0], "whole", id="nothing left"
        ),
        pytest.param(
            [ORGANIZATION, page(PAGE, total=50_000)], [20], "part", id="not worth it"
        ),
        pytest.param(
            [ORGANIZATION, page(PAGE, total=1500), page(400, total=1400)],
            [],
            "part",
            id="shrunk while it was read",
        ),
        pytest.param(
            [ORGANIZATION, page(PAGE, total=1500), page(0, total=900)],
            [],
            "part",
            id="shrunk below where we are",
        ),
        pytest.param(
            [ORGANIZATION, page(PAGE, total=1500), BROKEN], [], "unreadable", id="broke"
        ),
    ],
)
def test_how_much_a_survey_knows(
    script: list[Answer], left: list[int], extent: str
) -> None:
    """It ends where the list does, or where asking for each row is cheaper."""
    found, asked, _ = surveyed(script, left=left)

    assert found.extent == extent
    assert len(asked) == len(script)


def test_pages_follow_one_another() -> None:
    """By what came, not by what was asked for."""
    script = [page(300, total=600), page(300, total=600)]

    _, asked, pages = surveyed(script, known=True)

    assert ["offset=0" in asked[0].path, "offset=300" in asked[1].path] == [True] * 2
    assert [len(one.shown) for one in pages] == [300, 300]


def test_what_a_filter_let_through_is_filtered() -> None:
    """A service's filter may be satisfied with a part of the name."""
    _, _, pages = surveyed([page(5, total=5, namespace="team-b")], known=True)

    assert pages[0].shown == []


def test_always_is_always() -> None:
    """Even where it costs more."""
    script = [page(PAGE, total=3000)] * 3

    found, asked, _ = surveyed(script, known=True, left=[1, 1, 1], always=True)

    assert found.extent is Extent.WHOLE
    assert len(asked) == 3


def test_a_list_that_grows_as_fast_as_it_is_read_has_an_end() -> None:
    """Its total is always one page ahead."""
    script = [page(PAGE, total=PAGE * (n + 2)) for n in range(1000)]

    found, asked, _ = surveyed(script, known=True, always=True)

    assert found.extent is Extent.PART
    assert len(asked) < 20
