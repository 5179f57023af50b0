"""Signals and kills: a run ends tidily, and the next one knows."""

import asyncio
import json
import os
import signal
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from bulkrepo.sandbox import Sandbox
from tests.support.boxes import (
    ANYTHING,
    Bell,
    Ended,
    begin,
    bulkrepo,
    end,
    held,
    names,
    outcomes,
    read,
    rows,
    write,
)
from tests.support.creates import slow
from tests.support.forked import Process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("when", [5, 20])
async def test_a_rate_holds_across_processes(
    tmp_path: Path, number: signal.Signals, when: int
) -> None:
    """Ended or killed, what it sent counts: twenty an hour are twenty, and no more."""
    source = write(tmp_path / "list.ndjson", rows(60))
    words = ("create", source, "--rate", "20/1h", "--deadline", "0.6s")
    bell = Bell(when, hold=True)
    async with Sandbox(slow(ANYTHING), sleep=bell) as box:
        process = await begin(*words, cwd=tmp_path, box=box)
        await bell.rung.wait()
        os.kill(process.pid, number)
        bell.release()
        await end(process)
        await bulkrepo(*words, cwd=tmp_path, box=box)

    assert when <= bell.count <= 20


async def test_what_was_learnt_outlives_a_kill(tmp_path: Path) -> None:
    """It is kept at the start, every ten seconds, and at the end."""
    source = write(tmp_path / "list.ndjson", rows(100))
    async with Sandbox(ANYTHING) as box:
        done = await bulkrepo("create", source, cwd=tmp_path, box=box)
    with sqlite3.connect(tmp_path / "bulkrepo.db") as db:
        meta = dict(db.execute("SELECT key, value FROM meta"))
    db.close()

    assert done.code == 0
    assert json.loads(meta["rate"])["rate"] > 10
    assert json.loads(meta["sent"])["ended"]


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)],
)
async def test_a_signal_ends_tidily_and_the_same_command_continues(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """What is in flight is finished, every row is reported, the rest is done later."""
    items = rows(800)
    source = write(tmp_path / "list.ndjson", items)
    words = ("create", source, "--report", "r.jsonl", "--rate", "100000/s")
    bell = Bell(300, hold=True)
    async with Sandbox(slow(ANYTHING), sleep=bell) as box:
        process = await begin(*words, cwd=tmp_path, box=box)
        await bell.rung.wait()
        process.send_signal(number)
        bell.release()
        done = await end(process)
        first = read(tmp_path / "r.jsonl")
        there = held(box)
        again = await bulkrepo(*words, cwd=tmp_path, box=box)
        second = read(tmp_path / "r.jsonl")
        page = box.page()

    assert done.code == code, done.err
    assert names(first) == names(second) == names(items)
    made = [item for item in first if item["outcome"] == "created"]
    rest = [item for item in first if item["outcome"] != "created"]
    assert 290 <= len(made) < 800
    assert set(names(made)) == there
    assert {item["outcome"] for item in rest} == {"not_attempted"}
    assert {item["reason"] for item in rest} == {f"interrupted by {number.name}"}
    assert again.code == 0
    assert [item["outcome"] for item in second] == ["created"] * 800
    assert all(item["certain"] for item in second)
    by_name = dict(zip(names(second), second, strict=True))
    assert all(by_name[f"{i['namespace']}/{i['repository']}"] == i for i in made)
    assert page["duplicate_commits"] == 0
    assert page["repositories"] == 800


async def test_a_second_signal_ends_at_once_and_loses_nothing(tmp_path: Path) -> None:
    """Answers that never come are not waited for; the next run finds out."""
    source = write(tmp_path / "list.ndjson", rows(200))
    words = ("create", source, "--report", "r.jsonl", "--rate", "100000/s")
    bell = Bell(100, hold=True)
    async with Sandbox(slow(ANYTHING), sleep=bell) as box:
        process = await begin(*words, cwd=tmp_path, box=box)
        await bell.rung.wait()
        done = await _insist(process)
        bell.release()
        again = await bulkrepo(*words, cwd=tmp_path, box=box)
        page = box.page()

    assert done.code == 130
    assert "the same command continues this run" in done.err
    assert again.code == 0, again.err
    assert outcomes(tmp_path / "r.jsonl") == ["created"] * 200
    assert page["duplicate_commits"] == 0
    assert page["repositories"] == 200


async def test_what_no_ledger_knows_begins_anew(tmp_path: Path) -> None:
    """And a plan that is ended at once says so."""
    source = write(tmp_path / "list.ndjson", rows(20))
    bell = Bell(1, hold=True)
    async with Sandbox(slow(ANYTHING), sleep=bell) as box:
        process = await begin("plan", source, cwd=tmp_path, box=box)
        await bell.rung.wait()
        done = await _insist(process)
        bell.release()

    assert done.code == 130
    assert "the same command starts over" in done.err


async def _insist(process: Process) -> Ended:
    """Interrupt a process until it is gone: two signals at once may arrive as one."""
    for _ in range(600):
        if process.returncode is not None:
            break
        # Not by `send_signal`, which may take the exit status away from asyncio.
        with suppress(ProcessLookupError):  # gone, and asyncio not yet told
            os.kill(process.pid, signal.SIGINT)
        await asyncio.sleep(0.01)
    return await end(process)
