"""A raw sink: creates everything, has nothing to list; in its own process."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import cast

import uvloop

_ANSWER = (
    b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n"
    b"X-Request-Id: 0123456789abcdef0123456789abcdef\r\n"
    b"Date: Tue, 24 Nov 2026 00:00:00 GMT\r\n\r\n"
)


_START_LIMIT = 30.0
"""Seconds in which the child must listen: it imports this package first."""

_NOTHING = (
    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n"
    b"X-Request-Id: 0123456789abcdef0123456789abcdef\r\n\r\n%b"
)
_NONE_HERE = {
    True: _NOTHING % (2, b"[]"),  # of a list of repositories
    False: _NOTHING % (17, b'{"namespaces":[]}'),  # of organizations, or of one
}


class _Sink(asyncio.Protocol):
    """Counts bytes by Content-Length; parses no more than it must."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        # uvloop's transports are none of asyncio's, but do the same.
        self._transport = cast("asyncio.Transport", transport)
        self._held = b""

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        held = self._held + data
        while (end := held.find(b"\r\n\r\n")) >= 0:
            head = held[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(held) < end + 4 + length:
                break
            held = held[end + 4 + length :]
            reads = head.startswith(b"get")
            answer = _NONE_HERE[b"/repos" in head] if reads else _ANSWER
            self._transport.write(answer)
        self._held = held


def _serve(pipe: Connection) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(_Sink, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await loop.run_in_executor(None, pipe.recv)

    uvloop.run(run())


def _receive_port(pipe: Connection, process: BaseProcess) -> int:
    """Return the port that the child says; raise RuntimeError if it says none."""
    with suppress(EOFError):
        if pipe.poll(_START_LIMIT):
            port: int = pipe.recv()
            return port
    process.join(1)
    state = f"ended with {process.exitcode}"
    if process.is_alive():
        state = f"still runs, after {_START_LIMIT:.0f} s"
    raise RuntimeError(f"the sink named no port: its process {state}")


@contextmanager
def sink() -> Iterator[str]:
    """Give the URL of a sink for as long as the block runs."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()  # so that its death is the end of what we receive
    try:
        yield f"http://127.0.0.1:{_receive_port(ours, process)}"
    finally:
        with suppress(BrokenPipeError):  # it died
            ours.send(None)
        process.join(5)
        if process.is_alive():
            process.kill()
