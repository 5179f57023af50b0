"""The sandbox keeps to the service's documentation, and fails as it is told."""

import asyncio
import io
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any, NamedTuple

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bulkrepo.sandbox import Sandbox, Settings, application, serve
from bulkrepo.sandbox.faults import Window
from bulkrepo.sandbox.grammar import CATEGORIES, is_namespace, is_repository
from bulkrepo.sandbox.state import timestamp

DEMO = Settings(organizations=("demo",))
ORGANIZATIONS = "/v2/manage/namespaces"
REPOS = "/v2/manage/namespaces/demo/repos"
LIST = "/v2/manage/repos"
LOGIN = "/v3/auth/tokens"


class FakeTime:
    """A clock that only moves when told, and a sleep that moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Tell the time, in epoch seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let time pass at once, and remember it."""
        self.slept.append(seconds)
        self.now += seconds


class Reply(NamedTuple):
    """An answer: *body* is JSON where it can be, else text."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The error code, wherever the shape has it."""
        return str(self.body["error_code"]) if self.status >= 400 else ""


@dataclass
class Client:
    """Someone who talks to a sandbox with nothing but aiohttp."""

    box: Sandbox
    session: aiohttp.ClientSession
    headers: dict[str, str] = field(
        default_factory=lambda: {"X-Auth-Token": "sandbox-token"}
    )

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send *body* as JSON, or as it is where it is bytes."""
        sent = {"Content-Type": "application/json", **self.headers, **(headers or {})}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.session.request(
            method,
            URL(self.box.url + path, encoded=True),
            data=None if body is None else io.BytesIO(data),
            headers=sent,
        ) as answer:
            text = await answer.text()
        try:
            found = json.loads(text)
        except ValueError:
            found = text
        assert answer.headers["Date"]
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
        return Reply(answer.status, answer.headers, found)

    async def create(self, name: str, **more: object) -> Reply:
        """Create a private repository in `demo`."""
        return await self(
            "POST", REPOS, {"repository": name, "is_public": False} | more
        )

    async def page(self) -> Any:
        """Read the state page."""
        return (await self("GET", "/sandbox/state", headers={"X-Auth-Token": ""})).body


@asynccontextmanager
async def started(
    settings: Settings = DEMO, clock: FakeTime | None = None
) -> AsyncIterator[Client]:
    """Run a sandbox and give a client of it."""
    clock = clock or FakeTime()
    async with (
        Sandbox(settings, clock=clock, sleep=clock.sleep) as box,
        aiohttp.ClientSession(auto_decompress=False) as session,
    ):
        yield Client(box, session)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Give a client of a well-behaved sandbox with the organization `demo`."""
    async with started() as found:
        yield found


# Repositories


async def test_a_repository_is_created_shown_changed_and_deleted(
    client: Client,
) -> None:
    """The four calls do what they say, with the documented statuses and fields."""
    made = await client.create("web/api", category="linux", description="Дом")
    shown = await client("GET", f"{REPOS}/web$api")
    changed = await client("PATCH", f"{REPOS}/web%24api", {"is_public": True})
    again = await client("GET", f"{REPOS}/web%24api")
    deleted = await client("DELETE", f"{REPOS}/web$api")
    gone = await client("GET", f"{REPOS}/web$api")

    assert (made.status, made.body) == (201, {})
    assert shown.status == 200
    assert shown.body["name"] == "web/api"
    assert shown.body["description"] == "Дом"
    assert shown.body["category"] == "linux"
    assert shown.body["is_public"] is False
    assert shown.body["created"] == "2027-01-15T08:00:00Z"
    assert shown.body["path"].endswith("/demo/web/api")
    assert {"id", "ns_id", "creator_id", "domain_id"} <= shown.body.keys()
    assert "namespace" not in shown.body
    assert (changed.status, changed.body) == (201, "")
    assert again.body["is_public"] is True
    assert again.body["category"] == "linux"
    assert (deleted.status, deleted.body) == (204, "")
    assert (gone.status, gone.code) == (404, "SVCSTG.SWR.4040010")


async def test_a_change_reaches_every_attribute(client: Client) -> None:
    """PATCH changes what it names; a repository without a category is `other`."""
    await client.create("a")
    body = {"is_public": False, "category": "windows", "description": "new"}

    changed = await client("PATCH", f"{REPOS}/a", body)

    found = client.box.repositories["demo", "a"]
    assert changed.status == 201
    assert (found.category, found.description) == ("windows", "new")


async def test_a_second_create_conflicts_and_changes_nothing(client: Client) -> None:
    """The name is the identity: 409 with the code for "already exists"."""
    await client.create("a", category="linux")

    again = await client.create("a", category="arm")

    assert (again.status, again.code) == (409, "SVCSTG.SWR.4090006")
    assert again.body["errors"][0]["errorCode"] == again.code
    assert again.body["error_msg"] == again.body["errors"][0]["errorMessage"]
    assert client.box.repositories["demo", "a"].category == "linux"


async def test_a_repository_with_images_is_not_deleted(client: Client) -> None:
    """Deleting never takes images along."""
    await client.create("a")
    client.box.repositories["demo", "a"].num_images = 1

    refused = await client("DELETE", f"{REPOS}/a")

    assert (refused.status, refused.code) == (406, "SVCSTG.SWR.4060012")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", ["web/api", "web%2Fapi", "web%2fapi"])
async def test_a_slash_in_a_path_is_no_route(
    client: Client, method: str, name: str
) -> None:
    """A slash that is not written `$` never reaches SWR, escaped or not."""
    await client.create("web/api")

    lost = await client(method, f"{REPOS}/{name}", {"is_public": True})

    assert (lost.status, lost.code) == (404, "APIGW.0101")
    assert lost.body["request_id"] == lost.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/manage/nothing"),
        ("PUT", REPOS),
        ("GET", REPOS),
        ("GET", f"{REPOS}/"),
        ("POST", "/v2/manage/namespaces/a/b/repos"),
        ("GET", "/elsewhere"),
    ],
)
async def test_an_unknown_route_is_the_gateways_404(
    client: Client, method: str, path: str
) -> None:
    """What is not published is refused before anybody asks for a token."""
    lost = await client(method, path, headers={"X-Auth-Token": ""})

    assert (lost.status, lost.code) == (404, "APIGW.0101")
    assert client.box.requests["unknown"] == 1


