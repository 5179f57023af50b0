"""A service that fails, and processes that are killed, lose and double nothing."""

import asyncio
import hashlib
import io
import json
import random
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog

from bulkrepo.cli import logs
from bulkrepo.core.outcomes import Item
from bulkrepo.core.rows import Defaults
from bulkrepo.engine import ratelimit
from bulkrepo.engine.retrying import RetryLimits
from bulkrepo.engine.scheduler import Engine
from bulkrepo.http.client import Client
from bulkrepo.inputs import checking
from bulkrepo.ledger.database import MEMORY
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.ledger.thread import LedgerThread
from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from bulkrepo.swr.auth.token import Token
from tests.support.boxes import (
    ANYTHING,
    REAL,
    TOKEN,
    begin,
    bulkrepo,
    end,
    names,
    read,
    rows,
    write,
)
from tests.support.fakes import Hasty

ROWS = 2000


def load(ledger: Ledger, source: str, endpoint: str) -> int:
    """Load a list of legal rows; give how many there are."""
    digest = hashlib.sha256()
    checked = checking.checked(
        [source], format=None, defaults=Defaults(), profile="docker", digest=digest
    )
    return ledger.load(
        checked,
        lists=[source],
        endpoint=endpoint,
        digest=digest.hexdigest,
        version="0",
        place=lambda _row, problem: problem,
    ).total


def ended(ledger: Ledger) -> list[Item]:
    """End the run; give its rows."""
    ledger.finish(stopped=None, requests=0, throttled=0)
    return list(ledger.items(ledger.run_info()))


async def hurried(box: Sandbox, source: str, **limits: Any) -> list[Item]:
    """Create what a list names, all waits shortened; give the rows of its report."""
    async with (
        LedgerThread(lambda: Ledger(MEMORY, now=time.time)) as ledger,
        Client(box.url, timeout=30, connections=64, user_agent="test") as client,
    ):
        await ledger.do(load, source, box.url)
        engine = Engine(
            client,
            Token("the sandbox", lambda: TOKEN),
            ratelimit.control(ratelimit.parse("100000/s")),
            ledger,
            clock=Hasty(),
            limits=RetryLimits(**limits),
        )
        assert await engine.run() is None
        return await ledger.do(ended)


def faulty(seed: int, **more: Any) -> Box:
    """Give a sandbox in which a fifth of the creates does not go well."""
    return Box(
        token=TOKEN,
        any_organization=True,
        seed=seed,
        error_rate=0.1,
        error_commits=0.5,
        drop_after=0.05,
        busy_rate=0.05,
        **more,
    )


