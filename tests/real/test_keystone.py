"""Against a real Keystone, OpenStack's own IAM: an SWR that takes only its tokens."""

import base64
import grp
import hmac
import os
import pwd
import re
import socket
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from tests.support import boxes
from tests.support.boxes import Ended, outcomes, rows, write

pytestmark = pytest.mark.real

USER, PASSWORD, PROJECT = "swr-bot", "P4ssw0rd-of-a-bot", "cn-north-4"
SEED = b"20 bytes of a device"

_CONFIGURATION = """
[DEFAULT]
log_dir = {folder}/log
[database]
connection = sqlite:///{folder}/keystone.db
[token]
expiration = {lifetime}
allow_expired_window = 0
[auth]
methods = password,token,totp
[fernet_tokens]
key_repository = {folder}/fernet
[fernet_receipts]
key_repository = {folder}/fernet
[credential]
key_repository = {folder}/credential
"""

# Keystone reads the arguments of whatever runs it, and dies of gunicorn's.
_ENTRY = """
import sys
sys.argv = ["keystone"]
from keystone.wsgi.api import application
"""


@dataclass
class Keystone:
    """One that runs at *url*, with its access log in *log*."""

    url: str
    log: Path

    @property
    def logins(self) -> int:
        """How often somebody asked for a token."""
        if not self.log.exists():
            return 0
        return self.log.read_text().count('"POST /v3/auth/tokens')


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a database in which there is a user of a project."""
    venv = os.environ.get("BULKREPO_KEYSTONE")
    if venv is None or not Path(venv, "bin", "keystone-manage").exists():
        if os.environ.get("BULKREPO_REAL"):
            pytest.fail(
                "keystone is missing: install keystone and gunicorn into a virtual "
                "environment, and name it in BULKREPO_KEYSTONE"
            )
        pytest.skip("BULKREPO_KEYSTONE names no virtual environment with keystone")
    folder = tmp_path_factory.mktemp("keystone")
    for name in ("log", "fernet", "credential"):
        (folder / name).mkdir(mode=0o700)
    (folder / "entry.py").write_text(_ENTRY)
    _configure(folder, lifetime=3600)
    us = (
        *("--keystone-user", pwd.getpwuid(os.getuid()).pw_name),
        *("--keystone-group", grp.getgrgid(os.getgid()).gr_name),
    )
    for words in (
        ("db_sync",),
        ("fernet_setup", *us),
        ("credential_setup", *us),
        (
            *("bootstrap", "--bootstrap-username", USER),
            *("--bootstrap-password", PASSWORD, "--bootstrap-project-name", PROJECT),
        ),
    ):
        subprocess.run(
            [f"{venv}/bin/keystone-manage", "--config-dir", str(folder), *words],
            check=True,
            capture_output=True,
        )
    return folder


def _configure(folder: Path, *, lifetime: int) -> None:
    text = _CONFIGURATION.format(folder=folder, lifetime=lifetime)
    (folder / "keystone.conf").write_text(text)


@contextmanager
def running(folder: Path, *, lifetime: int = 3600) -> Iterator[Keystone]:
    """Run a Keystone whose tokens live for *lifetime* seconds; stop it by its pid."""
    _configure(folder, lifetime=lifetime)
    log = folder / f"access-{lifetime}.log"
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = subprocess.Popen(
            [
                f"{os.environ['BULKREPO_KEYSTONE']}/bin/gunicorn",
                *("--bind", f"fd://{server.fileno()}", "--threads", "4"),
                *("--no-control-socket", "--access-logfile", str(log)),
                *("--log-file", str(folder / "gunicorn.log"), "entry:application"),
            ],
            cwd=folder,
            env=boxes.environment(
                OS_KEYSTONE_CONFIG_DIR=str(folder), PYTHONWARNINGS="ignore"
            ),
            pass_fds=[server.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield Keystone(f"http://127.0.0.1:{server.getsockname()[1]}/v3", log)
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def keystone(installed: Path) -> Iterator[Keystone]:
    """Give one whose tokens outlive the tests."""
    with running(installed) as found:
        yield found


@dataclass
class Front:
    """An SWR: our sandbox, behind a door at *url* that asks Keystone about tokens."""

    url: str = ""
    answers: Counter[int] = field(default_factory=Counter)
    tokens: dict[str, None] = field(default_factory=dict)


@asynccontextmanager
async def swr(keystone: Keystone, *, revoke_after: int = -1) -> AsyncIterator[Front]:
    """Run one. After *revoke_after* requests, the token in use is revoked."""
    front = Front()
    asked = f"{keystone.url}/auth/tokens?nocatalog"

    async def serve(request: web.BaseRequest) -> web.Response:
        token = request.headers.get("X-Auth-Token", "none")
        front.tokens[token] = None
        itself = {"X-Auth-Token": token, "X-Subject-Token": token}
        if sum(front.answers.values()) == revoke_after:
            async with session.delete(asked, headers=itself) as done:
                assert done.status == 204
        async with session.get(asked, headers=itself) as valid:
            inner = box.settings.token if valid.status == 200 else "refused"
        async with session.request(
            request.method,
            box.url + request.raw_path,
            data=await request.read(),
            headers={
                "Content-Type": request.headers["Content-Type"],
                "X-Auth-Token": inner,
            },
        ) as reply:
            front.answers[reply.status] += 1
            return web.Response(
                status=reply.status,
                body=await reply.read(),
                content_type=reply.content_type,
            )

    async with (
        Sandbox(Box(organizations=("team-a",))) as box,
        aiohttp.ClientSession() as session,
    ):
        runner = web.ServerRunner(web.Server(serve))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        front.url = "http://{}:{}".format(*runner.addresses[0][:2])
        try:
            yield front
        finally:
            await runner.cleanup()


def by_name(keystone: Keystone) -> dict[str, str]:
    """Give the variables of a sign-in by names."""
    return {
        "HW_USER_NAME": USER,
        "HW_USER_PASSWORD": PASSWORD,
        "HW_DOMAIN_NAME": "Default",
        "HW_PROJECT_NAME": PROJECT,
        "HW_AUTH_URL": keystone.url,
    }


async def issued(keystone: Keystone) -> tuple[str, dict[str, Any]]:
    """Sign in by a client that is not ours; give the token, and what is told of it."""
    domain = {"domain": {"name": "Default"}}
    body = {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": USER, "password": PASSWORD, **domain}},
        },
        "scope": {"project": {"name": PROJECT, **domain}},
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{keystone.url}/auth/tokens", json={"auth": body}) as reply,
    ):
        assert reply.status == 201
        found = await reply.json()
        told: dict[str, Any] = found["token"]
        return reply.headers["X-Subject-Token"], told


async def whoami(
    keystone: Keystone, folder: Path, environment: dict[str, str]
) -> Ended:
    """Ask who *environment* is."""
    async with swr(keystone) as front:
        return await boxes.bulkrepo(
            *("whoami", "--endpoint", front.url),
            cwd=folder,
            box=None,
            stdin=b"",
            **environment,
        )


async def test_names_sign_in(keystone: Keystone, tmp_path: Path) -> None:
    """User and project, each with its domain; SWR takes the token."""
    before = keystone.logins

    done = await whoami(keystone, tmp_path, by_name(keystone))

    assert done.code == 0, done.err
    assert re.search(rf"^user +{USER}$", done.out, re.MULTILINE)
    assert re.search(r"^domain +Default$", done.out, re.MULTILINE)
    assert re.search(rf"^project +{PROJECT} \(\w{{32}}\)$", done.out, re.MULTILINE)
    assert "team-a: manage (7)" in done.out
    assert keystone.logins == before + 1


async def test_ids_sign_in(keystone: Keystone, tmp_path: Path) -> None:
    """Of a user and of a project, without any name."""
    _, told = await issued(keystone)

    done = await whoami(
        keystone,
        tmp_path,
        {
            "OS_USER_ID": told["user"]["id"],
            "OS_PASSWORD": PASSWORD,
            "OS_PROJECT_ID": told["project"]["id"],
            "OS_AUTH_URL": keystone.url,
        },
    )

    assert done.code == 0, done.err
    assert f"{PROJECT} ({told['project']['id']})" in done.out


async def test_a_cloud_signs_in(keystone: Keystone, tmp_path: Path) -> None:
    """As it stands in clouds.yaml, which lies where the command is given."""
    (tmp_path / "clouds.yaml").write_text(
        f"clouds: {{acme: {{auth: {{auth_url: '{keystone.url}', username: {USER},"
        f" password: {PASSWORD}, user_domain_name: Default, project_name: {PROJECT},"
        " project_domain_id: default}}}\n"
    )

    done = await whoami(keystone, tmp_path, {"OS_CLOUD": "acme"})

    assert done.code == 0, done.err
    assert "signed in by   cloud acme of clouds.yaml\n" in done.out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            {"HW_USER_PASSWORD": "wrong"}, "HW_USER_PASSWORD", id="wrong-password"
        ),
        pytest.param({"HW_USER_NAME": "nobody"}, "HW_USER_NAME", id="unknown-user"),
        pytest.param({"HW_DOMAIN_NAME": "none"}, "HW_DOMAIN_NAME", id="unknown-domain"),
        pytest.param(
            {"HW_PROJECT_NAME": "none"}, "HW_PROJECT_NAME", id="unknown-project"
        ),
        pytest.param({"OS_PASSCODE": "000000"}, "HW_USER_NAME", id="wrong-passcode"),
    ],
)
async def test_a_refusal_is_not_tried_again(
    keystone: Keystone, tmp_path: Path, change: dict[str, str], words: str
) -> None:
    """A run sends one sign-in and nothing to SWR; every row is accounted for."""
    source = write(tmp_path / "list.ndjson", rows(5))
    before = keystone.logins
    async with swr(keystone) as front:
        done = await boxes.bulkrepo(
            *("create", source, "--endpoint", front.url),
            cwd=tmp_path,
            box=None,
            stdin=b"",
            **by_name(keystone) | change,
        )

    assert done.code == 3
    assert keystone.logins == before + 1
    assert front.answers == {}
    stopped = done.events("run.finished")[0]["stopped"]
    assert stopped.startswith("IAM refuses the sign-in (401 ")
    assert words in stopped
    assert outcomes(tmp_path / "list.report.jsonl") == ["not_attempted"] * 5


async def test_a_project_without_its_domain_is_told(
    keystone: Keystone, tmp_path: Path
) -> None:
    """Keystone does not guess it from a user's id."""
    _, told = await issued(keystone)
    environment = by_name(keystone) | {"HW_USER_ID": told["user"]["id"]}
    del environment["HW_DOMAIN_NAME"]

    done = await whoami(keystone, tmp_path, environment)

    assert done.code == 3
    assert "Expecting to find domain in project" in done.err
    assert "check HW_DOMAIN_NAME and HW_PROJECT_NAME" in done.err


