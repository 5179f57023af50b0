"""The ledger keeps every row, hands each out once, and forgets nothing it needs."""

import hashlib
import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from bulkrepo.core.errors import InputError, LedgerError, LockedError, SettingsError
from bulkrepo.core.outcomes import Claim, Item, Outcome, Verdict
from bulkrepo.core.results import Started
from bulkrepo.core.rows import Defaults, Doubt, Row
from bulkrepo.inputs import locations, rules
from bulkrepo.ledger import schema
from bulkrepo.ledger.database import MEMORY
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.ledger.loading import Checked
from tests.support.boxes import REAL

LIST = "list.ndjson"
ENDPOINT = "https://swr-api.example.com"


class Ticks:
    """A clock that goes on by one second each time it is read."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        """Give epoch seconds."""
        self.time += 1
        return self.time


def checked(*names: str, category: str | None = None) -> list[Checked]:
    """Give rows of `team` by name, judged as those of a list are."""
    found = []
    for line, name in enumerate(names, start=1):
        row = Row(LIST, line, "team", name, is_public=False, category=category)
        found.append((row, rules.check(row, defaults=Defaults(), profile="strict")))
    return found


def load(
    ledger: Ledger,
    rows: Iterable[Checked],
    *,
    endpoint: str = ENDPOINT,
    digest: str = "",
    fresh: bool = False,
) -> Started:
    """Load *rows*, by default under the digest of what they say."""
    rows = list(rows)
    name = digest or hashlib.sha256(repr(rows).encode()).hexdigest()
    return ledger.load(
        rows,
        lists=[LIST],
        endpoint=endpoint,
        digest=lambda: name,
        version="0",
        place=locations.place,
        fresh=fresh,
    )


@contextmanager
def opened(
    path: Path | str, now: Callable[[], float] | None = None
) -> Iterator[Ledger]:
    """Open a ledger, and close it whatever happens."""
    ledger = Ledger(str(path), now=now or Ticks())
    try:
        yield ledger
    finally:
        ledger.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the place of a ledger that is not there yet."""
    return tmp_path / "runs.db"


def made(claim: Claim, outcome: Verdict = Verdict.CREATED) -> Outcome:
    """Give the outcome of a row that went well, or as told."""
    return Outcome(id=claim.id, outcome=outcome, attempts=1, started_at=1.0)


def finish(ledger: Ledger, stopped: str | None = None) -> None:
    """End a run."""
    ledger.finish(stopped=stopped, requests=0, throttled=0)


def work_off(ledger: Ledger) -> None:
    """Create all that is pending."""
    done: list[Outcome] = []
    while claims := ledger.turn(done, 100):
        done = [made(claim) for claim in claims]
    finish(ledger)


def reported(ledger: Ledger) -> list[Item]:
    """Give the last run's rows."""
    return list(ledger.items(ledger.run_info()))


# Loading


def test_every_row_is_kept_in_order_and_settled_where_reading_settles_it() -> None:
    """Valid rows wait, an equal row is a duplicate, a conflict and a fault invalid."""
    lines = [*checked("a", "Bad", "a", "b"), *checked("b", category="linux")]
    with opened(MEMORY) as ledger:
        loaded = load(ledger, lines)
        items = reported(ledger)
        claims = ledger.turn([], 10)

    assert [item.outcome for item in items] == [
        "not_attempted",
        "invalid",
        "duplicate",
        "not_attempted",
        "invalid",
    ]
    assert [(item.source, item.line) for item in items] == [
        (LIST, 1),
        (LIST, 2),
        (LIST, 3),
        (LIST, 4),
        (LIST, 1),
    ]
    assert f"{LIST}:1" in (items[2].reason or "")
    assert f"{LIST}:4" in items[4].problems[0].message
    assert (loaded.total, loaded.pending, loaded.invalid) == (5, 2, 2)
    assert [claim.repository for claim in claims] == ["a", "b"]


def test_rows_of_an_invalid_kind_keep_the_text_of_the_list() -> None:
    """A faulty row is reported as it was written, none of it sent."""
    row = Row(LIST, 1, "team", 17, is_public="maybe", category="linux")
    spec = rules.check(row, defaults=Defaults(), profile="strict")
    with opened(MEMORY) as ledger:
        load(ledger, [(row, spec)])
        (item,) = reported(ledger)
        assert ledger.turn([], 10) == []

    assert (item.repository, item.is_public) == ("17", "maybe")
    assert {problem.field for problem in item.problems} == {"repository", "is_public"}


