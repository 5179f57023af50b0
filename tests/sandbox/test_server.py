"""The sandbox itself: its own pages, its start and end, its settings."""

import asyncio
import re
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bulkrepo.sandbox import Sandbox, Settings, application, serve
from tests.support.sandbox_client import DEMO, REPOS, Client


async def test_the_state_page_counts_everything(client: Client) -> None:
    """All operations and answers are there; names that cannot be read are not."""
    await client.create("a")
    await client.create("a")
    await client("POST", REPOS, b"{")
    await client("POST", REPOS, {"repository": 1})
    await client("GET", f"{REPOS}/a")

    page = await client.page()

    assert page == client.box.page()
    assert {name: n for name, n in page["requests"].items() if n} == {
        "create": 4,
        "show": 1,
    }
    assert page["answers"] == {"200": 1, "201": 1, "400": 2, "409": 1}
    assert page["created"] == {"demo/a": 1}
    assert page["create_attempts"] == {"demo/a": 2}
    assert page["uncertain"] == []
    assert (page["duplicate_commits"], page["throttled"]) == (0, 0)


async def test_the_front_page_gives_versions_and_hints(client: Client) -> None:
    """It is there for a cheap look without a token, and for a person's browser."""
    found = await client("GET", "/", headers={"X-Auth-Token": ""})

    assert found.status == 200
    assert found.body["versions"][0]["id"] == "v2"
    assert found.body["sandbox"]["state"] == f"{client.box.url}/sandbox/state"
    assert "sandbox-password" not in str(found.body)


async def test_what_was_created_survives_a_restart() -> None:
    """A sandbox may be entered again; between two runs it refuses connections."""
    box = Sandbox(DEMO)
    assert box.url == ""
    async with aiohttp.ClientSession() as session:
        async with box:
            assert (await Client(box, session).create("a")).status == 201
        with pytest.raises(aiohttp.ClientConnectionError):
            await Client(box, session).create("b")
        async with box:
            assert (await Client(box, session).create("a")).status == 409


async def test_a_taken_port_is_an_os_error(client: Client) -> None:
    """Starting fails at once, and leaves nothing open."""
    port = URL(client.box.url).port
    assert port is not None

    with pytest.raises(OSError, match="address already in use"):
        async with Sandbox(port=port):
            pass


async def test_serve_runs_until_cancelled() -> None:
    """It says where it listens once it does, and is gone after its end."""
    told: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.create_task(
        serve(DEMO, host="127.0.0.1", port=0, ready=told.put_nowait)
    )
    url = await told.get()
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            assert answer.status == 200
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(url)


async def test_the_application_runs_under_somebody_elses_server() -> None:
    """Its links then follow the Host of the request."""
    runner = web.AppRunner(application(Sandbox(DEMO)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        found = await answer.json()
    await runner.cleanup()

    assert found["sandbox"]["state"] == f"{url}/sandbox/state"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"error_rate": 1.1}, "error_rate"),
        ({"error_commits": -0.1}, "error_commits"),
        ({"html_rate": 2}, "html_rate"),
        ({"latency": -1}, "latency"),
        ({"jitter": float("nan")}, "jitter"),
        ({"quota": -1}, "quota"),
        ({"organization_quota": -1}, "organization_quota"),
        ({"token_lifetime": 0}, "token_lifetime"),
        ({"throttle_status": 503}, "throttle_status"),
        ({"retry_after": "soon"}, "retry_after"),
        ({"limit": "20"}, "limit"),
        ({"limit": "0/s"}, "limit"),
        ({"limit": "1/0s"}, "limit"),
        ({"limit": "1/w"}, "limit"),
        ({"organizations": ("Demo",)}, "organization 'Demo'"),
        ({"forbidden": ("a--b",)}, "organization 'a--b'"),
        ({"error_rate": 0.6, "busy_rate": 0.6}, "sum is 1.2"),
    ],
)
def test_settings_that_make_no_sense_are_named(
    settings: dict[str, Any], named: str
) -> None:
    """The message says which value, so that a command line can pass it on."""
    with pytest.raises(ValueError, match=re.escape(named)):
        Settings(**settings)
