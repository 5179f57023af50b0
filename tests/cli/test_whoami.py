"""`bulkrepo whoami`: what it says, and how it ends."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bulkrepo.cli import whoami
from bulkrepo.core.errors import BulkrepoError
from bulkrepo.runs.sign_in import SignIn
from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.auth.iam import Login
from bulkrepo.swr.auth.password import Password
from bulkrepo.swr.requests import Organization, Organizations
from tests.cli.test_readme import README
from tests.support import boxes
from tests.support.boxes import TOKEN, Ended
from tests.support.fakes import Hasty
from tests.support.registry import Asked, Watched

PASSWORD = {
    "HW_USER_NAME": "demo",
    "HW_USER_PASSWORD": "sandbox-password",
    "HW_DOMAIN_NAME": "sandbox",
    "HW_PROJECT_NAME": "cn-north-4",
}
SETTINGS = Box(token=TOKEN, organizations=("team-a",), forbidden=("legacy",))
KEYS = {
    "HW_ACCESS_KEY": SETTINGS.access_key,
    "HW_SECRET_KEY": SETTINGS.secret_key,
}
NO_OPTIONS = {
    "auth": None,
    "cacert": None,
    "endpoint": None,
    "iam_endpoint": None,
    "patience": "1m",
    "region": None,
    "sandbox": False,
    "token_file": None,
}


class Desk:
    """The command in this process, which is quicker; `tell` gives how it ended."""

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        captured: pytest.CaptureFixture[str],
        home: Path,
    ) -> None:
        self._patch, self._captured = patch, captured
        for name in set(os.environ) - set(boxes.environment()):
            patch.delenv(name)
        patch.setenv("HOME", str(home))

    async def tell(self, environment: Mapping[str, str], **options: Any) -> Ended:
        """Run `bulkrepo whoami` with *options* in *environment*."""
        for name, text in environment.items():
            self._patch.setenv(name, text)
        err = ""
        try:
            code = await whoami.run(NO_OPTIONS | options)
        except BulkrepoError as error:
            code, err = error.exit_code, f"{error}\n"
        out, rest = self._captured.readouterr()
        return Ended(code, out, err + rest)


@pytest.fixture
def desk(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Desk:
    """Give the command, in an environment without credentials."""
    return Desk(monkeypatch, capsys, tmp_path)


def test_the_screen_in_the_readme_is_one_the_tool_draws() -> None:
    """Line by line."""
    login = Login(endpoint="https://iam.example", user_name="", password="")
    auth = Password(login, name="HW_USER_NAME and HW_USER_PASSWORD")
    auth.facts = {
        "user": "ci-bot",
        "domain": "acme",
        "project": "cn-north-4",
        "project_id": "0ca2d4b65700d2ac2f5ec01b3a9f8a4c",
        "expires_at": "2026-03-02T09:00:00+00:00",
    }
    found = SignIn(
        endpoint="https://swr-api.cn-north-4.myhuaweicloud.com",
        auth=auth,
        iam="https://iam.cn-north-4.myhuaweicloud.com",
    )
    rights = {"team-b": 3, "team-a": 7, "legacy": 1}
    listed = [Organization(name, auth) for name, auth in rights.items()]
    answer = Answer(AnswerKind.DONE, 200, seen=Organizations(listed))

    text = "\n".join(whoami.lines(found, answer))

    assert f"$ bulkrepo whoami\n{text}\n```" in README


async def test_a_password_tells_who_where_and_what(tmp_path: Path) -> None:
    """On standard output; nothing is said on the other, and no secret on either."""
    async with Sandbox(SETTINGS) as box:
        done = await boxes.bulkrepo(
            "whoami",
            cwd=tmp_path,
            box=None,
            stdin=b"",
            **{"SWR_ENDPOINT": box.url, "SWR_IAM_ENDPOINT": box.url, **PASSWORD},
        )
        requests = box.requests

    assert (done.code, done.err) == (0, "")
    words = re.sub(r"\(\w{32}\)|\d{4}-\S+", "...", done.out)
    assert words == (
        "signed in by   HW_USER_NAME and HW_USER_PASSWORD\n"
        "user           demo\n"
        "domain         sandbox\n"
        "project        cn-north-4 ...\n"
        "token expires  ...\n"
        f"endpoint       {box.url}\n"
        f"IAM endpoint   {box.url}\n"
        "organizations  2\n"
        "  legacy: read (1)\n"
        "  team-a: manage (7)\n"
    )
    assert (requests["login"], requests["list_organizations"]) == (1, 1)


async def test_a_token_tells_less(desk: Desk) -> None:
    """Whose it is only IAM could say."""
    async with Sandbox(Box(token=TOKEN)) as box:
        done = await desk.tell({"SWR_TOKEN": TOKEN}, endpoint=box.url)

    assert done == (
        0,
        f"signed in by   SWR_TOKEN\nendpoint       {box.url}\norganizations  none\n",
        "",
    )


async def test_the_sandbox_is_somebody_too(tmp_path: Path) -> None:
    """With nothing set at all."""
    done = await boxes.bulkrepo("whoami", "--sandbox", cwd=tmp_path)

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("signed in by   the sandbox\nendpoint       http://127.")


@pytest.mark.parametrize(
    ("environment", "code", "words"),
    [
        pytest.param({}, 2, "no credential: set SWR_TOKEN", id="nothing"),
        pytest.param(
            {"SWR_TOKEN": "dead-token"},
            3,
            "the credential from SWR_TOKEN (401",
            id="401",
        ),
        pytest.param(
            {**PASSWORD, "HW_USER_PASSWORD": "sEcReT"},
            3,
            "check HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME and HW_PROJECT_NAME",
            id="wrong-password",
        ),
        pytest.param(
            {**KEYS, "OS_PROJECT_ID": "0" * 32},
            3,
            "APIGW.0310 The project is unavailable): check OS_PROJECT_ID",
            id="wrong-project",
        ),
        pytest.param(
            {"HW_ACCESS_KEY": "a", "HW_SECRET_KEY": "sEcReT"},
            3,
            "a temporary key needs HW_SECURITY_TOKEN as well",
            id="no-such-key",
        ),
        pytest.param(
            {"HW_ACCESS_KEY": "a", "HW_SECRET_KEY": "sEcReT"},
            3,
            "the credential from HW_ACCESS_KEY and HW_SECRET_KEY (",
            id="bad-keys",
        ),
        pytest.param(
            {**PASSWORD, "SWR_IAM_ENDPOINT": "http://127.0.0.1:1"},
            3,
            "Check --iam-endpoint (SWR_IAM_ENDPOINT)",
            id="no-iam",
        ),
        pytest.param(
            {**PASSWORD, "SWR_IAM_ENDPOINT": "http://iam.example"},
            2,
            "SWR_IAM_ENDPOINT 'http://iam.example': a password is not sent over plain",
            id="plain-http",
        ),
        pytest.param(
            {"SWR_TOKEN": "any-token", "SWR_ENDPOINT": "http://127.0.0.1:1"},
            3,
            "the endpoint cannot be reached",
            id="no-swr",
        ),
        pytest.param(
            {"SWR_TOKEN": "any-token", "SWR_ENDPOINT": "http://swr.example"},
            2,
            "SWR_ENDPOINT 'http://swr.example': a token is not sent over plain http",
            id="plain-http-to-swr",
        ),
        pytest.param(
            {"SWR_TOKEN": "any-token", "SWR_ENDPOINT": ""},
            2,
            "no endpoint: give",
            id="nowhere",
        ),
        pytest.param(
            {**PASSWORD, "SWR_IAM_ENDPOINT": ""},
            2,
            "no IAM endpoint: set SWR_IAM_ENDPOINT",
            id="no-region",
        ),
    ],
)
async def test_what_is_wrong_is_said_in_a_line(
    desk: Desk, environment: dict[str, str], code: int, words: str
) -> None:
    """It names what to set and never what is secret."""
    async with Sandbox(SETTINGS) as box:
        place = {"SWR_ENDPOINT": box.url, "SWR_IAM_ENDPOINT": box.url}
        done = await desk.tell(place | environment)
        requests = box.requests

    assert (done.code, done.out) == (code, "")
    assert words in done.err
    assert done.err.count("\n") == 1
    assert "sEcReT" not in done.err
    assert requests["login"] <= 1


@pytest.mark.parametrize(
    ("status", "body", "code", "words"),
    [
        (
            403,
            '{"errors": [{"errorCode": "SVCSTG.SWR.4037017", "errorMessage": "no"}]}',
            1,
            "organizations  may not be listed (403 SVCSTG.SWR.4037017 no)",
        ),
        (200, "{}", 3, "not the JSON"),
        (200, '{"namespaces": [{"name": 5, "auth": 7}]}', 3, "not the JSON"),
        (404, "", 3, "the management host starts with swr-api"),
        (200, "<html><title>Welcome</title></html>", 3, "a web page answered"),
    ],
)
async def test_what_lists_no_organizations_is_told(
    desk: Desk, status: int, body: str, code: int, words: str
) -> None:
    """That they may not be listed is an answer, anything else is not SWR."""

    async def serve(_: web.BaseRequest) -> web.Response:
        return web.Response(status=status, text=body, content_type="application/json")

    runner = web.ServerRunner(web.Server(serve))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        done = await desk.tell({"SWR_TOKEN": TOKEN}, endpoint=f"http://{host}:{port}")
    finally:
        await runner.cleanup()

    assert done.code == code, done.err
    assert words in done.out + done.err


@pytest.mark.parametrize(
    ("failing", "code", "words"),
    [
        pytest.param(4, 0, "organizations  1", id="heals"),
        pytest.param(
            10**6, 3, "nothing succeeded for 60 s (--patience); the last ", id="lasts"
        ),
    ],
)
async def test_an_outage_is_waited_out_and_called_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, failing: int, code: int, words: str
) -> None:
    """As long as patience lasts; the endpoint is not to blame."""
    monkeypatch.setattr("bulkrepo.core.system_clock.SystemClock", Hasty)

    def out(_: Asked) -> web.Response | None:
        busy = len(box.asked) <= failing
        return web.Response(status=502, text="<html>") if busy else None

    async with Watched(Box(token=TOKEN, organizations=("a",)), before=out) as box:
        done = await desk.tell({"SWR_TOKEN": TOKEN}, endpoint=box.url)

    assert done.code == code, done.err
    assert words in done.out + done.err
    assert len(box.asked) > 4
    assert "--endpoint" not in done.err
