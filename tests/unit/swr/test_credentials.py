"""Which credential is taken, and what is said where one is missing or half there."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import click
import pytest

from bulkrepo.cli.main import cli
from bulkrepo.core.errors import SettingsError
from bulkrepo.http.messages import Request
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.auth.access_key import AccessKey
from bulkrepo.swr.auth.password import Password
from bulkrepo.swr.auth.protocol import Auth
from bulkrepo.swr.auth.token import Token
from bulkrepo.swr.credentials import METHODS, find
from bulkrepo.swr.credentials.lookup import FoundCredential, ProviderContext, Target

PLACE = Target(
    endpoint="https://swr-api.eu-de.otc.t-systems.com",
    region="eu-de",
    iam="https://iam.eu-de.otc.t-systems.com",
)
REQUEST = Request("GET", "/")

HW_KEYS = {"HW_ACCESS_KEY": "hw-ak", "HW_SECRET_KEY": "hw-sk"}
SDK_KEYS = {"HUAWEICLOUD_SDK_AK": "sdk-ak", "HUAWEICLOUD_SDK_SK": "sdk-sk"}
OS_KEYS = {"OS_ACCESS_KEY": "os-ak", "OS_SECRET_KEY": "os-sk"}
HW_PASSWORD = {
    "HW_USER_NAME": "ann",
    "HW_USER_PASSWORD": "hw-password",
    "HW_DOMAIN_NAME": "acme",
    "HW_PROJECT_NAME": "eu-de_team",
}
OS_PASSWORD = {
    "OS_USERNAME": "bob",
    "OS_PASSWORD": "os-password",
    "OS_USER_DOMAIN_NAME": "acme",
    "OS_PROJECT_NAME": "eu-de",
    "OS_AUTH_URL": "https://keystone.example/v3",
}
CLOUD: dict[str, Any] = {
    "auth": {
        "auth_url": "https://iam.example/v3",
        "username": "carl",
        "password": "cloud-password",
        "user_domain_name": "acme",
        "project_name": "eu-nl",
    },
    "region_name": "eu-nl",
    "cacert": "/etc/ca.pem",
}
FILE = "[basic]\nak = file-ak\nsk = file%sk\nproject_id = p9\n"


def given(
    environment: Mapping[str, str],
    *,
    files: Mapping[str, str] | None = None,
    clouds: Mapping[str, Mapping[str, Any]] | None = None,
    hide: Callable[[str], None] = lambda _: None,
    token_file: str | None = None,
    keys_file: str | None = None,
) -> ProviderContext:
    """Give where to look: an environment, files by path, clouds by name."""

    def read_file(path: str, named: str) -> str:
        if path not in (files or {}):
            raise SettingsError(f"{named} {path}: no such file")
        return (files or {})[path]

    return ProviderContext(
        environment=environment,
        read_file=read_file,
        load_cloud=lambda name: (clouds or {})[name],
        hide=hide,
        token_file=token_file,
        keys_file=keys_file,
    )


def auth_of(found: FoundCredential, place: Target = PLACE) -> Auth:
    """Make the way to sign in of what was found."""
    return found.build(place)


def asked(auth: Auth) -> tuple[str, dict[str, Any]]:
    """Give where a password signs in, and the body's `auth`."""
    request = auth.login()
    assert request is not None
    assert request.body is not None
    return request.path, json.loads(request.body)["auth"]


def test_where_to_look_does_not_show_what_is_there() -> None:
    """An environment is full of secrets."""
    look = given({"SWR_TOKEN": "sEcReT"})

    assert "sEcReT" not in repr(look)
    assert "sEcReT" not in str(list(look.__rich_repr__()))


