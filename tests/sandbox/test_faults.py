"""The sandbox fails as it is told, and counts how often."""

import asyncio
from collections import Counter
from typing import Any

import aiohttp
import pytest

from bulkrepo.sandbox import Sandbox, Settings
from tests.support.sandbox_client import (
    LIST,
    LOGIN,
    ORGANIZATIONS,
    REPOS,
    SCOPE,
    Client,
    FakeTime,
    password,
    started,
)


async def storm(client: Client, number: int) -> Counter[str]:
    """Create *number* repositories once each and count what came back."""
    seen: Counter[str] = Counter()
    for each in range(number):
        try:
            reply = await client.create(f"r{each}")
        except aiohttp.ServerDisconnectedError:
            seen["cut"] += 1
        else:
            seen[f"{reply.status} {reply.code}".strip()] += 1
    return seen


FAILED = "500 SVCSTG.SWR.5000046"
BUSY = "409 SVCSTG.SWR.4090023"


@pytest.mark.parametrize(
    ("settings", "seen", "counted", "committed"),
    [
        pytest.param({"error_rate": 1}, FAILED, ["error"], False, id="error"),
        pytest.param(
            {"error_rate": 1, "error_commits": 1},
            FAILED,
            ["error", "error_committed"],
            True,
            id="error after committing",
        ),
        pytest.param({"busy_rate": 1}, BUSY, ["busy"], False, id="busy"),
        pytest.param({"drop_before": 1}, "cut", ["drop_before"], False, id="before"),
        pytest.param({"drop_after": 1}, "cut", ["drop_after"], True, id="after"),
        pytest.param({"late_rate": 1}, "cut", ["late"], False, id="late"),
    ],
)
async def test_a_fault_strikes_and_is_counted(
    settings: dict[str, Any], seen: str, counted: list[str], *, committed: bool
) -> None:
    """Each fault has its own answer, and only some leave a repository behind."""
    async with started(Settings(organizations=("demo",), **settings)) as client:
        assert await storm(client, 3) == {seen: 3}
        page = await client.page()
        listed = await client("GET", LIST)

    names = ["demo/r0", "demo/r1", "demo/r2"] if committed else []
    faults = {name: n for name, n in page["faults"].items() if n}
    assert faults == dict.fromkeys(counted, 3)
    assert page["uncertain"] == names
    assert page["created"] == dict.fromkeys(names, 1)
    assert page["repositories"] == len(names) == len(listed.body)
    assert page["create_attempts"] == {"demo/r0": 1, "demo/r1": 1, "demo/r2": 1}
    assert sum(page["answers"].values()) == (0 if seen == "cut" else 3)


async def test_a_late_create_is_carried_out_at_its_own_time() -> None:
    """Its sender was cut off long ago; it comes to nothing where he tried again."""
    clock = FakeTime()
    settings = Settings(organizations=("demo",), late_rate=0.5, late_by=10, seed=1)
    async with started(settings, clock) as client:
        first = await storm(client, 40)
        early = await client.page()
        clock.now += 5
        half = await client.page()
        again = await storm(client, 40)
        clock.now += 10
        page = await client.page()
        path = "/v2/manage/namespaces/demo/repos"
        shown = [await client("GET", f"{path}/r{number}") for number in range(40)]

    late = first["cut"]
    seconds = {each.body["created"][:19] for each in shown}
    assert 10 < late < 30
    assert len(early["created"]) == first["201"] == 40 - late
    assert 0 < half["faults"]["late_committed"] < late
    assert again["201"] > 0
    assert page["faults"]["late"] == late + again["cut"]
    assert page["repositories"] == 40
    assert page["duplicate_commits"] == 0
    assert len(page["uncertain"]) == 40 - first["201"] - again["201"]
    assert len(seconds) > 3  # those at which the clock stood, and those in between


async def test_a_lost_create_is_found_by_the_next() -> None:
    """After a cut the same create conflicts, and stays among the uncertain ones."""
    async with started(Settings(organizations=("demo",), drop_after=0.5)) as client:
        await storm(client, 40)
        page = await client.page()
        lost = page["faults"]["drop_after"]
        for key in page["uncertain"]:
            assert key in page["created"]
        second = await storm(client, 40)
        page = await client.page()

    assert 0 < lost < 40
    assert second["409 SVCSTG.SWR.4090006"] == 40 - second["cut"]
    assert len(page["uncertain"]) == lost
    assert page["duplicate_commits"] == 0
    assert page["faults"]["error_committed"] == 0


async def test_a_repository_created_twice_is_counted_twice(client: Client) -> None:
    """Deleting and creating again is the only way to commit a name twice."""
    await client.create("a")
    await client("DELETE", f"{REPOS}/a")
    await client.create("a")

    page = await client.page()

    assert page["created"] == {"demo/a": 2}
    assert page["duplicate_commits"] == 1
    assert page["repositories"] == 1


