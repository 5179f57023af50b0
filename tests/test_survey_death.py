"""Runs that are interrupted or killed while they look at what is there."""

import signal
from collections import Counter
from pathlib import Path

import pytest

from bulkrepo.sandbox import Settings as Box
from tests.boxes import (
    TOKEN,
    Bell,
    begin,
    bulkrepo,
    end,
    held,
    names,
    read,
    rows,
    write,
)
from tests.registry import Watched, seed


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
@pytest.mark.parametrize("at", [1, 2, 3])
async def test_a_run_that_ends_during_the_survey_is_resumed(
    tmp_path: Path, number: signal.Signals, code: int, at: int
) -> None:
    """At its first request or at a page: the same command brings it to its end."""
    items = rows(2200)
    source = write(tmp_path / "list.ndjson", items)
    words = ("create", source, "--rate", "100000/s", "--report", "r.jsonl", "-q")
    bell = Bell(at, hold=True)
    kind = Box(token=TOKEN, latency=0.001)
    async with Watched(kind, sleep=bell) as box:
        seed(box, items[::2])
        process = await begin(*words, cwd=tmp_path, box=box)
        await bell.rung.wait()
        process.send_signal(number)
        if number == signal.SIGKILL:
            await process.wait()
        bell.release()
        first = await end(process)
        posted = box.count("POST")
        if number == signal.SIGINT:
            early = read(tmp_path / "r.jsonl")
            known = Counter(item["outcome"] for item in early)
            assert known.keys() <= {"exists", "not_attempted"}
            there = set(names(items[::2]))
            exist = [item for item in early if item["outcome"] == "exists"]
            assert set(names(exist)) <= there
        second = await bulkrepo(*words, cwd=tmp_path, box=box)
        left = held(box)

    found = read(tmp_path / "r.jsonl")
    assert (first.code, posted) == (code, 0)
    assert second.code == 0
    assert [item["outcome"] for item in found] == ["exists", "created"] * 1100
    assert all(item["certain"] for item in found)
    assert left == set(names(items))
    assert box.count("POST") == 1100
