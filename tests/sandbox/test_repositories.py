"""Repositories of the sandbox: created, shown, changed and deleted."""

import pytest

from bulkrepo.sandbox import Settings
from bulkrepo.sandbox.grammar import CATEGORIES
from tests.support.sandbox_client import GOOD, ORGANIZATIONS, REPOS, Client, started


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


@pytest.mark.parametrize(("name", "status"), [("a", 201), ("b", 400)])
async def test_a_change_may_name_its_repository(
    client: Client, name: str, status: int
) -> None:
    """Some clients always send the name; another one than the path's is a mistake."""
    await client("POST", REPOS, GOOD | {"repository": "a"})
    body = {"repository": name, "is_public": True}
    changed = await client("PATCH", f"{REPOS}/a", body)

    assert changed.status == status


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
