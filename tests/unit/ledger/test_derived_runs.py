"""Runs that come from an earlier one: what is tried again, and what is taken back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec import structs

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.outcomes import UNTOLD, Claim, Outcome, Verdict
from bulkrepo.core.rows import Defaults, Doubt, Row
from bulkrepo.inputs import locations, rules
from bulkrepo.ledger.ledger import Ledger

ENDPOINT = "https://swr-api.example.com"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give where the ledger is."""
    return tmp_path / "ledger.db"


@contextmanager
def opened(path: Path) -> Iterator[Ledger]:
    """Open the ledger for a block."""
    ledger = Ledger(str(path), now=lambda: 1_800_000_000.0)
    try:
        yield ledger
    finally:
        ledger.close()


def load(ledger: Ledger, *names: str) -> int:
    """Begin a run of these repositories; give its number."""
    rows = [
        Row("list.csv", line, "team", name, is_public=False)
        for line, name in enumerate(names, start=1)
    ]
    return ledger.load(
        (
            (row, rules.check(row, defaults=Defaults(), profile="strict"))
            for row in rows
        ),
        lists=["list.csv"],
        endpoint=ENDPOINT,
        digest=lambda: " ".join(names),
        version="1",
        place=locations.place,
    ).run


def removed(claim: Claim) -> Outcome:
    """Give the outcome of a row that was taken back."""
    return Outcome(id=claim.id, outcome=Verdict.REMOVED)


def derive(ledger: Ledger, command: str, run: int | None = None, **more: bool) -> int:
    """Begin a run with rows of an earlier one; give its number."""
    loaded = ledger.derive(
        command,  # type: ignore[arg-type]
        run,
        endpoint=ENDPOINT,
        version="1",
        **more,
    )
    return loaded.run


def settle(
    ledger: Ledger, verdicts: dict[str, Verdict], **more: object
) -> dict[str, Claim]:
    """Settle all pending rows as *verdicts* say, and end the run; clocks agree."""
    claims = ledger.turn([], 100, (0.0, 0.0))
    known: dict[str, object] = {"started_at": 1000.0, "elapsed_ms": 500.0, **more}
    done = [
        Outcome(id=claim.id, outcome=verdicts[claim.repository], **known)  # type: ignore[arg-type]
        for claim in claims
    ]
    ledger.turn(done, 0)
    ledger.finish(stopped=None, requests=0, throttled=0)
    return {claim.repository: claim for claim in claims}


MIXED = {
    "a": Verdict.CREATED,
    "b": Verdict.FAILED,
    "c": Verdict.EXISTS,
    "d": Verdict.DIFFERS,
    "e": Verdict.CREATED,
}


def test_what_did_not_succeed_is_tried_again(path: Path) -> None:
    """From the list's own lines; and once more, what did not succeed then."""
    with opened(path) as ledger:
        load(ledger, *MIXED)
        settle(ledger, MIXED)
        run = derive(ledger, "retry")
        items = list(ledger.items(ledger.run_info(run)))
        settle(ledger, {"b": Verdict.CREATED, "d": Verdict.DIFFERS})
        derive(ledger, "retry")
        again = settle(ledger, {"d": Verdict.UPDATED})
        derive(ledger, "retry")
        nothing = ledger.turn([], 100)

    assert [(item.source, item.line) for item in items] == [
        ("list.csv", 2),
        ("list.csv", 4),
    ]
    assert list(again) == ["d"]
    assert nothing == []


@pytest.mark.parametrize("killed", [False, True])
def test_a_retry_that_goes_on_tells_all_that_it_did(
    path: Path, *, killed: bool
) -> None:
    """Else what the first part created would be in no report."""
    with opened(path) as ledger:
        load(ledger, "a", "b", "c", "d")
        settle(ledger, dict.fromkeys("abcd", Verdict.FAILED) | {"a": Verdict.CREATED})
        derive(ledger, "retry")
        claim = ledger.turn([], 1)[0]
        made = Outcome(id=claim.id, outcome=Verdict.CREATED, started_at=1500.0)
        ledger.turn([made], 0)
        if not killed:
            ledger.finish(stopped="SIGINT", requests=1, throttled=0)
    with opened(path) as ledger:
        run = derive(ledger, "retry")
        rest = settle(ledger, {"c": Verdict.CREATED, "d": Verdict.FAILED})
        items = list(ledger.items(ledger.run_info(run)))
        run = derive(ledger, "retry")
        last = [item.repository for item in ledger.items(ledger.run_info(run))]
        undone = derive(ledger, "undo")
        back = {item.repository for item in ledger.items(ledger.run_info(undone))}

    assert list(rest) == ["c", "d"]
    assert [(item.line, f"{item.outcome}") for item in items] == [
        (2, "created"),
        (3, "created"),
        (4, "failed"),
    ]
    assert last == ["d"]
    assert back == {"b", "c"}