# The first that is there.


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        (
            {
                "SWR_TOKEN": "first-token",
                "HW_AUTH_TOKEN": "second-token",
                "OS_AUTH_TOKEN": "third-token",
            },
            "SWR_TOKEN",
        ),
        (
            {"HW_AUTH_TOKEN": "first-token", "OS_AUTH_TOKEN": "third-token"},
            "HW_AUTH_TOKEN",
        ),
        ({"OS_AUTH_TOKEN": "first-token", "OS_TOKEN": "second-token"}, "OS_AUTH_TOKEN"),
        ({"OS_TOKEN": "first-token"}, "OS_TOKEN"),
        ({"SWR_TOKEN": "", "OS_AUTH_TOKEN": "first-token"}, "OS_AUTH_TOKEN"),
        ({"SWR_TOKEN": "first-token", **HW_KEYS, **HW_PASSWORD}, "SWR_TOKEN"),
    ],
)
def test_first_token_that_is_set_wins(environment: dict[str, str], name: str) -> None:
    """The order is the documented one; an empty variable is not set."""
    auth = auth_of(find(given(environment)))

    assert isinstance(auth, Token)
    assert auth.name == name
    assert auth.sign(REQUEST, at=0.0) == {"X-Auth-Token": "first-token"}


def test_token_file_wins_and_is_read_again() -> None:
    """An option beats the environment; a renewal reads the file again."""
    hidden: list[str] = []
    files = {"t.txt": "older-token\n"}
    look = given(
        {"SWR_TOKEN": "second-token"},
        files=files,
        token_file="t.txt",
        hide=hidden.append,
    )
    auth = auth_of(find(look))

    assert auth.sign(REQUEST, at=0.0) == {"X-Auth-Token": "older-token"}
    assert auth.name == "t.txt"
    files["t.txt"] = "newer-token\n"
    assert auth.renew() is True
    assert auth.sign(REQUEST, at=0.0) == {"X-Auth-Token": "newer-token"}
    assert hidden == ["older-token", "newer-token"]


@pytest.mark.parametrize(
    ("environment", "more", "name"),
    [
        pytest.param({"SWR_TOKEN": "seven77"}, {}, "SWR_TOKEN", id="variable"),
        pytest.param({}, {"token_file": "t.txt"}, "t.txt", id="file"),
        pytest.param({"OS_CLOUD": "c"}, {}, "cloud c of clouds.yaml", id="cloud"),
    ],
)
def test_a_token_that_is_too_short_to_be_hidden_is_refused(
    environment: dict[str, str], more: dict[str, Any], name: str
) -> None:
    """No service issues one; the log would have to hide letters of our own words."""
    cloud = {"auth": {"token": "seven77"}, "auth_type": "token"}
    files = {"t.txt": " seven77\n"}
    look = given(environment, files=files, clouds={"c": cloud}, **more)

    with pytest.raises(SettingsError, match=f"{name} does not hold a token") as caught:
        auth_of(find(look))

    assert "seven77" not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "keys", "names"),
    [
        (HW_KEYS | SDK_KEYS | OS_KEYS, "hw", "HW_ACCESS_KEY and HW_SECRET_KEY"),
        (SDK_KEYS | OS_KEYS, "sdk", "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"),
        (OS_KEYS | OS_PASSWORD, "os", "OS_ACCESS_KEY and OS_SECRET_KEY"),
    ],
)
def test_first_keys_that_are_set_win(
    environment: dict[str, str], keys: str, names: str
) -> None:
    """Before any password."""
    auth = auth_of(find(given(environment)))

    assert isinstance(auth, AccessKey)
    assert auth.name == names
    assert auth.secrets() == (f"{keys}-sk", f"{keys}-ak")


@pytest.mark.parametrize(
    ("keys", "token", "project"),
    [
        (HW_KEYS, "HW_SECURITY_TOKEN", "HW_PROJECT_ID"),
        (SDK_KEYS, "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HUAWEICLOUD_SDK_PROJECT_ID"),
        (OS_KEYS, "OS_SECURITY_TOKEN", "OS_PROJECT_ID"),
    ],
)
def test_temporary_keys_and_a_project_go_with_the_keys(
    keys: dict[str, str], token: str, project: str
) -> None:
    """Each family has its own names for them."""
    auth = auth_of(find(given({**keys, token: "tt", project: "p1"})))

    headers = auth.sign(REQUEST, at=0.0)
    assert (headers["X-Security-Token"], headers["X-Project-Id"]) == ("tt", "p1")


