"""Clients that others wrote find an SWR and IAM in our sandbox, and sign as we do."""

import json
import os
import random
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from bulkrepo.sandbox.signature import Claim, holds
from bulkrepo.swr.auth.signature import signed
from tests.sandbox.test_signature import asked
from tests.support.boxes import environment
from tests.support.paths import ROOT

pytestmark = pytest.mark.real

HUAWEI = ("BULKREPO_SDK_PYTHON", "huaweicloudsdkswr", "huawei")
OTC = ("BULKREPO_OTC_PYTHON", "otcextensions openstacksdk", "otc")
"""Variable that names an interpreter, what to install for it, and its script."""


class Box(NamedTuple):
    """A sandbox in a process of its own, and what it said of itself."""

    endpoint: str
    access_key: str
    secret_key: str

    def page(self) -> Any:
        """Read what it has seen."""
        url = f"{self.endpoint}/sandbox/state"
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - it is ours
            return json.load(answer)


Call = Callable[..., Any]


@contextmanager
def sandbox(*words: str) -> Iterator[Box]:
    """Run `bulkrepo sandbox` on a free port."""
    with subprocess.Popen(
        [sys.executable, "-m", "bulkrepo", "sandbox", "--port", "0", *words],
        env=environment(PYTHONPATH=os.pathsep.join(sys.path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            # An endpoint, an access key and a secret key, as one would export them.
            told = re.findall(r"[A-Z_]+=(\S+)", process.stderr.readline())
            yield Box(*told[:3])
        finally:
            process.terminate()
            process.communicate(timeout=30)


@contextmanager
def foreign(kind: tuple[str, str, str], home: Path) -> Iterator[Call]:
    """Run somebody else's client, and give a way to ask it."""
    variable, packages, script = kind
    python = os.environ.get(variable)
    if python is None:
        if os.environ.get("BULKREPO_REAL"):
            pytest.fail(f"{variable} names no python with {packages}")
        pytest.skip(f"{variable} is not set")
    with subprocess.Popen(
        [python, "-W", "ignore", str(Path(__file__).parent / "sdk" / f"{script}.py")],
        env=environment(HOME=str(home)),  # clients write there
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None

        def ask(**question: object) -> Any:
            stdin.write(json.dumps(question) + "\n")
            stdin.flush()
            return json.loads(stdout.readline())

        try:
            yield ask
        finally:
            stdin.close()
            process.wait(timeout=30)


@pytest.fixture(scope="module")
def huawei(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    """Give the vendor's SDK."""
    with foreign(HUAWEI, tmp_path_factory.mktemp("home")) as ask:
        yield ask


@pytest.fixture(scope="module")
def otc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    """Give the OpenStack SDK with the Open Telekom Cloud's extensions."""
    with foreign(OTC, tmp_path_factory.mktemp("home")) as ask:
        yield ask


HERE = "http://127.0.0.1:8099"
PROJECT = "0123456789abcdef" * 2


class Vendor:
    """The vendor's SDK as a user of a sandbox."""

    def __init__(self, ask: Call, box: Box, **more: str) -> None:
        self._ask = ask
        self._settings = box._asdict() | {"project_id": PROJECT} | more

    def __call__(self, name: str, **given: object) -> SimpleNamespace:
        """Call an operation; give its answer, or what it raised."""
        found = self._ask(settings=self._settings, name=name, given=given)
        return SimpleNamespace(**found)

    def create(self, repository: str, **more: object) -> SimpleNamespace:
        """Create a private repository in `demo`."""
        body = {"repository": repository, "is_public": False} | more
        return self("create_repo", namespace="demo", body=body)


SANDBOX = ("--organization", "demo", "--readonly", "theirs", "--taken", "other")
FULL = (*SANDBOX, "--images", "demo/full", "--organization-quota", "2")


def test_the_vendors_client_works_on_repositories(huawei: Call) -> None:
    """It creates, shows, lists, changes and deletes, and reads what it wrote."""
    with sandbox(*SANDBOX) as box:
        vendor = Vendor(huawei, box)
        made = vendor.create("web/api", category="linux", description="Дом")
        name = {"namespace": "demo", "repository": "web$api"}
        shown = vendor("show_repository", **name)
        changed = vendor("update_repo", **name, body={"is_public": True})
        listed = vendor("list_repos_details", namespace="demo", limit="9", offset="0")
        deleted = vendor("delete_repo", **name)
        gone = vendor("show_repository", **name)

    statuses = [each.status_code for each in (made, shown, changed, listed, deleted)]
    assert statuses == [201, 200, 201, 200, 204]
    assert (shown.name, shown.category, shown.description, shown.is_public) == (
        "web/api",
        "linux",
        "Дом",
        False,
    )
    assert [(item["name"], item["is_public"]) for item in listed.body] == [
        ("web/api", True)
    ]
    assert (gone.raised, gone.error_code) == (
        "ClientRequestException",
        "SVCSTG.SWR.4040010",
    )


def test_the_vendors_client_pages_and_filters(huawei: Call) -> None:
    """Offset and limit, header and total agree, also in the one-string form."""
    with sandbox(*SANDBOX) as box:
        vendor = Vendor(huawei, box)
        for number in range(7):
            vendor.create(f"app-{number}")
        pages = [
            vendor(
                "list_repos_details", namespace="demo", limit="3", offset=str(offset)
            )
            for offset in (0, 3, 6, 9)
        ]
        found = vendor(
            "list_repos_details", filter="namespace::demo|name::p-6|limit::9|offset::0"
        )
        bad = vendor("list_repos_details", namespace="demo", limit="3")

    assert pages.pop().body is None  # it reads an empty array as nothing
    names = [item["name"] for page in pages for item in page.body]
    assert names == [f"app-{number}" for number in range(7)]
    assert [page.content_range for page in pages] == [
        "0-3/7",
        "3-3/7",
        "6-1/7",
    ]
    assert {item["total_range"] for page in pages for item in page.body} == {7}
    assert [item["name"] for item in found.body] == ["app-6"]
    assert bad.error_code == "SVCSTG.SWR.4001072"


def test_the_vendors_client_works_on_organizations(huawei: Call) -> None:
    """It creates, shows, lists and deletes them, and asks how many there may be."""
    with sandbox(*FULL) as box:
        vendor = Vendor(huawei, box)
        made = vendor("create_namespace", body={"namespace": "new"})
        shown = vendor("show_namespace", namespace="new")
        theirs = vendor("show_namespace", namespace="theirs")
        listed = vendor("list_namespaces")
        quota = vendor("list_quotas")
        over = vendor("create_namespace", body={"namespace": "more"})
        deleted = vendor("delete_namespaces", namespace="new")

    assert [each.status_code for each in (made, shown, deleted)] == [201, 200, 204]
    assert (shown.name, shown.auth, theirs.auth) == ("new", 7, 1)
    assert [each["name"] for each in listed.namespaces] == ["demo", "theirs", "new"]
    assert quota.quotas == [
        {"quota_key": "namespace", "quota_limit": 2, "used": 2, "unit": ""}
    ]
    assert over.error_code == "SVCSTG.SWR.4000097"


def test_the_vendors_client_raises_what_went_wrong(huawei: Call) -> None:
    """Status, code and request id of each refusal arrive in its exception."""
    body = {"repository": "full", "is_public": False}
    with sandbox(*FULL) as box:
        vendor = Vendor(huawei, box)
        wrong = Vendor(huawei, box, secret_key="wrong")
        refused = [
            vendor("create_repo", namespace="demo", body=body),
            vendor("create_repo", namespace="absent", body=body),
            vendor("create_repo", namespace="theirs", body=body),
            vendor("create_repo", namespace="demo", body=body | {"repository": "A"}),
            vendor("create_namespace", body={"namespace": "other"}),
            vendor("show_namespace", namespace="absent"),
            vendor("delete_repo", namespace="demo", repository="full"),
            vendor("show_repository", namespace="demo", repository="web/api"),
            Vendor(huawei, box, project_id="f" * 32)("list_namespaces"),
            Vendor(huawei, box, access_key="NOBODY")("list_namespaces"),
            *(wrong("list_namespaces") for _ in range(6)),
            vendor("list_namespaces"),
        ]

    assert [(each.status_code, each.error_code) for each in refused] == [
        (409, "SVCSTG.SWR.4090006"),
        (404, "SVCSTG.SWR.4040058"),
        (403, "SVCSTG.SWR.4037017"),
        (400, "SVCSTG.SWR.4001029"),
        (409, "SVCSTG.SWR.4090060"),
        (404, "SVCSTG.SWR.4040058"),
        (406, "SVCSTG.SWR.4060012"),
        (404, "APIGW.0101"),  # it escapes a slash as %2F
        (403, "APIGW.0310"),
        *[(401, "APIGW.0301")] * 8,
    ]
    assert {each.raised for each in refused} == {"ClientRequestException"}
    assert all(re.fullmatch("[0-9a-f]{32}", each.request_id) for each in refused)
    assert "ak:NOBODY,err:ak not exist" in refused[9].error_msg
    assert "verify aksk signature fail" in refused[15].error_msg
    assert "AK access failed to reach the limit" in refused[16].error_msg


def test_the_vendors_client_finds_its_project_and_brings_a_temporary_key(
    huawei: Call,
) -> None:
    """It asks IAM for the project of its region, with a signed request."""
    with sandbox(*SANDBOX, "--security-token", "MIIFw==") as box:
        ours = Vendor(huawei, box, project_id="", security_token="MIIFw==")
        found = ours("list_quotas")
        bare = Vendor(huawei, box)("list_quotas")
        page = box.page()

    assert found.quotas[0]["quota_key"] == "namespace"
    assert page["paths"]["GET /v3/projects"] == 1
    assert page["signatures"]["verified"] == 2
    assert (bare.status_code, bare.error_code) == (401, "APIGW.0301")


def test_another_client_logs_in_and_works(otc: Call) -> None:
    """It looks IAM up, logs in with a password, and finds SWR in the catalog."""
    with sandbox(*FULL) as box:
        user = {"username": "demo", "password": "sandbox-password"}
        settings = {"endpoint": box.endpoint} | user

        def call(name: str, *where: str, **given: object) -> Any:
            return otc(settings=settings, name=name, given={"*": where} | given)

        web = {"namespace": "demo", "repository": "web", "is_public": True}
        made = call("create_repository", **web, category="linux")
        again = call("create_repository", **web)
        slash = call("create_repository", **web | {"repository": "web/api"})
        shown = call("get_repository", "demo", "web")
        listed = call("repositories", namespace="demo")
        lost = call("get_repository", "demo", "web/api")
        kept = call("delete_repository", "demo", "full", ignore_missing=False)
        organizations = call("organizations")
        theirs = call("create_organization", namespace="other")
        settings["password"] = "wrong"
        nobody = call("organizations")

    assert (made["repository"], slash["repository"]) == ("web", "web/api")
    assert (again["raised"], again["status_code"]) == ("ConflictException", 409)
    assert "SVCSTG.SWR.4090006" in again["text"]
    assert (shown["name"], shown["is_public"], shown["category"]) == (
        "web",
        True,
        "linux",
    )
    assert [item["name"] for item in listed["items"]] == ["full", "web", "web/api"]
    assert lost["raised"] == "NotFoundException"  # it leaves the slash as it is
    assert "APIGW.0101" in lost["text"]
    assert (kept["status_code"], "SVCSTG.SWR.4060012" in kept["text"]) == (406, True)
    assert [each["name"] for each in organizations["items"]] == ["demo", "theirs"]
    assert "SVCSTG.SWR.4090060" in theirs["text"]
    assert nobody["raised"]


def test_the_readmes_example_runs(huawei: Call, tmp_path: Path) -> None:
    """It creates a repository with the default key."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    code = readme.split("## The sandbox")[1].split("```python\n")[1].split("```")[0]
    with sandbox("--organization", "demo") as box:
        subprocess.run(
            [
                os.environ[HUAWEI[0]],
                "-W",
                "ignore",
                "-c",
                code.replace(HERE, box.endpoint),
            ],
            check=True,
            env=environment(HOME=str(tmp_path)),
            stdout=subprocess.DEVNULL,
        )
        page = box.page()

    assert page["created"] == {"demo/busybox": 1}
    assert page["signatures"]["verified"] == 1


# Signatures

ALPHABET = "abzAZ09-._~$%+/ &=?#:;,|!'()*@[]{}\"\\^`<>\té仓🎉"


def some(dice: random.Random, characters: str, *, most: int = 12) -> str:
    """Draw a text of *characters*."""
    return "".join(dice.choices(characters, k=dice.randint(0, most)))


def request(dice: random.Random) -> dict[str, Any]:
    """Draw a request to be signed."""
    raw = "abz09-._~$+:@!é仓"
    segments = [
        "".join(dice.choice([some(dice, raw, most=3), *ESCAPES]) for _ in range(3))
        for _ in range(dice.randint(1, 4))
    ]
    headers = {
        f"X-{some(dice, 'abz', most=5)}{number}": some(dice, "abz ,;=é仓\t")
        for number in range(dice.randint(0, 3))
    }
    if dice.random() < 0.8:
        headers["Content-Type"] = dice.choice(TYPES)
    if dice.random() < 0.5:
        headers["X-Project-Id"] = PROJECT
    if dice.random() < 0.5:
        headers["X-Security-Token"] = some(dice, "abAB09+/=", most=3000)
    if dice.random() < 0.3:
        headers["x_signed_by_nobody"] = "1"
    query: list[tuple[str, object]] = [
        (some(dice, ALPHABET), some(dice, ALPHABET)) for _ in range(dice.randint(0, 5))
    ]
    if dice.random() < 0.2:
        query.append(("list", [some(dice, ALPHABET) for _ in range(3)]))
    return {
        "method": dice.choice(["GET", "POST", "PATCH", "DELETE", "PUT"]),
        "host": dice.choice(["swr-api.cn-north-4.myhuaweicloud.com", "127.0.0.1:8099"]),
        "path": "/v2/" + "/".join(segments) + dice.choice(["", "", "/"]),
        "query": query,
        "headers": headers,
        "body": dice.choice(["", json.dumps({"a": some(dice, ALPHABET)}), "é" * 4000]),
        "date": f"2026{dice.randint(1, 12):02}{dice.randint(1, 28):02}T235959Z",
        "access_key": some(dice, "ABZ09", most=20) or "A",
        "secret_key": some(dice, "abzABZ09+/=", most=40) or "s",
    }


ESCAPES = ("%24", "%2F", "%25", "%7e", "%7E", "%20", "%2B", "%E4%BB%93", "%zz")
TYPES = ("application/json", "application/json;charset=utf8")


def by_us(made: dict[str, Any], url: str) -> str:
    """Sign with our own client's signer."""
    found = signed(
        made["method"],
        url,
        made["headers"],
        made["body"].encode(),
        **{name: made[name] for name in ("access_key", "secret_key", "date")},
    )
    return str(found)


def signatures(huawei: Call, *, seed: int) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Draw 400 requests; give each with its URL and what the vendor's signer says."""
    dice = random.Random(seed)
    for _ in range(400):
        made = request(dice)
        signed = huawei(sign=made)
        url = f"https://{made['host']}{signed['target']}"
        yield made, url, signed["authorization"]


def test_the_sandbox_takes_what_the_vendors_signer_signs(huawei: Call) -> None:
    """Both compute the same signature, whatever stands in the request."""
    seen: set[str] = set()
    for made, url, authorization in signatures(huawei, seed=1):
        body, date = made["body"].encode(), made["date"]
        call = asked(made["method"], url, made["headers"], body, date=date)
        claim = Claim.read(authorization)
        assert claim is not None
        assert holds(claim, call, secret_key=made["secret_key"]), (made, url)
        seen.add(claim.signature)

    assert len(seen) == 400


def test_we_sign_as_the_vendors_signer_does(huawei: Call) -> None:
    """The whole header is equal, to the letter."""
    for made, url, authorization in signatures(huawei, seed=2):
        assert by_us(made, url) == authorization, (made, url)
