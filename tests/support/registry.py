"""A sandbox that was lived in, and one whose answers a test may meddle with."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from bulkrepo import Settings
from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox.state import Key
from tests.support.boxes import TOKEN, read

CUT = 599
"""The status of an answer that is not sent: the connection is cut instead."""


class Asked(NamedTuple):
    """A request as the sandbox saw it; *body* is decoded, None where there is none."""

    method: str
    path: str
    body: Any


Meddler = Callable[[Asked], web.Response | None]
"""Gives the answer instead of the sandbox; None: it may answer itself."""


class Watched(Sandbox):
    """Keeps what is asked. *before* answers first, *after* once it was carried out."""

    def __init__(
        self,
        *args: Any,
        before: Meddler = lambda _: None,
        after: Meddler = lambda _: None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.before, self.after = before, after
        self.asked: list[Asked] = []

    async def answer(self, request: web.Request) -> web.Response:
        """Serve one request, unless somebody meddles."""
        body = await request.read()
        asked = Asked(
            request.method, request.path_qs, json.loads(body) if body else None
        )
        self.asked.append(asked)
        told = self.before(asked)
        if told is not None:
            return told
        answer = await super().answer(request)
        told = self.after(asked)
        if told is not None and told.status == CUT and request.transport is not None:
            request.transport.abort()
        return answer if told is None else told  # aiohttp 3.11 has false answers

    def count(self, method: str) -> int:
        """Count the requests of one method."""
        return sum(asked.method == method for asked in self.asked)


def seed(
    box: Sandbox, items: Iterable[Mapping[str, Any]], *, made: float | None = None
) -> None:
    """Let repositories be there that somebody made at *made*, an hour ago if None."""
    state = box._gateway.state
    now = time.time() - 3600 if made is None else made
    for item in items:
        name = item["namespace"]
        organization = state.organizations.get(name) or state.found(name)
        fields = ("is_public", "category", "description")
        given = {field: item[field] for field in fields if item.get(field) is not None}
        state.appear(organization, item["repository"], now=now, **given)


def stock(box: Sandbox) -> dict[Key, tuple[object, ...]]:
    """Give all that is there: what each repository is, when made, with how much."""
    return {
        key: (at.id, at.is_public, at.category, at.description, at.num_images)
        for key, at in box.repositories.items()
    }


def settings(box: Sandbox, folder: Path, **options: Any) -> Settings:
    """Give settings of a run that is in a hurry and has a report in *folder*."""
    report = str(folder / "report.jsonl")
    options = {"rate": "100000/s", "credential": TOKEN, "reports": (report,)} | options
    return Settings(endpoint=box.url, **options)


def told(folder: Path) -> list[dict[str, Any]]:
    """Give the rows of the report that a run with `settings` wrote."""
    return read(folder / "report.jsonl")