def test_a_retry_of_a_run_that_died_tells_what_that_did(path: Path) -> None:
    """Whoever does not continue it by its own command: it had no report."""
    with opened(path) as ledger:
        load(ledger, "a", "b", "c")
        claim = ledger.turn([], 1)[0]
        ledger.turn([Outcome(id=claim.id, outcome=Verdict.CREATED)], 1)
    with opened(path) as ledger:
        run = derive(ledger, "retry")
        rest = ledger.turn([], 9)
        items = list(ledger.items(ledger.run_info(run)))

    assert [claim.repository for claim in rest] == ["b", "c"]
    assert [(item.line, f"{item.outcome}") for item in items] == [
        (1, "created"),
        (2, "not_attempted"),
        (3, "not_attempted"),
    ]


def test_a_doubt_outlives_a_retry(path: Path) -> None:
    """What may be ours stays what may be ours."""
    with opened(path) as ledger:
        load(ledger, "a")
        settle(ledger, {"a": Verdict.FAILED}, doubt=Doubt(900.0, 901.0), certain=False)
        derive(ledger, "retry")
        claims = ledger.turn([], 100)

    assert [claim.doubt for claim in claims] == [Doubt(900.0, 901.0)]


def test_what_a_run_created_is_taken_back_newest_first(path: Path) -> None:
    """With when it was made, by SWR's clock; what was not certainly ours without."""
    with opened(path) as ledger:
        load(ledger, "a", "b", "c", "d")
        made = ledger.turn([], 100, (5.0, 7.0))
        done = [
            Outcome(
                id=claim.id,
                outcome=Verdict.EXISTS if claim.repository == "d" else Verdict.CREATED,
                certain=claim.repository != "b",
                started_at=1000.0 + claim.id,
                elapsed_ms=500.0,
            )
            for claim in made
        ]
        ledger.turn(done, 0)
        ledger.finish(stopped=None, requests=0, throttled=0)
        derive(ledger, "undo")
        claims = ledger.turn([], 100)

    assert [claim.repository for claim in claims] == ["c", "b", "a"]
    assert [claim.made for claim in claims] == [
        (1008.0, 1010.5),
        None,
        (1006.0, 1008.5),
    ]


def test_what_was_taken_back_is_not_taken_back_again(path: Path) -> None:
    """What was kept is."""
    with opened(path) as ledger:
        load(ledger, "a", "b")
        settle(ledger, {"a": Verdict.CREATED, "b": Verdict.CREATED})
        derive(ledger, "undo")
        settle(ledger, {"a": Verdict.REMOVED, "b": Verdict.KEPT})
        derive(ledger, "undo")
        again = settle(ledger, {"b": Verdict.REMOVED})
        with pytest.raises(SettingsError, match="nothing is left to undo"):
            derive(ledger, "undo")

    assert list(again) == ["b"]
    assert again["b"].made == (1000.0, 1000.5)


def test_an_undo_that_dies_leaves_no_doubt_of_who_creates_it_later(path: Path) -> None:
    """What it may have removed is said to be so, is undone again, and is not ours."""
    with opened(path) as ledger:
        load(ledger, "a", "b")
        settle(ledger, {"a": Verdict.CREATED, "b": Verdict.CREATED})
        run = derive(ledger, "undo")
        ledger.turn([], 1)  # and then no more
    with opened(path) as ledger:
        items = list(ledger.items(ledger.run_info(run)))
        lost = ledger.sent_since(0.0)[1]
        load(ledger, "a", "b")
        later = ledger.turn([], 100)
        ledger.finish(stopped="enough", requests=0, throttled=0)
        derive(ledger, "undo")
        again = ledger.turn([], 100)

    assert [(item.outcome, item.certain, item.evidence) for item in items] == [
        (Verdict.NOT_ATTEMPTED, False, UNTOLD),
        (Verdict.NOT_ATTEMPTED, True, None),
    ]
    assert lost == 1
    assert [claim.doubt for claim in later] == [None, None]
    assert [claim.made for claim in again] == [(1000.0, 1000.5)] * 2


def test_an_undo_that_was_interrupted_is_continued_and_no_other(path: Path) -> None:
    """Without a number it is the same run, even if there is nothing left of it."""
    with opened(path) as ledger:
        load(ledger, "a")
        settle(ledger, {"a": Verdict.CREATED})
        load(ledger, "b", "c")
        settle(ledger, {"b": Verdict.CREATED, "c": Verdict.CREATED})
        derive(ledger, "undo")
        ledger.turn([removed(ledger.turn([], 1)[0])], 1)  # and then no more
    with opened(path) as ledger:
        derive(ledger, "undo", dry_run=True)
        ledger.finish(stopped=None, requests=0, throttled=0)
        derive(ledger, "undo")
        (left,) = ledger.turn([], 100)
        ledger.turn([removed(left)], 0)  # and no more
    with opened(path) as ledger:
        with pytest.raises(
            SettingsError, match="left to undo of run 2, which the last"
        ):
            derive(ledger, "undo")
        derive(ledger, "undo", 1)
        claims = ledger.turn([], 100)

    assert [claim.repository for claim in claims] == ["a"]


