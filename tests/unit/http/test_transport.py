"""What went wrong on the way, and whether a request may have been sent."""

import asyncio
import resource
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from aiohttp import ClientOSError

from bulkrepo.http.messages import Request, Response, TransportFailure
from tests.conftest import FakeCloud
from tests.support.servers import (
    CREATED,
    GET,
    POST,
    REFUSED,
    SWR,
    TOKEN,
    ask,
    client,
    heard,
    saying,
    serving,
    silent,
)


async def test_refused_was_not_sent() -> None:
    """Where nobody listens, nothing arrives."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening
        reply = await ask(f"http://127.0.0.1:{taken.getsockname()[1]}")

    assert isinstance(reply, TransportFailure)
    assert (reply.kind, reply.sent) == ("refused", False)
    assert "127.0.0.1" in reply.detail


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("swr-api.invalid", id="no-such-name"),
        pytest.param("a" * 64 + ".invalid", id="no-possible-name"),
    ],
)
async def test_unknown_name_was_not_sent(host: str) -> None:
    """A name that leads nowhere is a matter of the endpoint."""
    reply = await ask(f"https://{host}")

    assert isinstance(reply, TransportFailure)
    assert (reply.kind, reply.sent) == ("dns", False)
    assert reply.detail


async def test_failed_handshake_was_not_sent() -> None:
    """TLS to a port that speaks none fails before the request."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with serving(plain) as host:
        reply = await ask("https://" + host)

    assert isinstance(reply, TransportFailure)
    assert (reply.kind, reply.sent) == ("tls", False)


