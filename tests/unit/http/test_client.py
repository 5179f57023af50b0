"""Bytes out and bytes in: by a faked cloud, and over sockets of this machine."""

import asyncio
import gzip

import pytest
from aiohttp import ClientConnectionError

from bulkrepo.core.rows import RepoSpec
from bulkrepo.http.messages import BODY_LIMIT, Request, Response, TransportFailure
from bulkrepo.swr.auth.access_key import AccessKey
from bulkrepo.swr.auth.signature import signed
from bulkrepo.swr.requests import create
from tests.conftest import FakeCloud
from tests.support.servers import (
    CREATED,
    GET,
    POST,
    SWR,
    TOKEN,
    ask,
    client,
    saying,
    serving,
    silent,
)

PATH = "/v2/manage/namespaces/team/repos"


@pytest.mark.parametrize("status", [200, 201, 204, 400, 401, 403, 404, 409, 429, 500])
async def test_reply_is_what_came_whatever_the_status(
    cloud: FakeCloud, status: int
) -> None:
    """The client decides nothing: status, headers and body as they are."""
    headers = {"X-Request-Id": "r1", "Date": "Fri, 02 Jan 2026 03:04:05 GMT"}
    cloud.post(SWR + PATH, status=status, body=b'{"a":1}', headers=headers)

    reply = await ask(SWR)

    assert isinstance(reply, Response)
    assert (reply.status, reply.body) == (status, b'{"a":1}')
    assert reply.headers["x-request-id"] == "r1"


async def test_redirect_is_a_reply_and_is_not_followed(cloud: FakeCloud) -> None:
    """A token is not carried to where somebody points."""
    cloud.post(SWR + PATH, status=302, headers={"Location": "https://evil.example/"})

    reply = await ask(SWR)

    assert isinstance(reply, Response)
    assert (reply.status, reply.headers["Location"]) == (302, "https://evil.example/")


async def test_page_is_a_reply_like_any_other(cloud: FakeCloud) -> None:
    """What HTML means is not the client's to say."""
    cloud.post(SWR + PATH, status=200, body=b"<html>", content_type="text/html")

    reply = await ask(SWR)

    assert isinstance(reply, Response)
    assert reply.body == b"<html>"
    assert reply.headers["Content-Type"] == "text/html"


async def test_connection_that_breaks_is_a_value(cloud: FakeCloud) -> None:
    """Nothing is raised for a request; what may have left is said to have left."""
    cloud.post(SWR + PATH, exception=ClientConnectionError("gone"))

    assert await ask(SWR) == TransportFailure("dropped", sent=True, detail="gone")


async def test_client_must_be_open() -> None:
    """To send without opening is a bug, not a fault of the network."""
    with pytest.raises(RuntimeError, match="not open"):
        await client().send(POST, TOKEN)


async def test_request_is_what_the_documentation_asks_for() -> None:
    """Method, raw path, headers and body; no cookie, no compression, no guesswork."""
    requests: list[bytes] = []
    async with (
        serving(saying(CREATED, CREATED, requests=requests)) as host,
        client("http://" + host) as gateway,
    ):
        replies = [await gateway.send(request, TOKEN) for request in (POST, GET)]

    assert [reply.status for reply in replies if isinstance(reply, Response)] == [
        201,
        201,
    ]
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

    assert isinstance(reply, Response)
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
        assert isinstance(await gateway.send(asked, {}), Response)
        assert isinstance(await gateway.send(POST, TOKEN), Response)

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

    assert isinstance(reply, Response)
    assert reply.body == b"x" * min(size, BODY_LIMIT)
    assert isinstance(after, Response)


async def test_body_is_not_unpacked() -> None:
    """Nobody asked for compression: a small body cannot become a large one."""
    packed = gzip.compress(b"x" * 100)
    head = f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    answer = b"HTTP/1.1 500 Oops\r\n" + head.encode() + packed
    async with serving(saying(answer)) as host:
        reply = await ask("http://" + host)

    assert isinstance(reply, Response)
    assert reply.body == packed.decode(errors="replace").encode()


async def test_cancellation_passes() -> None:
    """To cancel is no answer."""
    async with serving(silent) as host, client("http://" + host) as gateway:
        task = asyncio.create_task(gateway.send(POST, TOKEN))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
