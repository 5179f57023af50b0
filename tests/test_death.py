"""However a run dies: the next one says what to do, or goes on and tells no lie."""

import asyncio
import os
from collections import Counter
from pathlib import Path

from bulkrepo.sandbox import Sandbox
from tests.boxes import (
    ANYTHING,
    begin,
    bulkrepo,
    end,
    names,
    outcomes,
    read,
    rows,
    write,
)

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
