"""Which proxy a server is reached by, and who never meets one."""

import socket
from typing import Any

import pytest

from bulkrepo.core.errors import SettingsError
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.http.proxies import Proxy, parsed, proxy
from tests.support.servers import CREATED, POST, TOKEN, ask, client, saying, serving


async def test_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """HTTPS through `HTTPS_PROXY`; what it refuses was not sent."""
    requests: list[bytes] = []
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    async with serving(saying(refusal, requests=requests)) as host:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@{host}")
        reply = await ask("https://swr-api.invalid")

    assert isinstance(reply, TransportFailure)
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

    assert isinstance(reply, TransportFailure)
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

    assert isinstance(reply, Response)
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

    assert isinstance(direct, TransportFailure)
    assert direct.kind == "dns"
    assert isinstance(reply, Response)
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

    assert isinstance(reply, TransportFailure)
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
