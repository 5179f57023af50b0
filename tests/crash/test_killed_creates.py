"""However a run dies: the next one says what to do, or goes on and tells no lie."""

import asyncio
import errno
import fcntl
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from bulkrepo.core.errors import LedgerError, LockedError
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from tests.support import death
from tests.support.boxes import (
    ANYTHING,
    REAL,
    TOKEN,
    Ended,
    begin,
    bulkrepo,
    end,
    environment,
    names,
    outcomes,
    read,
    rows,
    write,
)
from tests.support.ledgers import checked, load, made, reported, work_off


async def under(rule: str, *words: str, cwd: Path, box: Sandbox) -> Ended:
    """Run the command line under a *rule* that a shell sets, to its end."""
    command = f'{rule}; exec {sys.executable} -m bulkrepo "$@"'
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", command, "bash", *words),
        cwd=cwd,
        env=environment(box),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    return await end(process)


# Killed, over and over. `python -m tests.bench.death` does the same for longer.

DEATHS = int(os.environ.get("BULKREPO_DEATHS", "40" if REAL else "8"))


@pytest.mark.real
@pytest.mark.parametrize("seed", [0, 1])
async def test_kills_at_random_moments_lose_nothing_and_tell_no_lie(
    tmp_path: Path, seed: int
) -> None:
    """Every row is told once, as `created`, and all that was sent is known as ours."""
    counts = await death.die(tmp_path, DEATHS // 2, seed)

    assert counts["deaths"] == DEATHS // 2


@pytest.mark.real
async def test_power_cuts_lose_nothing_that_was_sent(tmp_path: Path) -> None:
    """The log's end is lost or noise, the database torn: all is as after a kill."""
    counts = await death.die(tmp_path, DEATHS // 4, 2, spoil=death.PowerCut)

    assert counts["deaths"] == DEATHS // 4


def test_claims_wait_for_the_disk(tmp_path: Path) -> None:
    """The power cuts above rely on it: a commit is synchronised before it returns."""
    ledger = Ledger(str(tmp_path / "runs.db"), now=time.time)
    try:
        load(ledger, checked("a", "b"))
        ledger.turn([], 1)
        mode = ledger._file.value("PRAGMA synchronous")
    finally:
        ledger.close()

    assert mode == 2  # FULL


@pytest.mark.real
async def test_a_damaged_ledger_is_refused_or_gives_every_row_once(
    tmp_path: Path,
) -> None:
    """Exit 4 says what to do, and then the same command goes through."""
    counts = await death.die(
        tmp_path, max(2, DEATHS // 8), 3, spoil=lambda: death.damage, known=False
    )

    assert counts["deaths"] == max(2, DEATHS // 8)


@pytest.mark.real
def test_damage_of_any_kind_ends_in_an_error_of_ours_or_in_every_row(
    tmp_path: Path,
) -> None:
    """Nothing of SQLite's or of Python's comes through, whatever is damaged."""
    names = [f"app-{number}" for number in range(400)]
    (tmp_path / "before").mkdir()
    ledger = Ledger(str(tmp_path / "before" / "bulkrepo.db"), now=time.time)
    load(ledger, checked(*names))
    ledger.turn([made(claim) for claim in ledger.turn([], 100)[:50]], 50)
    ledger.close()  # what is there is in the database now
    ledger = Ledger(str(tmp_path / "before" / "bulkrepo.db"), now=time.time)
    load(ledger, checked(*names))
    ledger.turn([made(claim) for claim in ledger.turn([], 100)[:50]], 50)
    ends: Counter[str] = Counter()
    for seed in range(DEATHS * 5):
        path = death.copied(tmp_path / "before", tmp_path / "after")
        death.damage(path.parent, random.Random(seed), set())
        said = ""
        try:
            with closing(Ledger(str(path), now=time.time)) as damaged:
                load(damaged, checked(*names))
                work_off(damaged)
                found = [f"{item.repository}" for item in reported(damaged)]
        except LedgerError as error:
            said = str(error)
            found = names
        ends["refused" if said else "told"] += 1
        assert found == names
        assert not said or str(path) in said
        assert not said or "the same command again" in said or "--ledger" in said
    ledger.close()

    assert min(ends["refused"], ends["told"]) > DEATHS // 4


# The report.


async def test_a_run_killed_over_its_report_is_told_by_the_next(tmp_path: Path) -> None:
    """Nothing is left to send, and what it created is `created`, not `exists`."""
    items = rows(400)
    source = write(tmp_path / "list.ndjson", items)
    report = tmp_path / "r.jsonl"
    os.mkfifo(report)  # which holds less than the report
    reader = os.open(report, os.O_RDONLY | os.O_NONBLOCK)
    words = ("create", source, "--rate", "100000/s", "--report")
    began = asyncio.Event()
    asyncio.get_running_loop().add_reader(reader, began.set)
    async with Sandbox(ANYTHING) as box:
        process = await begin(*words, "r.jsonl", cwd=tmp_path, box=box)
        async with asyncio.timeout(30):
            await began.wait()
        asyncio.get_running_loop().remove_reader(reader)
        process.kill()
        await end(process)
        os.close(reader)
        report.unlink()
        again = await bulkrepo(*words, "r.jsonl", cwd=tmp_path, box=box)
        sent = box.requests.copy()
        third = await bulkrepo(*words, "3.jsonl", cwd=tmp_path, box=box)
    found = read(report)

    assert again.code == third.code == 0
    assert (sent["create"], sent["show"]) == (400, 0)
    assert names(found) == names(items)
    assert Counter((item["outcome"], item["certain"]) for item in found) == {
        ("created", True): 400
    }
    assert outcomes(tmp_path / "3.jsonl") == ["exists"] * 400


async def test_a_report_that_found_no_room_is_written_by_the_same_command(
    tmp_path: Path,
) -> None:
    """Exit 4, and the next run tells it all: it is not a run of its own."""
    source = write(tmp_path / "list.ndjson", rows(20))
    (tmp_path / "r.jsonl").symlink_to("/dev/full")
    words = ("create", source, "--report", "r.jsonl", "--rate", "1000/s")
    async with Sandbox(ANYTHING) as box:
        full = await bulkrepo(*words, cwd=tmp_path, box=box)
        (tmp_path / "r.jsonl").unlink()
        again = await bulkrepo(*words, cwd=tmp_path, box=box)

    assert full.code == 4
    assert "r.jsonl: the report cannot be written (No space left on device)" in full.err
    assert "the same command" in full.err
    assert again.code == 0
    assert outcomes(tmp_path / "r.jsonl") == ["created"] * 20


# Open files.


@pytest.mark.parametrize(
    ("limit", "most"), [("-n 48", 16), ("-S -n 48", 64)], ids=["hard", "soft"]
)
async def test_few_open_files_make_a_run_slower_and_not_wrong(
    tmp_path: Path, limit: str, most: int
) -> None:
    """No try is used up, no row fails; a soft limit is raised, a hard one kept to."""
    source = write(tmp_path / "list.ndjson", rows(600))
    words = ("create", source, "--rate", "100000/s", "--report", "r.jsonl")
    async with Sandbox(Box(token=TOKEN, any_organization=True, latency=0.01)) as box:
        done = await under(f"ulimit {limit}", *words, cwd=tmp_path, box=box)
        page = box.page()
    found = read(tmp_path / "r.jsonl")

    assert done.code == 0, done.err
    assert Counter((item["outcome"], item["attempts"]) for item in found) == {
        ("created", 1): 600
    }
    assert page["answers"] == {"200": 2, "201": 600}  # and a look at what is there
    assert most // 2 < int(str(page["max_in_flight"])) <= most


async def test_hardly_any_open_files_are_said_to_be_too_few(tmp_path: Path) -> None:
    """Exit 2, before anything is sent, with what to do."""
    source = write(tmp_path / "list.ndjson", rows(3))
    async with Sandbox(ANYTHING) as box:
        done = await under("ulimit -n 20", "create", source, cwd=tmp_path, box=box)

    assert done.code == 2
    assert "20 files open" in done.err
    assert "ulimit -n 256" in done.err
    assert "Traceback" not in done.err
    assert sum(box.requests.values()) == 0


# Disks.


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of its own, which holds 160 KB."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        mount(place, "-t", "tmpfs", "-o", "size=160k", "tmpfs")
    except (OSError, subprocess.CalledProcessError) as error:
        if REAL:
            pytest.fail(f"no disk can be mounted: {error}")
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def mount(place: Path, *words: str) -> None:
    """Mount, or mount otherwise."""
    subprocess.run(["mount", *words, str(place)], check=True, capture_output=True)


def told_by_the_next_as_created(report: Path, items: list[dict[str, Any]]) -> None:
    """Assert that every row is there once, and that none is said to have existed."""
    found = read(report)
    assert names(found) == names(items)
    assert {item["outcome"] for item in found} == {"created"}


@pytest.mark.real
async def test_a_ledger_on_a_full_disk_is_exit_4_and_goes_on_with_more(
    tmp_path: Path, disk: Path
) -> None:
    """It is said where, and that there is no space; nothing that was sent is lost."""
    items = rows(900)
    source = write(tmp_path / "list.ndjson", items)
    words = (
        *("create", source, "--rate", "100000/s", "--report", "r.jsonl"),
        *("--ledger", f"{disk}/runs.db"),
    )
    async with Sandbox(ANYTHING) as box:
        full = await bulkrepo(*words, cwd=tmp_path, box=box)
        mount(disk, "-o", "remount,size=20m")
        again = await bulkrepo(*words, cwd=tmp_path, box=box)
        page = box.page()

    assert full.code == 4, full.err
    assert f"the ledger {disk}/runs.db cannot be used: d" in full.err
    assert f"Check the free space in {disk}, then run the same command" in full.err
    assert "Traceback" not in full.err
    assert again.code == 0, again.err
    assert (page["repositories"], page["duplicate_commits"]) == (900, 0)
    told_by_the_next_as_created(tmp_path / "r.jsonl", items)


@pytest.mark.real
async def test_a_ledger_is_opened_on_a_disk_that_is_full_or_exit_4(
    tmp_path: Path, disk: Path
) -> None:
    """With not a byte left, a run that was cut short says the same, and goes on."""
    items = rows(100)
    source = write(tmp_path / "list.ndjson", items)
    words = ("create", source, "--report", "r.jsonl", "--ledger", f"{disk}/runs.db")
    async with Sandbox(ANYTHING) as box:
        await bulkrepo(*words, "--deadline", "0.3s", cwd=tmp_path, box=box)
        there = len(box.repositories)
        (disk / "runs.db.lock").write_bytes(b"")
        fill = disk / "fill"
        with suppress(OSError), fill.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        full = await bulkrepo(*words, cwd=tmp_path, box=box)
        sent = len(box.repositories)
        mount(disk, "-o", "remount,size=20m")
        again = await bulkrepo(*words, "--rate", "1000/s", cwd=tmp_path, box=box)

    assert full.code == 4, full.err
    assert f"Check the free space in {disk}" in full.err
    assert "Traceback" not in full.err
    assert sent == there
    assert again.code == 0
    told_by_the_next_as_created(tmp_path / "r.jsonl", items)


@pytest.mark.real
async def test_a_report_on_a_full_disk_is_exit_4_and_leaves_the_old_one(
    tmp_path: Path, disk: Path
) -> None:
    """No half of a report is left, and the same command writes it with more space."""
    items = rows(900)
    source = write(tmp_path / "list.ndjson", items)
    report = disk / "r.jsonl"
    report.write_text("of yesterday")
    words = ("create", source, "--rate", "100000/s", "--report", str(report))
    async with Sandbox(ANYTHING) as box:
        full = await bulkrepo(*words, cwd=tmp_path, box=box)
        left = {path.name: path.read_text() for path in disk.iterdir()}
        mount(disk, "-o", "remount,size=20m")
        again = await bulkrepo(*words, cwd=tmp_path, box=box)

    assert full.code == 4
    assert f"{report}: the report cannot be written (No space left" in full.err
    assert left == {"r.jsonl": "of yesterday"}
    assert again.code == 0
    told_by_the_next_as_created(report, items)


@pytest.mark.real
async def test_a_log_on_a_full_disk_is_exit_4_and_stops_nothing(
    tmp_path: Path, disk: Path
) -> None:
    """Also where a row failed: that the log has holes is not to be overlooked."""
    items = [*rows(900), {**rows(1)[0], "repository": "A"}]
    source = write(tmp_path / "list.ndjson", items)
    words = ("create", source, "--rate", "100000/s", "--report", "r.jsonl")
    async with Sandbox(ANYTHING) as box:
        done = await bulkrepo(
            *(*words, "--log-file", f"{disk}/log"), cwd=tmp_path, box=box
        )

    assert done.code == 4
    assert done.events("log_file.failed")[0]["reason"] == (
        f"{disk}/log: the log file cannot be written (No space left on device); "
        "the run continues without it"
    )
    assert Counter(outcomes(tmp_path / "r.jsonl")) == {"created": 900, "invalid": 1}


@pytest.mark.real
@pytest.mark.parametrize(
    ("option", "code", "said"),
    [
        ("--ledger", 4, "Give --ledger a file in a writable directory"),
        ("--report", 4, "nothing was sent. Give another --report"),
        ("--log-file", 2, "name another with --log-file"),
    ],
)
async def test_a_disk_that_is_read_only_is_told_before_anything_is_sent(
    tmp_path: Path, disk: Path, option: str, code: int, said: str
) -> None:
    """The message names the file, the trouble and the option."""
    source = write(tmp_path / "list.ndjson", rows(3))
    mount(disk, "-o", "remount,ro")
    words = ("create", source, option, f"{disk}/x.jsonl")
    async with Sandbox(ANYTHING) as box:
        done = await bulkrepo(*words, cwd=tmp_path, box=box)

    assert done.code == code
    assert f"{disk}/x.jsonl" in done.err
    assert "Read-only file system" in done.err
    assert said in done.err
    assert "Traceback" not in done.err
    assert sum(box.requests.values()) == 0


def test_a_ledger_in_a_directory_that_takes_no_more_files_says_so(
    tmp_path: Path,
) -> None:
    """The ledger itself may be written to; what SQLite puts beside it may not."""
    folder = tmp_path
    if os.getuid() == 0:  # whom permissions do not bind, nor may others come here
        folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    script = (
        "import os, sys, time\n"
        "from bulkrepo.ledger.ledger import Ledger\n"
        "from bulkrepo.core.errors import LedgerError\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: Ledger(sys.argv[1], now=time.time)\n"
        "except LedgerError as error: print(error)\n"
    )
    path = folder / "runs.db"
    try:
        for name in ("runs.db", "runs.db.lock"):
            (folder / name).touch()
            (folder / name).chmod(0o666)
        folder.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", script, str(path)],
            check=False,
            capture_output=True,
            text=True,
        )
    finally:
        folder.chmod(0o755)
        if folder != tmp_path:
            shutil.rmtree(folder)

    assert f"the ledger {path} cannot be used" in done.stdout, done.stderr
    assert f"Make it and {folder} writable" in done.stdout


# Locks.


def test_a_holder_of_the_past_is_not_named(tmp_path: Path) -> None:
    """A number that a killed run left says nothing of who holds the ledger now."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    path = tmp_path / "runs.db"
    with path.open("w") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        Path(f"{path}.lock").write_text(f"{gone.pid}\n")
        with pytest.raises(LockedError, match=r"\(process unknown\)"):
            Ledger(str(path), now=time.time)


def test_a_file_system_without_locks_is_not_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To wait for it would be to wait for ever."""

    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(LedgerError, match=r"cannot be locked: No locks .* --ledger"):
        Ledger(str(tmp_path / "runs.db"), now=time.time)


def test_a_ledger_that_another_program_writes_to_says_so(tmp_path: Path) -> None:
    """Such as a shell of SQLite's in the midst of a transaction."""
    path = tmp_path / "runs.db"
    with (
        closing(Ledger(str(path), now=time.time)) as ledger,
        closing(sqlite3.connect(path)) as theirs,
    ):
        theirs.execute("BEGIN IMMEDIATE")
        ledger._file.db.execute("PRAGMA busy_timeout = 0")
        with pytest.raises(LedgerError, match=r"locked\. Close it in the program"):
            load(ledger, checked("a"))
