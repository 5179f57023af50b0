"""Rows are handed out once, and a doubt lasts until its proof."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bulkrepo.core.outcomes import Outcome, Verdict
from bulkrepo.core.rows import Doubt
from tests.support.boxes import REAL
from tests.support.ledgers import Ticks, checked, finish, load, made, opened, work_off


def test_claims_are_on_disk_before_they_are_given_out(path: Path) -> None:
    """Whoever looks into the file while a row is worked on finds it claimed."""
    with opened(path) as ledger:
        load(ledger, checked("a", "b", "c"))
        claims = ledger.turn([], 2)
        with closing(sqlite3.connect(path)) as other:
            spans = other.execute("SELECT first, last FROM claim").fetchall()

    assert spans == [(claims[0].id, claims[1].id)]


def test_outcomes_are_on_disk_when_a_turn_returns(path: Path) -> None:
    """What `turn` was given is kept when it returns."""
    with opened(path) as ledger:
        load(ledger, checked("a", "b"))
        ledger.turn([made(claim) for claim in ledger.turn([], 1)], 0)
        with closing(sqlite3.connect(path)) as other:
            kept = other.execute("SELECT outcome FROM report ORDER BY line").fetchall()

    assert kept == [("created",), ("not_attempted",)]


def test_rows_that_a_crash_cut_short_are_in_doubt_since_their_claim(
    path: Path,
) -> None:
    """Claimed and not settled: it may have been created after the claim, by SWR's."""
    clock = Ticks()
    with opened(path, clock) as ledger:
        load(ledger, checked("a", "b", "c", "d"))
        first = ledger.turn([], 2)
        claimed_at = clock.time
        ledger.turn([made(first[0])], 1, (5.0, 7.0))  # c is claimed later
        later = clock.time
    with opened(path, clock) as ledger:
        loaded = load(ledger, checked("a", "b", "c", "d"))
        claims = ledger.turn([], 10)

    assert loaded.resumed
    assert loaded.pending == 3
    assert [(claim.repository, claim.doubt) for claim in claims] == [
        ("b", Doubt(claimed_at + 5)),
        ("c", Doubt(later + 5)),
        ("d", None),
    ]


def test_a_doubt_is_as_old_as_the_first_of_two_crashes(path: Path) -> None:
    """The first try that may have created it counts."""
    clock = Ticks()
    doubts = []
    for _ in range(3):
        with opened(path, clock) as ledger:
            load(ledger, checked("a"))
            doubts += [claim.doubt for claim in ledger.turn([], 1)]

    assert doubts[0] is None
    assert doubts[1] == doubts[2] is not None


def test_a_row_that_a_stop_gave_back_unsure_keeps_its_doubt(path: Path) -> None:
    """A tidy stop leaves doubt where a try was unsure, and nowhere else."""
    with opened(path) as ledger:
        load(ledger, checked("a", "b"))
        unsure, _ = ledger.turn([], 2)
        back = Outcome(
            id=unsure.id,
            outcome=Verdict.NOT_ATTEMPTED,
            attempts=3,
            doubt=Doubt(7.0, 8.0),
        )
        ledger.turn([back], 0)
        finish(ledger, "interrupted")
    with opened(path) as ledger:
        loaded = load(ledger, checked("a", "b"))
        claims = ledger.turn([], 2)

    assert loaded.resumed
    assert [(claim.doubt, claim.attempts) for claim in claims] == [
        (Doubt(7.0, 8.0), 3),
        (None, 0),
    ]


def test_a_proven_row_is_no_longer_in_doubt(path: Path) -> None:
    """A doubt ends with the first outcome that is sure."""
    with opened(path) as ledger:
        load(ledger, checked("a"))
        ledger.turn([], 1)
    with opened(path) as ledger:
        load(ledger, checked("a"), fresh=True)
        work_off(ledger)
    with opened(path) as ledger:
        load(ledger, checked("a"))
        (claim,) = ledger.turn([], 1)

    assert claim.doubt is None


