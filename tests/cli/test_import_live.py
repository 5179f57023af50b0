"""`bulkrepo import URL` by its command line: another registry on this machine."""

import asyncio
import base64
import csv
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from bulkrepo.cli.main import cli
from bulkrepo.core.errors import BulkrepoError, InputError, SettingsError, StoppedError
from bulkrepo.http.messages import Response, TransportFailure
from bulkrepo.migration.remote import credential_helpers
from bulkrepo.migration.remote.docker_credentials import DockerConfig
from bulkrepo.migration.remote.fetcher import RegistryFetcher
from bulkrepo.migration.remote.urls import place
from tests.support.fakes import FakeClock, ScriptedGateway
from tests.support.registries import PASSWORD, USER, Elsewhere, serving

NAMES = ["a/app", "a/web", "b/app", "c", "d/e/f"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a directory of its own, and as nobody."""
    monkeypatch.chdir(tmp_path)
    for name in tuple(os.environ):
        if name.startswith("BULKREPO_REGISTRY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("REGISTRY_AUTH_FILE", raising=False)
    return tmp_path


async def run(*words: str) -> Result:
    """Run the command beside the server; a refusal is raised."""
    result = await asyncio.to_thread(CliRunner().invoke, cli, ["import", *words])
    if isinstance(result.exception, BulkrepoError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def written(path: Path) -> list[str]:
    """Give the repositories in the list that was written."""
    with next(path.glob("*.swr.csv")).open(newline="") as file:
        return [line["repository"] for line in csv.DictReader(file)]


def sign_in(monkeypatch: pytest.MonkeyPatch, *, token: str | None = None) -> None:
    """Put a credential into the environment."""
    if token is not None:
        monkeypatch.setenv("BULKREPO_REGISTRY_TOKEN", token)
    else:
        monkeypatch.setenv("BULKREPO_REGISTRY_USER", USER)
        monkeypatch.setenv("BULKREPO_REGISTRY_PASSWORD", PASSWORD)


@pytest.mark.parametrize(
    ("product", "path", "prefix"),
    [
        ("open", "", ""),
        ("open", "/v2/_catalog?n=1", ""),
        ("basic", "", ""),
        ("bearer", "", ""),
        ("artifactory", "/artifactory/api/docker/key", ""),
        ("harbor", "", ""),
        ("gitlab", "/acme/team", ""),
        ("quay", "/acme", "acme/"),
        ("hub", "/v2/namespaces/acme/repositories", "acme/"),
    ],
)
async def test_every_product_is_listed_to_its_end(
    here: Path, monkeypatch: pytest.MonkeyPatch, product: str, path: str, prefix: str
) -> None:
    """Found out or told, signed in and page by page; and create is what comes next."""
    sign_in(monkeypatch, token=PASSWORD if product == "gitlab" else None)
    if product == "quay":
        sign_in(monkeypatch, token="t")
        monkeypatch.delenv("BULKREPO_REGISTRY_USER")
        monkeypatch.delenv("BULKREPO_REGISTRY_PASSWORD")
    async with serving(Elsewhere(NAMES), product) as url:
        result = await run(url + path, "-n", "m")

    assert written(here) == [prefix + name for name in NAMES]
    assert "signed in by BULKREPO_REGISTRY_" in result.stderr
    assert "next: bulkrepo create 127.0.0.1-" in result.stderr
    assert PASSWORD not in result.output + result.stderr


async def test_nobody_signed_in_is_said(here: Path) -> None:
    """What only members see would be missing."""
    async with serving(Elsewhere(NAMES), "open") as url:
        result = await run(url, "-n", "m", "--output", "l.csv")
        quiet = await run(url, "-n", "m", "-q")

    assert result.stderr.startswith(f"{url}: a Docker registry, as anybody sees it\n")
    assert quiet.stderr == ""


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://h", False),
        ("https://h/service/rest/v1/components", False),
        ("https://h/api/v2.0/repositories", True),
        ("https://h/api/v4/groups/1/registry/repositories", True),
        ("https://h/api/v0/repositories", True),
        ("https://quay.io/acme", True),
        ("https://docker.io/acme", True),
    ],
)
async def test_that_only_public_ones_are_listed_is_said(
    url: str,
    public: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """Of products that list a part to strangers; with what shows the others."""
    clock = FakeClock()
    registry = "distribution" if url == "https://h" else None
    fetching = RegistryFetcher(
        ScriptedGateway([], clock=clock, latency=0),
        place(url),
        registry=registry,
        login=lambda _: None,
        clock=clock,
    )
    await fetching.begin()

    said = "what is not public is not listed. To list it, set BULKREPO_REGISTRY_"
    assert (said in fetching.told) is public


async def test_a_token_is_used_until_it_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then renewed once, in the middle of the listing."""
    sign_in(monkeypatch)
    registry = Elsewhere(NAMES, size=1, life=2)
    async with serving(registry, "bearer") as url:
        await run(url, "-n", "m", "--registry", "distribution")

    assert written(here) == NAMES
    assert registry.tokens == 3
    assert sum("/token" in each for each in registry.seen) == 3


async def test_a_credential_is_shown_to_nobody_else(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not where a link or a redirect leads to, and not before it is known who asks."""
    sign_in(monkeypatch)
    other = Elsewhere(NAMES)
    async with serving(other, "open") as address:
        there = address.replace("127.0.0.1", "localhost")
        registry = Elsewhere(NAMES)
        async with serving(registry, "basic") as url:
            links = (f'<{there}/{path}>; rel="next"' for path in ("a", "v2/_catalog"))
            registry.stumbles = [
                web.json_response({"repositories": ["x"]}, headers={"Link": link})
                for link in links
            ]
            with pytest.raises(InputError, match="elsewhere"):
                await run(url, "-n", "m")
            await run(url, "-n", "m", "--output", str(here / "l.csv"))
            for path in here.iterdir():
                path.unlink()
            registry.stumbles = [
                web.Response(status=307, headers={"Location": f"{there}/v2/_catalog"})
            ]
            with pytest.raises(StoppedError, match="Redirects are not followed"):
                await run(url, "-n", "m")

    assert other.seen == []
    assert registry.seen[0] == "GET /v2/"
    assert registry.shown[0] is None
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("where", "token", "why"),
    [
        ("basic", None, "401 UNAUTHORIZED.*Set BULKREPO_REGISTRY_USER and"),
        ("bearer", None, "gives no token.*401: who.*docker login"),
        ("bearer", "wrong", "401 UNAUTHORIZED.*Check BULKREPO_REGISTRY_TOKEN"),
        ("gitlab/acme/team", "wrong", "404.*no such group or project"),
        ("quay", None, "write .*/NAMESPACE"),
        ("open/x/y", None, "what stands in front of /v2/"),
    ],
)
async def test_a_refusal_ends_it_with_nothing_written(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    token: str | None,
    why: str,
) -> None:
    """And says what to set, or what to give."""
    product, _, path = where.partition("/")
    if token is not None:
        sign_in(monkeypatch, token=token)
    async with serving(Elsewhere(NAMES), product) as url:
        with pytest.raises(BulkrepoError, match=why):
            await run(f"{url}/{path}", "-n", "m")

    assert list(here.iterdir()) == []


async def test_a_total_that_was_not_reached_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Harbor counts what it does not show to us; a part is taken when asked."""

    class Hiding(Elsewhere):
        def page(self, request: web.Request, by: str) -> tuple[int, list[str]]:
            number, names = super().page(request, by)
            return number, [name for name in names if name != "b/app"]

    sign_in(monkeypatch)
    async with serving(Hiding(NAMES), "harbor") as url:
        with pytest.raises(InputError, match="it says 5 records, and 4 are here"):
            await run(url, "-n", "m")
        assert list(here.iterdir()) == []
        await run(url, "-n", "m", "--partial")

    assert written(here) == ["a/app", "a/web", "c", "d/e/f"]


async def test_a_dropped_connection_is_no_shorter_listing(here: Path) -> None:
    """A page is asked for again."""
    registry = Elsewhere(NAMES, size=3)
    registry.stumbles = [None]
    async with serving(registry, "open") as url:
        await run(url, "-n", "m")

    assert written(here) == NAMES


async def test_a_page_and_a_file_are_one_listing(here: Path) -> None:
    """As several files are."""
    (here / "more.json").write_text('{"repositories":["z"]}')
    async with serving(Elsewhere(NAMES), "open") as url:
        await run(url, "more.json", "-n", "m")

    assert written(here) == [*NAMES, "z"]


async def test_a_registry_is_of_a_url() -> None:
    """What is in a file shows from its content."""
    with pytest.raises(SettingsError, match="--registry is for a URL"):
        await run("x.json", "--registry", "harbor", "-n", "m")


async def test_an_interrupt_ends_it_at_once(here: Path) -> None:
    """In the middle of a page, without a trace."""
    asked, release = asyncio.Event(), asyncio.Event()

    class Slow(Elsewhere):
        async def catalog(self, request: web.Request) -> web.StreamResponse:
            asked.set()
            await release.wait()
            return await super().catalog(request)

    async with serving(Slow(NAMES), "open") as url:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bulkrepo", "import", url, "-n", "m"),
            stderr=asyncio.subprocess.PIPE,
        )
        await asyncio.wait_for(asked.wait(), 20)
        process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(process.communicate(), 20)
        release.set()

    assert process.returncode == 130
    assert b"Traceback" not in err
    assert list(here.iterdir()) == []


# Docker's configuration, read and asked.


def configure(here: Path, config: object) -> None:
    """Write what `docker login` would."""
    (here / "docker").mkdir()
    (here / "docker" / "config.json").write_text(json.dumps(config))


def install(here: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a credential helper called `test` on the PATH."""
    program = here / "bin" / "docker-credential-test"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)


async def test_docker_login_signs_in(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a helper that is told the server on its standard input."""
    answer = json.dumps({"ServerURL": "", "Username": USER, "Secret": PASSWORD})
    install(
        here,
        monkeypatch,
        f"echo \"$@\" > {here}/words; cat > {here}/server; echo '{answer}'",
    )
    async with serving(Elsewhere(NAMES), "basic") as url:
        host = url.removeprefix("http://")
        configure(here, {"credHelpers": {host: "test"}})
        result = await run(url, "-n", "m")

    assert written(here) == NAMES
    assert "signed in by docker-credential-test" in result.stderr
    assert (here / "words").read_text() == "get\n"
    assert (here / "server").read_text() == host


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("cat; echo hunter2; exit 1", r"failed for h \(exit 1\)"),
        ("kill $$", "failed for h"),
    ],
)
def test_a_helper_that_fails_is_an_error(
    here: Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str
) -> None:
    """Without its words, in which a secret may stand."""
    install(here, monkeypatch, script)
    with pytest.raises(SettingsError, match=why) as failed:
        credential_helpers.helper("test", "h")

    assert "hunter2" not in str(failed.value)