def test_an_undo_of_what_was_kept_tells_what_was_removed_before(path: Path) -> None:
    """Its report takes the place of the one before, and is of the whole run."""
    with opened(path) as ledger:
        past = load(ledger, "a", "b")
        settle(ledger, dict.fromkeys("ab", Verdict.CREATED))
        derive(ledger, "undo")
        settle(ledger, {"a": Verdict.REMOVED, "b": Verdict.KEPT})
        run = derive(ledger, "undo")
        again = settle(ledger, {"b": Verdict.REMOVED})
        items = list(ledger.items(ledger.run_info(run)))
        with pytest.raises(
            SettingsError, match=f"nothing is left to undo of run {past}"
        ):
            derive(ledger, "undo", past)

    assert list(again) == ["b"]
    assert sorted((item.repository, item.outcome) for item in items) == [
        ("a", "removed"),
        ("b", "removed"),
    ]


def test_a_dry_run_is_not_the_last_run(path: Path) -> None:
    """Who asks for the last run again wants what was done; by number it is there."""
    with opened(path) as ledger:
        made = load(ledger, "a")
        settle(ledger, {"a": Verdict.CREATED})
        dry = derive(ledger, "undo", dry_run=True)
        settle(ledger, {"a": Verdict.TO_REMOVE})

        assert ledger.run_info(None).id == made
        assert ledger.run_info(dry).id == dry


def test_what_is_created_after_an_undo_is_taken_back_as_well(path: Path) -> None:
    """Also by a run that began before that undo, and went on after it."""
    with opened(path) as ledger:
        load(ledger, "a")
        settle(ledger, {"a": Verdict.CREATED})
        begun = load(ledger, "a", "z")  # and then no more
    with opened(path) as ledger:
        derive(ledger, "undo", 1)
        (claim,) = ledger.turn([], 1)
        ledger.turn([structs.replace(removed(claim), started_at=2000.0)], 0)
    with opened(path) as ledger:
        assert load(ledger, "a", "z") == begun
        settle(ledger, dict.fromkeys("az", Verdict.CREATED), started_at=3000.0)
        derive(ledger, "undo", begun)
        claims = ledger.turn([], 100)

    assert [claim.repository for claim in claims] == ["a", "z"]


def test_a_dry_run_that_dies_leaves_no_doubt(path: Path) -> None:
    """It changed nothing; what it may have asked counts against the rate."""
    with opened(path) as ledger:
        load(ledger, "a", "b")
        settle(ledger, {"a": Verdict.CREATED, "b": Verdict.CREATED})
        run = derive(ledger, "undo", dry_run=True)
        ledger.turn([], 1)  # and then no more
    with opened(path) as ledger:
        info = ledger.run_info(run)
        items = list(ledger.items(info))
        lost = ledger.sent_since(0.0)[1]
        derive(ledger, "undo")
        again = ledger.turn([], 100)

    assert (info.command, info.state) == ("undo --dry-run", "stopped")
    assert [(item.outcome, item.certain, item.evidence) for item in items] == [
        (Verdict.NOT_ATTEMPTED, True, None)
    ] * 2
    assert lost == 1
    assert [claim.repository for claim in again] == ["a", "b"]


def test_a_dry_run_leaves_all_to_the_real_one(path: Path) -> None:
    """And the run that it is about can still be reported."""
    with opened(path) as ledger:
        run = load(ledger, "a")
        settle(ledger, {"a": Verdict.CREATED})
        derive(ledger, "undo", dry_run=True)
        settle(ledger, {"a": Verdict.TO_REMOVE})
        reported = list(ledger.items(ledger.run_info(run)))
        derive(ledger, "undo")
        claims = ledger.turn([], 100)

    assert [item.outcome for item in reported] == [Verdict.CREATED]
    assert [claim.repository for claim in claims] == ["a"]


def test_a_run_of_long_ago_is_taken_back_by_its_number(path: Path) -> None:
    """Only what it created itself."""
    with opened(path) as ledger:
        first = load(ledger, "a")
        settle(ledger, {"a": Verdict.CREATED})
        load(ledger, "b")
        settle(ledger, {"b": Verdict.CREATED})
        load(ledger, "c")
        settle(ledger, {"c": Verdict.EXISTS})
        derive(ledger, "undo", first)
        claims = ledger.turn([], 100)

    assert [claim.repository for claim in claims] == ["a"]


