"""Logins at the sandbox, and the life of their tokens."""

import pytest

from bulkrepo.sandbox import Settings
from tests.support.sandbox_client import (
    GOOD,
    LIST,
    LOGIN,
    REPOS,
    SCOPE,
    Client,
    FakeTime,
    password,
    started,
)


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