def test_a_helper_may_know_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which it says in words, and fails."""
    install(
        here, monkeypatch, "echo 'credentials not found in native keychain'; exit 1"
    )

    assert credential_helpers.helper("test", "h") is None


@pytest.mark.parametrize("name", ["none-of-that-name", "../test", "test;id", ""])
def test_no_other_program_is_run(
    here: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A name is no path and no command."""
    install(here, monkeypatch, "touch ran")
    with pytest.raises(SettingsError, match="is not on the PATH"):
        credential_helpers.helper(name, "h")

    assert not (here / "ran").exists()


def test_the_name_of_a_helper_is_shown_in_one_line() -> None:
    """It is what a file says, and may move a cursor."""
    with pytest.raises(SettingsError) as failed:
        credential_helpers.helper("x\n\x1b[2J", "h\u202e")

    assert str(failed.value).isprintable()
    assert r"docker-credential-x\x0a\x1b[2J" in str(failed.value)


def test_a_file_may_be_missing_or_unreadable(here: Path) -> None:
    """The first is nothing, the second is said."""
    environment = {"DOCKER_CONFIG": str(here)}
    first = next(credential_helpers.configurations(environment))
    assert first == DockerConfig(str(here / "config.json"), None)
    (here / "config.json").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="cannot be read"):
        next(credential_helpers.configurations(environment))


