"""The sandbox takes a signature that is right, and locks a key that is tried out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from aiohttp import hdrs
from multidict import CIMultiDict

from bulkrepo.sandbox import Settings
from bulkrepo.sandbox.messages import Answer, Call
from bulkrepo.sandbox.service import Gateway
from bulkrepo.sandbox.signature import Claim, canonical, compute_signature, holds

KEY, SECRET = "AKEXAMPLE0000000TEST", "SKexample/secret+key0000000000000000TEST"
DATE = "20260102T030405Z"
JSON = {"Content-Type": "application/json"}
PROJECT = "0123456789abcdef0123456789abcdef"
DEMO = "/v2/manage/namespaces/demo/repos"
MINIMAL = (
    '{"repository":"busybox","is_public":true,"category":"linux",'
    '"description":"this is a busybox repository"}'
)
UTF8 = '{"repository":"team/app-one","is_public":false,"description":"дом — 仓库"}'


class Vector(NamedTuple):
    """A request, and the signature that others made for it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    signature: str
    date: str = DATE
    secret: str = SECRET


VECTORS = {
    "minimal": Vector(
        "POST",
        f"https://swr-api.cn-north-4.myhuaweicloud.com{DEMO}",
        JSON,
        MINIMAL,
        "b22537556fd8c8a91dd4b11ee1530fd8c982f61dbc136b13006c94cc33958384",
    ),
    "project and utf-8": Vector(
        "POST",
        f"https://swr-api.eu-de.otc.t-systems.com{DEMO}",
        {"Content-Type": "application/json;charset=utf8", "X-Project-Id": PROJECT},
        UTF8,
        "46550b355d41b8146e7a8e894664b5271d8d6038a50fa78b662f5fae8a0a9843",
    ),
    "security token": Vector(
        "POST",
        f"https://swr-api.ap-southeast-3.myhuaweicloud.com{DEMO}",
        JSON | {"X-Project-Id": PROJECT, "X-Security-Token": "TEMPTOKEN=="},
        '{"repository":"a","is_public":false}',
        "2cd944fc57d114f9c64aafc5ff730ff6098f9f41d262c28703db0019679c61c9",
    ),
    "dollar in the path": Vector(
        "GET",
        f"https://swr-api.cn-north-4.myhuaweicloud.com{DEMO}/team$app-one",
        JSON,
        "",
        "0d4a7e15dfb3c40c46877a988b8de9e2353d2a68b730ebee18aeb16e48b51c01",
    ),
    "escaped dollar in the path": Vector(
        "GET",
        f"https://swr-api.cn-north-4.myhuaweicloud.com{DEMO}/team%24app-one",
        JSON,
        "",
        "0d4a7e15dfb3c40c46877a988b8de9e2353d2a68b730ebee18aeb16e48b51c01",
    ),
    "query": Vector(
        "GET",
        "https://swr-api.cn-north-4.myhuaweicloud.com/v2/manage/repos?namespace=demo"
        "&limit=100&offset=0&filter=namespace%3A%3Ademo%7Cname%3A%3Aa~b",
        JSON,
        "",
        "b5a48727aa7dca9f3fbbd4fcaa248e340904cfcb987855f7cd2ee45929ce0c74",
    ),
    # The worked example of the API Request Signing Guide.
    "the guide's": Vector(
        "GET",
        "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs"
        "?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0",
        JSON,
        "",
        "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe",
        "20191115T033655Z",
        "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc",
    ),
    "host and date only": Vector(
        "GET",
        "https://swr-api.cn-east-4.myhuaweicloud.com/v2/manage/namespaces/lpx03/repos"
        "?limit=100&offset=0",
        {},
        "",
        "d4f291cb92cde1933fc8cfe6ed31f2abee9ff5794b84f6421fe94af7dc236c04",
        "20260819T000000Z",
        "test-secret-key-for-vector",
    ),
}


def epoch(date: str) -> float:
    """Give epoch seconds of a date as the header has it."""
    return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def asked(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    date: str = DATE,
) -> Call:
    """Give a request as the sandbox sees it, at *date*, with Host and X-Sdk-Date."""
    parts = urlsplit(url)
    found = CIMultiDict({**headers, "Host": parts.netloc, "X-Sdk-Date": date})
    return Call(
        method=method,
        path=parts.path,
        query={},
        raw_query=parts.query,
        headers=found,
        body=body,
        request_id="f" * 32,
        now=epoch(date),
    )


def signing(call: Call) -> tuple[str, ...]:
    """Name all headers of a request, as they are signed."""
    return tuple(sorted(name.lower() for name in call.headers))


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_a_signature_is_what_others_make_it(vector: Vector) -> None:
    """Published and recorded signatures are computed again."""
    method, url, headers, body, wanted, date, secret = vector
    call = asked(method, url, headers, body.encode(), date=date)

    names = signing(call)
    assert compute_signature(call, signed=names, secret_key=secret) == wanted
    assert holds(Claim(KEY, names, wanted), call, secret_key=secret)
    assert not holds(Claim(KEY, names, wanted), call, secret_key=secret + "x")