GOOD = {"repository": "a", "is_public": True}


@pytest.mark.parametrize(
    ("body", "status", "number"),
    [
        pytest.param(GOOD | {"is_public": "true"}, 400, 4001009, id="text for bool"),
        pytest.param(GOOD | {"is_public": 1}, 400, 4001009, id="number for bool"),
        pytest.param(GOOD | {"is_public": None}, 400, 4001009, id="null for bool"),
        pytest.param({"repository": "a"}, 400, 4001014, id="no is_public"),
        pytest.param({"is_public": True}, 400, 4001014, id="no repository"),
        pytest.param(GOOD | {"repository": 7}, 400, 4001029, id="number for name"),
        pytest.param(GOOD | {"repository": ""}, 400, 4001029, id="empty name"),
        pytest.param(GOOD | {"repository": "a--b"}, 400, 4001029, id="hyphen run"),
        pytest.param(GOOD | {"repository": "a$b"}, 400, 4001029, id="dollar in body"),
        pytest.param(GOOD | {"repository": "a\n"}, 400, 4001029, id="newline at end"),
        pytest.param(GOOD | {"repository": "a" * 129}, 400, 4001029, id="129 long"),
        pytest.param(GOOD | {"category": "x"}, 400, 4000014, id="strange category"),
        pytest.param(GOOD | {"category": None}, 400, 4000014, id="null category"),
        pytest.param(GOOD | {"category": ["arm"]}, 400, 4000014, id="list category"),
        pytest.param(GOOD | {"description": 1}, 400, 4000014, id="number for text"),
        pytest.param(GOOD | {"description": "x" * 30_001}, 413, 4131012, id="long"),
        pytest.param(GOOD | {"namespace": "demo"}, 400, 4000014, id="unknown member"),
        pytest.param([GOOD], 400, 4001018, id="array"),
        pytest.param(b"", 400, 4000014, id="empty"),
        pytest.param(b"{", 400, 4000014, id="broken"),
        pytest.param(b"\xef\xbb\xbf{}", 400, 4000014, id="byte order mark"),
        pytest.param("{}".encode("utf-16"), 400, 4000014, id="utf-16"),
        pytest.param(b"[" * 200_000, 400, 4000014, id="deep"),
    ],
)
async def test_a_create_is_read_strictly(
    client: Client, body: object, status: int, number: int
) -> None:
    """Whatever is not exactly as documented is refused, and nothing is created."""
    refused = await client("POST", REPOS, body)

    assert (refused.status, refused.code) == (status, f"SVCSTG.SWR.{number}")
    assert not client.box.repositories


@pytest.mark.parametrize(
    ("body", "number"),
    [
        pytest.param({}, 4001014, id="is_public is mandatory"),
        pytest.param({"is_public": 0}, 4001009, id="number for bool"),
        pytest.param({"is_public": True, "repository": "b"}, 4000014, id="no renaming"),
        pytest.param({"is_public": True, "category": "x"}, 4000014, id="category"),
    ],
)
async def test_a_change_is_read_strictly(
    client: Client, body: object, number: int
) -> None:
    """PATCH has the same rules as POST."""
    await client.create("a")

    refused = await client("PATCH", f"{REPOS}/a", body)

    assert (refused.status, refused.code) == (400, f"SVCSTG.SWR.{number}")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("application/json", 201),
        ("application/json;charset=utf8", 201),
        ("Application/JSON; charset=utf-8", 201),
        ("charset=utf-8 application/json", 201),
        ("text/plain", 400),
        ("application/x-www-form-urlencoded", 400),
        ("application/jsonlines", 400),
        ("", 400),
    ],
)
async def test_a_body_must_be_called_json(
    client: Client, said: str, status: int
) -> None:
    """The documented ways to say JSON are taken, and no other."""
    found = await client("POST", REPOS, GOOD, headers={"Content-Type": said})

    assert found.status == status
    assert found.code in {"", "SVCSTG.SWR.4001018"}


async def test_a_description_of_the_longest_length_is_taken(client: Client) -> None:
    """Thirty thousand characters are not yet too long, whatever their bytes."""
    assert (await client.create("a", description="я" * 30_000)).status == 201


@pytest.mark.parametrize("category", sorted(CATEGORIES))
async def test_every_category_is_taken(client: Client, category: str) -> None:
    """All eight words of the documentation are legal."""
    assert (await client.create("a", category=category)).status == 201


async def test_a_body_over_the_gateways_size_is_refused(client: Client) -> None:
    """Twelve megabytes are the most that passes the gateway."""
    refused = await client("POST", REPOS, b" " * (12 * 1024 * 1024 + 1))

    assert (refused.status, refused.code) == (413, "APIGW.0201")


@pytest.mark.parametrize(
    ("namespace", "status", "code"),
    [
        ("absent", 404, "SVCSTG.SWR.4040058"),
        ("Demo", 400, "SVCSTG.SWR.4001028"),
        ("1a", 400, "SVCSTG.SWR.4001028"),
        ("a--b", 400, "SVCSTG.SWR.4001028"),
        ("theirs", 403, "SVCSTG.SWR.4037017"),
    ],
)
async def test_a_create_needs_an_organization_of_ours(
    namespace: str, status: int, code: str
) -> None:
    """An illegal, a missing and a forbidden organization are told apart."""
    settings = Settings(organizations=("demo",), forbidden=("theirs",))
    async with started(settings) as client:
        refused = await client("POST", f"{ORGANIZATIONS}/{namespace}/repos", GOOD)

    assert (refused.status, refused.code) == (status, code)


async def test_a_missing_organization_hides_its_repositories(client: Client) -> None:
    """Reading in an organization that is not there says so."""
    lost = await client("GET", f"{ORGANIZATIONS}/absent/repos/a")

    assert (lost.status, lost.code) == (404, "SVCSTG.SWR.4040058")


