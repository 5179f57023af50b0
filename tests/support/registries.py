"""Other registries on loopback: paging and sign-in as their documentation has them."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

USER, PASSWORD = "bot", "hunter2-long-enough"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Elsewhere:
    """
    A registry with *names*, *size* a page at most.

    It counts what is asked (*seen*: method and path with query) and by whom
    (*shown*: what `Authorization` or `PRIVATE-TOKEN` was). *stumbles* are replies that
    are given before all others, None is a connection that is dropped. A *token* lives
    for *life* answers.
    """

    def __init__(
        self, names: Sequence[str], *, size: int = 2, life: int = 1000
    ) -> None:
        self.names, self.size, self.life = list(names), size, life
        self.seen: list[str] = []
        self.shown: list[str | None] = []
        self.stumbles: list[web.Response | None] = []
        self.url = ""
        self.tokens = 0
        self._left = 0

    def json(self, value: object, **headers: str) -> web.Response:
        """Answer with *value*; `_` in a header's name is `-`."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return web.json_response(value, headers=named)

    def page(self, request: web.Request, by: str) -> tuple[int, list[str]]:
        """Give the number of the page that is asked for, and what is on it."""
        size = min(int(request.query.get(by, "10")), self.size)
        number = int(request.query.get("page", "1"))
        return number, self.names[(number - 1) * size : number * size]

    def more(self, number: int) -> bool:
        """Tell whether a page follows *number*."""
        return number * self.size < len(self.names)

    # Docker Distribution, open, with a password, or with a token service.

    async def ping(self, request: web.Request) -> web.StreamResponse:
        """Say that it is a registry."""
        return self.json({}, Docker_Distribution_Api_Version="registry/2.0")

    async def catalog(self, request: web.Request) -> web.StreamResponse:
        """List by the last name; the link has no host and no prefix."""
        size = min(int(request.query.get("n", "100")), self.size)
        left = [name for name in self.names if name > request.query.get("last", "")]
        headers = {}
        if len(left) > size:
            last = left[size - 1].replace("/", "%2F")
            headers["Link"] = f'</v2/_catalog?last={last}&n={size}>; rel="next"'
        return self.json({"repositories": left[:size]}, **headers)

    def basic(self, handler: Handler) -> Handler:
        """Let only `USER` in."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Authorization") == BASIC:
                return await handler(request)
            return self._refused('Basic realm="registry"')

        return guarded

    def bearer(self, handler: Handler) -> Handler:
        """Let in who has a token of ours that is not used up."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            shown = request.headers.get("Authorization")
            if shown == f"Bearer t{self.tokens}" and self._left > 0:
                self._left -= 1
                return await handler(request)
            return self._refused(
                f'Bearer realm="{self.url}/token",service="elsewhere",'
                'scope="registry:catalog:*"'
            )

        return guarded

    async def token(self, request: web.Request) -> web.StreamResponse:
        """Give a token to who has the password."""
        if request.headers.get("Authorization") != BASIC:
            return web.json_response({"details": "who?"}, status=401)
        assert request.query["service"] == "elsewhere"
        assert request.query["scope"] == "registry:catalog:*"
        self.tokens, self._left = self.tokens + 1, self.life
        return self.json({"token": f"t{self.tokens}", "expires_in": 300})

    def _refused(self, challenge: str) -> web.Response:
        error = {"code": "UNAUTHORIZED", "message": "authentication required"}
        return web.json_response(
            {"errors": [error]}, status=401, headers={"WWW-Authenticate": challenge}
        )

    # Harbor.

    async def harbor_ping(self, request: web.Request) -> web.StreamResponse:
        """Send for a token, as Harbor's registry does."""
        realm = f'{self.url}/service/token",service="harbor-registry'
        return self._refused(f'Bearer realm="{realm}"')

    async def harbor_repositories(self, request: web.Request) -> web.StreamResponse:
        """List what everybody may see; all of it to `USER`."""
        mine = request.headers.get("Authorization") == BASIC
        number, names = self.page(request, "page_size")
        headers = {"X_Total_Count": str(len(self.names))}
        if self.more(number):
            on = f"/api/v2.0/repositories?page={number + 1}&page_size={self.size}"
            headers["Link"] = f'<{on}>; rel="next"'
        records = [{"name": name, "project_id": 1, "pull_count": 0} for name in names]
        return self.json(records if mine else [], **headers)

    async def harbor_projects(self, request: web.Request) -> web.StreamResponse:
        """List the one project there is."""
        record = {"project_id": 1, "name": "p", "metadata": {"public": "false"}}
        return self.json([record], X_Total_Count="1")

    # GitLab.

    async def gitlab_version(self, request: web.Request) -> web.StreamResponse:
        """Tell strangers nothing, but with GitLab's header."""
        return web.json_response(
            {"message": "401 Unauthorized"}, status=401, headers={"X-Gitlab-Meta": "{}"}
        )

    async def gitlab_repositories(self, request: web.Request) -> web.StreamResponse:
        """List a group to who has the token; to others there is none."""
        if request.headers.get("PRIVATE-TOKEN") != PASSWORD:
            return web.json_response({"message": "404 Group Not Found"}, status=404)
        assert request.match_info["group"] == "acme/team"
        number, names = self.page(request, "per_page")
        on = str(number + 1) if self.more(number) else ""
        records = [
            {"path": name, "location": f"r.example/{name}", "project_id": 1}
            for name in names
        ]
        return self.json(records, X_Next_Page=on, X_Total=str(len(self.names)))

    async def gitlab_projects(self, request: web.Request) -> web.StreamResponse:
        """List the group's one project."""
        record = {"id": 1, "path_with_namespace": "acme/team/p", "visibility": "public"}
        return self.json([record], X_Next_Page="")

    # Quay.

    async def quay_ping(self, request: web.Request) -> web.StreamResponse:
        """Send for a token, as Quay does."""
        return self._refused(f'Bearer realm="{self.url}/v2/auth",service="quay"')

    async def quay_repositories(self, request: web.Request) -> web.StreamResponse:
        """List a namespace, on by an opaque token."""
        assert request.query["namespace"] == "acme"
        at = int(request.query.get("next_page", "a0").removeprefix("a"))
        records = [
            {"namespace": "acme", "name": name, "is_public": True, "kind": "image"}
            for name in self.names[at : at + self.size]
        ]
        body: dict[str, object] = {"repositories": records}
        if at + self.size < len(self.names):
            body["next_page"] = f"a{at + self.size}"
        return self.json(body)

    # Docker Hub.

    async def hub_token(self, request: web.Request) -> web.StreamResponse:
        """Give a token for a password."""
        said = await request.json()
        if said != {"identifier": USER, "secret": PASSWORD}:
            return web.json_response({"detail": "Incorrect credentials"}, status=401)
        return self.json({"access_token": "hub-token"})

    async def hub_repositories(self, request: web.Request) -> web.StreamResponse:
        """List a namespace with its private ones to who is signed in."""
        mine = request.headers.get("Authorization") == "Bearer hub-token"
        number, names = self.page(request, "page_size")
        on = (
            f"{self.url}{request.path}?page={number + 1}" if self.more(number) else None
        )
        records = [
            {"namespace": "acme", "name": name, "is_private": True} for name in names
        ]
        body = {"count": len(self.names), "next": on, "results": records}
        return self.json(body if mine else {"count": 0, "next": None, "results": []})


