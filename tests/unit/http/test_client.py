"""Bytes out and bytes in: by a faked cloud, and over sockets of this machine."""

import asyncio
import gzip
import resource
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientOSError

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.rows import RepoSpec
from bulkrepo.http.client import Client
from bulkrepo.http.messages import BODY_LIMIT, NoReply, Reply, Request
from bulkrepo.http.proxies import Proxy, parsed, proxy
from bulkrepo.swr.auth.access_key import AccessKey
from bulkrepo.swr.auth.signature import signed
from bulkrepo.swr.requests import create, show
from tests.conftest import FakeCloud

SWR = "https://swr-api.cn-north-4.myhuaweicloud.com"
PATH = "/v2/manage/namespaces/team/repos"
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
) -> Reply | NoReply:
    """Send one request by a client of its own."""
    async with client(endpoint, timeout=within) as gateway:
        return await gateway.send(request, TOKEN)


# By a faked cloud.


@pytest.mark.parametrize("status", [200, 201, 204, 400, 401, 403, 404, 409, 429, 500])
async def test_reply_is_what_came_whatever_the_status(
    cloud: FakeCloud, status: int
) -> None:
    """The client decides nothing: status, headers and body as they are."""
    headers = {"X-Request-Id": "r1", "Date": "Fri, 02 Jan 2026 03:04:05 GMT"}
    cloud.post(SWR + PATH, status=status, body=b'{"a":1}', headers=headers)

    reply = await ask(SWR)

    assert isinstance(reply, Reply)
    assert (reply.status, reply.body) == (status, b'{"a":1}')
    assert reply.headers["x-request-id"] == "r1"


async def test_redirect_is_a_reply_and_is_not_followed(cloud: FakeCloud) -> None:
    """A token is not carried to where somebody points."""
    cloud.post(SWR + PATH, status=302, headers={"Location": "https://evil.example/"})

    reply = await ask(SWR)

    assert isinstance(reply, Reply)
    assert (reply.status, reply.headers["Location"]) == (302, "https://evil.example/")


async def test_page_is_a_reply_like_any_other(cloud: FakeCloud) -> None:
    """What HTML means is not the client's to say."""
    cloud.post(SWR + PATH, status=200, body=b"<html>", content_type="text/html")

    reply = await ask(SWR)

    assert isinstance(reply, Reply)
    assert reply.body == b"<html>"
    assert reply.headers["Content-Type"] == "text/html"


async def test_connection_that_breaks_is_a_value(cloud: FakeCloud) -> None:
    """Nothing is raised for a request; what may have left is said to have left."""
    cloud.post(SWR + PATH, exception=ClientConnectionError("gone"))

    assert await ask(SWR) == NoReply("dropped", sent=True, detail="gone")


async def test_client_must_be_open() -> None:
    """To send without opening is a bug, not a fault of the network."""
    with pytest.raises(RuntimeError, match="not open"):
        await client().send(POST, TOKEN)


# Over sockets of this machine.

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


