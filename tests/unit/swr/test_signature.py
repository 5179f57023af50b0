"""Signatures: published and recorded ones, and what does not change them."""

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.swr.auth.signature import host, signed

AK, SK = "AKEXAMPLE0000000TEST", "SKexample/secret+key0000000000000000TEST"
DATE = "20260102T030405Z"
JSON = {"Content-Type": "application/json"}
PROJECT = {"X-Project-Id": "0123456789abcdef0123456789abcdef"}
CN = "https://swr-api.cn-north-4.myhuaweicloud.com"
REPOS = "/v2/manage/namespaces/demo/repos"
KEYS = {"access_key": AK, "secret_key": SK, "date": DATE}

VECTORS: list[Any] = [
    pytest.param(
        "POST",
        CN + REPOS,
        JSON,
        '{"repository":"busybox","is_public":true,"category":"linux",'
        '"description":"this is a busybox repository"}',
        KEYS,
        "content-type;host;x-sdk-date",
        "b22537556fd8c8a91dd4b11ee1530fd8c982f61dbc136b13006c94cc33958384",
        id="create",
    ),
    pytest.param(
        "POST",
        "https://swr-api.eu-de.otc.t-systems.com" + REPOS,
        {"Content-Type": "application/json;charset=utf8", **PROJECT},
        '{"repository":"team/app-one","is_public":false,"description":"дом — 仓库"}',
        KEYS,
        "content-type;host;x-project-id;x-sdk-date",
        "46550b355d41b8146e7a8e894664b5271d8d6038a50fa78b662f5fae8a0a9843",
        id="project-and-a-body-beyond-ascii",
    ),
    pytest.param(
        "POST",
        "https://swr-api.ap-southeast-3.myhuaweicloud.com" + REPOS,
        {**JSON, **PROJECT, "X-Security-Token": "TEMPTOKEN=="},
        '{"repository":"a","is_public":false}',
        KEYS,
        "content-type;host;x-project-id;x-sdk-date;x-security-token",
        "2cd944fc57d114f9c64aafc5ff730ff6098f9f41d262c28703db0019679c61c9",
        id="temporary-key",
    ),
    pytest.param(
        "GET",
        CN + REPOS + "/team$app-one",
        JSON,
        "",
        KEYS,
        "content-type;host;x-sdk-date",
        "0d4a7e15dfb3c40c46877a988b8de9e2353d2a68b730ebee18aeb16e48b51c01",
        id="dollar-in-the-path",
    ),
    pytest.param(
        "GET",
        CN + REPOS + "/team%24app-one",
        JSON,
        "",
        KEYS,
        "content-type;host;x-sdk-date",
        "0d4a7e15dfb3c40c46877a988b8de9e2353d2a68b730ebee18aeb16e48b51c01",
        id="dollar-that-was-quoted-on-the-way",
    ),
    pytest.param(
        "GET",
        CN + "/v2/manage/repos?namespace=demo&limit=100&offset=0"
        "&filter=namespace%3A%3Ademo%7Cname%3A%3Aa~b",
        JSON,
        "",
        KEYS,
        "content-type;host;x-sdk-date",
        "b5a48727aa7dca9f3fbbd4fcaa248e340904cfcb987855f7cd2ee45929ce0c74",
        id="query",
    ),
    pytest.param(
        "GET",
        "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs"
        "?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0",
        JSON,
        "",
        {
            "access_key": "QTWAOYTTINDUT2QVKYUC",
            "secret_key": "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc",
            "date": "20191115T033655Z",
        },
        "content-type;host;x-sdk-date",
        "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe",
        id="the-guide's-own-example",
    ),
    pytest.param(
        "GET",
        "https://swr-api.cn-east-4.myhuaweicloud.com/v2/manage/namespaces/lpx03/repos"
        "?limit=100&offset=0",
        {},
        "",
        {
            "access_key": "TESTAK123EXAMPLE",
            "secret_key": "test-secret-key-for-vector",
            "date": "20260819T000000Z",
        },
        "host;x-sdk-date",
        "d4f291cb92cde1933fc8cfe6ed31f2abee9ff5794b84f6421fe94af7dc236c04",
        id="another-program's-list",
    ),
]


@pytest.mark.parametrize(
    ("method", "url", "headers", "body", "keys", "names", "signature"), VECTORS
)
def test_signature_is_the_recorded_one(
    *,
    method: str,
    url: str,
    headers: dict[str, str],
    body: str,
    keys: dict[str, str],
    names: str,
    signature: str,
) -> None:
    """The guide's example, and what the vendor's and another program's signer give."""
    access = keys["access_key"]

    assert signed(method, url, headers, body.encode(), **keys) == (
        f"SDK-HMAC-SHA256 Access={access}, SignedHeaders={names}, Signature={signature}"
    )


def test_a_header_with_an_underscore_is_not_signed() -> None:
    """Nor does the case or the padding of the others matter."""
    plain = signed("GET", CN, PROJECT, b"", **KEYS)
    other = {"x-project-id": f" {PROJECT['X-Project-Id']} ", "x_trace": "1"}

    assert signed("GET", CN, other, b"", **KEYS) == plain


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://Swr-Api.example.org/v2", "swr-api.example.org"),
        ("https://swr-api.example.org:443/v2", "swr-api.example.org"),
        ("https://swr-api.example.org:8443/v2", "swr-api.example.org:8443"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("http://[::1]/", "[::1]"),
    ],
)
def test_host_is_what_a_client_sends(url: str, wanted: str) -> None:
    """In lower case, with the port where it is not the scheme's own."""
    assert host(url) == wanted


PAIRS = st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=5)


@given(pairs=PAIRS, chance=st.randoms(use_true_random=False))
def test_the_order_and_the_quoting_of_a_query_do_not_matter(
    pairs: Any, chance: Any
) -> None:
    """A server signs what it has read, however it was spelt."""
    pairs = [
        tuple(text.encode("utf-8", "replace").decode() for text in pair)
        for pair in pairs
    ]
    shuffled = list(pairs)
    chance.shuffle(shuffled)
    spelt = "&".join(
        "=".join("".join(f"%{byte:02x}" for byte in text.encode()) for text in pair)
        for pair in shuffled
    )

    assert signed("GET", f"{CN}/?{urlencode(pairs)}", {}, b"", **KEYS) == signed(
        "GET", f"{CN}/?{spelt}", {}, b"", **KEYS
    )


@given(name=st.text(st.characters(codec="utf-8", exclude_characters="/"), max_size=20))
def test_a_path_may_be_quoted_or_not(name: str) -> None:
    """`$` or `%24`: what lies between client and server may write either."""
    quoted = signed("GET", f"{CN}/a/{quote(name, safe='')}", {}, b"", **KEYS)
    spelt = "".join(f"%{byte:02x}" for byte in name.encode())

    assert signed("GET", f"{CN}/a/{spelt}", {}, b"", **KEYS) == quoted
