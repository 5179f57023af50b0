"""Servers on sockets of this machine that answer byte by byte, and a client of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bulkrepo.core.rows import RepoSpec
from bulkrepo.http.client import Client
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.swr.requests import create, show

SWR = "https://swr-api.cn-north-4.myhuaweicloud.com"
POST = create(RepoSpec("team", "web/app", is_public=False))
GET = show("team", "web/app")
TOKEN = {"X-Auth-Token": "abc"}


def client(
    endpoint: str = SWR, *, timeout: float = 5.0, connections: int = 4
) -> Client:
    """Give a client as a run uses it."""
    return Client(
        endpoint, timeout=timeout, connections=connections, user_agent="bulkrepo/test"
    )


async def ask(
    endpoint: str, request: Request = POST, *, within: float = 5.0
) -> Response | TransportFailure:
    """Send one request by a client of its own."""
    async with client(endpoint, timeout=within) as gateway:
        return await gateway.send(request, TOKEN)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    """Serve connections by *serve*; give `127.0.0.1:port`."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(reader, writer)
        except (asyncio.CancelledError, OSError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"{host}:{port}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def heard(reader: asyncio.StreamReader) -> bytes:
    """Read a request to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line[15:])
    return head + await reader.readexactly(length)


def saying(*answers: bytes, requests: list[bytes] | None = None) -> Serve:
    """Answer the requests of a connection by *answers*, then close it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            request = await heard(reader)
            if requests is not None:
                requests.append(request)
            writer.write(answer)
            await writer.drain()

    return serve


CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
REFUSED = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take everything and never answer."""
    while await reader.read(1000):
        pass