async def test_a_quota_is_a_400_and_room_is_made_by_deleting() -> None:
    """The quota counts what is there, for each organization by itself."""
    settings = Settings(organizations=("demo", "other"), quota=1)
    async with started(settings) as client:
        await client.create("a")
        over = await client.create("b")
        other = await client("POST", f"{ORGANIZATIONS}/other/repos", GOOD)
        await client("DELETE", f"{REPOS}/a")
        under = await client.create("b")

    assert (over.status, over.code) == (400, "SVCSTG.SWR.4000098")
    assert (other.status, under.status) == (201, 201)


async def test_hyphen_runs_are_taken_where_they_are_allowed() -> None:
    """One setting follows the other reading of the documentation."""
    settings = Settings(any_organization=True, hyphen_runs=True)
    async with started(settings) as client:
        path = f"{ORGANIZATIONS}/a--b/repos"
        made = await client("POST", path, GOOD | {"repository": "x---y"})
        mixed = await client("POST", path, GOOD | {"repository": "x-.y"})

    assert (made.status, mixed.status) == (201, 400)


# The list


async def filled(client: Client) -> None:
    """Create five repositories in two organizations."""
    for name, public, category in (
        ("app-1", False, "linux"),
        ("app-2", True, "linux"),
        ("web/app", True, "arm"),
        ("db", False, "database"),
    ):
        await client.create(name, is_public=public, category=category)
    await client(
        "POST", f"{ORGANIZATIONS}/demo-2/repos", GOOD | {"repository": "app-9"}
    )


TWO = Settings(organizations=("demo", "demo-2"))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "app-1 app-2 web/app db app-9"),
        ("namespace=demo", "app-1 app-2 web/app db"),
        ("namespace=dem", ""),
        ("name=app", "app-1 app-2 web/app app-9"),
        ("namespace=demo&name=app-", "app-1 app-2"),
        ("category=linux", "app-1 app-2"),
        ("is_public=true&namespace=demo", "app-2 web/app"),
        ("is_public=false", "app-1 db"),
        ("center=self&namespace=demo-2", "app-9"),
        ("order_column=name&order_type=desc", "web/app db app-9 app-2 app-1"),
        ("order_column=updated_time&order_type=asc", "app-1 app-2 web/app db app-9"),
        ("order_column=tag_count&order_type=asc", "app-1 app-2 web/app db app-9"),
        ("filter=namespace::demo-2", "app-9"),
        ("filter=namespace::demo", "app-1 app-2 web/app db app-9"),
        ("filter=name::app%7Ccategory::arm&name=db", "web/app"),
        ("filter=name::a%7Climit::2%7Coffset::1", "app-2 web/app"),
        ("limit=2&offset=0", "app-1 app-2"),
        ("limit=2&offset=4", "app-9"),
        ("limit=1000&offset=9", ""),
    ],
)
async def test_a_listing_filters_orders_and_pages(query: str, names: str) -> None:
    """Names match by a part, organizations by a part only inside `filter`."""
    async with started(TWO) as client:
        await filled(client)
        found = await client("GET", f"{LIST}?{query}")

    assert found.status == 200
    assert [item["name"] for item in found.body] == names.split()


async def test_a_listing_tells_the_total_in_header_and_items() -> None:
    """Content-Range is offset, count and total; an item has names and no ids."""
    async with started(TWO) as client:
        await filled(client)
        found = await client("GET", f"{LIST}?namespace=demo&limit=3&offset=2")

    assert found.headers["Content-Range"] == "2-2/4"
    assert {item["total_range"] for item in found.body} == {4}
    item = found.body[0]
    assert (item["name"], item["namespace"]) == ("web/app", "demo")
    assert item["created_at"] == "2027-01-15T08:00:00Z"
    assert item["tags"] == []
    assert item["domain_name"] == "sandbox"
    assert not {"id", "ns_id", "created", "creator_name"} & item.keys()


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("limit=10", 4001072),
        ("offset=0", 4001072),
        ("limit=0&offset=0", 4001072),
        ("limit=1001&offset=0", 4001072),
        ("limit=ten&offset=0", 4001072),
        ("limit=10&offset=-1", 4001072),
        ("limit=10&offset=%D9%A3", 4001072),
        ("filter=limit::10", 4001072),
        ("filter=color::red", 4001035),
        ("filter=name", 4001035),
        ("is_public=yes", 4001009),
        ("category=boat", 4000014),
        ("order_column=updated_at&order_type=desc", 4001096),
        ("order_column=num_images&order_type=desc", 4001096),
        ("order_column=name", 4001096),
        ("order_type=asc", 4001096),
        ("order_column=name&order_type=up", 4001096),
    ],
)
async def test_a_listing_refuses_what_it_cannot_read(
    client: Client, query: str, number: int
) -> None:
    """Limit and offset come together, and so do column and type of the order."""
    refused = await client("GET", f"{LIST}?{query}")

    assert (refused.status, refused.code) == (400, f"SVCSTG.SWR.{number}")


async def test_a_listing_without_limit_gives_a_hundred() -> None:
    """The default page is a hundred items long."""
    async with started() as client:
        for number in range(101):
            await client.create(f"r{number}")
        first = await client("GET", LIST)
        second = await client("GET", f"{LIST}?limit=100&offset=100")

    assert (len(first.body), len(second.body)) == (100, 1)
    assert first.headers["Content-Range"] == "0-100/101"


# Organizations


