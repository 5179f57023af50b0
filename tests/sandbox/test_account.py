"""The sandbox's account: rights, quotas, images, and other people at work."""

import re
import signal
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from bulkrepo.cli.main import sandbox
from bulkrepo.sandbox import Settings
from tests.support.boxes import begin, end
from tests.support.sandbox_client import (
    GOOD,
    LIST,
    LOGIN,
    ORGANIZATIONS,
    REPOS,
    Client,
    password,
    started,
)

FORBIDDEN = (403, "SVCSTG.SWR.4037017")
PUSH = "/sandbox/push"
QUOTAS = f"/v2/manage/projects/{'0123456789abcdef' * 2}/quotas"

# Rights


async def test_where_we_only_read_nothing_changes() -> None:
    """Its `auth` is 1; what is there can be listed and shown."""
    settings = Settings(forbidden=("theirs",), images=("theirs/a",))
    async with started(settings) as client:
        path = f"{ORGANIZATIONS}/theirs/repos"
        organization = await client("GET", f"{ORGANIZATIONS}/theirs")
        listed = await client("GET", f"{LIST}?namespace=theirs")
        shown = await client("GET", f"{path}/a")
        refused = [
            await client("POST", path, GOOD),
            await client("PATCH", f"{path}/a", {"is_public": True}),
            await client("DELETE", f"{path}/a"),
            await client("DELETE", f"{ORGANIZATIONS}/theirs"),
        ]

    assert organization.body["auth"] == 1
    assert [item["name"] for item in listed.body] == ["a"]
    assert shown.status == 200
    assert {(each.status, each.code) for each in refused} == {FORBIDDEN}


async def test_a_listing_may_be_forbidden_where_creating_is_not() -> None:
    """Neither asking for it nor listing everything shows what it holds."""
    settings = Settings(organizations=("demo",), unlisted=("secret",))
    async with started(settings) as client:
        made = await client("POST", f"{ORGANIZATIONS}/secret/repos", GOOD)
        plain = await client("GET", f"{LIST}?namespace=secret")
        inside = await client("GET", f"{LIST}?filter=namespace::secret")
        every = await client("GET", LIST)
        shown = await client("GET", f"{ORGANIZATIONS}/secret/repos/a")
        organization = await client("GET", f"{ORGANIZATIONS}/secret")

    assert (made.status, shown.status, organization.body["auth"]) == (201, 200, 7)
    assert (plain.status, plain.code) == (inside.status, inside.code) == FORBIDDEN
    assert every.body == []


@pytest.mark.parametrize("any_organization", [False, True])
async def test_another_accounts_organization_is_a_conflict_and_a_closed_door(
    *, any_organization: bool
) -> None:
    """It is not among ours, and nothing is told or done in it."""
    settings = Settings(
        organizations=("demo",), taken=("other",), any_organization=any_organization
    )
    async with started(settings) as client:
        made = await client("POST", ORGANIZATIONS, {"namespace": "other"})
        every = await client("GET", ORGANIZATIONS)
        listed = await client("GET", f"{LIST}?namespace=other")
        refused = [
            await client("GET", f"{ORGANIZATIONS}/other"),
            await client("DELETE", f"{ORGANIZATIONS}/other"),
            await client("POST", f"{ORGANIZATIONS}/other/repos", GOOD),
            await client("GET", f"{ORGANIZATIONS}/other/repos/a"),
        ]

    assert (made.status, made.code) == (409, "SVCSTG.SWR.4090060")
    assert [each["name"] for each in every.body["namespaces"]] == ["demo"]
    assert listed.body == []
    assert {(each.status, each.code) for each in refused} == {FORBIDDEN}


async def test_what_is_not_there_may_look_like_what_is_not_ours() -> None:
    """Only the attempt to create it tells them apart."""
    settings = Settings(organizations=("demo",), taken=("other",), discreet=True)
    async with started(settings) as client:
        refused = [
            await client("GET", f"{ORGANIZATIONS}/{name}{path}")
            for name in ("missing", "other")
            for path in ("", "/repos/a")
        ]
        made = await client("POST", ORGANIZATIONS, {"namespace": "missing"})
        shown = await client("GET", f"{ORGANIZATIONS}/missing")

    assert {(each.status, each.code) for each in refused} == {FORBIDDEN}
    assert (made.status, shown.status) == (201, 200)