async def test_request_is_what_the_documentation_asks_for() -> None:
    """Method, raw path, headers and body; no cookie, no compression, no guesswork."""
    requests: list[bytes] = []
    async with (
        serving(saying(CREATED, CREATED, requests=requests)) as host,
        client("http://" + host) as gateway,
    ):
        replies = [await gateway.send(request, TOKEN) for request in (POST, GET)]

    assert [reply.status for reply in replies if isinstance(reply, Reply)] == [201, 201]
    head, body = requests[0].split(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    assert line == f"POST {PATH} HTTP/1.1"
    assert body == b'{"repository":"web/app","is_public":false}'
    assert dict(header.split(": ", 1) for header in headers) == {
        "Host": host,
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "bulkrepo/test",
        "X-Auth-Token": "abc",
        "Content-Length": str(len(body)),
    }
    assert requests[1].startswith(f"GET {PATH}/web$app HTTP/1.1\r\n".encode())


async def test_new_headers_are_sent_when_the_token_was_renewed() -> None:
    """What is kept for speed does not outlive the token."""
    requests: list[bytes] = []
    async with (
        serving(saying(CREATED, CREATED, requests=requests)) as host,
        client("http://" + host) as gateway,
    ):
        await gateway.send(POST, {"X-Auth-Token": "old"})
        await gateway.send(POST, {"X-Auth-Token": "new"})

    assert [
        b"X-Auth-Token: old" in requests[0],
        b"X-Auth-Token: new" in requests[1],
    ] == [
        True,
        True,
    ]


async def test_a_token_of_many_thousand_characters_arrives() -> None:
    """IAM's are as long as somebody has roles."""
    token = b"MII" + b"x" * 30_000
    answer = CREATED[:-2] + b"X-Subject-Token: " + token + b"\r\n\r\n"
    async with serving(saying(answer)) as host:
        reply = await ask("http://" + host)

    assert isinstance(reply, Reply)
    assert reply.headers["X-Subject-Token"] == token.decode()


async def test_a_request_may_name_another_server() -> None:
    """IAM is asked by the same client; what it is given stays the endpoint's."""
    swr: list[bytes] = []
    iam: list[bytes] = []
    async with (
        serving(saying(CREATED, requests=swr)) as host,
        serving(saying(CREATED, requests=iam)) as other,
        client("http://" + host) as gateway,
    ):
        asked = Request("POST", f"http://{other}/v3/auth/tokens?nocatalog=true", b"{}")
        assert isinstance(await gateway.send(asked, {}), Reply)
        assert isinstance(await gateway.send(POST, TOKEN), Reply)

    assert iam[0].startswith(b"POST /v3/auth/tokens?nocatalog=true HTTP/1.1\r\n")
    assert f"Host: {other}\r\n".encode() in iam[0]
    assert b"X-Auth-Token" not in iam[0]
    assert f"Host: {host}\r\n".encode() in swr[0]


@pytest.mark.parametrize("scheme_host", ["127.0.0.1", "localhost", "LocalHost"])
@pytest.mark.parametrize(
    "request_",
    [
        POST,
        GET,
        create(RepoSpec("team", "a", is_public=True, description="дом")),
        Request("GET", "/v2/manage/repos?filter=name%3A%3Aa~b%7Cx::y&limit=1&empty="),
        Request("DELETE", "/v2/manage/namespaces/team/repos/web$app"),
    ],
)
async def test_what_is_signed_is_what_leaves(
    scheme_host: str, request_: Request
) -> None:
    """Signed again from the bytes on the wire, it is the same signature."""
    requests: list[bytes] = []
    async with serving(saying(CREATED, requests=requests)) as host:
        endpoint = f"http://{scheme_host}:{host.rsplit(':', 1)[1]}"
        auth = AccessKey(
            endpoint=endpoint,
            access_key="AK",
            secret_key="SK",
            security_token="tt==",
            project_id="p1",
        )
        async with client(endpoint) as gateway:
            await gateway.send(request_, auth.sign(request_, at=1_767_323_045.0))

    head, _, body = requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    pairs = [line.split(": ", 1) for line in lines]
    headers = {name.lower(): value for name, value in pairs}
    assert len(headers) == len(pairs)
    said = headers["authorization"]
    names = said.split("SignedHeaders=")[1].split(",")[0].split(";")
    assert names == ["host", "x-project-id", "x-sdk-date", "x-security-token"]
    assert said == signed(
        method,
        f"http://{headers['host']}{target}",
        {name: headers[name] for name in names if name.startswith("x-")},
        body,
        access_key="AK",
        secret_key="SK",
        date=headers["x-sdk-date"],
    )


async def test_cookies_are_not_kept() -> None:
    """A gateway's cookie does not tie a run to one server."""
    requests: list[bytes] = []
    answer = CREATED[:-2] + b"Set-Cookie: a=b\r\n\r\n"
    async with (
        serving(saying(answer, CREATED, requests=requests)) as host,
        client("http://" + host) as gateway,
    ):
        await gateway.send(POST, TOKEN)
        await gateway.send(POST, TOKEN)

    assert b"cookie" not in requests[1].lower()


@pytest.mark.parametrize("size", [0, 10, BODY_LIMIT, BODY_LIMIT + 1, 10 * BODY_LIMIT])
async def test_body_is_cut_when_it_is_long(size: int) -> None:
    """64 KiB are read; the rest is of no use, and does not spoil the next request."""
    long = f"HTTP/1.1 500 Oops\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size
    async with (
        serving(saying(long, CREATED)) as host,
        client("http://" + host) as gateway,
    ):
        reply = await gateway.send(POST, TOKEN)
        after = await gateway.send(POST, TOKEN)

    assert isinstance(reply, Reply)
    assert reply.body == b"x" * min(size, BODY_LIMIT)
    assert isinstance(after, Reply)


async def test_body_is_not_unpacked() -> None:
    """Nobody asked for compression: a small body cannot become a large one."""
    packed = gzip.compress(b"x" * 100)
    head = f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    answer = b"HTTP/1.1 500 Oops\r\n" + head.encode() + packed
    async with serving(saying(answer)) as host:
        reply = await ask("http://" + host)

    assert isinstance(reply, Reply)
    assert reply.body == packed.decode(errors="replace").encode()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take everything and never answer."""
    while await reader.read(1000):
        pass


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the request and hang up."""
    await heard(reader)


async def test_refused_was_not_sent() -> None:
    """Where nobody listens, nothing arrives."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening
        reply = await ask(f"http://127.0.0.1:{taken.getsockname()[1]}")

    assert isinstance(reply, NoReply)
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

    assert isinstance(reply, NoReply)
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

    assert isinstance(reply, NoReply)
    assert (reply.kind, reply.sent) == ("tls", False)


async def test_handshake_that_never_ends_was_not_sent() -> None:
    """Half the time allowed is for connecting: then it is known that nothing left."""
    async with serving(silent) as host:
        reply = await ask("https://" + host, within=0.2)

    assert isinstance(reply, NoReply)
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

    assert isinstance(reply, NoReply)
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

    assert isinstance(reply, NoReply)
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

    assert isinstance(first, Reply)
    assert len(requests) == 2 or (isinstance(second, NoReply) and second.sent)


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

    assert [isinstance(r, Reply) and r.status for r in (first, second)] == [400, 400]
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
            assert isinstance(await gateway.send(POST, TOKEN), Reply)

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
        cloud.post(SWR + PATH, exception=error)

    asked_for_one, failed = await ask(SWR), await ask(SWR)

    assert isinstance(asked_for_one, NoReply)
    assert (asked_for_one.kind, asked_for_one.sent) == ("certificate", False)
    assert "client certificates are not supported" in asked_for_one.detail
    assert isinstance(failed, NoReply)
    assert (failed.kind, failed.sent) == ("dropped", True)


async def test_no_answer_in_time_may_have_sent() -> None:
    """Silence after sending is the worst doubt."""
    async with serving(silent) as host:
        reply = await ask("http://" + host, within=0.05)

    assert isinstance(reply, NoReply)
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

    assert isinstance(reply, NoReply)
    assert (reply.kind, reply.sent) == ("timeout", True)


async def test_cancellation_passes() -> None:
    """To cancel is no answer."""
    async with serving(silent) as host, client("http://" + host) as gateway:
        task = asyncio.create_task(gateway.send(POST, TOKEN))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


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

    assert isinstance(reply, Reply)
    assert reply.status == 201


async def test_want_of_files_to_the_end_was_not_sent() -> None:
    """Where the time allowed is over, what is in the way is named."""
    async with (
        serving(silent) as host,
        client("http://" + host, timeout=0.1) as gateway,
    ):
        with no_more_files():
            reply = await gateway.send(POST, TOKEN)

    assert isinstance(reply, NoReply)
    assert not reply.sent
    assert "Too many open files" in reply.detail


# Proxies.


async def test_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """HTTPS through `HTTPS_PROXY`; what it refuses was not sent."""
    requests: list[bytes] = []
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    async with serving(saying(refusal, requests=requests)) as host:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@{host}")
        reply = await ask("https://swr-api.invalid")

    assert isinstance(reply, NoReply)
    assert (reply.kind, reply.sent) == ("proxy", False)
    assert "secret" not in reply.detail
    assert requests[0].startswith(b"CONNECT swr-api.invalid:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6c2VjcmV0" in requests[0]
    assert b"X-Auth-Token" not in requests[0]


async def test_proxy_that_is_down_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that refuses the connection takes nothing."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"me:secret@127.0.0.1:{port}")
        reply = await ask("https://swr-api.invalid")

    assert isinstance(reply, NoReply)
    assert (reply.kind, reply.sent) == ("refused", False)
    assert "secret" not in reply.detail


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_this_machine_is_never_reached_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, scheme: str, host: str
) -> None:
    """What may be sent to it in the clear may go nowhere else."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://proxy.invalid:3128")

    assert proxy(f"{scheme}://{host}:8099/v2/manage/repos") is None
    assert proxy("https://swr-api.invalid/") == Proxy("http://proxy.invalid:3128")


