"""Who we are at another registry: challenges, credentials, tokens."""

import base64
import json
import time
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.errors import SettingsError, StoppedError
from bulkrepo.http.headers import challenges, links
from bulkrepo.http.messages import Response
from bulkrepo.migration.remote import docker_credentials, urls
from bulkrepo.migration.remote.authentication import RegistryAuth
from bulkrepo.migration.remote.docker_credentials import DockerConfig, RegistryLogin
from bulkrepo.migration.remote.products import PRODUCTS
from tests.support.remote import answer

# Challenges and links.


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("", []),
        ("Basic", [("basic", {})]),
        ('Basic realm="a, b=\\"c\\""', [("basic", {"realm": 'a, b="c"'})]),
        (
            'Bearer realm="https://a/t?x=1,2",service=s , scope="registry:catalog:*"',
            [
                (
                    "bearer",
                    {
                        "realm": "https://a/t?x=1,2",
                        "service": "s",
                        "scope": "registry:catalog:*",
                    },
                )
            ],
        ),
        (
            'Negotiate YWJj==, BEARER REALM="r", Basic realm=x',
            [("negotiate", {}), ("bearer", {"realm": "r"}), ("basic", {"realm": "x"})],
        ),
        (", ,Bearer realm = r,,", [("bearer", {"realm": "r"})]),
        ('Bearer realm="never closed', [("bearer", {})]),
        ("=,=", []),
    ],
)
def test_a_challenge_is_read_as_the_standard_has_it(
    value: str, read: list[tuple[str, dict[str, str]]]
) -> None:
    """Several in a line, quotes, blanks around the sign."""
    assert challenges(value) == read


_TOKENS = st.text(st.sampled_from("abcXYZ019!#$-._~"), min_size=1, max_size=8)
_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


@given(
    st.lists(
        st.tuples(
            _TOKENS, st.dictionaries(_TOKENS.map(str.lower), _VALUES, min_size=1)
        ),
        max_size=3,
    )
)
def test_what_is_written_as_a_challenge_is_read_back(
    given: list[tuple[str, dict[str, str]]],
) -> None:
    """With every character that a quoted string may hold."""

    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    value = ", ".join(
        f"{scheme} " + ", ".join(f"{k}={quoted(v)}" for k, v in parameters.items())
        for scheme, parameters in given
    )

    assert challenges(value) == [(scheme.lower(), each) for scheme, each in given]


@given(st.text(max_size=200))
def test_nothing_in_a_header_is_a_surprise(value: str) -> None:
    """No text raises, and none takes long."""
    challenges(value)
    list(links(value))