async def test_an_organization_is_created_shown_listed_and_deleted(
    client: Client,
) -> None:
    """The four calls do what they say, with the documented statuses and fields."""
    made = await client("POST", ORGANIZATIONS, {"namespace": "new"})
    shown = await client("GET", f"{ORGANIZATIONS}/new")
    every = await client("GET", ORGANIZATIONS)
    deleted = await client("DELETE", f"{ORGANIZATIONS}/new")
    gone = await client("GET", f"{ORGANIZATIONS}/new")

    assert (made.status, made.body) == (201, {})
    assert shown.status == 200
    assert shown.body.keys() == {"id", "name", "creator_name", "auth"}
    assert (shown.body["name"], shown.body["auth"]) == ("new", 7)
    assert [each["name"] for each in every.body["namespaces"]] == ["demo", "new"]
    assert (deleted.status, deleted.body) == (204, "")
    assert (gone.status, gone.code) == (404, "SVCSTG.SWR.4040058")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("namespace=demo", ["demo"]),
        ("namespace=dem", []),
        ("filter=namespace::dem%7Cmode::visible", ["demo", "demo-2"]),
        ("filter=mode::visible", ["demo", "demo-2"]),
    ],
)
async def test_organizations_are_found_by_name(query: str, names: list[str]) -> None:
    """By the whole name, or inside `filter` by a part of it."""
    async with started(TWO) as client:
        found = await client("GET", f"{ORGANIZATIONS}?{query}")

    assert [each["name"] for each in found.body["namespaces"]] == names


@pytest.mark.parametrize(
    ("body", "status", "number"),
    [
        ({"namespace": "demo"}, 409, 4090060),
        ({"namespace": "theirs"}, 409, 4090060),
        ({"namespace": "library"}, 409, 4090060),
        ({"namespace": "Demo"}, 400, 4001028),
        ({"namespace": 1}, 400, 4001028),
        ({}, 400, 4001014),
        ({"namespace": "a", "x": 1}, 400, 4000014),
    ],
)
async def test_an_organization_is_refused(
    body: object, status: int, number: int
) -> None:
    """Names are taken across all accounts, and some are reserved."""
    settings = Settings(organizations=("demo",), forbidden=("theirs",))
    async with started(settings) as client:
        refused = await client("POST", ORGANIZATIONS, body)

    assert (refused.status, refused.code) == (status, f"SVCSTG.SWR.{number}")


async def test_organizations_have_a_quota() -> None:
    """Only our own count; where any organization goes, there is none."""
    async with started(Settings(organization_quota=1, forbidden=("x",))) as client:
        first = await client("POST", ORGANIZATIONS, {"namespace": "a"})
        over = await client("POST", ORGANIZATIONS, {"namespace": "b"})
    demo = Settings(organization_quota=0, any_organization=True)
    async with started(demo) as client:
        free = await client("POST", ORGANIZATIONS, {"namespace": "a"})

    assert (first.status, free.status) == (201, 201)
    assert (over.status, over.code) == (400, "SVCSTG.SWR.4000097")


async def test_an_organization_with_repositories_is_not_deleted(
    client: Client,
) -> None:
    """Deleting an organization never cascades."""
    await client.create("a")

    refused = await client("DELETE", f"{ORGANIZATIONS}/demo")
    absent = await client("DELETE", f"{ORGANIZATIONS}/absent")

    assert (refused.status, refused.code) == (406, "SVCSTG.SWR.4060074")
    assert (absent.status, absent.code) == (404, "SVCSTG.SWR.4040058")


async def test_a_forbidden_organization_may_be_read_only() -> None:
    """Its `auth` is 1, and it is not ours to delete."""
    async with started(Settings(forbidden=("theirs",))) as client:
        shown = await client("GET", f"{ORGANIZATIONS}/theirs")
        deleted = await client("DELETE", f"{ORGANIZATIONS}/theirs")

    assert shown.body["auth"] == 1
    assert (deleted.status, deleted.code) == (403, "SVCSTG.SWR.4037017")


async def test_any_organization_springs_into_being() -> None:
    """First use is creating in it or looking at it; illegal names stay absent."""
    async with started(Settings(any_organization=True)) as client:
        made = await client("POST", f"{ORGANIZATIONS}/x/repos", GOOD)
        shown = await client("GET", f"{ORGANIZATIONS}/y")
        lost = await client("GET", f"{ORGANIZATIONS}/Y")

    assert (made.status, shown.status, lost.status) == (201, 200, 404)


# Tokens


def password(
    user: str = "demo",
    secret: str = "sandbox-password",  # noqa: S107 - the sandbox's published default
    account: str = "sandbox",
    scope: object = None,
) -> dict[str, Any]:
    """Give the body of a login."""
    found: dict[str, Any] = {
        "identity": {
            "methods": ["password"],
            "password": {
                "user": {"name": user, "password": secret, "domain": {"name": account}}
            },
        }
    }
    if scope is not None:
        found["scope"] = scope
    return {"auth": found}


SCOPE = {"project": {"name": "cn-north-4", "domain": {"name": "sandbox"}}}


async def test_a_login_gives_a_token_that_swr_takes(client: Client) -> None:
    """The token is in X-Subject-Token, its life and project in the body."""
    issued = await client("POST", LOGIN, password(scope=SCOPE))
    token = issued.headers["X-Subject-Token"]
    made = await client("POST", REPOS, GOOD, headers={"X-Auth-Token": token})

    assert issued.status == 201
    assert len(token) > 1500
    assert issued.body["token"]["issued_at"] == "2027-01-15T08:00:00.000000Z"
    assert issued.body["token"]["expires_at"] == "2027-01-16T08:00:00.000000Z"
    assert issued.body["token"]["project"]["name"] == "cn-north-4"
    assert issued.body["token"]["user"]["name"] == "demo"
    assert made.status == 201


async def test_the_catalog_comes_unless_it_is_refused(client: Client) -> None:
    """Any value of nocatalog leaves it empty; SWR is in it under both its types."""
    full = await client("POST", LOGIN, password(scope=SCOPE))
    none = await client("POST", f"{LOGIN}?nocatalog=true", password(scope=SCOPE))

    endpoints = {
        each["type"]: each["endpoints"][0]["url"]
        for each in full.body["token"]["catalog"]
    }
    assert endpoints["swrv2"] == endpoints["swr"] == f"{client.box.url}/v2"
    assert none.body["token"]["catalog"] == []


@pytest.mark.parametrize(
    "scope", [{"project": {"name": "p"}}, {"project": {"id": "f" * 32}}]
)
async def test_a_project_needs_no_account(client: Client, scope: object) -> None:
    """A project goes by its name alone, or by its id."""
    issued = await client("POST", LOGIN, password(scope=scope))

    assert issued.status == 201