async def test_a_token_for_this_machine_meets_no_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor is a proxy's answer taken for the server's."""
    asked: list[bytes] = []
    async with (
        serving(saying(CREATED, requests=asked)) as through,
        serving(saying(b"HTTP/1.1 204 No Content\r\n\r\n")) as host,
    ):
        monkeypatch.setenv("http_proxy", f"http://{through}")
        reply = await ask("http://" + host)

    assert isinstance(reply, Reply)
    assert (reply.status, asked) == (204, [])


async def test_each_server_is_reached_by_its_own_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where `NO_PROXY` names only one of SWR and IAM."""
    asked: list[bytes] = []
    async with serving(saying(CREATED, requests=asked)) as through:
        monkeypatch.setenv("HTTP_PROXY", f"http://{through}")
        monkeypatch.setenv("NO_PROXY", "swr.invalid")
        async with client("http://swr.invalid") as gateway:
            login = Request("POST", "http://iam.invalid/v3/auth/tokens", b"{}")
            direct = await gateway.send(POST, TOKEN)
            reply = await gateway.send(login, {})

    assert isinstance(direct, NoReply)
    assert direct.kind == "dns"
    assert isinstance(reply, Reply)
    assert [line.split(b"\r\n")[0] for line in asked] == [
        b"POST http://iam.invalid/v3/auth/tokens HTTP/1.1"
    ]


