"""What the tests of whole runs share: lists, sandboxes with a bell, and processes."""

import asyncio
import json
import os
from asyncio.subprocess import Process as Executed
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from tests.support.forked import Process
from tests.support.paths import ROOT

REAL = os.environ.get("BULKREPO_REAL") == "1"
"""Whether tests are to use real components, and numbers in earnest."""

SAMPLES = ROOT / "sample_inputs"
TOKEN = "MIIFw-secret-of-nobody-0123456789"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
"""Any that Python can hold, with halves of characters."""
ANYTHING = Box(token=TOKEN, any_organization=True)
_OURS = ("SWR_", "HW_", "HUAWEICLOUD_", "OS_", "BULKREPO_", "COV_", "NO_COLOR")


class Ended(NamedTuple):
    """How a process of ours ended."""

    code: int
    out: str
    err: str

    def events(self, name: str = "") -> list[dict[str, Any]]:
        """Give the JSON lines of its log, those called *name* or all."""
        found = [json.loads(line) for line in self.err.splitlines()]
        return [event for event in found if name in ("", event["event"])]


def rows(count: int, *, namespace: str = "team-a") -> list[dict[str, Any]]:
    """Give *count* rows as a list spells them."""
    return [
        {"namespace": namespace, "repository": f"app/{number:05}", "is_public": False}
        for number in range(count)
    ]


def write(path: Path, items: Iterable[Mapping[str, Any]]) -> str:
    """Write a list of objects, one a line; give its path as text."""
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    return str(path)


def read(path: Path) -> list[dict[str, Any]]:
    """Read a report or a list, one object a line."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def outcomes(path: Path) -> list[str]:
    """Give the outcomes of a report, in order."""
    return [item["outcome"] for item in read(path)]


def names(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """Give the full names of rows."""
    return [f"{item['namespace']}/{item['repository']}" for item in items]


def held(box: Sandbox) -> set[str]:
    """Give the full names of the repositories that a sandbox holds."""
    return {"/".join(key) for key in box.repositories}


class Bell:
    """
    A sandbox's sleep that rings as request number *at* arrives; *count* did by now.

    Later requests wait for `release`: what is in flight then stays in flight.
    """

    def __init__(self, at: int, *, hold: bool = False) -> None:
        self.rung = asyncio.Event()
        self._at, self.count = at, 0
        self._gate = asyncio.Event()
        if not hold:
            self._gate.set()

    def release(self) -> None:
        """Let everybody go on."""
        self._gate.set()

    async def __call__(self, _seconds: float) -> None:
        """Stand in for `asyncio.sleep`."""
        self.count += 1
        if self.count >= self._at:
            self.rung.set()
            await self._gate.wait()


def environment(box: Sandbox | None = None, **more: str) -> dict[str, str]:
    """Give an environment without credentials, or with those of *box*."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_OURS) and not name.lower().endswith("_proxy")
    }
    if box is not None:
        clean |= {"SWR_ENDPOINT": box.url, "SWR_TOKEN": box.settings.token}
    return clean | more


async def begin(
    *words: str, cwd: Path, box: Sandbox | None = None, **more: str
) -> Process:
    """Start `bulkrepo` with *words*, in *cwd*."""
    return await Process(words, cwd=cwd, environment=environment(box, **more)).connect()


async def end(process: Process | Executed, *, stdin: bytes = b"") -> Ended:
    """Wait for a process, at most two minutes; give how it ended."""
    try:
        async with asyncio.timeout(120):  # where the machine is busy
            out, err = await process.communicate(stdin or None)
    except TimeoutError:
        process.kill()
        raise
    code = process.returncode
    assert code is not None
    return Ended(code, out.decode(), err.decode())


async def bulkrepo(
    *words: str, cwd: Path, box: Sandbox | None = None, stdin: bytes = b"", **more: str
) -> Ended:
    """Run the command line to its end."""
    return await end(await begin(*words, cwd=cwd, box=box, **more), stdin=stdin)