def test_the_canonical_form_is_the_documented_one() -> None:
    """Path and query are escaped anew and sorted, headers in lines, body hashed."""
    url = "https://h/v2/a%7eb/%E4%BB%93?b=2&a=%7C&a=%2F&c="
    call = asked("GET", url, {"A": " b c "}, b"")

    assert canonical(call, signed=("a", "host", "x-sdk-date")).split("\n") == [
        "GET",
        "/v2/a~b/%E4%BB%93/",
        "a=%2F&a=%7C&b=2&c=",
        "a:b c",
        "host:h",
        f"x-sdk-date:{DATE}",
        "",
        "a;host;x-sdk-date",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ]


# The gateway

BOX = Settings(
    access_key=KEY, secret_key=SECRET, project_id=PROJECT, organizations=("demo",)
)
TEMPORARY = replace(BOX, security_token="TEMPTOKEN==")


def signed(
    call: Call,
    *,
    names: tuple[str, ...] = (),
    access_key: str = KEY,
    secret_key: str = SECRET,
) -> Call:
    """Sign a request with all its headers, or those called *names*."""
    names = names or signing(call)
    made = compute_signature(call, signed=names, secret_key=secret_key)
    text = (
        f"SDK-HMAC-SHA256 Access={access_key}, SignedHeaders={';'.join(names)}, "
        f"Signature={made}"
    )
    headers = CIMultiDict({**call.headers, hdrs.AUTHORIZATION: text})
    return replace(call, headers=headers)


def create(headers: Mapping[str, str] = JSON, *, date: str = DATE) -> Call:
    """Give an unsigned create."""
    return asked(
        "POST", f"http://localhost{DEMO}", headers, MINIMAL.encode(), date=date
    )


def said(answer: Answer | None) -> tuple[int, str]:
    """Give status and, of a refusal, its body."""
    assert answer is not None
    return answer.status, answer.body.decode()


FAIL = "verify aksk signature fail"
ABSENT = f"Get secretKey failed,ak:{KEY},err:ak not exist"


@pytest.mark.parametrize(
    ("call", "settings"),
    [
        pytest.param(signed(create()), BOX, id="content-type too"),
        pytest.param(
            signed(create(), names=("host", "x-sdk-date")), BOX, id="the least"
        ),
        pytest.param(
            signed(create(JSON | {"X-Project-Id": PROJECT})), BOX, id="project"
        ),
        pytest.param(
            signed(create(JSON | {"X-Security-Token": "TEMPTOKEN=="})),
            TEMPORARY,
            id="temporary",
        ),
        pytest.param(
            signed(create(JSON | {"X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"})),
            BOX,
            id="payload unsigned",
        ),
        pytest.param(
            replace(signed(create()), now=epoch(DATE) + 900), BOX, id="just not stale"
        ),
        pytest.param(
            replace(signed(create()), now=epoch(DATE) - 900), BOX, id="just not early"
        ),
    ],
)
def test_a_good_signature_creates(call: Call, settings: Settings) -> None:
    """No token is wanted of who signs."""
    gateway = Gateway(settings, now=call.now)

    assert said(gateway.handle(call))[0] == 201
    assert gateway.state.signatures["verified"] == 1


def changed(call: Call, **headers: str) -> Call:
    """Change headers of a request that is signed already; `_` stands for `-`."""
    found = CIMultiDict(call.headers)
    found.update({name.replace("_", "-"): text for name, text in headers.items()})
    return replace(call, headers=found)


def without(call: Call, name: str) -> Call:
    """Take a header from a request that is signed already."""
    kept = {key: text for key, text in call.headers.items() if key != name}
    return replace(call, headers=CIMultiDict(kept))


def rewritten(call: Call, change: Callable[[str], str]) -> Call:
    """Rewrite the Authorization header of a request."""
    return changed(call, Authorization=change(call.headers[hdrs.AUTHORIZATION]))


BASE = signed(create())