@pytest.mark.parametrize(
    ("environment", "usual", "project"),
    [
        ({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/c"}, None, "p9"),
        ({}, "/c", "p9"),
        ({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/g", "HW_PROJECT_ID": "p1"}, None, "p1"),
    ],
)
def test_the_vendor_credentials_file_is_read(
    environment: dict[str, str], usual: str | None, project: str
) -> None:
    """Where it is named or at its usual place; a percent sign in it is only that."""
    files = {"/c": FILE, "/g": "[global]\nak = file-ak\nsk = file%sk\n"}

    auth = auth_of(find(given(environment, files=files, keys_file=usual)))

    assert isinstance(auth, AccessKey)
    assert auth.secrets() == ("file%sk", "file-ak")
    assert auth.sign(REQUEST, at=0.0)["X-Project-Id"] == project


@pytest.mark.parametrize(
    ("environment", "who"),
    [
        pytest.param({"SWR_TOKEN": "first-token"}, "SWR_TOKEN", id="token"),
        pytest.param(HW_KEYS, "HW_ACCESS_KEY and HW_SECRET_KEY", id="keys"),
        pytest.param(OS_PASSWORD, "OS_USERNAME and OS_PASSWORD", id="password"),
        pytest.param({"OS_CLOUD": "c"}, "cloud c of clouds.yaml", id="cloud"),
        pytest.param({}, "ak of /usual and sk of /usual", id="the-file-itself"),
    ],
)
def test_what_is_said_comes_before_a_file_that_lies_there(
    environment: dict[str, str], who: str
) -> None:
    """A file in the home directory never takes the place of a variable."""
    look = given(
        environment, files={"/usual": FILE}, clouds={"c": CLOUD}, keys_file="/usual"
    )

    assert auth_of(find(look)).name == who


# Passwords.


@pytest.mark.parametrize(
    ("environment", "user", "scope"),
    [
        pytest.param(
            HW_PASSWORD,
            {"name": "ann", "domain": {"name": "acme"}, "password": "hw-password"},
            {"name": "eu-de_team", "domain": {"name": "acme"}},
            id="hw-names",
        ),
        pytest.param(
            {"HW_USER_ID": "u1", "HW_USER_PASSWORD": " x ", "HW_PROJECT_ID": "p1"},
            {"id": "u1", "password": " x "},
            {"id": "p1"},
            id="hw-ids",
        ),
        pytest.param(
            {"HW_USER_NAME": "ann", "HW_USER_PASSWORD": "x", "HW_DOMAIN_ID": "d1"},
            {"name": "ann", "domain": {"id": "d1"}, "password": "x"},
            {"name": "eu-de", "domain": {"id": "d1"}},
            id="the-region's-own-project",
        ),
        pytest.param(
            {"HW_USER_NAME": "ann", "HW_USER_PASSWORD": "x"}
            | {"OS_USER_DOMAIN_NAME": "acme", "OS_PROJECT_NAME": "p"},
            {"name": "ann", "domain": {"name": "acme"}, "password": "x"},
            {"name": "p", "domain": {"name": "acme"}},
            id="what-hw-does-not-say-os-may",
        ),
        pytest.param(
            OS_PASSWORD,
            {"name": "bob", "domain": {"name": "acme"}, "password": "os-password"},
            {"name": "eu-de", "domain": {"name": "acme"}},
            id="os-names",
        ),
        pytest.param(
            OS_PASSWORD | {"OS_PROJECT_DOMAIN_ID": "d2", "OS_USER_ID": "u2"},
            {"id": "u2", "password": "os-password"},
            {"name": "eu-de", "domain": {"id": "d2"}},
            id="a-project-of-another-domain",
        ),
        pytest.param(
            {"OS_USERNAME": "bob", "OS_PASSWORD": "x", "OS_DOMAIN_NAME": "acme"}
            | {"OS_TENANT_NAME": "old"},
            {"name": "bob", "domain": {"name": "acme"}, "password": "x"},
            {"name": "old", "domain": {"name": "acme"}},
            id="tenant",
        ),
        pytest.param(
            {"OS_USERNAME": "bob", "OS_PASSWORD": "x", "OS_PROJECT_DOMAIN_NAME": "acme"}
            | {"OS_TENANT_ID": "t1"},
            {"name": "bob", "domain": {"name": "acme"}, "password": "x"},
            {"id": "t1"},
            id="tenant-id",
        ),
    ],
)
def test_a_password_is_of_a_user_for_a_project(
    environment: dict[str, str], user: dict[str, Any], scope: dict[str, Any]
) -> None:
    """By the names of both families of variables."""
    auth = auth_of(find(given(environment)))

    assert isinstance(auth, Password)
    path, body = asked(auth)
    assert path.startswith("https://iam.eu-de.otc.t-systems.com/v3/auth/tokens")
    assert body["identity"]["password"]["user"] == user
    assert body["scope"] == {"project": scope}


def test_a_passcode_of_the_environment_is_sent_along() -> None:
    """With both families."""
    for environment in (HW_PASSWORD, OS_PASSWORD):
        auth = auth_of(find(given(environment | {"OS_PASSCODE": "123456"})))

        identity = asked(auth)[1]["identity"]
        assert identity["totp"]["user"]["passcode"] == "123456"


@pytest.mark.parametrize(
    ("environment", "url", "named"),
    [
        (OS_PASSWORD, "https://keystone.example/v3", "OS_AUTH_URL"),
        (HW_PASSWORD, None, "auth_url"),
        (HW_PASSWORD | {"OS_AUTH_URL": "https://o"}, "https://o", "OS_AUTH_URL"),
        (
            HW_PASSWORD | {"OS_AUTH_URL": "https://o", "HW_AUTH_URL": "https://h"},
            "https://h",
            "HW_AUTH_URL",
        ),
    ],
)
def test_a_password_may_say_where_iam_is(
    environment: dict[str, str], url: str | None, named: str
) -> None:
    """And under which name, for messages."""
    found = find(given(environment))

    assert (found.auth_url, found.auth_url_named) == (url, named)


# clouds.yaml.


def test_a_cloud_signs_in_by_what_it_says() -> None:
    """User, project, region, IAM and CA."""
    found = find(given({"OS_CLOUD": "c"}, clouds={"c": CLOUD}))

    assert (found.region, found.cacert) == ("eu-nl", "/etc/ca.pem")
    assert found.auth_url == "https://iam.example/v3"
    body = asked(auth_of(found))[1]
    assert body["identity"]["password"]["user"] == {
        "name": "carl",
        "domain": {"name": "acme"},
        "password": "cloud-password",
    }
    assert body["scope"]["project"]["name"] == "eu-nl"


def test_a_cloud_password_may_be_in_the_environment() -> None:
    """That variable alone is then no sign-in of its own."""
    auth = {name: text for name, text in CLOUD["auth"].items() if name != "password"}
    environment = {"OS_CLOUD": "c", "OS_PASSWORD": "from-outside"}
    found = find(given(environment, clouds={"c": {**CLOUD, "auth": auth}}))

    user = asked(auth_of(found))[1]["identity"]["password"]["user"]
    assert user["password"] == "from-outside"


def test_a_cloud_may_have_a_token() -> None:
    """As `auth_type: token` has."""
    cloud = {
        "auth": {"token": "cloud-token"},
        "auth_type": "v3token",
        "region_name": "e",
    }
    auth = auth_of(find(given({"OS_CLOUD": "c"}, clouds={"c": cloud})))

    assert auth.sign(REQUEST, at=0.0) == {"X-Auth-Token": "cloud-token"}


def test_messages_name_the_variable_that_was_read() -> None:
    """And not the one that might have been set instead."""
    less = {k: v for k, v in HW_PASSWORD.items() if k != "HW_PROJECT_NAME"}
    auth = auth_of(find(given({**less, "OS_TENANT_ID": "p"})))

    assert "OS_TENANT_ID is in the" in auth.advice(
        Answer(AnswerKind.UNAUTHORIZED, 401), ahead=0.0
    )


# What is missing.


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"HW_ACCESS_KEY": "a"}, "HW_ACCESS_KEY is set, but HW_SECRET_KEY is not"),
        ({"HW_SECRET_KEY": "a"}, "HW_SECRET_KEY is set, but HW_ACCESS_KEY is not"),
        (
            {"HW_ACCESS_KEY": "a", "HW_SECURITY_TOKEN": "t", **OS_KEYS},
            "HW_ACCESS_KEY, HW_SECURITY_TOKEN is set, but HW_SECRET_KEY is not",
        ),
        (
            {**HW_KEYS, "OS_SECURITY_TOKEN": "t", "HW_SECURITY_TOKEN": ""},
            "^OS_SECURITY_TOKEN is set without .* to HW_ACCESS_KEY, set HW_SECURITY",
        ),
        ({"HUAWEICLOUD_SDK_AK": "a", **OS_KEYS}, "but HUAWEICLOUD_SDK_SK is not"),
        ({"OS_SECRET_KEY": "a", **HW_PASSWORD}, "but OS_ACCESS_KEY is not"),
        ({"HW_USER_NAME": "a", **OS_PASSWORD}, "but HW_USER_PASSWORD is not"),
        ({"HW_USER_ID": "a"}, "HW_USER_ID is set, but HW_USER_PASSWORD is not"),
        ({"HW_USER_PASSWORD": "a"}, "HW_USER_PASSWORD is set, but HW_USER_NAME is"),
        (
            {"HW_USER_NAME": "a", "HW_USER_PASSWORD": "a"},
            "HW_USER_NAME is set, but HW_DOMAIN_NAME is not",
        ),
        ({"OS_USERNAME": "a"}, "OS_USERNAME is set, but OS_PASSWORD is not"),
        ({"OS_PASSWORD": "a"}, "OS_PASSWORD is set, but OS_USERNAME is not"),
        (
            {"OS_USERNAME": "a", "OS_PASSWORD": "a"},
            "OS_USERNAME is set, but OS_USER_DOMAIN_NAME is not",
        ),
        ({**HW_PASSWORD, "HW_USER_PASSWORD": "\udcff"}, "HW_USER_PASSWORD contains"),
        ({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/no"}, "_FILE /no: no such file"),
        ({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/nosk"}, "sk is missing under .basic"),
        ({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/empty"}, "ak is missing under .basic"),
        ({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/bare"}, "/bare:1: not an INI"),
        ({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/torn"}, "/torn:2: not an INI"),
        ({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/twice"}, "/twice:3: not an INI"),
        (
            {"OS_CLOUD": "bare"},
            "password of cloud bare .* is set, but username of cloud bare",
        ),
        ({"OS_CLOUD": "none"}, "cloud none .* is set, but username of cloud none"),
        ({"OS_CLOUD": "app"}, "SWR does not support auth_type application"),
    ],
)
def test_half_a_credential_names_the_other_half(
    environment: dict[str, str], words: str
) -> None:
    """Nothing else is taken in its place, and no secret is quoted."""
    files = {
        "/nosk": "[basic]\nak = sEcReT\n",
        "/empty": "",
        "/bare": "sk = sEcReT\n",
        "/torn": "[basic]\nsEcReT\n",
        "/twice": "[basic]\nsk = sEcReT\nsk = sEcReT\n",
    }
    clouds: dict[str, dict[str, Any]] = {
        "bare": {"auth": {"password": "sEcReT"}},
        "none": {},
        "app": {"auth": {}, "auth_type": "v3applicationcredential"},
    }

    with pytest.raises(SettingsError, match=words) as raised:
        find(given(environment, files=files, clouds=clouds))

    assert "sEcReT" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    ("environment", "place", "words"),
    [
        (
            {name: HW_PASSWORD[name] for name in list(HW_PASSWORD)[:3]},
            Target(endpoint=PLACE.endpoint, iam=PLACE.iam),
            "set HW_PROJECT_NAME",
        ),
        (HW_PASSWORD, Target(endpoint=PLACE.endpoint), "set SWR_IAM_ENDPOINT"),
        (HW_KEYS | {"HW_PROJECT_NAME": "eu-de_team"}, PLACE, "set HW_PROJECT_ID to"),
    ],
)
def test_what_a_place_does_not_tell_is_asked_for(
    environment: dict[str, str], place: Target, words: str
) -> None:
    """A token is for a project, and somebody must give it."""
    with pytest.raises(SettingsError, match=words):
        auth_of(find(given(environment)), place)


def test_keys_take_the_region_own_project_by_its_name() -> None:
    """It is what a key without a project means."""
    auth = auth_of(find(given(HW_KEYS | {"HW_PROJECT_NAME": "eu-de"})))

    assert "X-Project-Id" not in auth.sign(REQUEST, at=0.0)


def test_nothing_to_sign_in_with_says_what_to_set() -> None:
    """The next thing to do is in the message."""
    with pytest.raises(
        SettingsError,
        match=r"set SWR_TOKEN .*--token-file.*HW_ACCESS_KEY.*HW_USER_NAME.*OS_CLOUD"
        r".*--sandbox",
    ):
        find(given({"HW_DOMAIN_NAME": "acme", "OS_AUTH_URL": "https://iam"}))


# The one that is picked.

EVERYTHING = {"SWR_TOKEN": "first-token", "OS_CLOUD": "c", **HW_KEYS, **HW_PASSWORD}
EVERYTHING["HW_PROJECT_NAME"] = "eu-de"


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("token", "SWR_TOKEN"),
        ("aksk", "HW_ACCESS_KEY and HW_SECRET_KEY"),
        ("password", "HW_USER_NAME and HW_USER_PASSWORD"),
        ("cloud", "cloud c of clouds.yaml"),
    ],
)
def test_the_way_that_is_picked_is_taken(method: str, name: str) -> None:
    """Whatever else is there."""
    look = given(EVERYTHING, clouds={"c": CLOUD})

    assert auth_of(find(look, method=method)).name == name


@pytest.mark.parametrize("method", METHODS)
def test_the_way_that_is_picked_must_be_there(method: str) -> None:
    """Another one is not taken for it; half of another one does not matter."""
    others = {"token": HW_KEYS}.get(method, {"SWR_TOKEN": "first-token"})
    halves = {} if method == "aksk" else {"HW_ACCESS_KEY": "a"}

    with pytest.raises(SettingsError, match=f"--auth {method}: none is set: set"):
        find(given(others | halves), method=method)


def test_a_token_file_is_a_token() -> None:
    """To ask for both it and something else makes no sense."""
    with pytest.raises(SettingsError, match="--auth aksk and --token-file"):
        find(given(HW_KEYS, token_file="t"), method="aksk")


def test_the_words_of_the_option_are_the_ways_there_are() -> None:
    """On every command that has it."""
    for name in ("create", "whoami"):
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        option = next(each for each in command.params if each.name == "auth")
        assert isinstance(option.type, click.Choice)
        assert list(option.type.choices) == list(METHODS)
