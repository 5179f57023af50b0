"""However a run dies: the next one says what to do, or goes on and tells no lie."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from pathlib import Path

import pytest

from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
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
