"""Where to and who as, from the command line: options, environment and files."""

import json
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from bulkrepo.cli.logs import configure
from bulkrepo.core.errors import SettingsError
from bulkrepo.runs import sign_in
from bulkrepo.runs.sign_in import SignIn, whole
from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from bulkrepo.swr.auth.access_key import AccessKey
from bulkrepo.swr.auth.password import Password
from tests.cli.test_whoami import NO_OPTIONS, PASSWORD
from tests.support import boxes
from tests.support.boxes import TOKEN, outcomes, rows, write

CLOUDS = """
clouds:
  acme:
    region_name: eu-nl
    auth:
      auth_url: https://iam.eu-nl.otc.t-systems.com/v3
      username: ann
      password: P4ssw0rd-of-nobody
      user_domain_name: OTC-ACME
      project_name: eu-nl
"""
SECRET = "P4ssw0rd-of-nobody"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let this machine's own credentials stay out of the tests."""
    for name in set(os.environ) - set(boxes.environment()):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    # The loader looks for its usual places once in a process, when it is imported.
    for kind, name in (("CONFIG", "clouds.yaml"), ("SECURE", "secure.yaml")):
        monkeypatch.setenv(f"OS_CLIENT_{kind}_FILE", str(tmp_path / name))


async def found(
    monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], **options: Any
) -> tuple[SignIn, dict[str, Any]]:
    """Give who we are in *environment*, and the options afterwards."""
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    given = NO_OPTIONS | options
    async with AsyncExitStack() as stack:
        return await whole(stack, given, configure().hide), given


@pytest.mark.parametrize(
    ("environment", "options", "endpoint", "iam"),
    [
        pytest.param(
            {},
            {"region": "eu-de"},
            "https://swr-api.eu-de.otc.t-systems.com",
            "https://iam.eu-de.otc.t-systems.com",
            id="option-region",
        ),
        pytest.param(
            {"HW_REGION_NAME": "cn-north-4", "OS_REGION_NAME": "eu-de"},
            {},
            "https://swr-api.cn-north-4.myhuaweicloud.com",
            "https://iam.cn-north-4.myhuaweicloud.com",
            id="variable-region",
        ),
        pytest.param(
            {"OS_REGION_NAME": "eu-ch2"},
            {},
            "https://swr-api.eu-ch2.sc.otc.t-systems.com",
            "https://iam-pub.eu-ch2.sc.otc.t-systems.com",
            id="os-region",
        ),
        pytest.param(
            {"SWR_ENDPOINT": "https://swr-api.eu-nl.otc.t-systems.com"},
            {},
            "https://swr-api.eu-nl.otc.t-systems.com",
            "https://iam.eu-nl.otc.t-systems.com",
            id="an-endpoint-that-tells-its-region",
        ),
        pytest.param(
            {"SWR_ENDPOINT": "https://swr.example", "HW_REGION_NAME": "cn-north-4"},
            {},
            "https://swr.example",
            "https://iam.cn-north-4.myhuaweicloud.com",
            id="an-endpoint-and-a-region",
        ),
        pytest.param(
            {"HW_AUTH_URL": "https://iam.example/v3", "HW_REGION_NAME": "eu-de"},
            {},
            "https://swr-api.eu-de.otc.t-systems.com",
            "https://iam.example",
            id="auth-url",
        ),
        pytest.param(
            {"HW_AUTH_URL": "https://a/v3", "SWR_IAM_ENDPOINT": "https://b"},
            {"region": "eu-de"},
            "https://swr-api.eu-de.otc.t-systems.com",
            "https://b",
            id="iam-endpoint",
        ),
        pytest.param(
            {"SWR_IAM_ENDPOINT": "https://b"},
            {"region": "eu-de", "iam_endpoint": "https://c/identity/v3"},
            "https://swr-api.eu-de.otc.t-systems.com",
            "https://c/identity",
            id="iam-option",
        ),
    ],
)
async def test_where_swr_and_iam_are(
    monkeypatch: pytest.MonkeyPatch,
    *,
    environment: dict[str, str],
    options: dict[str, str],
    endpoint: str,
    iam: str,
) -> None:
    """An option beats a variable, and what is said beats what a region means."""
    place, _ = await found(monkeypatch, PASSWORD | environment, **options)

    assert (place.endpoint, place.iam) == (endpoint, iam)


