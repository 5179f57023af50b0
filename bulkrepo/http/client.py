"""
Edge. The only module that opens connections to the cloud.

It decides nothing: it sends and receives bytes, and tells if a request may have left.
"""

import asyncio
import errno
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.connector import Connection
from multidict import CIMultiDict
from yarl import URL

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.surrogates import clean_body, clean_text
from bulkrepo.http.deadlines import DeadlineTimer
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.http.proxies import Proxy, proxy

_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}

_LONGEST = 32 * 1024
"""Bytes of a header, the API gateway's limit: IAM's tokens have many thousands."""

_CERTIFICATE_REQUIRED = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
"""OpenSSL's name of an alert that comes after the handshake, instead of an answer."""
_NO_CERTIFICATES = (
    "the server requires a client certificate (mutual TLS), and client certificates "
    "are not supported"
)

_NO_FILES = {errno.EMFILE, errno.ENFILE}
_STARVED = 0.05
"""Seconds until the next try for a socket when too many files are open."""


class _Response(aiohttp.ClientResponse):
    """
    A response that is the last one on its connection if it says 5xx.

    A gateway may pass on later what it waited for in vain, and that would be taken for
    the answer to the next request.
    """

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Read the head."""
        protocol = connection.protocol
        await super().start(connection)
        if self.status >= 500 and protocol is not None:
            # `force_close()`, which aiohttp 3.11 has not got.
            protocol._should_close = True  # noqa: SLF001
        return self


class _Connector(aiohttp.TCPConnector):
    """
    Connections of which none is used again on which bytes came that nobody asked for.

    aiohttp looks for them when a connection is given back, but not when it is taken out
    again.
    """

    async def connect(self, *args: Any, **options: Any) -> Connection:
        """Return a connection on which nothing waits to be read."""
        while True:
            connection = await super().connect(*args, **options)
            protocol = connection.protocol
            if protocol is not None and not protocol.should_close:
                return connection
            connection.close()


class Client:
    """
    One aiohttp session to one endpoint, and to hosts that a request names itself.

    *timeout* is the only deadline of a request, in seconds; connecting may take half
    of it, so that requests that certainly were not sent are known. *connections*
    limits the sockets. Redirects are not followed, cookies not kept, and the proxy
    comes from the environment; SettingsError if that is not a proxy URL. Use it as an
    async context manager.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        timeout: float,
        connections: int,
        user_agent: str,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._timeout = timeout
        self._connections = connections
        self._headers = {**_HEADERS, "User-Agent": user_agent}
        self._tls = tls
        # With trust_env, aiohttp looks up proxy and netrc in a thread for every
        # request, which costs more than the request.
        self._proxy = proxy(self._endpoint)
        self._targets: dict[str, tuple[URL, Proxy | None]] = {}
        self._signed: tuple[Mapping[str, str] | None, CIMultiDict[str]]
        self._signed = None, CIMultiDict()
        self._overdue = DeadlineTimer(timeout)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                limit=self._connections, ssl=self._tls or True, ttl_dns_cache=60
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._timeout / 2),
            cookie_jar=aiohttp.DummyCookieJar(),
            response_class=_Response,
            auto_decompress=False,
            max_field_size=_LONGEST,
            headers=self._headers,
        )
        # Else aiohttp itself resends a GET or DELETE whose connection broke: uncounted,
        # and a DELETE without first reading what is there by now.
        self._session._retry_connection = False  # noqa: SLF001 - there is no option
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._overdue.close()
        if self._session is not None:
            await self._session.close()

    async def send(
        self, request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        """Send *request* with *headers* added; a failure is returned, not raised."""
        session = self._session
        task = asyncio.current_task(self._loop)
        if session is None or task is None:
            raise RuntimeError("the client is not open")
        try:
            url, via = self._targets.get(request.path) or self._target(request.path)
        except SettingsError as error:
            return TransportFailure("proxy", sent=False, detail=str(error))
        signed, cased = self._signed
        if signed is not headers:
            # In aiohttp's form, built once for as long as they stay the same.
            cased = CIMultiDict(headers)
            self._signed = headers, cased
        self._overdue.begin(task)
        try:
            while True:
                starved: OSError | None = None
                try:
                    response = await session.request(
                        request.method,
                        url,
                        data=request.body,
                        headers=cased,
                        allow_redirects=False,
                        proxy=via.url if via else None,
                        proxy_headers=via.headers if via else None,
                    )
                    break
                except aiohttp.ClientConnectorError as error:
                    if error.errno not in _NO_FILES:
                        raise
                    starved = error
                # Our own limit, not the service's fault: wait for a free socket.
                await asyncio.sleep(_STARVED)
            try:
                body, heard = b"", _cleaned(response.headers)
                if heard.get("Content-Length") != "0":
                    body = clean_body(await _head(response, request.limit))
                return Response(response.status, heard, body)
            finally:
                response.release()
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            return _no_reply(error)
        except asyncio.CancelledError:
            if not self._overdue.ours(task):
                raise
            return _no_reply(starved or TimeoutError())
        finally:
            self._overdue.end(task)

    def _target(self, path: str) -> tuple[URL, Proxy | None]:
        """
        Return the URL, its path untouched, and the proxy for it.

        Creates in one organization share a URL, so up to a thousand are cached.
        """
        if len(self._targets) >= 1000:
            self._targets.clear()
        ours = path.startswith("/")
        url = URL(self._endpoint + path if ours else path, encoded=True)
        target = self._targets[path] = url, self._proxy if ours else proxy(path)
        return target


def _cleaned(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return *headers* without the surrogates that stand for bytes not UTF-8."""
    if all(map(str.isascii, headers.values())):
        return headers
    return CIMultiDict((name, clean_text(value)) for name, value in headers.items())


async def _head(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read the first *limit* bytes of the body."""
    parts: list[bytes] = []
    left = limit
    while left > 0 and (part := await response.content.read(left)):
        parts.append(part)
        left -= len(part)
    if left == 0:
        response.close()  # cheaper than reading the rest to keep the connection
    return b"".join(parts)


def _no_reply(error: Exception) -> TransportFailure:
    """Return what went wrong, and whether the request may have left."""
    detail = _detail(error)
    match error:
        case aiohttp.ClientConnectorDNSError() | UnicodeError():
            return TransportFailure("dns", sent=False, detail=detail)
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return TransportFailure("tls", sent=False, detail=detail)
        case aiohttp.ClientOSError(__cause__=ssl.SSLError(reason=reason)) if (
            reason == _CERTIFICATE_REQUIRED
        ):
            return TransportFailure("certificate", sent=False, detail=_NO_CERTIFICATES)
        case aiohttp.ClientHttpProxyError():
            return TransportFailure("proxy", sent=False, detail=detail)
        case aiohttp.ClientConnectorError():
            return TransportFailure("refused", sent=False, detail=detail)
        case aiohttp.ConnectionTimeoutError() | aiohttp.InvalidURL():
            return TransportFailure("connect", sent=False, detail=detail)
        case TimeoutError():
            return TransportFailure("timeout", sent=True, detail=detail)
        case _:
            return TransportFailure("dropped", sent=True, detail=detail)


def _detail(error: Exception) -> str:
    if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
        return "no answer within the time allowed for a request"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the connection was closed without an answer"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer is incomplete"
    text = str(error).replace(" ssl:default", "")  # aiohttp adds it to plain HTTP too
    return clean_text(text[:500]) or type(error).__name__
