"""A client of the sandbox that knows nothing but HTTP, and a clock to move."""

import io
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import aiohttp
from yarl import URL

from bulkrepo.sandbox import Sandbox, Settings

DEMO = Settings(organizations=("demo",))
ORGANIZATIONS = "/v2/manage/namespaces"
REPOS = "/v2/manage/namespaces/demo/repos"
LIST = "/v2/manage/repos"
LOGIN = "/v3/auth/tokens"


class FakeTime:
    """A clock that only moves when told, and a sleep that moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Tell the time, in epoch seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let time pass at once, and remember it."""
        self.slept.append(seconds)
        self.now += seconds


class Reply(NamedTuple):
    """An answer: *body* is JSON where it can be, else text."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The error code, wherever the shape has it."""
        return str(self.body["error_code"]) if self.status >= 400 else ""


@dataclass
class Client:
    """Someone who talks to a sandbox with nothing but aiohttp."""

    box: Sandbox
    session: aiohttp.ClientSession
    headers: dict[str, str] = field(
        default_factory=lambda: {"X-Auth-Token": "sandbox-token"}
    )

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send *body* as JSON, or as it is where it is bytes."""
        sent = {"Content-Type": "application/json", **self.headers, **(headers or {})}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.session.request(
            method,
            URL(self.box.url + path, encoded=True),
            data=None if body is None else io.BytesIO(data),
            headers=sent,
        ) as answer:
            text = await answer.text()
        try:
            found = json.loads(text)
        except ValueError:
            found = text
        assert answer.headers["Date"]
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
        return Reply(answer.status, answer.headers, found)

    async def create(self, name: str, **more: object) -> Reply:
        """Create a private repository in `demo`."""
        return await self(
            "POST", REPOS, {"repository": name, "is_public": False} | more
        )

    async def page(self) -> Any:
        """Read the state page."""
        return (await self("GET", "/sandbox/state", headers={"X-Auth-Token": ""})).body


@asynccontextmanager
async def started(
    settings: Settings = DEMO, clock: FakeTime | None = None
) -> AsyncIterator[Client]:
    """Run a sandbox and give a client of it."""
    clock = clock or FakeTime()
    async with (
        Sandbox(settings, clock=clock, sleep=clock.sleep) as box,
        aiohttp.ClientSession(auto_decompress=False) as session,
    ):
        yield Client(box, session)


GOOD = {"repository": "a", "is_public": True}
TWO = Settings(organizations=("demo", "demo-2"))


def password(
    user: str = "demo",
    secret: str = "sandbox-password",  # noqa: S107 - the sandbox's published default
    account: str = "sandbox",
    scope: object = None,
) -> dict[str, Any]:
    """Give the body of a login."""
    found: dict[str, Any] = {
        "identity": {
            "methods": ["password"],
            "password": {
                "user": {"name": user, "password": secret, "domain": {"name": account}}
            },
        }
    }
    if scope is not None:
        found["scope"] = scope
    return {"auth": found}


SCOPE = {"project": {"name": "cn-north-4", "domain": {"name": "sandbox"}}}