# Quotas and projects


async def test_the_quota_of_organizations_is_told_with_its_use() -> None:
    """Only organizations that are ours use it up."""
    settings = Settings(
        organizations=("a", "b"), forbidden=("c",), organization_quota=3
    )
    async with started(settings) as client:
        before = await client("GET", QUOTAS)
        made = await client("POST", ORGANIZATIONS, {"namespace": "d"})
        after = await client("GET", QUOTAS)
        over = await client("POST", ORGANIZATIONS, {"namespace": "e"})

    def quota(used: int) -> dict[str, Any]:
        limit = {"quota_key": "namespace", "quota_limit": 3, "used": used, "unit": ""}
        return {"quotas": [limit]}

    assert (before.body, after.body) == (quota(2), quota(3))
    assert made.status == 201
    assert (over.status, over.code) == (400, "SVCSTG.SWR.4000097")


async def test_where_any_organization_goes_no_quota_is_told() -> None:
    """A number that nobody keeps to would be a lie."""
    async with started(Settings(any_organization=True)) as client:
        assert (await client("GET", QUOTAS)).body == {"quotas": []}


async def test_iam_names_the_project_to_those_who_say_who_they_are() -> None:
    """A client that has only an access key and a region asks for the id so."""
    async with started() as client:
        found = await client("GET", "/v3/projects?name=cn-north-4")
        nobody = await client("GET", "/v3/projects", headers={"X-Auth-Token": ""})

    project = found.body["projects"][0]
    assert (project["id"], project["name"]) == ("0123456789abcdef" * 2, "cn-north-4")
    assert (nobody.status, nobody.code) == (401, "APIGW.0301")


async def test_iam_says_what_it_speaks_without_being_told_who_asks() -> None:
    """Clients of Keystone look before they log in."""
    async with started() as client:
        found = await client("GET", "/v3", headers={"X-Auth-Token": ""})

    assert found.body["version"]["id"].startswith("v3")
    assert found.body["version"]["links"][0]["href"] == f"{client.box.url}/v3"


@pytest.mark.parametrize("project", ["cn-north-4", "cn-north-4_web"])
async def test_the_catalog_is_the_projects_regions(project: str) -> None:
    """Clients look services up by region; a project's name begins with its own."""
    scope = {"project": {"name": project}}
    async with started() as client:
        issued = await client("POST", LOGIN, password(scope=scope))

    token = issued.body["token"]
    regions = {each["endpoints"][0]["region_id"] for each in token["catalog"]}
    assert regions == {"cn-north-4"}
    assert token["project"] == {
        "id": "0123456789abcdef" * 2,
        "name": project,
        "domain": token["user"]["domain"],
    }


# Images


async def test_a_repository_may_hold_an_image_from_the_start() -> None:
    """Then it is not deleted, and its organization is there as well."""
    async with started(Settings(images=("demo/web/api",))) as client:
        shown = await client("GET", f"{REPOS}/web$api")
        listed = await client("GET", f"{LIST}?namespace=demo")
        refused = await client("DELETE", f"{REPOS}/web$api")
        page = await client.page()

    assert shown.body["num_images"] == 1
    assert listed.body[0]["tags"] == ["v1"]
    assert (refused.status, refused.code) == (406, "SVCSTG.SWR.4060012")
    assert page["created"] == {}


async def test_somebody_may_push_at_any_time() -> None:
    """A push adds an image, and makes the repository where there is none."""
    async with started() as client:
        await client.create("a", is_public=True)
        replies = [
            await client("POST", PUSH, {"namespace": "demo", "repository": name})
            for name in ("a", "a", "web/b")
        ]
        refused = await client("DELETE", f"{REPOS}/a")
        lost = await client("POST", PUSH, {"namespace": "absent", "repository": "a"})
        bad = await client("POST", PUSH, {"namespace": "demo", "repository": "A"})
        page = await client.page()

    found = client.box.repositories
    assert [each.status for each in replies] == [201] * 3
    assert (found["demo", "a"].num_images, found["demo", "a"].is_public) == (2, True)
    assert (found["demo", "web/b"].num_images, found["demo", "web/b"].tags) == (
        1,
        ["v1"],
    )
    assert (refused.status, lost.status, bad.status) == (406, 404, 400)
    assert page["created"] == {"demo/a": 1}
    assert (
        sum(page["requests"].values()) == 2
    )  # of pushes SWR's management sees nothing