@pytest.mark.parametrize(
    ("value", "on"),
    [
        ('</a>; rel="next"', ["/a"]),
        ("</a>;rel=next", ["/a"]),
        ('</a>; rel="prev next"', ["/a"]),
        ('<https://h/a,b>; title="x, rel=next"; rel="next"', ["https://h/a,b"]),
        ('</0>; rel="prev" , </2>; rel="next"', ["/2"]),
        ('</a>; rel="nextish"', []),
        ("</a>", []),
    ],
)
def test_a_link_is_read_as_the_standard_has_it(value: str, on: list[str]) -> None:
    """Commas and semicolons stand in it where they like."""
    assert [target for relation, target in links(value) if relation == "next"] == on


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<x>",
        "<x>;",
        "<x>;a",
        "<x>;a=",
        '<x>;a="',
        '<x>;a="\\',
        ";",
        " ",
        ", ",
        "=",
    ],
)
@pytest.mark.parametrize("front", ["", "<x>;a", '<x>;a="', "Basic", "Basic a"])
def test_a_header_is_read_in_one_pass(front: str, piece: str) -> None:
    """Time grows as the header does: 300,000 characters squared would take minutes."""
    value = front + piece * (300_000 // len(piece))
    started = time.process_time()
    challenges(value)
    list(links(value))

    assert time.process_time() - started < 5


# Who we are.


def no_helper(name: str, server: str) -> bytes | None:
    """Be a credential helper that nobody may ask."""
    raise AssertionError(f"asked {name} for {server}")


def login(
    host: str, config: object = None, helper: Any = no_helper, **environment: str
) -> RegistryLogin | None:
    """Find the credential for *host*."""
    text = None if config is None else json.dumps(config)
    said = docker_credentials.from_environment(environment)
    return said or docker_credentials.from_docker(
        host, DockerConfig("c.json", text), helper
    )


def pair(text: str) -> str:
    """Give what Docker writes of name and password."""
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("host", "config", "wanted"),
    [
        ("h", None, None),
        ("h", {}, None),
        ("h", {"auths": {"g": {"auth": pair("a:b")}}}, None),
        ("h", {"auths": {"h": {}}}, None),
        ("h", {"auths": {"h": {"auth": pair("a:b:c")}}}, ("a", "b:c", "", "")),
        ("h", {"auths": {"https://h/v1/": {"auth": pair("a:b")}}}, ("a", "b", "", "")),
        ("h:5000", {"auths": {"h": {"auth": pair("a:b")}}}, None),
        ("h:5000", {"auths": {"h:5000": {"auth": pair("a:b")}}}, ("a", "b", "", "")),
        ("h", {"auths": {"h": {"username": "a", "password": "b"}}}, ("a", "b", "", "")),
        (
            "h",
            {"auths": {"h": {"auth": pair("0000:"), "identitytoken": "i"}}},
            ("0000", "", "", "i"),
        ),
        ("h", {"auths": {"h": {"registrytoken": "t"}}}, ("", "", "t", "")),
        (
            "docker.io",
            {"auths": {"https://index.docker.io/v1/": {"auth": pair("a:b")}}},
            ("a", "b", "", ""),
        ),
        (
            "hub.docker.com",
            {"auths": {"docker.io": {"auth": pair("a:b")}}},
            ("a", "b", "", ""),
        ),
        ("h", {"auths": {"h/team": {"auth": pair("a:b")}}}, ("a", "b", "", "")),
    ],
)
def test_docker_login_is_believed(
    host: str, config: object, wanted: tuple[str, str, str, str] | None
) -> None:
    """For its own host and port, in every form that Docker writes."""
    got = login(host, config)

    assert (got and (got.user, got.password, got.token, got.identity)) == wanted


@pytest.mark.parametrize(
    ("host", "config", "asked"),
    [
        ("h", {"credHelpers": {"h": "cloud"}, "credsStore": "x"}, ("cloud", "h")),
        ("h", {"credsStore": "desktop"}, ("desktop", "h")),
        ("h", {"credsStore": "x", "auths": {"https://h": {}}}, ("x", "https://h")),
        (
            "hub.docker.com",
            {"credsStore": "desktop"},
            ("desktop", "https://index.docker.io/v1/"),
        ),
    ],
)
def test_a_credential_helper_is_asked(
    host: str, config: object, asked: tuple[str, str]
) -> None:
    """The host's own before the store of all, under the name that Docker used."""
    seen = []

    def helper(name: str, server: str) -> bytes:
        seen.append((name, server))
        return b'{"ServerURL":"","Username":"a","Secret":"b"}'

    got = login(host, config, helper)

    assert seen == [asked]
    assert got == RegistryLogin(
        named=f"docker-credential-{asked[0]}", user="a", password="b"
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(
                    ["auths", "h", "auth", "credsStore", "credHelpers", "username"]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    )
)
def test_nothing_in_dockers_file_is_a_surprise(config: object) -> None:
    """It is read, or refused as what it is."""
    with suppress(SettingsError):
        login("h", config, lambda *_: json.dumps(config).encode())


def test_a_helper_may_hold_an_identity_token_or_nothing() -> None:
    """Nothing is then looked for in the file."""
    config = {"credsStore": "x", "auths": {"h": {"auth": pair("a:b")}}}
    token = login("h", config, lambda *_: b'{"Username":"<token>","Secret":"i"}')
    nothing = login("h", config, lambda *_: None)

    assert token is not None
    assert (token.identity, token.password) == ("i", "")
    assert nothing is not None
    assert nothing.password == "b"


def test_the_environment_comes_first() -> None:
    """It is what somebody said for this command."""
    config = {"auths": {"h": {"auth": pair("a:b")}}}
    got = login("h", config, BULKREPO_REGISTRY_TOKEN="t")

    assert got == RegistryLogin(named="BULKREPO_REGISTRY_TOKEN", token="t")