async def test_a_cloud_tells_where_and_who(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As OpenStack's own loader reads it, secure.yaml included."""
    monkeypatch.setattr(sign_in, "trusted", lambda *_, **__: None)
    (tmp_path / "clouds.yaml").write_text(
        CLOUDS.replace(f"      password: {SECRET}\n", "      cacert: x\n")
        + "    cacert: /etc/acme.pem\n"
    )
    (tmp_path / "secure.yaml").write_text(
        f"clouds:\n  acme:\n    auth:\n      password: {SECRET}\n"
    )
    place, options = await found(monkeypatch, {"OS_CLOUD": "acme"})

    assert isinstance(place.auth, Password)
    assert place.auth.name == "cloud acme of clouds.yaml"
    assert place.auth.secrets() == (SECRET,)
    assert place.endpoint == "https://swr-api.eu-nl.otc.t-systems.com"
    assert place.iam == "https://iam.eu-nl.otc.t-systems.com"
    assert options["cacert"] == "/etc/acme.pem"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(CLOUDS, r"OS_CLOUD nobody: .*nobody.*[^.]$", id="unknown"),
        pytest.param(None, "OS_CLOUD nobody: ", id="no-file"),
        pytest.param(
            f"clouds:\n  nobody: [{SECRET}",
            r"OS_CLOUD nobody: .*read .*clouds.yaml, which is broken \(line 2\)",
            id="torn",
        ),
    ],
)
async def test_a_cloud_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None, words: str
) -> None:
    """The file's text, which has secrets in it, is not quoted."""
    if text is not None:
        (tmp_path / "clouds.yaml").write_text(text)

    with pytest.raises(SettingsError, match=words) as raised:
        await found(monkeypatch, {"OS_CLOUD": "nobody"})

    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("clouds.yaml", f"clouds:\n  nobody: [{SECRET}", "clouds.yaml, .*line 2"),
        ("clouds.yaml", f"clouds: '{SECRET}\b'", "clouds.yaml, which is broken$"),
        ("clouds.json", f'{{"clouds": "{SECRET}', "configuration, .*line 1"),
        ("clouds.json", f'{{"clouds": "{SECRET}\x80', "configuration, .* broken$"),
    ],
)
async def test_a_file_over_which_the_loader_stumbles_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str, words: str
) -> None:
    """Openstacksdk 4.0 lets the parser's errors out, where later ones log them."""
    path = tmp_path / name
    path.write_bytes(text.encode("latin-1"))

    def stumble() -> object:
        with path.open(encoding="utf-8") as file:
            read = json.load if path.suffix == ".json" else yaml.safe_load
            return read(file)

    monkeypatch.setattr("openstack.config.OpenStackConfig", stumble)
    with pytest.raises(SettingsError, match="OS_CLOUD nobody: .*" + words) as raised:
        await found(monkeypatch, {"OS_CLOUD": "nobody"})

    assert SECRET not in str(raised.value)