async def test_a_token_without_a_project_is_not_for_swr(client: Client) -> None:
    """IAM issues it, and the service, which belongs to projects, refuses it."""
    issued = await client("POST", LOGIN, password())
    token = issued.headers["X-Subject-Token"]
    refused = await client("GET", LIST, headers={"X-Auth-Token": token})

    assert issued.body["token"]["domain"]["name"] == "sandbox"
    assert (refused.status, refused.code) == (401, "SVCSTG.SWR.4010000")


TOTP = {"auth": {"identity": {"methods": ["totp"]}}}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(password(secret="wrong", scope=SCOPE), 401, id="password"),
        pytest.param(password(user="nobody", scope=SCOPE), 401, id="user"),
        pytest.param(password(account="other", scope=SCOPE), 401, id="account"),
        pytest.param(
            password(scope={"project": {"name": "p", "domain": {"name": "other"}}}),
            401,
            id="project of another account",
        ),
        pytest.param(TOTP, 401, id="method"),
        pytest.param(password(scope={"project": {}}), 400, id="no project name"),
        pytest.param(password(scope={"project": "p"}), 400, id="project is text"),
        pytest.param(password(scope="p"), 400, id="scope is text"),
        pytest.param({"auth": {}}, 400, id="no identity"),
        pytest.param({}, 400, id="no auth"),
        pytest.param([], 400, id="array"),
        pytest.param(b"{", 400, id="broken"),
        pytest.param(
            {
                "auth": {
                    "identity": {
                        "methods": ["password"],
                        "password": {"user": {"name": "demo", "domain": {}}},
                    }
                }
            },
            400,
            id="no password",
        ),
    ],
)
async def test_a_login_is_refused_as_keystone_does(
    client: Client, body: object, status: int
) -> None:
    """The code in the body is the status as a number, and no token is given."""
    refused = await client("POST", LOGIN, body)

    assert refused.status == status
    assert refused.body["error"].keys() == {"code", "message", "title"}
    assert refused.body["error"]["code"] == status
    assert "X-Subject-Token" not in refused.headers


async def test_a_login_must_be_called_json(client: Client) -> None:
    """IAM wants its Content-Type too."""
    body, headers = password(scope=SCOPE), {"Content-Type": "text/plain"}

    assert (await client("POST", LOGIN, body, headers=headers)).status == 400


@pytest.mark.parametrize(
    ("token", "code"),
    [("", "APIGW.0301"), ("wrong", "SVCSTG.SWR.4010000")],
)
async def test_a_missing_and_an_unknown_token_are_told_apart(
    client: Client, token: str, code: str
) -> None:
    """Both are a 401, from the gateway and from SWR."""
    refused = await client("POST", REPOS, GOOD, headers={"X-Auth-Token": token})

    assert (refused.status, refused.code) == (401, code)


async def test_tokens_die() -> None:
    """The static token counts from the start, an issued one from its login."""
    clock = FakeTime()
    settings = Settings(organizations=("demo",), token_lifetime=60)
    async with started(settings, clock) as client:
        clock.now += 30
        issued = await client("POST", LOGIN, password(scope=SCOPE))
        own = {"X-Auth-Token": issued.headers["X-Subject-Token"]}
        clock.now += 29.9
        alive = await client("GET", LIST)
        clock.now += 0.1
        dead = await client("GET", LIST)
        still = await client("GET", LIST, headers=own)
        clock.now += 30
        late = await client("GET", LIST, headers=own)

    assert issued.body["token"]["expires_at"].startswith("2027-01-15T08:01:30")
    assert (alive.status, still.status) == (200, 200)
    assert (dead.status, dead.code) == (401, "APIGW.0307")
    assert (late.status, late.code) == (401, "APIGW.0307")


# Faults


async def storm(client: Client, number: int) -> Counter[str]:
    """Create *number* repositories once each and count what came back."""
    seen: Counter[str] = Counter()
    for each in range(number):
        try:
            reply = await client.create(f"r{each}")
        except aiohttp.ServerDisconnectedError:
            seen["cut"] += 1
        else:
            seen[f"{reply.status} {reply.code}".strip()] += 1
    return seen


FAILED = "500 SVCSTG.SWR.5000046"
BUSY = "409 SVCSTG.SWR.4090023"


@pytest.mark.parametrize(
    ("settings", "seen", "counted", "committed"),
    [
        pytest.param({"error_rate": 1}, FAILED, ["error"], False, id="error"),
        pytest.param(
            {"error_rate": 1, "error_commits": 1},
            FAILED,
            ["error", "error_committed"],
            True,
            id="error after committing",
        ),
        pytest.param({"busy_rate": 1}, BUSY, ["busy"], False, id="busy"),
        pytest.param({"drop_before": 1}, "cut", ["drop_before"], False, id="before"),
        pytest.param({"drop_after": 1}, "cut", ["drop_after"], True, id="after"),
        pytest.param({"late_rate": 1}, "cut", ["late"], False, id="late"),
    ],
)
async def test_a_fault_strikes_and_is_counted(
    settings: dict[str, Any], seen: str, counted: list[str], *, committed: bool
) -> None:
    """Each fault has its own answer, and only some leave a repository behind."""
    async with started(Settings(organizations=("demo",), **settings)) as client:
        assert await storm(client, 3) == {seen: 3}
        page = await client.page()
        listed = await client("GET", LIST)

    names = ["demo/r0", "demo/r1", "demo/r2"] if committed else []
    faults = {name: n for name, n in page["faults"].items() if n}
    assert faults == dict.fromkeys(counted, 3)
    assert page["uncertain"] == names
    assert page["created"] == dict.fromkeys(names, 1)
    assert page["repositories"] == len(names) == len(listed.body)
    assert page["create_attempts"] == {"demo/r0": 1, "demo/r1": 1, "demo/r2": 1}
    assert sum(page["answers"].values()) == (0 if seen == "cut" else 3)