@pytest.mark.parametrize("failure", [InputError, KeyboardInterrupt])
def test_rows_of_a_list_that_broke_off_leave_nothing_behind(
    path: Path, failure: type[BaseException]
) -> None:
    """A run that never came to be has no say in the next one's rows."""

    def broken() -> Iterator[Checked]:
        yield from checked(*(f"Bad-{number}" for number in range(1500)))
        raise failure

    with opened(path) as ledger, pytest.raises(failure):
        ledger.load(
            broken(),
            lists=[LIST],
            endpoint=ENDPOINT,
            digest=str,
            version="0",
            place=locations.place,
        )
    with opened(path) as ledger:
        loaded = load(ledger, checked("a", "b"))
        claims = ledger.turn([], 10)

    assert (loaded.total, loaded.pending, loaded.invalid) == (2, 2, 0)
    assert [claim.repository for claim in claims] == ["a", "b"]


def test_a_broken_off_load_does_not_touch_the_next_one_in_the_same_process(
    path: Path,
) -> None:
    """The same holds for a program that tries again with the ledger open."""

    def broken() -> Iterator[Checked]:
        yield from checked(*(f"Bad-{number}" for number in range(1500)))
        raise InputError("broken")

    with opened(path) as ledger:
        with pytest.raises(InputError):
            ledger.load(
                broken(),
                lists=[LIST],
                endpoint=ENDPOINT,
                digest=str,
                version="0",
                place=locations.place,
            )
        loaded = load(ledger, checked("a", "b"))
        claims = ledger.turn([], 10)

    assert (loaded.total, loaded.pending, loaded.invalid) == (2, 2, 0)
    assert len(claims) == 2


# Handing out, crashing, coming back


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


# Which run it is


def test_the_same_lists_continue_what_was_stopped(path: Path) -> None:
    """Settled rows stay settled; only the others are handed out."""
    with opened(path) as ledger:
        first = load(ledger, checked("a", "b"))
        ledger.turn([made(claim) for claim in ledger.turn([], 1)], 0)
        finish(ledger, "stopped by hand")
    with opened(path) as ledger:
        again = load(ledger, checked("a", "b"))
        claims = ledger.turn([], 10)

    assert (again.run, again.resumed, again.total, again.pending) == (
        first.run,
        True,
        2,
        1,
    )
    assert [claim.repository for claim in claims] == ["b"]


@pytest.mark.parametrize(
    ("names", "fresh"),
    [
        pytest.param(("a", "b"), True, id="fresh"),
        pytest.param(("b", "a"), False, id="other lists"),
    ],
)
def test_a_new_run_starts_over_and_inherits_doubts(
    path: Path, names: tuple[str, ...], *, fresh: bool
) -> None:
    """What we may have created is in doubt, whatever run meets it next."""
    with opened(path) as ledger:
        first = load(ledger, checked("a", "b"))
        doubtful = ledger.turn([], 1)
    with opened(path) as ledger:
        again = load(ledger, checked(*names), fresh=fresh)
        claims = {claim.repository: claim for claim in ledger.turn([], 10)}

    assert doubtful[0].repository == "a"
    assert again.run != first.run
    assert not again.resumed
    assert claims["a"].doubt is not None
    assert claims["b"].doubt is None


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


def test_a_finished_run_is_followed_by_a_new_one(path: Path) -> None:
    """Its rows go, who created what stays."""
    with opened(path) as ledger:
        first = load(ledger, checked("a", "b"))
        work_off(ledger)
        second = load(ledger, checked("a", "b"))
        gone = list(ledger.items(ledger.run_info(first.run)))
        with closing(sqlite3.connect(path)) as other:
            creations = other.execute(
                "SELECT namespace, repository, run, at, certain FROM creation"
            ).fetchall()

    assert (second.resumed, second.pending) == (False, 2)
    assert second.run > first.run
    assert gone == []
    assert creations == [
        ("team", "a", first.run, 1.0, 1),
        ("team", "b", first.run, 1.0, 1),
    ]


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


# Whose it is


def test_a_ledger_of_another_endpoint_is_refused(path: Path) -> None:
    """It names both endpoints and what to do, and stays as it was."""
    with opened(path) as ledger:
        load(ledger, checked("a", "b"))
        ledger.turn([made(ledger.turn([], 1)[0])], 0)
        finish(ledger, "stopped")
        with pytest.raises(SettingsError, match=r"--ledger") as caught:
            load(ledger, checked("a", "b"), endpoint="https://elsewhere.example.com")
        again = load(ledger, checked("a", "b"))

    assert ENDPOINT in str(caught.value)
    assert "elsewhere" in str(caught.value)
    assert again.resumed