@pytest.mark.parametrize("command", ["retry", "undo"])
@pytest.mark.parametrize("run", [None, 7])
def test_a_run_that_is_not_there_is_said_to_be_missing(
    path: Path, command: str, run: int | None
) -> None:
    """Nothing is begun."""
    with opened(path) as ledger:
        with pytest.raises(SettingsError, match=r"no run|nothing is left"):
            derive(ledger, command, run)
        with pytest.raises(SettingsError, match="no run yet"):
            ledger.run_info()


def test_another_endpoints_run_is_not_tried_here(path: Path) -> None:
    """Its repositories are elsewhere."""
    with opened(path) as ledger:
        load(ledger, "a")
        settle(ledger, {"a": Verdict.CREATED})
        with pytest.raises(SettingsError, match="belongs to"):
            ledger.derive(
                "undo", None, endpoint="https://swr-api.example.org", version="1"
            )


def test_rows_are_found_by_name(path: Path) -> None:
    """Those that wait, of that organization, and no others."""
    with opened(path) as ledger:
        load(ledger, "a", "b", "c")
        first = ledger.matching("team", ["c", "a", "x"])
        ledger.turn([Outcome(id=first[0].id, outcome=Verdict.EXISTS)], 0)
        second = ledger.matching("team", ["c", "a", "x"])
        elsewhere = ledger.matching("other", ["a"])
        waiting = ledger.organizations()

    assert {claim.repository for claim in first} == {"a", "c"}
    assert [claim.repository for claim in second] == [first[1].repository]
    assert elsewhere == []
    assert waiting == [("team", 2)]


@pytest.mark.parametrize("killed", [False, True])
def test_the_last_run_is_the_one_that_went_on_last(path: Path, *, killed: bool) -> None:
    """One that was continued keeps its number, and those after it lose their rows."""
    times = iter(range(1_800_000_000, 1_800_001_000))

    def open_() -> Ledger:
        return Ledger(str(path), now=lambda: float(next(times)))

    ledger = open_()
    first = load(ledger, "a", "b")
    ledger.turn([], 1)
    ledger.finish(stopped="the deadline is over", requests=1, throttled=0)
    other = load(ledger, "c", "d")
    claim = ledger.turn([], 1)[0]
    done = Outcome(id=claim.id, outcome=Verdict.CREATED, started_at=float(next(times)))
    ledger.turn([done], 0)
    ledger.finish(stopped="the deadline is over", requests=1, throttled=0)
    before = ledger.run_info().id
    assert load(ledger, "a", "b") == first
    claims = ledger.turn([], 2)
    if killed:
        ledger.close()
        ledger = open_()
    else:
        settled = [Outcome(id=one.id, outcome=Verdict.FAILED) for one in claims]
        ledger.turn(settled, 0)
        ledger.finish(stopped=None, requests=1, throttled=0)
    infos = [ledger.run_info(), ledger.run_info(creating=True)]
    retried = derive(ledger, "retry")
    names = {one.repository for one in ledger.turn([], 9)}
    ledger.close()

    assert before == other
    assert [info.id for info in infos] == [first, first]
    assert retried > other
    assert names == {"a", "b"}


@pytest.mark.parametrize("step", [1, -1, -3600])
def test_what_a_continued_run_did_is_newer_than_the_runs_between(
    path: Path, step: int
) -> None:
    """For undo and for handover, whatever the clock says: a run keeps its number."""
    times = iter(range(1_800_000_000, 1_800_000_000 + 1000 * step, step))

    def outcome(claim: Claim, verdict: Verdict) -> Outcome:
        return Outcome(id=claim.id, outcome=verdict, started_at=float(next(times)))

    ledger = Ledger(str(path), now=lambda: float(next(times)))
    first = load(ledger, "a", "b")
    ledger.turn([], 1)
    ledger.finish(stopped="the deadline is over", requests=1, throttled=0)
    load(ledger, "a", "c")
    ledger.turn([outcome(ledger.turn([], 1)[0], Verdict.CREATED)], 0, (0.0, 0.0))
    ledger.finish(stopped="the deadline is over", requests=1, throttled=0)
    assert load(ledger, "a", "b") == first
    done = [outcome(claim, Verdict.CREATED) for claim in ledger.turn([], 9)]
    ledger.turn(done, 0, (0.0, 0.0))
    ledger.finish(stopped=None, requests=2, throttled=0)
    known = ledger.standing(None).of("team", "a")
    derive(ledger, "undo")
    undone = {claim.repository: claim.made for claim in ledger.turn([], 9)}
    ledger.close()

    assert known is not None
    assert known.run == first
    assert undone["a"] is not None
    assert undone["a"][0] == done[0].started_at