async def test_without_the_loader_it_is_said_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is an extra: it is larger than all the rest."""
    monkeypatch.setitem(__import__("sys").modules, "openstack.config", None)

    with pytest.raises(SettingsError, match=r"pip install 'bulkrepo\[clouds\]'"):
        await found(monkeypatch, {"OS_CLOUD": "acme"})


async def test_the_credentials_file_of_the_vendor_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """At its usual place, where nothing else is said."""
    (tmp_path / ".huaweicloud").mkdir()
    file = tmp_path / ".huaweicloud" / "credentials"
    file.write_text("[basic]\nak = AK\nsk = SK\n")

    place, _ = await found(monkeypatch, {}, region="cn-north-4")

    assert isinstance(place.auth, AccessKey)
    assert place.auth.name == f"ak of {file} and sk of {file}"


async def test_a_run_signs_in_by_password(tmp_path: Path) -> None:
    """One sign-in, and the password and its token are nowhere to be read."""
    source = write(tmp_path / "list.ndjson", rows(30))
    async with Sandbox(Box(token=TOKEN, any_organization=True)) as box:
        done = await boxes.bulkrepo(
            *("create", source, "--rate", "1000/s", "-vv", "--log-file", "log"),
            *("--iam-endpoint", box.url),
            cwd=tmp_path,
            box=None,
            stdin=b"",
            **{"SWR_ENDPOINT": box.url, **PASSWORD},
        )
        tokens = [token for token in box._gateway.state.tokens if token != TOKEN]
        requests = box.requests

    assert done.code == 0, done.err
    assert outcomes(tmp_path / "list.report.jsonl") == ["created"] * 30
    assert requests["login"] == 1
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in files).decode("latin-1")
    assert "credential.issued" in written
    for secret in (PASSWORD["HW_USER_PASSWORD"], *tokens):
        assert secret not in done.out + done.err + written


async def test_a_token_that_dies_on_the_way_is_replaced(tmp_path: Path) -> None:
    """In the middle of a run, once for all workers; no row notices."""
    source = write(tmp_path / "list.ndjson", rows(400))
    bell = boxes.Bell(100, hold=True)
    settings = Box(token=TOKEN, any_organization=True, latency=0.001)
    async with Sandbox(settings, sleep=bell) as box:
        process = await boxes.begin(
            *("create", source, "--rate", "100000/s", "--endpoint", box.url),
            *("--iam-endpoint", box.url),
            cwd=tmp_path,
            **PASSWORD,  # type: ignore[arg-type]  # none of them is a box
        )
        await bell.rung.wait()
        box._gateway.state.tokens.clear()
        bell.release()
        done = await boxes.end(process)
        requests = box.requests

    assert done.code == 0, done.err
    assert outcomes(tmp_path / "list.report.jsonl") == ["created"] * 400
    assert requests["login"] == 2


@pytest.mark.parametrize(
    ("environment", "options", "words"),
    [
        ({}, {"cacert": "/no/ca"}, "^--cacert /no/ca: No such file"),
        ({"OS_CACERT": "/no/ca"}, {}, "^OS_CACERT /no/ca: No such file"),
        (
            {"OS_CLOUD": "acme", "HW_USER_NAME": "", "HW_USER_PASSWORD": ""},
            {},
            "^cacert of cloud acme of clouds.yaml /no/ca: No such file",
        ),
    ],
)
async def test_certificates_are_named_by_who_named_them(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    environment: dict[str, str],
    options: dict[str, str],
    words: str,
) -> None:
    """Before the lists are read."""
    (tmp_path / "clouds.yaml").write_text(CLOUDS + "    cacert: /no/ca\n")
    place = {"HW_REGION_NAME": "eu-nl"}

    with pytest.raises(SettingsError, match=words):
        await found(monkeypatch, PASSWORD | place | environment, **options)


@pytest.mark.parametrize(
    ("raw", "token"),
    [
        (b"abcdefgh\n", "abcdefgh"),
        (b"\xef\xbb\xbfabcdefgh\r\n", "abcdefgh"),
        ("\ufeffabcdefgh\r\n".encode("utf-16-le"), "abcdefgh"),
        ("\ufeffabcdefgh".encode("utf-16-be"), "abcdefgh"),
        (b"\xffabcdefgh", None),
        (b"\xff\xfea", None),
    ],
)
async def test_a_token_file_may_come_from_windows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, raw: bytes, token: str | None
) -> None:
    """As lists may, it begins with what its editor or shell puts in front."""
    path = tmp_path / "token"
    path.write_bytes(raw)
    options = {"token_file": str(path), "region": "eu-de"}
    if token is None:
        with pytest.raises(SettingsError, match="token: not plain ASCII text"):
            await found(monkeypatch, {}, **options)
        return
    place, _ = await found(monkeypatch, {}, **options)

    assert place.auth.secrets() == (token,)