async def test_handshake_that_never_ends_was_not_sent() -> None:
    """Half the time allowed is for connecting: then it is known that nothing left."""
    async with serving(silent) as host:
        reply = await ask("https://" + host, within=0.2)

    assert isinstance(reply, TransportFailure)
    assert (reply.kind, reply.sent) == ("connect", False)
    assert reply.detail


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 201 Cre", id="half-a-head"),
        pytest.param(b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\nx", id="half"),
        pytest.param(b"SSH-2.0-OpenSSH_9\r\n", id="another-protocol"),
    ],
)
async def test_connection_closed_before_the_answer_may_have_sent(answer: bytes) -> None:
    """Whoever took the request may have carried it out."""
    async with serving(saying(answer)) as host:
        reply = await ask("http://" + host)

    assert isinstance(reply, TransportFailure)
    assert (reply.kind, reply.sent) == ("dropped", True)
    assert reply.detail
    assert "<" not in reply.detail  # no insides of a library


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("kept", [True, False])
async def test_a_request_leaves_once(method: str, *, kept: bool) -> None:
    """However often another try makes sense: that is not for aiohttp to decide."""
    requests: list[bytes] = []
    answers = iter([CREATED] if kept else [])

    async def dropping(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer a first request, then drop each."""
        while True:
            requests.append(await reader.readuntil(b"\r\n\r\n"))
            answer = next(answers, None)
            if answer is None:
                break
            writer.write(answer)
        writer.close()

    async with (
        serving(dropping) as host,
        client("http://" + host) as gateway,
    ):
        if kept:
            await gateway.send(Request("GET", "/v2"), TOKEN)
        reply = await gateway.send(Request(method, "/v2/manage/x"), TOKEN)

    assert isinstance(reply, TransportFailure)
    assert (reply.kind, reply.sent) == ("dropped", True)
    assert len(requests) == 1 + kept


@pytest.mark.parametrize("request_", [POST, GET], ids=["post", "get"])
async def test_connection_that_was_closed_while_idle_is_honest(
    request_: Request,
) -> None:
    """A kept connection that the server just closed never sends a create twice."""
    requests: list[bytes] = []
    async with (
        serving(saying(CREATED, requests=requests)) as host,
        client("http://" + host) as gateway,
    ):
        first = await gateway.send(POST, TOKEN)
        second = await gateway.send(request_, TOKEN)

    assert isinstance(first, Response)
    assert len(requests) == 2 or (isinstance(second, TransportFailure) and second.sent)


async def test_bytes_that_come_while_idle_are_no_answer() -> None:
    """A connection that says something unasked is closed, and another one opened."""
    unasked, connections = asyncio.Event(), 0

    async def talking(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        nonlocal connections
        connections += 1
        await heard(reader)
        writer.write(REFUSED)
        await unasked.wait()
        writer.write(CREATED)
        await silent(reader, writer)

    async with serving(talking) as host, client("http://" + host) as gateway:
        first = await gateway.send(POST, TOKEN)
        unasked.set()
        for _ in range(20):  # rounds of the loop, which reads what came
            await asyncio.sleep(0)
        second = await gateway.send(POST, TOKEN)

    assert [isinstance(r, Response) and r.status for r in (first, second)] == [400, 400]
    assert connections == 2


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        pytest.param(b"201 Created", 1, id="2xx"),
        pytest.param(b"429 Too Many Requests", 1, id="4xx"),
        pytest.param(b"504 Gateway Timeout", 2, id="5xx"),
    ],
)
@pytest.mark.parametrize("content", [b"", b"{}"])
async def test_connection_is_not_used_again_after_a_5xx(
    answer: bytes, connections: int, content: bytes
) -> None:
    """Its gateway may yet pass on what it no longer waited for."""
    opened = 0
    length = b"Content-Length: %d" % len(content)
    said = b"\r\n".join([b"HTTP/1.1 " + answer, length, b"", content])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        await saying(said, said)(reader, writer)

    async with serving(serve) as host, client("http://" + host) as gateway:
        for _ in range(2):
            assert isinstance(await gateway.send(POST, TOKEN), Response)

    assert opened == connections


async def test_a_server_that_wants_our_certificate_did_nothing(
    cloud: FakeCloud,
) -> None:
    """TLS 1.3 says so only after the handshake, when the request may have left."""
    alert, other = (ssl.SSLError(1, "alert") for _ in range(2))
    alert.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    other.reason = "TLSV1_ALERT_INTERNAL_ERROR"
    for cause in (alert, other):
        error = ClientOSError(1, "alert")
        error.__cause__ = cause
        cloud.post(f"{SWR}/v2/manage/namespaces/team/repos", exception=error)

    asked_for_one, failed = await ask(SWR), await ask(SWR)

    assert isinstance(asked_for_one, TransportFailure)
    assert (asked_for_one.kind, asked_for_one.sent) == ("certificate", False)
    assert "client certificates are not supported" in asked_for_one.detail
    assert isinstance(failed, TransportFailure)
    assert (failed.kind, failed.sent) == ("dropped", True)


async def test_no_answer_in_time_may_have_sent() -> None:
    """Silence after sending is the worst doubt."""
    async with serving(silent) as host:
        reply = await ask("http://" + host, within=0.05)

    assert isinstance(reply, TransportFailure)
    assert (reply.kind, reply.sent) == ("timeout", True)
    assert reply.detail == "no answer within the time allowed for a request"


async def test_answer_that_trickles_is_cut_by_the_deadline() -> None:
    """The time allowed is for all of the request, its body included."""

    async def trickle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await heard(reader)
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 5000\r\n\r\n")
        await silent(reader, writer)

    async with serving(trickle) as host:
        reply = await ask("http://" + host, within=0.05)

    assert isinstance(reply, TransportFailure)
    assert (reply.kind, reply.sent) == ("timeout", True)


@contextmanager
def no_more_files() -> Iterator[Callable[[], None]]:
    """Let this process open nothing; give what puts an end to that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_want_of_files_is_waited_out() -> None:
    """It is a matter of this process, and no answer of the endpoint's."""
    async with serving(saying(CREATED)) as host, client("http://" + host) as gateway:
        with no_more_files() as end:
            asyncio.get_running_loop().call_later(0.02, end)
            reply = await gateway.send(POST, TOKEN)

    assert isinstance(reply, Response)
    assert reply.status == 201


async def test_want_of_files_to_the_end_was_not_sent() -> None:
    """Where the time allowed is over, what is in the way is named."""
    async with (
        serving(silent) as host,
        client("http://" + host, timeout=0.1) as gateway,
    ):
        with no_more_files():
            reply = await gateway.send(POST, TOKEN)

    assert isinstance(reply, TransportFailure)
    assert not reply.sent
    assert "Too many open files" in reply.detail
