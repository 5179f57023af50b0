"""Organizations of the sandbox: found, refused and limited by a quota."""

import pytest

from bulkrepo.sandbox import Settings
from tests.support.sandbox_client import GOOD, ORGANIZATIONS, TWO, Client, started


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