def products(of: Elsewhere) -> dict[str, dict[str, Handler]]:
    """Give the routes of each product."""
    return {
        "open": {"/v2/": of.ping, "/v2/_catalog": of.catalog},
        "basic": {"/v2/": of.basic(of.ping), "/v2/_catalog": of.basic(of.catalog)},
        "bearer": {
            "/v2/": of.bearer(of.ping),
            "/v2/_catalog": of.bearer(of.catalog),
            "/token": of.token,
        },
        "artifactory": {"/artifactory/api/docker/key/v2/_catalog": of.catalog},
        "harbor": {
            "/v2/": of.harbor_ping,
            "/api/v2.0/repositories": of.harbor_repositories,
            "/api/v2.0/projects": of.harbor_projects,
        },
        "gitlab": {
            "/api/v4/version": of.gitlab_version,
            "/api/v4/groups/{group}/registry/repositories": of.gitlab_repositories,
            "/api/v4/groups/{group}/projects": of.gitlab_projects,
        },
        "quay": {"/v2/": of.quay_ping, "/api/v1/repository": of.quay_repositories},
        "hub": {
            "POST /v2/auth/token": of.hub_token,
            "/v2/namespaces/acme/repositories": of.hub_repositories,
        },
    }


@asynccontextmanager
async def serving(of: Elsewhere, product: str) -> AsyncIterator[str]:
    """Let *of* answer as *product* on a free port; give its URL."""

    @web.middleware
    async def watch(request: web.Request, handler: Any) -> web.StreamResponse:
        of.seen.append(f"{request.method} {request.path_qs}")
        shown = request.headers.get("Authorization")
        of.shown.append(shown or request.headers.get("PRIVATE-TOKEN"))
        if of.stumbles and "_catalog" in request.path:
            reply = of.stumbles.pop(0)
            if reply is not None:
                return reply
            if request.transport is not None:
                request.transport.abort()
        response: web.StreamResponse = await handler(request)
        return response

    app = web.Application(middlewares=[watch])
    for route, handler in products(of)[product].items():
        method, _, path = route.rpartition(" ")
        app.router.add_route(method or "GET", path, handler)
    async with TestServer(app, host="127.0.0.1") as server:
        of.url = str(server.make_url("")).rstrip("/")
        yield of.url