@pytest.mark.parametrize(
    ("config", "environment", "why"),
    [
        (None, {"BULKREPO_REGISTRY_USER": "a"}, "PASSWORD is not: set it too"),
        (None, {"BULKREPO_REGISTRY_PASSWORD": "hunter2"}, "USER is not: set it too"),
        (
            None,
            {"BULKREPO_REGISTRY_USER": "a", "BULKREPO_REGISTRY_TOKEN": "hunter2"},
            "set one of them",
        ),
        (None, {"BULKREPO_REGISTRY_TOKEN": "hunter2\n"}, "nobody can type"),
        (None, {"BULKREPO_REGISTRY_TOKEN": "Bearer hunter2"}, "is no token"),
        ([], {}, "c.json: is no JSON object"),
        ({"auths": {"h": {"auth": "hunter2!"}}}, {}, "auth is not base64"),
        ({"auths": {"h": {"auth": pair("a:hunter2\r\nX: y")}}}, {}, "nobody can type"),
    ],
)
def test_half_a_credential_is_an_error(
    config: object, environment: dict[str, str], why: str
) -> None:
    """Nobody wants to be somebody else by a typing error; no secret is repeated."""
    with pytest.raises(SettingsError, match=why) as refused:
        login("h", config, **environment)

    assert "hunter2" not in str(refused.value)


# How it is shown.

BOT = RegistryLogin(named="env", user="bot", password="hunter2-long-enough")
BASIC = {"Authorization": f"Basic {pair('bot:hunter2-long-enough')}"}
ASKS = 'Bearer realm="https://auth.h/token",service="s",scope="registry:catalog:*"'


def access(
    name: str, who: RegistryLogin | None, source: str = "https://h/x"
) -> RegistryAuth:
    """Give what signs requests to *source*."""
    return RegistryAuth(urls.place(source), PRODUCTS[name], who)


@pytest.mark.parametrize(
    ("name", "who", "headers"),
    [
        ("distribution", None, {}),
        ("distribution", BOT, BASIC),
        ("harbor", BOT, BASIC),
        ("harbor", RegistryLogin(named="e", token="t"), {"Authorization": "Bearer t"}),
        ("quay", RegistryLogin(named="e", token="t"), {"Authorization": "Bearer t"}),
        ("gitlab", RegistryLogin(named="e", token="t"), {"PRIVATE-TOKEN": "t"}),
        (
            "dockerhub",
            RegistryLogin(named="e", token="t"),
            {"Authorization": "Bearer t"},
        ),
        ("distribution", RegistryLogin(named="e", identity="i"), {}),
    ],
)
def test_each_product_is_shown_what_it_takes(
    name: str, who: RegistryLogin | None, headers: dict[str, str]
) -> None:
    """At once: what answers anybody lists to anybody only what is public."""
    signs = access(name, who)

    assert signs.headers == headers
    assert signs.due(0.0) is None
    assert signs.named == (who.named if who else None)


@pytest.mark.parametrize("name", ["gitlab", "quay"])
def test_a_password_that_an_api_does_not_take_is_an_error(name: str) -> None:
    """It would list as nobody, and that would look like all there is."""
    who = RegistryLogin(named="BULKREPO_REGISTRY_USER and ...", user="a", password="b")
    with pytest.raises(SettingsError, match="BULKREPO_REGISTRY_TOKEN"):
        access(name, who)


def test_a_token_is_asked_for_kept_and_renewed() -> None:
    """Until nearly its end; a 401 before that renews it too."""
    signs = access("distribution", BOT)
    assert signs.refused(answer("", 401, WWW_Authenticate=ASKS))
    asking = signs.due(100.0)
    assert asking is not None
    url = urlsplit(asking.path)
    signs.accept(answer({"token": "t1", "expires_in": 300}), 100.0)

    assert (url.netloc, url.path, asking.method) == ("auth.h", "/token", "GET")
    assert parse_qs(url.query) == {
        "service": ["s"],
        "scope": ["registry:catalog:*"],
        "account": ["bot"],
    }
    assert asking.headers == BASIC
    assert signs.headers == {"Authorization": "Bearer t1"}
    assert signs.due(389.0) is None
    assert signs.due(390.0) is asking
    assert signs.refused(answer("", 401, WWW_Authenticate=ASKS))
    assert signs.due(101.0) is not None
    assert "hunter2" not in repr(asking) + repr(signs.due(101.0)) + repr(BOT)