async def test_a_late_create_is_carried_out_at_its_own_time() -> None:
    """Its sender was cut off long ago; it comes to nothing where he tried again."""
    clock = FakeTime()
    settings = Settings(organizations=("demo",), late_rate=0.5, late_by=10, seed=1)
    async with started(settings, clock) as client:
        first = await storm(client, 40)
        early = await client.page()
        clock.now += 5
        half = await client.page()
        again = await storm(client, 40)
        clock.now += 10
        page = await client.page()
        path = "/v2/manage/namespaces/demo/repos"
        shown = [await client("GET", f"{path}/r{number}") for number in range(40)]

    late = first["cut"]
    seconds = {each.body["created"][:19] for each in shown}
    assert 10 < late < 30
    assert len(early["created"]) == first["201"] == 40 - late
    assert 0 < half["faults"]["late_committed"] < late
    assert again["201"] > 0
    assert page["faults"]["late"] == late + again["cut"]
    assert page["repositories"] == 40
    assert page["duplicate_commits"] == 0
    assert len(page["uncertain"]) == 40 - first["201"] - again["201"]
    assert len(seconds) > 3  # those at which the clock stood, and those in between


async def test_a_lost_create_is_found_by_the_next() -> None:
    """After a cut the same create conflicts, and stays among the uncertain ones."""
    async with started(Settings(organizations=("demo",), drop_after=0.5)) as client:
        await storm(client, 40)
        page = await client.page()
        lost = page["faults"]["drop_after"]
        for key in page["uncertain"]:
            assert key in page["created"]
        second = await storm(client, 40)
        page = await client.page()

    assert 0 < lost < 40
    assert second["409 SVCSTG.SWR.4090006"] == 40 - second["cut"]
    assert len(page["uncertain"]) == lost
    assert page["duplicate_commits"] == 0
    assert page["faults"]["error_committed"] == 0


async def test_a_repository_created_twice_is_counted_twice(client: Client) -> None:
    """Deleting and creating again is the only way to commit a name twice."""
    await client.create("a")
    await client("DELETE", f"{REPOS}/a")
    await client.create("a")

    page = await client.page()

    assert page["created"] == {"demo/a": 2}
    assert page["duplicate_commits"] == 1
    assert page["repositories"] == 1


async def test_a_lost_answer_to_a_refused_create_commits_nothing() -> None:
    """A fault after committing hides a refusal as well as a success."""
    settings = Settings(organizations=("demo",), error_rate=1, error_commits=1)
    async with started(settings) as client:
        refused = await client.create("A")
        page = await client.page()

    assert refused.status == 500
    assert page["faults"]["error"] == 1
    assert page["faults"]["error_committed"] == 0
    assert page["uncertain"] == []


async def test_shares_are_met_and_divide_the_creates() -> None:
    """Of many creates each fault takes about its share, and no create has two."""
    settings = Settings(
        organizations=("demo",),
        seed=7,
        error_rate=0.2,
        error_commits=0.5,
        busy_rate=0.2,
        drop_before=0.1,
        drop_after=0.1,
    )
    async with started(settings) as client:
        seen = await storm(client, 600)
        page = await client.page()

    assert sum(seen.values()) == 600
    for name, share in (
        (FAILED, 0.2),
        (BUSY, 0.2),
        ("cut", 0.2),
        ("201", 0.4),
    ):
        assert abs(seen[name] / 600 - share) < 0.05, (name, seen)
    faults = page["faults"]
    assert abs(faults["error_committed"] / faults["error"] - 0.5) < 0.15
    assert seen["cut"] == faults["drop_before"] + faults["drop_after"]
    assert len(page["uncertain"]) == faults["error_committed"] + faults["drop_after"]
    assert page["repositories"] == seen["201"] + len(page["uncertain"])


async def test_the_same_seed_gives_the_same_faults() -> None:
    """Chance is seeded; another setting's dice do not disturb it."""

    async def run(**more: Any) -> list[str]:
        settings = Settings(organizations=("demo",), busy_rate=0.5, **more)
        async with started(settings) as client:
            await storm(client, 40)
            return [name for _, name in client.box.repositories]

    first = await run()

    assert await run() == first
    assert await run(jitter=1.0) == first
    assert await run(seed=1) != first


async def test_faults_are_about_creates_only() -> None:
    """Everything but creating a repository works in the worst of sandboxes."""
    settings = Settings(organizations=("demo",), drop_before=1)
    async with started(settings) as client:
        assert (await client("GET", LIST)).status == 200
        assert (await client("POST", ORGANIZATIONS, {"namespace": "x"})).status == 201
        assert (await client("POST", LOGIN, password(scope=SCOPE))).status == 201


async def test_a_proxy_answers_in_html() -> None:
    """It stands before everything of SWR, but not before IAM."""
    async with started(Settings(organizations=("demo",), html_rate=1)) as client:
        found = await client("GET", LIST)
        made = await client.create("a")
        login = await client("POST", LOGIN, password(scope=SCOPE))
        page = await client.page()

    assert (found.status, made.status, login.status) == (502, 502, 201)
    assert found.headers["Content-Type"].startswith("text/html")
    assert "<h1>502 Bad Gateway</h1>" in found.body
    assert page["faults"]["html"] == 2
    assert page["create_attempts"] == {"demo/a": 1}


async def test_latency_and_jitter_hold_management_requests_back() -> None:
    """A request waits the latency and a share of the jitter; IAM answers at once."""
    clock = FakeTime()
    settings = Settings(organizations=("demo",), latency=2, jitter=1)
    async with started(settings, clock) as client:
        for _ in range(20):
            await client("GET", LIST)
        await client("POST", LOGIN, password(scope=SCOPE))

    assert len(clock.slept) == 20
    assert all(2 <= each <= 3 for each in clock.slept)
    assert max(clock.slept) - min(clock.slept) > 0.5


async def test_a_client_that_left_does_not_know() -> None:
    """A create which outlives its client is committed, and uncertain."""
    arrived, gate = asyncio.Event(), asyncio.Event()

    async def wait(_: float) -> None:
        arrived.set()
        await gate.wait()

    settings = Settings(organizations=("demo",), latency=1)
    async with Sandbox(settings, sleep=wait) as box:
        async with aiohttp.ClientSession() as session:
            request = asyncio.create_task(Client(box, session).create("a"))
            await arrived.wait()
            request.cancel()
            await asyncio.wait([request])
        async with aiohttp.ClientSession() as session:
            client = Client(box, session)
            await client.page()  # by its answer the server has seen the first leave
            gate.set()
            await client("GET", LIST)
            page = await client.page()

    assert page["uncertain"] == ["demo/a"]
    assert page["answers"] == {"200": 1}