# Other people at work


async def pages(client: Client, count: int) -> list[str]:
    """Read *count* pages of a listing, of ten each."""
    found: list[str] = []
    for number in range(count):
        page = await client("GET", f"{LIST}?limit=10&offset={10 * number}")
        found += [item["name"] for item in page.body]
    return found


@pytest.mark.parametrize(
    ("settings", "seen", "left"),
    [
        # Each deletion moves what follows by one: a reader by offsets misses some.
        pytest.param({"vanish": 4}, 10 + 10 + 10 + 0, 40 - 4 * 4, id="shrinks"),
        pytest.param({"appear": 2}, 10 + 10 + 10 + 10, 40 + 4 * 2, id="grows"),
    ],
)
async def test_a_list_changes_while_it_is_read(
    settings: dict[str, Any], seen: int, left: int
) -> None:
    """After each page so many repositories go or come."""
    async with started(Settings(organizations=("demo",), **settings)) as client:
        for number in range(40):
            await client.create(f"r{number}")
        found = await pages(client, 4)
        page = await client.page()

    assert len(found) == seen
    assert page["repositories"] == left
    assert page["requests"]["list"] == 4
    assert len(page["created"]) == 40
    assert page["duplicate_commits"] == 0


async def test_changes_are_seeded_and_spare_images() -> None:
    """The same seed deletes the same; what holds an image stays."""

    async def run(seed: int) -> list[str]:
        settings = Settings(images=("demo/kept",), vanish=5, appear=1, seed=seed)
        async with started(settings) as client:
            for number in range(20):
                await client.create(f"r{number}")
            await pages(client, 3)
            return [name for _, name in client.box.repositories]

    first = await run(0)

    assert "kept" in first
    assert await run(0) == first
    assert await run(1) != first


async def test_nobody_creates_where_there_is_no_organization() -> None:
    """An empty account stays empty."""
    async with started(Settings(appear=1, vanish=1)) as client:
        assert (await client("GET", LIST)).body == []
        assert (await client.page())["repositories"] == 0


# The command line


def test_every_option_is_a_setting() -> None:
    """Defaults are the same; only what is better given in Python is no option."""
    options = sandbox.make_context("sandbox", []).params
    options["throttle_status"] = int(options["throttle_status"])
    for name in ("host", "port"):
        del options[name]
    settings = {each.name for each in fields(Settings)}

    assert settings - options.keys() == {"any_organization", "users", "hyphen_runs"}
    assert Settings(**options) == Settings()


async def test_the_command_says_where_it_is_and_what_it_takes(tmp_path: Path) -> None:
    """A line to export on stdout; on stderr the same for an access key."""
    words = ("--organization", "demo", "--secret-key", "s", "--security-token", "t")
    process = await begin("sandbox", "--port", "0", *words, cwd=tmp_path)
    line = (await process.stdout.readline()).decode()
    comment = (await process.stderr.readline()).decode()
    process.send_signal(signal.SIGTERM)
    await end(process)

    url = re.escape(line.split()[1].partition("=")[2])
    assert re.fullmatch(rf"export SWR_ENDPOINT={url} SWR_TOKEN=sandbox-token\n", line)
    assert re.search(
        rf"export SWR_ENDPOINT={url} HW_ACCESS_KEY=SANDBOXACCESSKEY HW_SECRET_KEY=s"
        " HW_SECURITY_TOKEN=t\n",
        comment,
    )


# What was asked


async def test_requests_are_counted_by_method_and_path() -> None:
    """Names in paths are left out, so that a test can count GETs and POSTs."""
    async with started() as client:
        await client.create("a")
        await client.create("b")
        await client("GET", f"{REPOS}/a")
        await client("GET", ORGANIZATIONS)
        await client("PUT", LIST)
        page = await client.page()

    assert page["paths"] == {
        "GET /v2/manage/namespaces": 1,
        "GET /v2/manage/namespaces/{namespace}/repos/{repository}": 1,
        "POST /v2/manage/namespaces/{namespace}/repos": 2,
        "PUT unknown": 1,
    }