def test_anybody_may_get_a_token() -> None:
    """Without a credential, and for the catalog where the challenge does not say."""
    signs = access("distribution", None)
    assert signs.refused(
        answer("", 401, WWW_Authenticate='Bearer realm="https://a/t?x=1"')
    )
    asking = signs.due(0.0)

    assert asking is not None
    assert asking.headers == {}
    assert asking.path == "https://a/t?x=1&scope=registry%3Acatalog%3A%2A"


def test_an_identity_token_is_exchanged() -> None:
    """In a body: a URL is kept in logs."""
    signs = access("distribution", RegistryLogin(named="e", identity="refresh-me"))
    assert signs.refused(answer("", 401, WWW_Authenticate=ASKS))
    asking = signs.due(0.0)

    assert asking is not None
    assert (asking.method, asking.path) == ("POST", "https://auth.h/token")
    assert dict(parse_qsl((asking.body or b"").decode())) == {
        "grant_type": "refresh_token",
        "service": "s",
        "client_id": "bulkrepo",
        "scope": "registry:catalog:*",
        "refresh_token": "refresh-me",
    }


def test_docker_hub_gives_a_token_for_a_password() -> None:
    """Before anything is listed, and again when it is refused."""
    signs = access("dockerhub", BOT, "https://docker.io/acme")
    asking = signs.due(0.0)
    assert asking is not None
    signs.accept(answer({"access_token": "t"}), 0.0)

    assert asking.path == "https://hub.docker.com/v2/auth/token"
    assert json.loads(asking.body or b"") == {
        "identifier": "bot",
        "secret": "hunter2-long-enough",
    }
    assert signs.due(1e9) is None
    assert signs.refused(answer("", 401))
    assert signs.due(0.0) is asking


@pytest.mark.parametrize(
    "challenge", ["", 'Basic realm="x"', "Bearer", 'Digest realm="https://a"']
)
def test_a_refused_password_is_not_shown_again(challenge: str) -> None:
    """Where nothing says how to do better."""
    assert not access("distribution", BOT).refused(
        answer("", 401, WWW_Authenticate=challenge)
    )


@pytest.mark.parametrize(
    "realm",
    [
        "http://auth.h/token",
        "http://127.0.0.1/token",
        "ftp://auth.h/token",
        "https://user@auth.h/token",
        "https://[broken/token",
        "https:///token",
        "/token",
    ],
)
def test_a_credential_goes_to_no_token_service_without_tls(realm: str) -> None:
    """Who answers for a registry names any service: but not in the clear."""
    signs = access("distribution", BOT)
    with pytest.raises(StoppedError, match="no credential goes there"):
        signs.refused(answer("", 401, WWW_Authenticate=f'Bearer realm="{realm}"'))


def test_on_this_machine_a_token_service_may_be_plain() -> None:
    """For a registry of this machine only."""
    signs = access("distribution", BOT, "http://127.0.0.1:5000")
    realm = 'Bearer realm="http://localhost:5001/token"'

    assert signs.refused(answer("", 401, WWW_Authenticate=realm))


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (
            answer({"details": "wrong hunter2-long-enough"}, 401),
            "401: wrong .*check env",
        ),
        (answer({"errors": [{"message": "no"}]}, 403), "403: no.*check env"),
        (answer({}), "gives no token"),
        (Response(200, {}, b"<html>"), "gives no token"),
        (answer({"token": "a b"}), "is no token"),
        (answer({"token": "a\nX-Evil: 1"}), "is no token"),
    ],
)
def test_no_token_is_the_end(reply: Response, why: str) -> None:
    """With where the credential came from, and without it."""
    signs = access("distribution", BOT)
    signs.refused(answer("", 401, WWW_Authenticate=ASKS))
    with pytest.raises(StoppedError, match=why) as stopped:
        signs.accept(reply, 0.0)

    assert "hunter2" not in str(stopped.value)