def test_an_endpoint_that_was_mistyped_does_not_bind_the_ledger(path: Path) -> None:
    """Where nothing came back that is worth knowing, the corrected command goes on."""
    with opened(path) as ledger:
        load(ledger, checked("a"), endpoint="https://mistyped.example.com")
        finish(ledger, "stopped")
        again = load(ledger, checked("a"))

        assert again.resumed
        assert ledger.run_info().endpoint == ENDPOINT


def test_what_a_run_remembers_is_for_its_endpoint(path: Path) -> None:
    """A rate that one service allows says nothing about another's."""
    with opened(path) as ledger:
        load(ledger, checked("a"))
        ledger.remember("rate", "old")
        ledger.remember("rate", "50")
    with opened(path) as ledger:
        load(ledger, checked("a"))
        kept = ledger.recall("rate")
    with opened(path) as ledger:
        load(ledger, checked("a"), endpoint="https://another.example.com")
        gone = ledger.recall("rate")

    assert kept == "50"
    assert gone is None


def test_a_second_process_is_told_who_holds_the_ledger(path: Path) -> None:
    """The lock names the process that has it; the lock ends with it."""
    script = (
        "import sys, time\n"
        "from bulkrepo.ledger.ledger import Ledger\n"
        "ledger = Ledger(sys.argv[1], now=time.time)\n"
        "print('open', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(LockedError) as caught:
            Ledger(str(path), now=Ticks())
        other.kill()
    with opened(path) as ledger:  # a lock does not outlive its process
        load(ledger, checked("a"))

    assert re.search(rf"\b{other.pid}\b", str(caught.value))
    assert "--ledger" in str(caught.value)


def test_a_second_run_of_a_process_is_told_so(path: Path) -> None:
    """Also before the first has noted who it is; afterwards the ledger is free."""
    with opened(path):
        path.with_name(f"{path.name}.lock").write_text("")
        with pytest.raises(LockedError, match=rf"process {os.getpid()}, this one"):
            Ledger(str(path), now=Ticks())
    with opened(path) as ledger:
        load(ledger, checked("a"))


def test_a_ledger_is_locked_by_whatever_name(path: Path) -> None:
    """A link to it is the same ledger."""
    link = path.with_name("link.db")
    with opened(path) as ledger:
        load(ledger, checked("a"))
        link.symlink_to(path)
        with pytest.raises(LockedError) as caught:
            Ledger(str(link), now=Ticks())
    with opened(link) as ledger:
        load(ledger, checked("a"))

    assert "another run holds the ledger" in str(caught.value)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_ledger_that_is_taken_away_says_so(path: Path, *, replaced: bool) -> None:
    """What is written to a file without a name is lost with the process."""
    with opened(path) as ledger:
        load(ledger, checked("a", "b"))
        claims = ledger.turn([], 1)
        path.unlink()
        if replaced:
            path.touch()
        with pytest.raises(LedgerError, match="removed or replaced"):
            ledger.turn([made(claim) for claim in claims], 1)
        with pytest.raises(LedgerError, match="removed or replaced"):
            finish(ledger)


# Files that are no ledger


def _text(path: Path) -> None:
    path.write_text("namespace,repository\n" * 100)


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
        db.commit()


def _newer(path: Path) -> None:
    Ledger(str(path), now=Ticks()).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")


def _damaged(path: Path) -> None:
    with opened(path) as ledger:
        load(ledger, checked(*(f"app-{number}" for number in range(2000))))
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[:4096] + os.urandom(middle) + content[middle + 4096 :])


def _folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "advice"),
    [
        pytest.param(_text, "not a ledger", id="text"),
        pytest.param(_foreign, "not a bulkrepo ledger", id="another database"),
        pytest.param(_newer, "upgrade bulkrepo", id="newer schema"),
        pytest.param(_damaged, "damaged", id="damaged"),
        pytest.param(_folder, "--ledger", id="directory"),
    ],
)
def test_what_is_no_ledger_is_refused_with_advice(
    path: Path, spoil: Callable[[Path], None], advice: str
) -> None:
    """A LedgerError says which file it is and what to do; nothing is overwritten."""
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(LedgerError) as caught, opened(path) as ledger:
        load(ledger, checked("a"))

    assert str(path) in str(caught.value)
    assert advice in str(caught.value)
    if spoil in (_text, _foreign):
        assert path.read_bytes() == before


