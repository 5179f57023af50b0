"""However a run dies: the next one says what to do, or goes on and tells no lie."""

import asyncio
import os
import random
import sys
import time
from asyncio.subprocess import PIPE
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from bulkrepo.ledger import Ledger
from bulkrepo.model import LedgerError
from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from tests import death
from tests.boxes import (
    ANYTHING,
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
from tests.test_ledger import checked, load, made, reported, work_off


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

REAL = os.environ.get("BULKREPO_REAL") == "1"
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
    assert page["answers"] == {"201": 600}
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