BASIC = {"Proxy-Authorization": "Basic bWU6c2VjcmV0"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://proxy:3128", Proxy("http://proxy:3128")),
        ("http://proxy:3128/", Proxy("http://proxy:3128")),
        ("proxy:3128", Proxy("http://proxy:3128")),
        ("https://[fd00::1]:443", Proxy("https://[fd00::1]:443")),
        ("http://me:secret@proxy:3128", Proxy("http://proxy:3128", BASIC)),
        ("me:secret@proxy:3128", Proxy("http://proxy:3128", BASIC)),
        ("me:%73ecret@proxy", Proxy("http://proxy", BASIC)),
    ],
)
def test_a_proxy_is_written_as_for_curl(text: str, found: Proxy) -> None:
    """With or without http:// in front; who we are there stands in a header alone."""
    assert parsed(text, named="HTTPS_PROXY") == found


@pytest.mark.parametrize(
    "text",
    [
        *("http://me:SECRET/PX@proxy:9", "http://me/SECRET@proxy:9"),
        *("me:SECRET#x@proxy:9", "http://me:SECRET?@proxy:9", "me:1/SECRET@proxy"),
        *("socks5://me:SECRET@proxy:9", "http://me:SECRET@proxy:port", "me:SECRET@"),
    ],
)
async def test_a_proxy_that_is_none_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Whatever was forgotten to be escaped, nothing of it is shown."""
    monkeypatch.setenv("HTTPS_PROXY", text)

    with pytest.raises(SettingsError, match=r"^HTTPS_PROXY \w+") as caught:
        await ask("https://swr-api.invalid")
    async with serving(saying(CREATED)) as host, client("http://" + host) as gateway:
        reply = await gateway.send(Request("GET", "https://iam.invalid/"), {})

    assert isinstance(reply, NoReply)
    assert (reply.sent, reply.detail) == (False, str(caught.value))
    assert "SECRET" not in reply.detail


async def test_netrc_is_not_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """A password for other things is not sent to SWR."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    requests: list[bytes] = []
    async with serving(saying(CREATED, requests=requests)) as host:
        await ask("http://" + host)

    assert b"authorization" not in requests[0].lower()