def test_podmans_files_come_after_dockers_unless_one_is_named(here: Path) -> None:
    """Where its manual says that they are."""
    environment = {
        "DOCKER_CONFIG": "/d",
        "XDG_RUNTIME_DIR": "/r",
        "XDG_CONFIG_HOME": str(here),
    }
    named = {**environment, "REGISTRY_AUTH_FILE": "a.json"}
    (here / "containers").mkdir()
    (here / "containers" / "auth.json").write_text("{}")
    files = [
        DockerConfig("/d/config.json", None),
        DockerConfig("/r/containers/auth.json", None),
        DockerConfig(str(here / "containers" / "auth.json"), "{}"),
    ]

    assert list(credential_helpers.configurations(environment)) == files
    assert next(credential_helpers.configurations(named)) == DockerConfig(
        "a.json", None
    )
    runtime = list(credential_helpers.configurations({}))[1].path
    assert runtime == f"/run/containers/{os.getuid()}/auth.json"


async def test_podman_login_signs_in(here: Path) -> None:
    """Where Docker knows nothing of the registry."""
    configure(here, {"auths": {"other.example.com": {"auth": "eDp5"}}})
    async with serving(Elsewhere(NAMES), "basic") as url:
        host = url.removeprefix("http://")
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        path = here / "run" / "containers" / "auth.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"auths": {host: {"auth": pair}}}))
        result = await run(url, "-n", "m")

    assert written(here) == NAMES
    assert f"signed in by {path} ({host})" in result.stderr