@pytest.mark.parametrize(
    ("call", "why"),
    [
        pytest.param(signed(create(), secret_key="x"), FAIL, id="secret"),
        pytest.param(replace(BASE, body=b"{}"), FAIL, id="body"),
        pytest.param(replace(BASE, method="GET", path=f"{DEMO}/a"), FAIL, id="target"),
        pytest.param(replace(BASE, raw_query="a=1"), FAIL, id="query"),
        pytest.param(changed(BASE, Host="elsewhere"), FAIL, id="host"),
        pytest.param(changed(BASE, X_Sdk_Date="20260102T030406Z"), FAIL, id="date"),
        pytest.param(changed(BASE, X_Sdk_Date="yesterday"), FAIL, id="no date"),
        pytest.param(without(BASE, "Content-Type"), FAIL, id="header gone"),
        pytest.param(without(BASE, "X-Sdk-Date"), FAIL, id="date gone"),
        pytest.param(replace(BASE, now=BASE.now + 901), FAIL, id="stale"),
        pytest.param(replace(BASE, now=BASE.now - 901), FAIL, id="early"),
        pytest.param(
            signed(create(), names=("x-sdk-date",)), FAIL, id="host not signed"
        ),
        pytest.param(
            signed(create(), names=("content-type", "host")), FAIL, id="date not signed"
        ),
        pytest.param(
            signed(create(), names=("x-sdk-date", "host")), FAIL, id="names unsorted"
        ),
        pytest.param(
            signed(create(), names=("Host", "x-sdk-date")), FAIL, id="names in capitals"
        ),
        pytest.param(
            signed(create(JSON | {"X-Sdk-Content-Sha256": "0" * 64})),
            FAIL,
            id="another body's hash",
        ),
        pytest.param(
            rewritten(BASE, lambda text: text.replace(", ", ",")), FAIL, id="form"
        ),
        pytest.param(rewritten(BASE, str.upper), FAIL, id="capitals"),
        pytest.param(
            signed(create(), access_key="OTHER"),
            "Get secretKey failed,ak:OTHER,err:ak not exist",
            id="access key",
        ),
        pytest.param(
            signed(create(JSON | {"X-Security-Token": "T"})),
            "decrypt token fail",
            id="a token for a permanent key",
        ),
        pytest.param(
            rewritten(BASE, lambda _: "Bearer abc"),
            "x-auth-token not found",
            id="another scheme",
        ),
    ],
)
def test_a_bad_signature_is_refused(call: Call, why: str) -> None:
    """Nothing is created, and the gateway says what it says of such ones."""
    gateway = Gateway(BOX, now=call.now)

    status, body = said(gateway.handle(call))

    assert status == 401
    assert '"error_code":"APIGW.0301"' in body
    assert f'"Incorrect IAM authentication information: {why}"' in body
    assert not gateway.state.repositories


@pytest.mark.parametrize(
    ("token", "why"), [(None, ABSENT), ("WRONG", "decrypt token fail")]
)
def test_a_temporary_key_needs_its_token(token: str | None, why: str) -> None:
    """Without it nobody knows the key."""
    headers = JSON if token is None else JSON | {"X-Security-Token": token}
    gateway = Gateway(TEMPORARY, now=epoch(DATE))

    status, body = said(gateway.handle(signed(create(headers))))

    assert (status, why in body) == (401, True)


def test_another_project_is_no_place_to_create_in() -> None:
    """The signature is right, and the project is not this account's."""
    gateway = Gateway(BOX, now=epoch(DATE))

    call = signed(create(JSON | {"X-Project-Id": "f" * 32}))
    status, body = said(gateway.handle(call))

    assert (status, "APIGW.0310" in body) == (403, True)


def test_a_key_is_locked_when_it_is_tried_out() -> None:
    """Five failures in a row are borne; the sixth locks the key for five minutes."""
    start = epoch(DATE)
    gateway = Gateway(BOX, now=start)
    good, bad = signed(create()), signed(create(), secret_key="x")

    def at(call: Call, second: float) -> str:
        status, body = said(gateway.handle(replace(call, now=start + second)))
        return "good" if status in {201, 409} else body.rpartition(": ")[2][:9]

    five = [at(bad, 0) for _ in range(5)]
    forgiven = at(good, 1)
    six = [at(bad, 2) for _ in range(6)]
    locked = [at(good, 2), at(bad, 301.9)]
    free = at(good, 302)
    again = [at(bad, 303) for _ in range(5)]
    last = at(good, 304)

    assert set(five + six + again) == {"verify ak"}
    assert locked == ["AK access", "AK access"]
    assert [forgiven, free, last] == ["good"] * 3
    assert gateway.state.page()["signatures"] == {
        "verified": 3,
        "refused": 16,
        "locked": 2,
    }


def test_an_unknown_key_locks_nobody() -> None:
    """Failures are counted where a signature was looked at."""
    gateway = Gateway(BOX, now=epoch(DATE))

    for _ in range(9):
        gateway.handle(signed(create(), access_key="OTHER"))

    assert said(gateway.handle(signed(create())))[0] == 201


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"project_id": "p"}, "project_id 'p'"),
        ({"taken": ("Demo",)}, "organization 'Demo'"),
        ({"taken": ("a",), "organizations": ("a",)}, "taken 'a'"),
        ({"images": ("demo",)}, "images 'demo'"),
        ({"images": ("Demo/a",)}, "organization 'Demo'"),
        ({"vanish": -1}, "vanish"),
        ({"appear": -1}, "appear"),
    ],
)
def test_settings_that_make_no_sense_are_named(
    settings: dict[str, Any], named: str
) -> None:
    """The message says which value."""
    with pytest.raises(ValueError, match=named):
        Settings(**settings)