async def test_requests_in_flight_are_counted() -> None:
    """The most at once is remembered; the state page is not among them."""
    barrier = asyncio.Barrier(5)

    async def wait(_: float) -> None:
        await barrier.wait()

    settings = Settings(organizations=("demo",), latency=1)
    async with (
        Sandbox(settings, sleep=wait) as box,
        aiohttp.ClientSession() as session,
    ):
        client = Client(box, session)
        before = await client.page()
        replies = await asyncio.gather(*(client.create(f"r{n}") for n in range(5)))
        page = await client.page()

    assert {reply.status for reply in replies} == {201}
    assert before["max_in_flight"] == 0
    assert page["max_in_flight"] == 5


# Limits


RULE = "policy user over ratelimit,limit:2,time:1 minute"


@pytest.mark.parametrize(
    ("settings", "status", "code", "named"),
    [
        ({}, 429, "APIGW.0308", True),
        ({"throttle_text": False}, 429, "APIGW.0308", False),
        ({"throttle_status": 403}, 403, "SVCSTG.SWR.4031032", True),
        (
            {"throttle_status": 403, "throttle_text": False},
            403,
            "SVCSTG.SWR.4031032",
            False,
        ),
    ],
)
async def test_a_limit_slides_and_names_its_rule(
    settings: dict[str, Any], status: int, code: str, *, named: bool
) -> None:
    """Two in a minute pass, the third does not; refused ones do not count."""
    clock = FakeTime()
    limited = Settings(organizations=("demo",), limit="2/m", **settings)
    async with started(limited, clock) as client:
        first = await client.create("a")
        clock.now += 30
        second = await client("GET", LIST)
        third = await client.create("b")
        clock.now += 29.5
        fourth = await client.create("b")
        clock.now += 0.5
        fifth = await client.create("b")
        page = await client.page()

    assert (first.status, second.status, fifth.status) == (201, 200, 201)
    for throttled in (third, fourth):
        assert (throttled.status, throttled.code) == (status, code)
        assert (RULE in throttled.body["error_msg"]) is named
        assert "Retry-After" not in throttled.headers
    assert page["throttled"] == 2
    assert page["answers"][str(status)] == 2
    assert page["create_attempts"] == {"demo/a": 1, "demo/b": 3}


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        ("1/1s", "limit:1,time:1 second"),
        ("1/5m", "limit:1,time:5 minute"),
        ("1/h", "limit:1,time:1 hour"),
        ("1/2d", "limit:1,time:2 day"),
    ],
)
async def test_a_rule_is_named_in_its_own_unit(limit: str, text: str) -> None:
    """The gateway's words are second, minute, hour and day, always singular."""
    async with started(Settings(limit=limit)) as client:
        await client("GET", LIST)
        throttled = await client("GET", LIST)

    assert throttled.body["error_msg"].endswith(text)


async def test_retry_after_comes_in_seconds() -> None:
    """Whole seconds until the window opens, rounded up."""
    clock = FakeTime()
    settings = Settings(limit="1/10s", retry_after="seconds")
    async with started(settings, clock) as client:
        await client("GET", LIST)
        clock.now += 2.5
        throttled = await client("GET", LIST)

    assert throttled.headers["Retry-After"] == "8"


async def test_retry_after_comes_as_a_date() -> None:
    """A date is to be read against the Date of the same answer."""
    clock = FakeTime()
    settings = Settings(limit="1/10s", retry_after="date", throttle_status=403)
    async with started(settings, clock) as client:
        await client("GET", LIST)
        clock.now += 2.5
        throttled = await client("GET", LIST)

    then = parsedate_to_datetime(throttled.headers["Retry-After"])
    assert then.timestamp() == clock.now + 7.5
    assert (
        parsedate_to_datetime(throttled.headers["Date"]).timestamp() == clock.now - 0.5
    )


async def test_a_login_is_not_limited() -> None:
    """The limit is SWR's, and a request without a token does not use it up."""
    async with started(Settings(limit="1/s")) as client:
        for _ in range(3):
            assert (await client("POST", LOGIN, password(scope=SCOPE))).status == 201
            nobody = await client("GET", LIST, headers={"X-Auth-Token": ""})
            assert nobody.status == 401
        assert (await client("GET", LIST)).status == 200


@given(
    most=st.integers(1, 5),
    seconds=st.floats(0.1, 100),
    gaps=st.lists(st.floats(0, 30), max_size=50),
)
def test_no_window_holds_more_than_its_limit(
    most: int, seconds: float, gaps: list[float]
) -> None:
    """Whatever the arrivals; and who waits as told is admitted."""
    window, now = Window(most=most, seconds=seconds), 0.0
    admitted: list[float] = []
    for gap in gaps:
        now += gap
        wait = window.admit(now)
        if wait == 0:
            admitted.append(now)
        else:
            assert 0 < wait <= seconds

    for first, last in zip(admitted, admitted[most:], strict=False):
        assert last - first >= seconds


# Grammar


def sentence(name: str, *, longest: int, separators: str, first: str) -> bool:
    """
    Say the documented sentence clause by clause.

    "1 to N characters, starting with ... and ending with a lowercase letter or digit.
    Only lowercase letters, digits and [separators] are allowed. [Separators] cannot be
    placed next to each other. A maximum of two consecutive underscores are allowed."
    """
    letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
    if not 1 <= len(name) <= longest:
        return False
    if name[0] not in (letters if first == "letter" else letters + digits):
        return False
    if name[-1] not in letters + digits:
        return False
    if any(each not in letters + digits + separators for each in name):
        return False
    touching = [
        one + two
        for one, two in pairwise(name)
        if one in separators and two in separators
    ]
    return all(pair == "__" for pair in touching) and "___" not in name


