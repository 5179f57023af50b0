"""The sandbox's list of repositories: filters, order and pages."""

import pytest

from tests.support.sandbox_client import GOOD, LIST, ORGANIZATIONS, TWO, Client, started


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
