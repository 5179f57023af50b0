"""Edge. The sandbox on a socket: reading requests, waiting, answering or hanging up."""

import asyncio
import itertools
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from bulkrepo.sandbox.messages import Answer, Call
from bulkrepo.sandbox.routes import is_managed, is_watched
from bulkrepo.sandbox.service import LARGEST_BODY, Gateway
from bulkrepo.sandbox.settings import Settings
from bulkrepo.sandbox.state import Key, Repository

# The gateway's own limits: an address or a header of 32 KB. Tokens are long.
_LONGEST_LINE: Final = 32 * 1024

_GRACE: Final = 0.5
"""Seconds which requests in flight are given when a sandbox stops."""


class Sandbox:
    """
    An SWR and IAM on localhost, for as long as its `async with` block runs.

    *port* 0 takes a free one. *clock* (epoch seconds) rules tokens, limits and
    timestamps, *sleep* the latency. What was created survives the block, so a sandbox
    may be entered again, as a service that was restarted.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.settings = settings or Settings()
        self._host = host
        self._port = port
        self._clock = clock
        self._sleep = sleep
        self._gateway = Gateway(self.settings, now=clock())
        self._open = AsyncExitStack()
        self._url = ""
        # One prefix a sandbox, so that request ids differ between two of them.
        self._prefix = secrets.token_hex(8)
        self._numbers = itertools.count(1)

    @property
    def url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:8080`; empty before it does."""
        return self._url

    @property
    def repositories(self) -> dict[Key, Repository]:
        """What is there, by (organization, repository); changes change the sandbox."""
        self._gateway.catch_up(self._clock())
        return self._gateway.state.repositories

    @property
    def requests(self) -> Counter[str]:
        """Requests seen, by operation: create, show, update, delete, list, login..."""
        return self._gateway.state.requests

    def page(self) -> dict[str, object]:
        """Give what `GET /sandbox/state` gives."""
        self._gateway.catch_up(self._clock())
        return self._gateway.state.page()

    async def __aenter__(self) -> Self:
        runner = web.AppRunner(
            application(self),
            access_log=None,
            shutdown_timeout=_GRACE,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )
        async with AsyncExitStack() as stack:
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
            await web.TCPSite(runner, self._host, self._port, backlog=1024).start()
            host, port = runner.addresses[0][:2]
            self._url = (
                f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            )
            self._open = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    async def answer(self, request: web.Request) -> web.Response:
        """Serve one request."""
        path = request.rel_url.raw_path
        if not is_watched(path):
            return await self._answer(request, path)
        self._gateway.state.arrived()
        try:
            return await self._answer(request, path)
        finally:
            self._gateway.state.in_flight -= 1

    async def _answer(self, request: web.Request, path: str) -> web.Response:
        body = await _body(request)
        if is_managed(path):
            delay = self._gateway.chance.delay()
            if delay > 0:
                await self._sleep(delay)
        call = Call(
            method=request.method,
            path=path,
            query=request.query,
            headers=request.headers,
            body=body,
            request_id=f"{self._prefix}{next(self._numbers):016x}",
            now=self._clock(),
            url=self._url or str(request.url.origin()),
            raw_query=request.rel_url.raw_query_string,
        )
        return self._response(request, call, self._gateway.handle(call))

    def _response(
        self, request: web.Request, call: Call, answer: Answer | None
    ) -> web.Response:
        transport = request.transport
        if answer is None:
            if transport is not None:
                transport.abort()
            return web.Response()  # for nobody: the connection is gone
        heard = transport is not None and not transport.is_closing()
        if heard and is_watched(call.path):
            self._gateway.state.answered(answer.status, commit=answer.commit)
        return web.Response(
            status=answer.status,
            body=answer.body,
            content_type=answer.content_type if answer.body else None,
            headers={"X-Request-Id": call.request_id, **answer.headers},
        )


async def _body(request: web.Request) -> bytes:
    """Read a body; one that is too large comes back too large, for an answer."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return bytes(LARGEST_BODY + 1)


def application(box: Sandbox) -> web.Application:
    """Give the sandbox as an application of aiohttp, to be run by somebody else."""
    found = web.Application(client_max_size=LARGEST_BODY)
    found.router.add_route("*", "/{path:.*}", box.answer)
    return found


async def serve(
    settings: Settings, *, host: str, port: int, ready: Callable[[str], None]
) -> None:
    """Run a sandbox until cancelled; *ready* is told its address once it listens."""
    async with Sandbox(settings, host=host, port=port) as box:
        ready(box.url)
        await asyncio.Event().wait()