def test_a_run_that_is_continued_inherits_what_another_left_in_doubt(
    path: Path,
) -> None:
    """A crash of one run is news to an older one, and leaves settled rows alone."""
    with opened(path) as ledger:
        load(ledger, checked("a", "b"))
        ledger.turn([made(ledger.turn([], 1)[0])], 0)
        finish(ledger, "stopped by hand")
    with opened(path) as ledger:
        load(ledger, checked("b", "a", "c"))
        ledger.turn([], 3)
    with opened(path) as ledger:
        again = load(ledger, checked("a", "b"))
        (claim,) = ledger.turn([], 10)

    assert again.resumed
    assert claim.repository == "b"
    assert claim.doubt is not None


def test_proof_in_one_run_ends_the_doubt_of_another(path: Path) -> None:
    """What was proven after a crash is proven for the crashed run as well."""
    clock = Ticks()
    with opened(path, clock) as ledger:
        load(ledger, checked("a"))
        ledger.turn([], 1)
    with opened(path, clock) as ledger:
        load(ledger, checked("a", "b"))
        done = [
            Outcome(
                id=claim.id,
                outcome=Verdict.CREATED,
                attempts=1,
                started_at=clock.time,
            )
            for claim in ledger.turn([], 2)
        ]
        ledger.turn(done, 0)
        finish(ledger)
    with opened(path, clock) as ledger:
        load(ledger, checked("b", "a"))
        claims = ledger.turn([], 2)

    assert [claim.doubt for claim in claims] == [None, None]


def test_a_repository_that_existed_is_not_remembered_as_ours(path: Path) -> None:
    """The second run's `exists` leaves the first run's creation alone."""
    with opened(path) as ledger:
        first = load(ledger, checked("a", "b"))
        claims = ledger.turn([], 2)
        ledger.turn([made(claims[0]), made(claims[1], Verdict.EXISTS)], 0)
        finish(ledger)
        load(ledger, checked("a", "b"))
        claims = ledger.turn([], 2)
        ledger.turn([made(claim, Verdict.EXISTS) for claim in claims], 0)
        finish(ledger)
        load(ledger, checked("a", "b"))
        with closing(sqlite3.connect(path)) as other:
            ours = other.execute("SELECT repository, run FROM creation").fetchall()

    assert ours == [("a", first.run)]


@pytest.mark.real
def test_a_year_of_nightly_runs_does_not_grow_the_file(path: Path) -> None:
    """Size is bounded by the repositories, not by the runs."""
    lines = checked(*(f"app-{number}" for number in range(100)))
    sizes, nights = [], 365 if REAL else 30
    with opened(path) as ledger:
        for _ in range(nights):
            load(ledger, lines, digest="nightly")
            done = [made(claim) for claim in ledger.turn([], 100)]
            ledger.turn(done, 0)
            finish(ledger)
            with closing(sqlite3.connect(path)) as other:
                pages = other.execute("PRAGMA page_count").fetchone()[0]
                sizes.append(pages * other.execute("PRAGMA page_size").fetchone()[0])

    # A run itself is remembered, in some 200 bytes.
    assert max(sizes[6:]) <= sizes[5] + nights * 256
    assert path.stat().st_size <= sizes[5] + nights * 256
    assert Path(f"{path}-wal").exists() is False


def test_a_night_costs_what_its_rows_cost(path: Path) -> None:
    """Twice the rows twice the work, in SQLite's steps; earlier runs cost nothing."""
    steps = 0

    def night(count: int) -> int:
        nonlocal steps
        lines = checked(*(f"app-{number}" for number in range(count)))
        with opened(path) as ledger:
            ledger._file.db.set_progress_handler(step, 100)
            steps = 0
            load(ledger, lines, digest="nightly")
            work_off(ledger)
        return steps

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    few = [night(200) for _ in range(8)]
    many = [night(800) for _ in range(2)]

    assert few[-1] <= 1.1 * few[2]
    assert many[-1] <= 5 * few[-1]
