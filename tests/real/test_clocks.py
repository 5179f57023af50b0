"""A clock that is set between a run that is killed and the one that goes on."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from tests.support.boxes import (
    REAL,
    TOKEN,
    bulkrepo,
    environment,
    held,
    names,
    read,
    rows,
    write,
)

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not REAL, reason="wants the program faketime"),
]
COUNT = 60


@pytest.mark.parametrize("step", ["+0s", "-10s", "-1h", "+1h"])
async def test_nothing_certain_is_wrong(tmp_path: Path, step: str) -> None:
    """Ours are never plain `exists`, and somebody else's are never `created`."""
    settings = Box(token=TOKEN, any_organization=True, drop_after=0.2, seed=7)
    items = rows(COUNT)
    theirs = items[::3]
    words = ("create", write(tmp_path / "list.ndjson", items), "--survey", "never")
    async with Sandbox(settings) as box:
        await bulkrepo(
            "create",
            write(tmp_path / "theirs.ndjson", theirs),
            *("--ledger", "theirs.db"),
            cwd=tmp_path,
            box=box,
        )
        assert set(names(theirs)) == held(box)
        await asyncio.sleep(2.1)  # SWR shows whole seconds, as its `Date` does

        killed = await start(*words, "--rate", "20/s", cwd=tmp_path, box=box)
        async with asyncio.timeout(30):
            while len(held(box)) < COUNT // 2:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        killed.send_signal(signal.SIGKILL)
        await killed.wait()
        ours = held(box) - set(names(theirs))
        assert ours

        later = await start(
            *words, cwd=tmp_path, box=box, before=("faketime", "-f", step)
        )
        assert await asyncio.wait_for(later.wait(), 60) == 0

    report = read(tmp_path / "list.report.jsonl")
    found = dict(zip(names(report), report, strict=True))
    assert {found[name]["outcome"] for name in names(theirs)} == {"exists"}
    plain = {
        name
        for name in ours
        if found[name]["outcome"] == "exists" and found[name]["certain"]
    }
    assert not plain
    if step == "+0s":
        assert all(found[name]["certain"] for name in names(theirs))


async def start(
    *words: str, cwd: Path, box: Sandbox, before: tuple[str, ...] = ()
) -> asyncio.subprocess.Process:
    """Start a process of its own, as *before* can only change one of these."""
    return await asyncio.create_subprocess_exec(
        *(*before, sys.executable, "-m", "bulkrepo", *words, "-q"),
        cwd=cwd,
        env=environment(box, PATH=os.environ["PATH"]),
        stderr=asyncio.subprocess.DEVNULL,
    )
