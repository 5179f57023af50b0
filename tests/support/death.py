"""Runs that die at random moments, over and over; for the tests and for the bench."""

import asyncio
import random
import shutil
import sqlite3
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.outcomes import Item
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from tests.support.boxes import (
    TOKEN,
    Bell,
    begin,
    bulkrepo,
    end,
    held,
    names,
    read,
    rows,
)
from tests.support.boxes import write as write_list

ROWS = 700
"""More than are claimed at once, and few enough to be done in half a second."""
WHOLE = 0.8
"""Seconds that a run takes at most, by and large."""

Spoil = Callable[[Path, random.Random, set[str]], None]
"""What else befalls a folder when a run dies that had sent creates of some names."""


class Lives:
    """
    One list, worked off by runs that are killed one after the other.

    *spoil* is done to the ledger's files after each death. With *known* the ledger
    still knows afterwards what was sent, and everything is held against the sandbox.
    """

    def __init__(
        self, folder: Path, seed: int, *, spoil: Spoil | None = None, known: bool = True
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.over = False
        self._folder, self._spoil, self._known = folder, spoil, known
        self._chance = random.Random(seed)
        self._items = rows(ROWS)
        self._bell = Bell(ROWS * 100)
        folder.mkdir()
        source = write_list(folder / "list.ndjson", self._items)
        self._words = (
            *("create", source, "--rate", "100000/s", "--max-attempts", "9"),
            *("--report", "r.jsonl", "-q"),
        )
        self._report = folder / "r.jsonl"
        # Some answers are lost as well, at times: that may not be told from a death.
        lossy = 0.02 * (seed % 2)
        settings = Box(
            token=TOKEN,
            any_organization=True,
            seed=seed,
            latency=0.001,
            drop_after=lossy,
            error_rate=lossy,
            error_commits=0.5,
        )
        self.box = Sandbox(settings, sleep=self._ring)

    async def _ring(self, seconds: float) -> None:
        await self._bell(seconds)

    async def live(self, most: int) -> None:
        """Die *most* times or fewer, then end; all is told, once, and true."""
        async with self.box:
            while self.counts["deaths"] < most and not self.over:
                await self._once()
            if not self.over:
                await self._to_the_end()
        self._judge()

    async def _once(self) -> None:
        """Be killed at a random moment, unless the end comes first."""
        chance = self._chance
        moment = chance.choice((self._at_a_time, self._at_a_request, self._at_a_file))
        self._bell = Bell(chance.randrange(1, ROWS))
        process = await begin(*self._words, cwd=self._folder, box=self.box)
        waiting = asyncio.ensure_future(moment())
        ending = asyncio.ensure_future(end(process))
        await asyncio.wait({waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        process.kill()
        ended = await ending
        if ended.code != -9:
            assert ended.code == 0 or (ended.code == 4 and not self._known), ended
            self._advised(ended.code, ended.err)
            self.over = ended.code == 0
            return
        self.counts["deaths"] += 1
        self.counts[self._phase()] += 1
        if self._spoil is not None:
            attempts = self.box.page()["create_attempts"]
            assert isinstance(attempts, dict)
            self._spoil(self._folder, chance, set(attempts))
        if self._known and (self._report.exists() or chance.random() < 0.5):
            self._look()

    def _phase(self) -> str:
        if not self.box.requests["create"]:
            return "loading"
        return "sending" if len(self.box.repositories) < ROWS else "reporting"

    async def _at_a_time(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, WHOLE))

    async def _at_a_request(self) -> None:
        await self._bell.rung.wait()
        await asyncio.sleep(self._chance.uniform(0, 0.003))

    async def _at_a_file(self) -> None:
        """While it loads, or while it reports."""
        name = self._chance.choice(("bulkrepo.db*", ".bulkrepo-*"))
        there = set(self._folder.glob(name))
        while not set(self._folder.glob(name)) - there:  # noqa: ASYNC110
            await asyncio.sleep(0.0005)
        await asyncio.sleep(self._chance.uniform(0, 0.01))

    def _look(self) -> None:
        """Open the ledger as the next run would: it knows all that was sent."""
        ledger = Ledger(str(self._folder / "bulkrepo.db"), now=time.time)
        try:
            info = ledger.run_info()
            found = list(ledger.items(info))
        except SettingsError:  # the lists were not read to their end
            assert not self.box.repositories
            return
        finally:
            ledger.close()
        self.over = info.state == "finished"
        there = held(self.box)
        assert [_name(item) for item in found] == names(self._items)
        for item in found:
            if _name(item) in there:
                told = item.outcome, item.certain
                assert told[0] == "created" or told == ("not_attempted", False), item
            else:
                assert item.outcome == "not_attempted", item

    async def _to_the_end(self) -> None:
        self._bell = Bell(ROWS * 100)
        done = await bulkrepo(*self._words, cwd=self._folder, box=self.box)
        self._advised(done.code, done.err)
        if done.code == 4:
            done = await bulkrepo(*self._words, cwd=self._folder, box=self.box)
        assert done.code == 0, done.err

    def _advised(self, code: int, said: str) -> None:
        """Do what a refusal to go on asks for."""
        assert "Traceback" not in said
        if code == 4:
            assert not self._known, said
            assert "the ledger bulkrepo.db" in said
            assert "run the same command again" in said or "--ledger" in said
            self.counts["refused"] += 1
            for path in self._folder.glob("bulkrepo.db*"):
                path.unlink()

    def _judge(self) -> None:
        found, page = read(self._report), self.box.page()
        assert names(found) == names(self._items)
        assert page["repositories"] == ROWS
        assert page["duplicate_commits"] == 0
        if not self._known:
            assert {item["outcome"] for item in found} <= {"created", "exists"}
            return
        assert {item["outcome"] for item in found} == {"created"}
        unheard = page["uncertain"]
        assert isinstance(unheard, list)
        assert set(unheard) <= set(names(i for i in found if not i["certain"]))


def _name(item: Item) -> str:
    return f"{item.namespace}/{item.repository}"


async def die(
    folder: Path,
    deaths: int,
    seed: int,
    *,
    spoil: Callable[[], Spoil] | None = None,
    known: bool = True,
) -> Counter[str]:
    """Die *deaths* times in all, in lives of up to five; count what happened."""
    counts: Counter[str] = Counter()
    while counts["deaths"] < deaths:
        life = seed * 1000 + counts["lives"]
        lives = Lives(
            folder / f"{life}", life, spoil=spoil() if spoil else None, known=known
        )
        await lives.live(min(5, deaths - counts["deaths"]))
        counts += lives.counts
        counts["lives"] += 1
    return counts


# A power cut.


def _frames(wal: bytes) -> Iterator[tuple[int, int, bool]]:
    """
    Give the frames of a write-ahead log: where each ends, its page, if it commits.

    Source: SQLite, Database File Format, 4.
    """
    if len(wal) < 32:
        return
    size, salt = struct.unpack_from(">8xI", wal)[0], wal[16:24]
    step = 24 + size
    for at in range(32, len(wal) - step + 1, step):
        page, commit = struct.unpack_from(">II", wal, at)
        if wal[at + 8 : at + 16] != salt:
            return
        yield at + step, page, commit > 0


_KNOWN = """
SELECT namespace || '/' || repository FROM item WHERE wanted AND (
    EXISTS (SELECT 1 FROM claim WHERE item.id BETWEEN first AND last)
    OR EXISTS (SELECT 1 FROM outcome WHERE outcome.item = item.id
               AND (outcome <> 'not_attempted' OR doubt IS NOT NULL)))
"""


def _covers(
    database: bytes | bytearray, wal: bytes, folder: Path, sent: set[str]
) -> bool:
    """Whether a ledger of these files knows all that was *sent* as its own."""
    if not sent:
        return True
    copy = folder / "copy.db"
    copy.write_bytes(database)
    Path(f"{copy}-wal").write_bytes(wal)
    try:
        with closing(sqlite3.connect(copy)) as db:
            return sent <= {name for (name,) in db.execute(_KNOWN)}
    except sqlite3.OperationalError:  # no such table
        return False
    finally:
        for path in folder.glob("copy.db*"):
            path.unlink()


def _checkpointed(path: Path) -> int:
    """Give how many frames of the log are in the database, or were on their way."""
    index = Path(f"{path}-shm")
    content = index.read_bytes() if index.exists() else b""
    # Source: SQLite, WAL-mode File Format, 2.2: nBackfillAttempted.
    return int(struct.unpack_from("=I", content, 128)[0]) if content[132:] else 0


class PowerCut:
    """
    Leaves of one ledger what a power cut might.

    A request leaves when the claim for it is synchronised, so what is behind the
    commit that claims all that was sent may be lost, in part or whole. What outlived
    an earlier cut is on disk, and so is what was on its way into the database: the log
    is synchronised before. Pages that are in it may be torn in the database.
    """

    def __init__(self) -> None:
        self._kept = b""

    def __call__(self, folder: Path, chance: random.Random, sent: set[str]) -> None:
        """Cut the power: creates of all that was *sent* had left."""
        path = folder / "bulkrepo.db"
        if not path.exists():
            return
        wal_path = Path(f"{path}-wal")
        database = bytearray(path.read_bytes())
        wal = wal_path.read_bytes() if wal_path.exists() else b""
        frames = list(_frames(wal))
        ends = [0, *(till for till, _, commits in frames if commits)]
        floor = len(self._kept) if wal.startswith(self._kept) else 0
        floor = max([floor, *(till for till, _, _ in frames[: _checkpointed(path)])])
        while len(ends) > 1 and ends[-2] >= floor and chance.random() < 0.8:
            if not _covers(database, wal[: ends[-2]], folder, sent):
                break
            ends.pop()
        self._kept = wal[: ends[-1]]
        at = chance.randint(ends[-1], len(wal))
        tail = len(wal) - at
        lost = chance.choice((b"", bytes(tail), chance.randbytes(tail)))
        if wal_path.exists():
            wal_path.write_bytes(wal[:at] + lost)
        size = struct.unpack_from(">8xI", wal)[0] if frames else 0
        for page in {page for till, page, _ in frames if till <= ends[-1]} - {1}:
            if chance.random() < 0.5 and page * size <= len(database):
                torn = (page - 1) * size + chance.randrange(size)
                database[torn : page * size] = chance.randbytes(page * size - torn)
        path.write_bytes(database)
        Path(f"{path}-shm").unlink(missing_ok=True)  # it lives in memory only


# Damage of any kind.


def damage(folder: Path, chance: random.Random, _sent: set[str]) -> None:
    """Cut one or more of the ledger's files, blank their ends, or write noise there."""
    for path in sorted(folder.glob("bulkrepo.db*")):
        content = path.read_bytes()
        if path.suffix == ".lock" or not content or chance.random() < 0.4:
            continue
        at = chance.randrange(len(content))
        rest = len(content) - at
        few = min(chance.randrange(1, 8192), rest)
        path.write_bytes(
            content[:at]
            + chance.choice(
                (
                    b"",
                    bytes(rest),
                    chance.randbytes(few) + content[at + few :],
                )
            )
        )


def copied(folder: Path, to: Path) -> Path:
    """Copy the ledger's files to a folder of their own; give the ledger's path."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir()
    for path in folder.glob("bulkrepo.db*"):
        shutil.copy(path, to)
    return to / "bulkrepo.db"
