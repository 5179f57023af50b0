"""Runs that come from an earlier one, an undo or a retry, and are killed."""

import asyncio
import json
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from bulkrepo.core.outcomes import UNTOLD, Item
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.sandbox import Settings as Box
from tests.support.boxes import (
    REAL,
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
from tests.support.registry import Watched, seed, stock

DEATHS = 20 if REAL else 2
"""Of each of two seeds."""
ROWS = 300 if REAL else 150
THEIRS = 9
WORDS = ("--rate", "100000/s", "-q", "--report", "r.jsonl")


class Life:
    """A list, a ledger and a sandbox; runs are killed at a request of chance."""

    def __init__(self, folder: Path, number: int) -> None:
        folder.mkdir()
        self.items = rows(ROWS)
        self.source = write(folder / "list.ndjson", self.items)
        self.chance = random.Random(number)
        self.deaths = 0
        self._folder, self._bell = folder, Bell(10**9)
        kind = Box(token=TOKEN, organizations=("team-a",), latency=0.001)
        self.box = Watched(kind, sleep=self._ring)

    async def _ring(self, seconds: float) -> None:
        await self._bell(seconds)

    async def killed(self, *words: str, most: int) -> list[Item]:
        """Run, be killed at one of *most* requests; give what is known afterwards."""
        self._bell = Bell(self.chance.randint(1, most))
        process = await begin(*words, *WORDS, cwd=self._folder, box=self.box)
        ending = asyncio.ensure_future(end(process))
        ringing = asyncio.ensure_future(self._bell.rung.wait())
        await asyncio.wait({ending, ringing}, return_when=asyncio.FIRST_COMPLETED)
        ringing.cancel()
        await asyncio.sleep(self.chance.uniform(0, 0.003))
        process.kill()
        code = (await ending).code
        assert code in (0, -9)
        self.deaths += code == -9
        return self._told()

    async def lived(self, *words: str) -> list[Item]:
        """Run to the end; give what is known afterwards."""
        self._bell = Bell(10**9)
        ended = await bulkrepo(*words, *WORDS, cwd=self._folder, box=self.box)
        assert ended.code == 0, ended.err
        return self._told()

    def _told(self) -> list[Item]:
        """Give the rows of the last run, as `report` and the next run find them."""
        ledger = Ledger(str(self._folder / "bulkrepo.db"), now=time.time)
        try:
            return list(ledger.items(ledger.run_info()))
        finally:
            ledger.close()


def full(item: Item) -> str:
    """Give a row's full name."""
    return f"{item.namespace}/{item.repository}"


async def undone(life: Life, deaths: int, patch: pytest.MonkeyPatch) -> None:
    """Die up to *deaths* times while all is taken back again."""
    removed: Counter[str] = Counter()
    gone: set[str] = set()
    async with life.box as box:
        seed(box, life.chance.sample(life.items, THEIRS))
        before = stock(box)
        await life.lived("create", life.source)
        ours = held(box) - {"/".join(key) for key in before}
        state = box._gateway.state
        remove = state.remove

        def count(key: tuple[str, str]) -> None:
            removed["/".join(key)] += 1
            remove(key)

        patch.setattr(state, "remove", count)
        while gone < ours:
            left = len(ours) - len(gone)
            if life.deaths < deaths:
                told = await life.killed("undo", most=2 * left)
            else:
                told = await life.lived("undo")
            assert sorted(map(full, told)) == sorted(ours)
            assert len({item.line for item in told}) == len(told)
            for item in told:
                if item.outcome == "removed":
                    assert full(item) not in held(box)
                    gone.add(full(item))
                else:
                    assert item.outcome == "not_attempted"
                    assert full(item) in held(box) or not item.certain
        assert stock(box) == before
    assert removed == dict.fromkeys(ours, 1)


@pytest.mark.real
@pytest.mark.parametrize("number", [0, 1])
async def test_an_undo_that_is_killed_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Nothing is removed twice; what is said to be gone is, what may be is unsure."""
    deaths = lives = 0
    while deaths < DEATHS:
        life = Life(tmp_path / f"{lives}", 1000 * number + lives)
        await undone(life, DEATHS - deaths, monkeypatch)
        deaths, lives = deaths + life.deaths, lives + 1

    assert deaths == DEATHS


async def retried(life: Life, deaths: int) -> int:
    """
    Die up to *deaths* times, first in a create, and then in retries of what is left.

    Give how many rows are not certain.
    """
    told: dict[str, tuple[str, bool]] = {}
    theirs: set[str] = set()
    words: tuple[str, ...] = ("create", life.source)
    async with life.box as box:
        while len(told) < ROWS:
            if life.deaths < deaths:
                items = await life.killed(*words, most=ROWS - len(told))
            else:
                items = await life.lived(*words)
            assert sorted(map(full, items)) == sorted(names(life.items))
            for item in items:
                if item.outcome != "not_attempted":
                    said = f"{item.outcome}", item.certain
                    assert told.setdefault(full(item), said) == said
                assert item.certain or full(item) not in theirs
            # Somebody was there before us, as it turns out.
            late = [each for each in life.items if names([each])[0] not in held(box)]
            late = life.chance.sample(late, min(3, len(late)))
            seed(box, late)
            theirs |= set(names(late))
            words = ("retry",)
        page = box.page()
    assert {name for name, so in told.items() if so == ("exists", True)} == theirs
    assert {told[name][0] for name in told.keys() - theirs} == {"created"}
    assert page["duplicate_commits"] == 0
    unheard = page["uncertain"]
    assert isinstance(unheard, list)
    assert all(told[name] == ("created", False) for name in unheard)
    return sum(so == ("created", False) for so in told.values())


@pytest.mark.real
@pytest.mark.parametrize("number", [0, 1])
async def test_a_retry_that_is_killed_is_finished_by_the_next(
    tmp_path: Path, number: int
) -> None:
    """However often: each row is told by each, and who created it is told rightly."""
    deaths = lives = unsure = 0
    while deaths < DEATHS:
        life = Life(tmp_path / f"{lives}", 1000 * number + lives)
        unsure += await retried(life, DEATHS - deaths)
        deaths, lives = deaths + life.deaths, lives + 1

    assert deaths == DEATHS
    assert unsure


@pytest.mark.parametrize("at", [1, 2], ids=["read", "delete"])
async def test_what_somebody_makes_after_an_undo_that_was_killed_is_theirs(
    tmp_path: Path, at: int
) -> None:
    """A request in flight is no doubt of ours where the name is taken anew."""
    items = rows(1)
    source = write(tmp_path / "list.ndjson", items)
    bell = Bell(10**9)

    async def ring(seconds: float) -> None:
        await bell(seconds)

    kind = Box(token=TOKEN, organizations=("team-a",), latency=0.001)
    async with Watched(kind, sleep=ring) as box:
        await bulkrepo("create", source, *WORDS, cwd=tmp_path, box=box)
        bell = Bell(at, hold=True)
        process = await begin("undo", *WORDS, cwd=tmp_path, box=box)
        await bell.rung.wait()
        process.kill()
        await end(process)
        (untold,) = read(tmp_path / "r.jsonl")
        bell.release()
        report = await bulkrepo("report", cwd=tmp_path)
        box.repositories.clear()
        seed(box, items, made=time.time())
        await bulkrepo("create", source, *WORDS, cwd=tmp_path, box=box)
    (told,) = read(tmp_path / "r.jsonl")
    item = json.loads(report.out)

    assert untold["outcome"] == "created"  # its own report was never written
    assert (item["outcome"], item["certain"]) == ("not_attempted", False)
    assert item["evidence"] == UNTOLD
    assert (told["outcome"], told["certain"]) == ("exists", True)
