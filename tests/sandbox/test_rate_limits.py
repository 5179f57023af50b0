"""The sandbox's rate limits slide, and name their rule."""

from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.sandbox import Settings
from bulkrepo.sandbox.faults import Window
from tests.support.sandbox_client import LIST, LOGIN, SCOPE, FakeTime, password, started

RULE = "policy user over ratelimit,limit:2,time:1 minute"


@pytest.mark.parametrize(
    ("settings", "status", "code", "named"),
    [
        ({}, 429, "APIGW.0308", True),
        ({"throttle_text": False}, 429, "APIGW.0308", False),
        ({"throttle_status": 403}, 403, "SVCSTG.SWR.4031032", True),
        (
            {"throttle_status": 403, "throttle_text": False},
            403,
            "SVCSTG.SWR.4031032",
            False,
        ),
    ],
)
async def test_a_limit_slides_and_names_its_rule(
    settings: dict[str, Any], status: int, code: str, *, named: bool
) -> None:
    """Two in a minute pass, the third does not; refused ones do not count."""
    clock = FakeTime()
    limited = Settings(organizations=("demo",), limit="2/m", **settings)
    async with started(limited, clock) as client:
        first = await client.create("a")
        clock.now += 30
        second = await client("GET", LIST)
        third = await client.create("b")
        clock.now += 29.5
        fourth = await client.create("b")
        clock.now += 0.5
        fifth = await client.create("b")
        page = await client.page()

    assert (first.status, second.status, fifth.status) == (201, 200, 201)
    for throttled in (third, fourth):
        assert (throttled.status, throttled.code) == (status, code)
        assert (RULE in throttled.body["error_msg"]) is named
        assert "Retry-After" not in throttled.headers
    assert page["throttled"] == 2
    assert page["answers"][str(status)] == 2
    assert page["create_attempts"] == {"demo/a": 1, "demo/b": 3}


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        ("1/1s", "limit:1,time:1 second"),
        ("1/5m", "limit:1,time:5 minute"),
        ("1/h", "limit:1,time:1 hour"),
        ("1/2d", "limit:1,time:2 day"),
    ],
)
async def test_a_rule_is_named_in_its_own_unit(limit: str, text: str) -> None:
    """The gateway's words are second, minute, hour and day, always singular."""
    async with started(Settings(limit=limit)) as client:
        await client("GET", LIST)
        throttled = await client("GET", LIST)

    assert throttled.body["error_msg"].endswith(text)


async def test_retry_after_comes_in_seconds() -> None:
    """Whole seconds until the window opens, rounded up."""
    clock = FakeTime()
    settings = Settings(limit="1/10s", retry_after="seconds")
    async with started(settings, clock) as client:
        await client("GET", LIST)
        clock.now += 2.5
        throttled = await client("GET", LIST)

    assert throttled.headers["Retry-After"] == "8"


async def test_retry_after_comes_as_a_date() -> None:
    """A date is to be read against the Date of the same answer."""
    clock = FakeTime()
    settings = Settings(limit="1/10s", retry_after="date", throttle_status=403)
    async with started(settings, clock) as client:
        await client("GET", LIST)
        clock.now += 2.5
        throttled = await client("GET", LIST)

    then = parsedate_to_datetime(throttled.headers["Retry-After"])
    assert then.timestamp() == clock.now + 7.5
    assert (
        parsedate_to_datetime(throttled.headers["Date"]).timestamp() == clock.now - 0.5
    )


async def test_a_login_is_not_limited() -> None:
    """The limit is SWR's, and a request without a token does not use it up."""
    async with started(Settings(limit="1/s")) as client:
        for _ in range(3):
            assert (await client("POST", LOGIN, password(scope=SCOPE))).status == 201
            nobody = await client("GET", LIST, headers={"X-Auth-Token": ""})
            assert nobody.status == 401
        assert (await client("GET", LIST)).status == 200


@given(
    most=st.integers(1, 5),
    seconds=st.floats(0.1, 100),
    gaps=st.lists(st.floats(0, 30), max_size=50),
)
def test_no_window_holds_more_than_its_limit(
    most: int, seconds: float, gaps: list[float]
) -> None:
    """Whatever the arrivals; and who waits as told is admitted."""
    window, now = Window(most=most, seconds=seconds), 0.0
    admitted: list[float] = []
    for gap in gaps:
        now += gap
        wait = window.admit(now)
        if wait == 0:
            admitted.append(now)
        else:
            assert 0 < wait <= seconds

    for first, last in zip(admitted, admitted[most:], strict=False):
        assert last - first >= seconds