async def test_a_passcode_signs_in_with_the_password(
    keystone: Keystone, tmp_path: Path
) -> None:
    """As a device shows it that holds the user's seed."""
    token, told = await issued(keystone)
    device = {
        "type": "totp",
        "blob": base64.b32encode(SEED).decode(),
        "user_id": told["user"]["id"],
    }
    async with (
        aiohttp.ClientSession(headers={"X-Auth-Token": token}) as session,
        session.post(
            f"{keystone.url}/credentials", json={"credential": device}
        ) as reply,
    ):
        assert reply.status == 201

    environment = by_name(keystone) | {"OS_PASSCODE": passcode(SEED, time.time())}
    done = await whoami(keystone, tmp_path, environment)

    assert done.code == 0, done.err
    assert f"project        {PROJECT}" in done.out


def passcode(seed: bytes, now: float) -> str:
    """Give the six digits that a device shows at *now* (RFC 6238)."""
    digest = hmac.digest(seed, int(now // 30).to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


async def test_a_token_that_is_revoked_is_replaced_once(
    keystone: Keystone, tmp_path: Path
) -> None:
    """In the middle of a run, for all workers."""
    source = write(tmp_path / "list.ndjson", rows(60))
    before = keystone.logins
    async with swr(keystone, revoke_after=20) as front:
        done = await boxes.bulkrepo(
            *("create", source, "--endpoint", front.url, "--concurrency", "4"),
            cwd=tmp_path,
            box=None,
            stdin=b"",
            **by_name(keystone),
        )

    assert done.code == 0, done.err
    assert outcomes(tmp_path / "list.report.jsonl") == ["created"] * 60
    assert keystone.logins == before + 2
    assert len(front.tokens) == 2
    assert front.answers[401] >= 1


async def test_tokens_of_seconds_carry_a_run_that_is_longer(
    installed: Path, tmp_path: Path
) -> None:
    """Each is replaced before it ends; a slow machine may be late once."""
    source = write(tmp_path / "list.ndjson", rows(44))
    with running(installed, lifetime=6) as short:
        async with swr(short) as front:
            done = await boxes.bulkrepo(
                *("create", source, "--endpoint", front.url, "--rate", "4/s"),
                cwd=tmp_path,
                box=None,
                stdin=b"",
                **by_name(short),
            )
            logins = short.logins

    assert done.code == 0, done.err
    assert outcomes(tmp_path / "list.report.jsonl") == ["created"] * 44
    assert 3 <= logins == len(front.tokens) <= 5
    late = front.answers.pop(401, 0)
    assert late <= 1
    assert front.answers == {200: 2, 201: 44}  # and a look at what is there