class Hostile:
    """
    A sandbox with every fault there is, and a rival.

    The rival creates three of five names as public while we create all as private;
    every twentieth was there before, created by somebody else as we want it.
    """

    def __init__(self, count: int, *, seed: int) -> None:
        self.items = rows(count)
        self._ahead = 0.0
        self._chance = random.Random(seed)
        settings = faulty(seed, drop_before=0.02, late_rate=0.08, late_by=0.5)
        self.box = Sandbox(settings, clock=lambda: time.time() + self._ahead)
        self.theirs = set(names(self.items[::20]))
        state = self.box._gateway.state
        organization = state.organization("team-a")
        assert organization is not None
        for item in self.items[::20]:
            name = item["repository"]
            state.commit(state.appear(organization, name, now=time.time() - 60))

    async def rival(self, workers: int = 32) -> None:
        """Create names once, a little before or after us, whatever is answered."""
        numbers = self._chance.sample(range(len(self.items)), len(self.items) * 3 // 5)
        order = sorted(numbers, key=lambda n: n + self._chance.uniform(-100, 100))
        todo = (self.items[number]["repository"] for number in order)
        url = f"{self.box.url}/v2/manage/namespaces/team-a/repos"

        async def work(session: aiohttp.ClientSession) -> None:
            for name in todo:
                body = {"repository": name, "is_public": True}
                with suppress(aiohttp.ClientError):
                    async with session.post(url, json=body):
                        pass

        async with aiohttp.ClientSession(headers={"X-Auth-Token": TOKEN}) as session:
            await asyncio.gather(*(work(session) for _ in range(workers)))

    def wrong(self, found: list[Item]) -> list[Item]:
        """Give the rows that are told otherwise than the sandbox knows them."""
        self._ahead = 60.0  # what is late is carried out
        there = {"/".join(key): it for key, it in self.box.repositories.items()}
        unheard = self.box.page()["uncertain"]
        assert isinstance(unheard, list)
        untold = set(unheard)

        def right(item: Item) -> bool:
            name = f"{item.namespace}/{item.repository}"
            theirs = name in self.theirs
            if item.outcome == "failed":  # and then a late one may be there
                ours = name in there and not there[name].is_public and not theirs
                return not (item.certain and ours)
            if theirs:
                return (item.outcome, item.certain) == ("exists", True)
            if there[name].is_public:
                return item.outcome == "differs"
            return item.outcome == "created" and item.certain == (name not in untold)

        return [item for item in found if not right(item)]


@pytest.mark.real
@pytest.mark.parametrize("tries", [1, 30])
async def test_no_verdict_is_wrong_while_a_rival_creates_the_same(
    tmp_path: Path, tries: int
) -> None:
    """Commits without an answer or long after it: who created what is told rightly."""
    count = 10_000 if REAL else 600
    hostile = Hostile(count, seed=7)
    source = write(tmp_path / "list.ndjson", hostile.items)
    async with hostile.box as box:
        rival = asyncio.create_task(hostile.rival())
        found = await hurried(box, source, max_attempts=tries)
        await rival
        wrong = hostile.wrong(found)
        faults = box.page()["faults"]
    counts = Counter(f"{item.outcome}" for item in found)

    assert not wrong, str(wrong)
    assert counts.total() == count
    assert min(counts["created"], counts["differs"]) > count // 10
    assert sum(not item.certain for item in found) > count // 100
    assert (counts["failed"] > 0) == (tries == 1)
    assert isinstance(faults, dict)
    assert faults["late_committed"] > count // 100
    assert faults["late"] - faults["late_committed"] > count // 100


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_row_is_created_and_we_are_unsure_only_of_what_was_not_told(
    tmp_path: Path, seed: int
) -> None:
    """`certain` is false exactly where the sandbox's answer never reached us."""
    items = rows(ROWS)
    source = write(tmp_path / "list.ndjson", items)
    async with Sandbox(faulty(seed)) as box:
        found = await hurried(box, source, max_attempts=9)
        page = box.page()

    assert Counter(item.outcome for item in found) == {"created": ROWS}
    assert page["duplicate_commits"] == 0
    assert page["repositories"] == ROWS
    unsure = {f"{i.namespace}/{i.repository}" for i in found if not i.certain}
    uncertain = page["uncertain"]
    assert isinstance(uncertain, list)
    assert unsure == set(uncertain)
    assert 0.05 * ROWS < len(unsure) < 0.2 * ROWS
    requests = page["requests"]
    assert isinstance(requests, dict)
    tries = sum(item.attempts for item in found)
    # The others asked, by rows that were done, whether the service is well.
    assert tries <= requests["create"] + requests["show"] <= tries + 0.05 * ROWS


async def test_all_of_it_can_be_told(tmp_path: Path) -> None:
    """With -vv each try that fails is an event, and none of them ends the run."""
    screen = io.StringIO()
    mixed = [*rows(200), {**rows(1)[0], "repository": "bad--one"}]
    source = write(tmp_path / "list.ndjson", mixed)
    settings = faulty(7, drop_before=0.05, limit="200/1s", html_rate=0.05)
    logs.configure(log_format="json", stderr=screen, verbosity=2)
    try:
        async with Sandbox(settings) as box:
            found = await hurried(box, source, max_attempts=9)
    finally:
        structlog.reset_defaults()

    assert Counter(item.outcome for item in found) == {"created": 200, "failed": 1}
    told = [json.loads(line) for line in screen.getvalue().splitlines()]
    failed = [event for event in told if event["event"] == "request.failed"]
    assert {event["method"] for event in failed} >= {"POST", "GET"}
    assert {event["status"] for event in failed} >= {None, 409, 429, 500, 502}
    assert TOKEN not in screen.getvalue()


async def test_no_try_is_wasted_on_what_is_refused_for_good(tmp_path: Path) -> None:
    """A 400 is asked once, however often others have to be asked."""
    good, bad = rows(300), rows(300)
    for number, item in enumerate(bad):
        item["repository"] = f"bad--{number:03}"
    mixed = [item for pair in zip(good, bad, strict=True) for item in pair]
    source = write(tmp_path / "list.ndjson", mixed)
    async with Sandbox(ANYTHING) as box:
        found = await hurried(box, source)
        attempts = box.page()["create_attempts"]

    assert isinstance(attempts, dict)
    assert set(attempts.values()) == {1}
    assert Counter((item.outcome, item.attempts) for item in found) == {
        ("created", 1): 300,
        ("failed", 1): 300,
    }


async def test_a_refusal_ends_the_tries_of_a_row_that_was_unlucky_first(
    tmp_path: Path,
) -> None:
    """After a 500, a 400 still is the last word: no try follows it."""
    bad = rows(400)
    for number, item in enumerate(bad):
        item["repository"] = f"bad--{number:03}"
    source = write(tmp_path / "list.ndjson", [*rows(400), *bad])
    async with Sandbox(faulty(4)) as box:
        found = await hurried(box, source, max_attempts=9)
        page = box.page()

    refused = found[400:]
    answers = page["answers"]
    assert isinstance(answers, dict)
    assert {item.outcome for item in found[:400]} == {"created"}
    assert {(item.outcome, item.status) for item in refused} == {("failed", 400)}
    assert answers["400"] == 400


async def test_a_proxy_in_the_way_is_waited_out(tmp_path: Path) -> None:
    """Web pages with 502 are tries that failed, not answers; nothing is lost."""
    source = write(tmp_path / "list.ndjson", rows(500))
    settings = Box(token=TOKEN, any_organization=True, html_rate=0.1, seed=5)
    async with Sandbox(settings) as box:
        found = await hurried(box, source, max_attempts=9)

    assert Counter((item.outcome) for item in found) == {"created": 500}


async def test_throttling_loses_nothing_and_uses_no_tries(tmp_path: Path) -> None:
    """Beyond the limit all slow down; no row fails for it."""
    source = write(tmp_path / "list.ndjson", rows(120))
    settings = Box(token=TOKEN, any_organization=True, limit="60/1s")
    async with Sandbox(settings) as box:
        found = await hurried(box, source, max_attempts=1)
        page = box.page()

    assert Counter(item.outcome for item in found) == {"created": 120}
    assert page["duplicate_commits"] == 0


async def test_a_run_killed_while_it_reads_its_lists_leaves_no_trace(
    tmp_path: Path,
) -> None:
    """Rows of a list that was never read to its end do not come back."""
    wrong = [{**item, "repository": f"Bad-{i}"} for i, item in enumerate(rows(3000))]
    text = Path(write(tmp_path / "wrong.ndjson", wrong)).read_bytes()
    source = write(tmp_path / "list.ndjson", rows(20))
    async with Sandbox(ANYTHING) as box:
        process = await begin("create", "-", cwd=tmp_path, box=box)
        await process.feed(text)  # the pipe stays open: it waits for more
        wal = tmp_path / "bulkrepo.db-wal"
        async with asyncio.timeout(30):
            while not wal.exists() or wal.stat().st_size < 200_000:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        process.kill()
        await end(process)
        done = await bulkrepo("create", source, cwd=tmp_path, box=box)

    assert done.code == 0, done.err
    found = read(tmp_path / "list.report.jsonl")
    assert [item["outcome"] for item in found] == ["created"] * 20