def test_a_ledger_that_lost_rows_is_refused(path: Path) -> None:
    """Lists that are the same have as many rows; a page that lost some is found."""
    with opened(path) as ledger:
        load(ledger, checked(*(f"app-{number}" for number in range(100))))
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM item WHERE id > 90")
        db.commit()

    with (
        pytest.raises(LedgerError, match=r"damaged .*90 of 100 rows.* aside"),
        opened(path) as ledger,
    ):
        load(ledger, checked(*(f"app-{number}" for number in range(100))))


def test_a_page_that_lost_its_rows_is_found_on_opening(path: Path) -> None:
    """Else a report would be short of them, and nobody would know."""
    with opened(path) as ledger:
        load(ledger, checked(*(f"app-{number}" for number in range(400))))
        finish(ledger)
    with closing(sqlite3.connect(path)) as db:
        size = db.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(path.read_bytes())
    leaves = [at for at in range(size, len(content), size) if content[at] == 13]
    at = max(leaves, key=lambda leaf: content[leaf + 4])  # the one with most rows
    content[at + 4] -= 3
    path.write_bytes(content)

    with (
        pytest.raises(LedgerError, match=r"damaged .* aside, and run the same command"),
        opened(path),
    ):
        pass


def test_a_ledger_in_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The message names the path and the option."""
    with pytest.raises(LedgerError, match=r"nowhere/x\.db .*--ledger"):
        Ledger(str(tmp_path / "nowhere" / "x.db"), now=Ticks())


def test_a_ledger_that_may_not_be_written_is_refused(path: Path) -> None:
    """The message names the path and the option, whoever runs the test."""
    with opened(path) as ledger:
        load(ledger, checked("a"))
    script = (
        "import os, sys\n"
        "from bulkrepo.ledger.ledger import Ledger\n"
        "from bulkrepo.core.errors import LedgerError\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: Ledger(sys.argv[1], now=float)\n"
        "except LedgerError as error: print(error)\n"
    )
    shared = Path("/dev/shm") if os.getuid() == 0 else path.parent  # noqa: S108
    ledger_path = shared / f"bulkrepo-test-{os.getpid()}.db"
    ledger_path.write_bytes(path.read_bytes())
    lock = Path(f"{ledger_path}.lock")
    lock.touch()
    try:
        ledger_path.chmod(0o444)
        lock.chmod(0o666)
        said = subprocess.run(
            [sys.executable, "-c", script, str(ledger_path)],
            check=False,
            capture_output=True,
            text=True,
        )
    finally:
        ledger_path.unlink()
        lock.unlink()

    assert "Permission denied" in said.stdout, said.stderr
    assert "--ledger" in said.stdout


def test_a_ledger_is_for_its_owner_only(path: Path) -> None:
    """All four files have mode 0600, whatever the umask."""
    before = os.umask(0)
    try:
        with opened(path) as ledger:
            load(ledger, checked("a"))
            modes = {
                file.name: stat.S_IMODE(file.stat().st_mode)
                for file in path.parent.iterdir()
            }
    finally:
        os.umask(before)

    assert modes == {
        "runs.db": 0o600,
        "runs.db-wal": 0o600,
        "runs.db-shm": 0o600,
        "runs.db.lock": 0o600,
    }


def test_the_report_view_answers_sql(path: Path) -> None:
    """A person with sqlite3 sees what a report says."""
    with opened(path) as ledger:
        load(ledger, checked("a", "Bad", "b"))
        claims = ledger.turn([], 2)
        failed = Outcome(
            id=claims[1].id, outcome=Verdict.FAILED, code="X.1", status=400, attempts=2
        )
        ledger.turn([made(claims[0]), failed], 0)
        finish(ledger)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        found = db.execute(
            "SELECT source, line, namespace, repository, outcome, code, attempts"
            " FROM report ORDER BY line"
        ).fetchall()
        groups = dict(
            db.execute("SELECT outcome, count(*) FROM report GROUP BY outcome")
        )

    assert found == [
        (LIST, 1, "team", "a", "created", None, 1),
        (LIST, 2, "team", "Bad", "invalid", None, 0),
        (LIST, 3, "team", "b", "failed", "X.1", 2),
    ]
    assert groups == {"created": 1, "invalid": 1, "failed": 1}


# Whatever happens

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(1, 4)),
        st.tuples(st.just("settle"), st.integers(0, 3)),
        st.tuples(st.just("give back"), st.just(0)),
        st.tuples(st.just("crash"), st.just(0)),
        st.tuples(st.just("stop"), st.just(0)),
    ),
    max_size=25,
)


class Story:
    """One ledger through takes, outcomes, crashes and stops, and what must hold."""

    def __init__(self, path: Path, names: list[str]) -> None:
        self.path, self.lines, self.clock = path, checked(*names), Ticks()
        self.settled: dict[str, str] = {}
        self.tried: set[str] = set()
        self.out: list[Claim] = []
        self.open()

    def open(self) -> None:
        """Open the ledger and load the same lists."""
        self.out = []
        self.ledger = Ledger(str(self.path), now=self.clock)
        self.loaded = load(self.ledger, self.lines, digest="same")

    def step(self, what: str, number: int) -> None:
        """Let one thing happen."""
        match what:
            case "take":
                fresh = self.ledger.turn([], number)
                for claim in fresh:
                    assert claim.repository not in self.settled
                    in_doubt = claim.repository in self.tried
                    assert (claim.doubt is not None) == in_doubt
                self.tried |= {claim.repository for claim in fresh}
                self.out += fresh
            case "settle" if self.out:
                claim = self.out.pop(number % len(self.out))
                self.ledger.turn([made(claim)], 0)
                self.settled[claim.repository] = "created"
            case "give back" if self.out:
                claim = self.out.pop()
                back = Outcome(
                    id=claim.id,
                    outcome=Verdict.NOT_ATTEMPTED,
                    doubt=claim.doubt or Doubt(1.0, 2.0),
                )
                self.ledger.turn([back], 0)
            case "crash":
                self.ledger.close()
                self.open()
            case "stop":
                for claim in self.out:  # never sent, so never in doubt
                    if claim.doubt is None:
                        self.tried.discard(claim.repository)
                finish(self.ledger, "stopped")
                self.ledger.close()
                self.open()


@pytest.mark.real
@hypothesis(max_examples=200 if REAL else 30, deadline=None)
@given(
    names=st.lists(st.sampled_from(["a", "b", "c", "d", "e", "Bad"]), max_size=9),
    steps=STEPS,
)
def test_every_row_ends_in_one_outcome_and_what_is_settled_stays(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    steps: list[tuple[str, int]],
) -> None:
    """No order of turns, crashes and stops loses a row, doubles it or changes it."""
    story = Story(tmp_path_factory.mktemp("story") / "runs.db", names)
    try:
        for what, number in steps:
            story.step(what, number)
            items = reported(story.ledger)
            assert [item.line for item in items] == list(range(1, len(names) + 1))
            for item in items:
                wanted = story.settled.get(item.repository or "", "not_attempted")
                assert item.outcome in (wanted, "duplicate", "invalid")
        story.step("crash", 0)
        work_off(story.ledger)
        items = reported(story.ledger)
    finally:
        story.ledger.close()

    assert [item.repository for item in items] == names
    seen: set[str] = set()
    for name, item in zip(names, items, strict=True):
        wanted = "duplicate" if name in seen else "created"
        assert item.outcome == ("invalid" if name == "Bad" else wanted)
        seen.add(name)


def test_what_differs_is_one_reason_whatever_answered(path: Path) -> None:
    """A list showed one; of another the answer to a create said that it exists."""
    exists = {"status": 409, "code": "SVCSTG.SWR.4090006", "message": "It exists."}
    with opened(path) as ledger:
        load(ledger, checked("a", "b", "c"))
        told: list[dict[str, Any]] = [{}, exists, exists]
        fields = ["is_public", "is_public", "category"]
        done = [
            Outcome(
                id=claim.id,
                outcome=Verdict.DIFFERS,
                differences={field: [None, None]},
                **more,
            )
            for claim, field, more in zip(ledger.turn([], 9), fields, told, strict=True)
        ]
        ledger.turn(done, 0)
        finish(ledger)
        reasons = ledger.summary(ledger.run_info()).reasons

    assert [(each.count, each.code, each.message) for each in reasons] == [
        (2, None, "other is_public"),
        (1, None, "other category"),
    ]


def test_a_refusal_without_words_is_told_by_its_status(path: Path) -> None:
    """Whoever reads the summary sees at least that much of it."""
    with opened(path) as ledger:
        load(ledger, checked("a", "b", "c"))
        done = [
            Outcome(id=claim.id, outcome=Verdict.FAILED, status=status)
            for claim, status in zip(ledger.turn([], 9), (422, 422, 409), strict=True)
        ]
        ledger.turn(done, 0)
        finish(ledger)
        reasons = ledger.summary(ledger.run_info()).reasons

    assert [(each.count, each.code, each.message) for each in reasons] == [
        (2, None, "answered 422"),
        (1, None, "answered 409"),
    ]