# Tries and turns, in virtual time.

PAGE = Response(200, {}, b'{"repositories":["a"]}')
LOST = TransportFailure("dropped", sent=True)
UNREACHABLE = TransportFailure("refused", sent=False, detail="no route")
BUSY = Response(503, {}, b"")


def waiting(seconds: str, status: int = 429) -> Response:
    """Give a reply that says how long to wait."""
    return Response(status, {"Retry-After": seconds}, b"")


async def fetch(
    *replies: Response | TransportFailure,
) -> tuple[Response | StoppedError, float, int]:
    """Get a page that is answered by *replies*; give time and requests it took."""
    clock = FakeClock()
    gateway = ScriptedGateway(replies, clock=clock, latency=0)
    fetching = RegistryFetcher(
        gateway,
        place("https://h"),
        registry="distribution",
        login=lambda _: None,
        clock=clock,
        chance=lambda: 1.0,
    )
    await fetching.begin()
    got: Response | StoppedError
    try:
        got = await fetching.page("https://h/v2/_catalog")
    except StoppedError as error:
        got = error
    return got, clock.elapsed, len(gateway.requests)


@pytest.mark.parametrize(
    ("replies", "least", "most"),
    [
        ([PAGE], 0, 0.1),
        ([LOST, PAGE], 1, 1.2),
        ([BUSY, BUSY, LOST, BUSY, PAGE], 15, 16),
        ([waiting("7"), PAGE], 7, 7.2),
        ([waiting("9", 503), PAGE], 9, 10.2),
        ([Response(429, {}, b""), PAGE], 1, 1.2),
        ([BUSY, UNREACHABLE, PAGE], 3, 3.2),
    ],
)
async def test_a_page_is_tried_again(
    replies: list[Response | TransportFailure], least: float, most: float
) -> None:
    """Later each time, and when the registry says."""
    reply, took, _ = await fetch(*replies)

    assert isinstance(reply, Response)
    assert (reply.status, reply.body) == (PAGE.status, PAGE.body)
    assert least <= took <= most


@pytest.mark.parametrize(
    ("replies", "why", "sent"),
    [
        ([BUSY] * 9, "503.*tried again, in vain", 5),
        ([LOST] * 9, "no answer: .*tried again, in vain: give", 5),
        ([UNREACHABLE] * 9, "no route.*Check the URL", 1),
        ([waiting("86400"), PAGE], "asks to wait for 86400 seconds", 1),
    ],
)
async def test_a_page_that_fails_for_good_ends_it(
    replies: list[Response | TransportFailure], why: str, sent: int
) -> None:
    """A host that cannot be reached at the very first is more often a wrong one."""
    stopped, _, requests = await fetch(*replies)

    assert isinstance(stopped, StoppedError)
    assert re.search(why, str(stopped))
    assert requests == sent


async def test_no_more_than_ten_requests_a_second() -> None:
    """It is somebody else's registry."""
    clock = FakeClock()
    fetching = RegistryFetcher(
        ScriptedGateway(lambda request, headers: PAGE, clock=clock, latency=0),
        place("https://h"),
        registry="distribution",
        login=lambda _: None,
        clock=clock,
    )
    await fetching.begin()
    for number in range(101):
        await fetching.page(f"https://h/v2/_catalog?n={number}")

    assert clock.elapsed >= 9.9