NAMES = st.one_of(
    st.text("ab0_-./A$", max_size=12),
    st.text("a_", max_size=6),
    st.builds(
        "".join,
        st.lists(
            st.sampled_from(["a", "z9", "7", "_", "__", "-", ".", "/", "x" * 40]),
            max_size=7,
        ),
    ),
    st.text(max_size=5),
)


@given(NAMES)
def test_organizations_are_called_as_the_sentence_says(name: str) -> None:
    """The grammar and an independent reading of the sentence agree."""
    expected = sentence(name, longest=64, separators="._-", first="letter")

    assert is_namespace(name, hyphen_runs=False) == expected


@given(NAMES)
def test_repositories_are_called_as_the_sentence_says(name: str) -> None:
    """The grammar and an independent reading of the sentence agree."""
    expected = sentence(name, longest=128, separators="._-/", first="either")

    assert is_repository(name, hyphen_runs=False) == expected


@given(NAMES)
def test_hyphen_runs_are_the_only_difference(name: str) -> None:
    """With runs allowed, a name is as good as the same with its runs shortened."""
    short = re.sub("-+", "-", name)

    for legal, longest in ((is_namespace, 64), (is_repository, 128)):
        expected = len(name) <= longest and legal(short, hyphen_runs=False)
        assert legal(name, hyphen_runs=True) == expected


@pytest.mark.parametrize(
    ("legal", "longest"), [(is_namespace, 64), (is_repository, 128)]
)
def test_names_have_a_longest_length(legal: Callable[..., bool], longest: int) -> None:
    """The last length that goes, and the first that does not."""
    assert legal("a" * longest, hyphen_runs=False)
    assert not legal("a" * (longest + 1), hyphen_runs=False)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1_800_000_000.0, "2027-01-15T08:00:00Z"),
        (1_800_000_000.5, "2027-01-15T08:00:00.5Z"),
        (1_800_000_001.25, "2027-01-15T08:00:01.250000001Z"),
        (1_800_000_000.9999999, "2027-01-15T08:00:01.000000001Z"),
    ],
)
def test_timestamps_have_any_number_of_digits(seconds: float, text: str) -> None:
    """None to nine, so that a reader does not get used to one."""
    assert timestamp(seconds) == text


# The sandbox itself


async def test_the_state_page_counts_everything(client: Client) -> None:
    """All operations and answers are there; names that cannot be read are not."""
    await client.create("a")
    await client.create("a")
    await client("POST", REPOS, b"{")
    await client("POST", REPOS, {"repository": 1})
    await client("GET", f"{REPOS}/a")

    page = await client.page()

    assert page == client.box.page()
    assert {name: n for name, n in page["requests"].items() if n} == {
        "create": 4,
        "show": 1,
    }
    assert page["answers"] == {"200": 1, "201": 1, "400": 2, "409": 1}
    assert page["created"] == {"demo/a": 1}
    assert page["create_attempts"] == {"demo/a": 2}
    assert page["uncertain"] == []
    assert (page["duplicate_commits"], page["throttled"]) == (0, 0)


async def test_the_front_page_gives_versions_and_hints(client: Client) -> None:
    """It is there for a cheap look without a token, and for a person's browser."""
    found = await client("GET", "/", headers={"X-Auth-Token": ""})

    assert found.status == 200
    assert found.body["versions"][0]["id"] == "v2"
    assert found.body["sandbox"]["state"] == f"{client.box.url}/sandbox/state"
    assert "sandbox-password" not in str(found.body)


async def test_what_was_created_survives_a_restart() -> None:
    """A sandbox may be entered again; between two runs it refuses connections."""
    box = Sandbox(DEMO)
    assert box.url == ""
    async with aiohttp.ClientSession() as session:
        async with box:
            assert (await Client(box, session).create("a")).status == 201
        with pytest.raises(aiohttp.ClientConnectionError):
            await Client(box, session).create("b")
        async with box:
            assert (await Client(box, session).create("a")).status == 409


async def test_a_taken_port_is_an_os_error(client: Client) -> None:
    """Starting fails at once, and leaves nothing open."""
    port = URL(client.box.url).port
    assert port is not None

    with pytest.raises(OSError, match="address already in use"):
        async with Sandbox(port=port):
            pass


async def test_serve_runs_until_cancelled() -> None:
    """It says where it listens once it does, and is gone after its end."""
    told: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.create_task(
        serve(DEMO, host="127.0.0.1", port=0, ready=told.put_nowait)
    )
    url = await told.get()
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            assert answer.status == 200
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(url)


async def test_the_application_runs_under_somebody_elses_server() -> None:
    """Its links then follow the Host of the request."""
    runner = web.AppRunner(application(Sandbox(DEMO)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        found = await answer.json()
    await runner.cleanup()

    assert found["sandbox"]["state"] == f"{url}/sandbox/state"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"error_rate": 1.1}, "error_rate"),
        ({"error_commits": -0.1}, "error_commits"),
        ({"html_rate": 2}, "html_rate"),
        ({"latency": -1}, "latency"),
        ({"jitter": float("nan")}, "jitter"),
        ({"quota": -1}, "quota"),
        ({"organization_quota": -1}, "organization_quota"),
        ({"token_lifetime": 0}, "token_lifetime"),
        ({"throttle_status": 503}, "throttle_status"),
        ({"retry_after": "soon"}, "retry_after"),
        ({"limit": "20"}, "limit"),
        ({"limit": "0/s"}, "limit"),
        ({"limit": "1/0s"}, "limit"),
        ({"limit": "1/w"}, "limit"),
        ({"organizations": ("Demo",)}, "organization 'Demo'"),
        ({"forbidden": ("a--b",)}, "organization 'a--b'"),
        ({"error_rate": 0.6, "busy_rate": 0.6}, "sum is 1.2"),
    ],
)
def test_settings_that_make_no_sense_are_named(
    settings: dict[str, Any], named: str
) -> None:
    """The message says which value, so that a command line can pass it on."""
    with pytest.raises(ValueError, match=re.escape(named)):
        Settings(**settings)