async def test_a_lost_answer_to_a_refused_create_commits_nothing() -> None:
    """A fault after committing hides a refusal as well as a success."""
    settings = Settings(organizations=("demo",), error_rate=1, error_commits=1)
    async with started(settings) as client:
        refused = await client.create("A")
        page = await client.page()

    assert refused.status == 500
    assert page["faults"]["error"] == 1
    assert page["faults"]["error_committed"] == 0
    assert page["uncertain"] == []


async def test_shares_are_met_and_divide_the_creates() -> None:
    """Of many creates each fault takes about its share, and no create has two."""
    settings = Settings(
        organizations=("demo",),
        seed=7,
        error_rate=0.2,
        error_commits=0.5,
        busy_rate=0.2,
        drop_before=0.1,
        drop_after=0.1,
    )
    async with started(settings) as client:
        seen = await storm(client, 600)
        page = await client.page()

    assert sum(seen.values()) == 600
    for name, share in (
        (FAILED, 0.2),
        (BUSY, 0.2),
        ("cut", 0.2),
        ("201", 0.4),
    ):
        assert abs(seen[name] / 600 - share) < 0.05, (name, seen)
    faults = page["faults"]
    assert abs(faults["error_committed"] / faults["error"] - 0.5) < 0.15
    assert seen["cut"] == faults["drop_before"] + faults["drop_after"]
    assert len(page["uncertain"]) == faults["error_committed"] + faults["drop_after"]
    assert page["repositories"] == seen["201"] + len(page["uncertain"])


async def test_the_same_seed_gives_the_same_faults() -> None:
    """Chance is seeded; another setting's dice do not disturb it."""

    async def run(**more: Any) -> list[str]:
        settings = Settings(organizations=("demo",), busy_rate=0.5, **more)
        async with started(settings) as client:
            await storm(client, 40)
            return [name for _, name in client.box.repositories]

    first = await run()

    assert await run() == first
    assert await run(jitter=1.0) == first
    assert await run(seed=1) != first


async def test_faults_are_about_creates_only() -> None:
    """Everything but creating a repository works in the worst of sandboxes."""
    settings = Settings(organizations=("demo",), drop_before=1)
    async with started(settings) as client:
        assert (await client("GET", LIST)).status == 200
        assert (await client("POST", ORGANIZATIONS, {"namespace": "x"})).status == 201
        assert (await client("POST", LOGIN, password(scope=SCOPE))).status == 201


async def test_a_proxy_answers_in_html() -> None:
    """It stands before everything of SWR, but not before IAM."""
    async with started(Settings(organizations=("demo",), html_rate=1)) as client:
        found = await client("GET", LIST)
        made = await client.create("a")
        login = await client("POST", LOGIN, password(scope=SCOPE))
        page = await client.page()

    assert (found.status, made.status, login.status) == (502, 502, 201)
    assert found.headers["Content-Type"].startswith("text/html")
    assert "<h1>502 Bad Gateway</h1>" in found.body
    assert page["faults"]["html"] == 2
    assert page["create_attempts"] == {"demo/a": 1}


async def test_latency_and_jitter_hold_management_requests_back() -> None:
    """A request waits the latency and a share of the jitter; IAM answers at once."""
    clock = FakeTime()
    settings = Settings(organizations=("demo",), latency=2, jitter=1)
    async with started(settings, clock) as client:
        for _ in range(20):
            await client("GET", LIST)
        await client("POST", LOGIN, password(scope=SCOPE))

    assert len(clock.slept) == 20
    assert all(2 <= each <= 3 for each in clock.slept)
    assert max(clock.slept) - min(clock.slept) > 0.5


async def test_a_client_that_left_does_not_know() -> None:
    """A create which outlives its client is committed, and uncertain."""
    arrived, gate = asyncio.Event(), asyncio.Event()

    async def wait(_: float) -> None:
        arrived.set()
        await gate.wait()

    settings = Settings(organizations=("demo",), latency=1)
    async with Sandbox(settings, sleep=wait) as box:
        async with aiohttp.ClientSession() as session:
            request = asyncio.create_task(Client(box, session).create("a"))
            await arrived.wait()
            request.cancel()
            await asyncio.wait([request])
        async with aiohttp.ClientSession() as session:
            client = Client(box, session)
            await client.page()  # by its answer the server has seen the first leave
            gate.set()
            await client("GET", LIST)
            page = await client.page()

    assert page["uncertain"] == ["demo/a"]
    assert page["answers"] == {"200": 1}


async def test_requests_in_flight_are_counted() -> None:
    """The most at once is remembered; the state page is not among them."""
    barrier = asyncio.Barrier(5)

    async def wait(_: float) -> None:
        await barrier.wait()

    settings = Settings(organizations=("demo",), latency=1)
    async with (
        Sandbox(settings, sleep=wait) as box,
        aiohttp.ClientSession() as session,
    ):
        client = Client(box, session)
        before = await client.page()
        replies = await asyncio.gather(*(client.create(f"r{n}") for n in range(5)))
        page = await client.page()

    assert {reply.status for reply in replies} == {201}
    assert before["max_in_flight"] == 0
    assert page["max_in_flight"] == 5
