"""What a surveyor does about organizations, by an engine that only writes down."""

import pytest

from bulkrepo.core.outcomes import Claim, Verdict
from bulkrepo.engine.survey import Mode, Surveyor
from bulkrepo.http.messages import Request
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.operations.conclusion import Conclusion
from bulkrepo.swr.requests import Organization, Quota, Quotas

ABSENT = Answer(AnswerKind.NO_NAMESPACE, 404, "SVCSTG.SWR.4040058")
HIDDEN = Answer(AnswerKind.FORBIDDEN, 403, "SVCSTG.SWR.4037017")
TAKEN = Answer(AnswerKind.CONFLICT, 409, "SVCSTG.SWR.4090060")
FULL = Answer(AnswerKind.QUOTA, 400, "SVCSTG.SWR.4000097")
LOST = Answer(AnswerKind.BROKEN, 500)
DONE = Answer(AnswerKind.DONE, 201)
OURS = Answer(AnswerKind.DONE, 200, seen=Organization("x", 7))


class Store:
    """Rows of organizations."""

    def __init__(self, **rows: int) -> None:
        self._rows = list(rows.items())

    async def organizations(self) -> list[tuple[str, int]]:
        """Give them."""
        return self._rows

    async def matching(self, namespace: str, names: list[str]) -> list[Claim]:
        """Find none."""
        del namespace, names
        return []


class Notes:
    """Stands in for the engine: answers from a script by organization, remembers."""

    def __init__(self, script: dict[str, list[Answer]]) -> None:
        self.stopped: dict[str, str] = {}
        self.suspected: dict[str, str] = {}
        self.asked: list[str] = []
        self._script = script

    async def glance(self, request: Request) -> Answer:
        """Give the next answer to that organization's name."""
        name = request.path.rsplit("/", 1)[1]
        if request.body is not None:
            name = request.body.decode().split('"')[3]
        self.asked.append(f"{request.method} {name}")
        return self._script[name].pop(0)

    def suspect(self, namespace: str, reason: str) -> None:
        """Remember it."""
        self.suspected[namespace] = reason

    def stop_organization(self, namespace: str, reason: str) -> None:
        """Remember it."""
        self.stopped[namespace] = reason


def judge(claim: Claim, shown: Answer) -> Conclusion:
    """Nothing is ever shown."""
    del claim
    return Conclusion(outcome=Verdict.EXISTS, answer=shown)


@pytest.mark.parametrize(
    ("script", "new", "stopped"),
    [
        pytest.param([ABSENT, DONE], True, "", id="created"),
        pytest.param([OURS], False, "", id="there"),
        pytest.param([ABSENT, TAKEN, ABSENT], False, "another account", id="taken"),
        pytest.param([ABSENT, TAKEN, OURS], False, "", id="created meanwhile"),
        pytest.param([ABSENT, LOST, OURS], False, "", id="lost, and done"),
        pytest.param([ABSENT, LOST, ABSENT], False, "not be created", id="lost"),
        pytest.param([ABSENT, FULL], False, "no more organizations", id="quota"),
        pytest.param([HIDDEN, DONE], True, "", id="hidden, and created"),
        pytest.param([HIDDEN, TAKEN, HIDDEN], False, "", id="hidden, and there"),
        pytest.param([HIDDEN, TAKEN, ABSENT], False, "another", id="hidden, and taken"),
        pytest.param([HIDDEN, HIDDEN], False, "", id="hidden, and not to be created"),
        pytest.param([HIDDEN, FULL], False, "no more", id="hidden, and quota"),
        pytest.param([HIDDEN, LOST, OURS], False, "", id="hidden, lost, and done"),
        pytest.param([HIDDEN, LOST, HIDDEN], False, "not be", id="hidden, and lost"),
        pytest.param([ABSENT, HIDDEN], False, "not be created", id="not to be created"),
        pytest.param([LOST], False, "", id="not to be read now"),
    ],
)
async def test_a_missing_organization_is_created_once(
    script: list[Answer], stopped: str, *, new: bool
) -> None:
    """
    A conflict does not mean that it is ours; reading it does.

    One that may not be read may be missing. Where nobody lets us create it either, or
    nothing is known, its rows find out.
    """
    notes = Notes({"x": list(script)})
    surveyor = Surveyor(Store(x=1), judge, found=True)

    await surveyor.prepare(notes)  # type: ignore[arg-type]

    assert surveyor.new == (["x"] if new else [])
    assert len(notes.asked) == len(script)
    assert stopped in notes.stopped.get("x", "")
    assert bool(stopped) == ("x" in notes.stopped)
    assert bool(notes.suspected) == (script == [HIDDEN, TAKEN, HIDDEN])


@pytest.mark.parametrize("mode", ["auto", "always"])
async def test_a_plan_does_not_foretell_what_only_a_try_would_tell(mode: Mode) -> None:
    """It reads once, says what create will do, and promises nothing."""
    notes = Notes({"x": [HIDDEN]})
    surveyor = Surveyor(Store(x=9), judge, mode=mode, found=True, dry=True)

    await surveyor.prepare(notes)  # type: ignore[arg-type]

    assert notes.asked == ["GET x"]
    assert "SVCSTG.SWR.4037017" in notes.stopped["x"]
    assert "create will try" in notes.stopped["x"]
    assert (surveyor.new, surveyor.listed) == ([], set())


async def test_a_full_quota_is_met_once() -> None:
    """The others are not even tried, and say why."""
    notes = Notes({"x": [ABSENT, FULL], "y": [ABSENT]})
    surveyor = Surveyor(Store(x=1, y=1), judge, found=True)

    await surveyor.prepare(notes)  # type: ignore[arg-type]

    assert notes.asked == ["GET x", "POST x", "GET y"]
    assert set(notes.stopped) == {"x", "y"}


@pytest.mark.parametrize(("limit", "left"), [(5, 2), (4, 1), (2, 0)])
async def test_a_plan_minds_the_quota(limit: int, left: int) -> None:
    """Where the project is known, it says which organizations are too many."""
    quota = Answer(AnswerKind.DONE, 200, seen=Quotas([Quota("namespace", limit, 3)]))
    script = {"x": [ABSENT], "y": [ABSENT], "quotas": [quota]}
    facts = {"project_id": "p"}
    notes = Notes(script)
    surveyor = Surveyor(Store(x=1, y=1), judge, found=True, dry=True, project=facts.get)

    await surveyor.prepare(notes)  # type: ignore[arg-type]

    assert len(surveyor.new) == left
    assert len(notes.stopped) == 2 - left
    assert surveyor.listed == set(surveyor.new)
