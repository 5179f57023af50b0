"""Endpoints that are wrong, unreachable, or answer oddly."""

from collections.abc import Mapping

import pytest

from bulkrepo.core.outcomes import Claim
from bulkrepo.engine.retrying import RetryLimits
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.swr.operations.conclusion import Flow
from bulkrepo.swr.operations.inspection import plan
from tests.support.engine import Bench, by_row
from tests.support.fakes import ABSENT, CREATED, UNSENT, claims, error, told

NOT_PUBLISHED = error(404, "APIGW.0101", "The API does not exist")


def look(claim: Claim) -> Flow:
    """Converse as for `plan`."""
    return plan(claim, doubt=claim.doubt)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(NOT_PUBLISHED, id="not-published"),
        pytest.param(Response(404, {}), id="404-without-code"),
        pytest.param(
            Response(302, {"Location": "https://login.example"}), id="redirect"
        ),
        pytest.param(
            Response(200, {"Content-Type": "text/html"}, b"<html>"), id="page-with-200"
        ),
    ],
)
async def test_one_request_is_sent_when_the_endpoint_is_wrong(answer: Response) -> None:
    """The first answer stops the run; nothing else is sent."""
    bench = Bench(claims(100), by_row({}, answer))

    stop = await bench.run()

    assert stop is not None
    assert stop[1] == 3
    assert "this is not SWR's API" in stop[0]
    assert bench.gateway.sent == ["POST r0"]
    assert bench.verdicts == ["not_attempted"]
    assert bench.store.outcomes[0].status == answer.status


ODD = [
    pytest.param(Response(302, {"Location": "https://login.example"}), id="redirect"),
    pytest.param(Response(404, {}, b"<html>"), id="page-with-404"),
    pytest.param(
        Response(200, {"Content-Type": "text/html"}, b"<html>"), id="page-with-200"
    ),
    pytest.param(Response(401, {}), id="bare-401"),
]


@pytest.mark.parametrize("odd", ODD)
async def test_one_odd_answer_among_good_ones_costs_one_more_try(odd: Response) -> None:
    """It says nothing about the run: its row is tried again, and all are created."""
    answers = 0

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        nonlocal answers
        answers += 1
        return odd if answers == 40 else CREATED

    bench = Bench(claims(200), answer)

    assert await bench.run() is None
    assert bench.verdicts == ["created"] * 200
    assert len(bench.gateway.requests) <= 200 + 2


@pytest.mark.parametrize("odd", ODD)
async def test_a_row_that_is_always_answered_oddly_fails_alone(odd: Response) -> None:
    """The others succeed, and their success is the second opinion."""
    bench = Bench(claims(50), by_row({"POST r7": odd, "GET r7": ABSENT}))

    assert await bench.run() is None
    assert bench.verdicts.count("created") == 49
    assert bench.store.outcomes[7].outcome == "failed"
    assert len(bench.about(7)) <= 6


@pytest.mark.parametrize("odd", ODD)
async def test_run_stops_where_the_last_success_is_answered_oddly_too(
    odd: Response,
) -> None:
    """What was in flight may have been created, unless its credential was refused."""
    answers = 0

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        nonlocal answers
        answers += 1
        return CREATED if answers <= 40 else odd

    bench = Bench(claims(200), answer)

    stop = await bench.run()

    refused = odd.status == 401
    why = "refuses the credential" if refused else "answers no longer come from SWR"
    assert stop is not None
    assert stop[1] == 3
    assert why in stop[0]
    assert bench.verdicts.count("created") == 40
    assert set(bench.verdicts) == {"created", "not_attempted"}
    tried = [row for row in bench.told if row.outcome == "not_attempted"]
    assert [row.certain for row in tried] == [refused] * len(tried)
    # Those in flight, the last success once more, and a try that chance made sooner.
    assert len(bench.gateway.requests) <= 40 + 8 + 1 + 1


@pytest.mark.parametrize("odd", ODD)
async def test_what_only_reads_asks_the_last_good_read_again(odd: Response) -> None:
    """A read that finds nothing vouches for the service as well."""
    answers = 0

    def answer(request: Request, headers: Mapping[str, str]) -> Response:
        nonlocal answers
        answers += 1
        return odd if answers == 20 else ABSENT

    bench = Bench(
        claims(30),
        answer,
        limits=RetryLimits(concurrency=8, reads_vouch=True),
        flow=look,
    )

    assert await bench.run() is None
    assert bench.verdicts == ["to_create"] * 30


async def test_run_stops_when_the_endpoint_is_unreachable_at_first() -> None:
    """Who cannot even connect once is told what to check, and does not wait."""
    bench = Bench(claims(100), by_row({}, UNSENT))

    stop = await bench.run()

    assert stop is not None
    assert stop[1] == 3
    assert "cannot be reached: nobody listens. Check --endpoint" in stop[0]
    assert "the management host starts with swr-api" in stop[0]
    assert "--cacert" in stop[0]
    assert len(bench.gateway.requests) == 1
    assert bench.verdicts == ["not_attempted"]
    assert bench.store.outcomes[0].doubt is None


async def test_unreachable_is_tried_again_later_in_a_run() -> None:
    """Once the service has answered, a refused connection is a passing trouble."""

    def answer(
        request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        bad = told(request) == "POST r1" and len(bench.about(1)) <= 2
        return UNSENT if bad else CREATED

    bench = Bench(claims(2), answer, limits=RetryLimits(concurrency=1))

    assert await bench.run() is None
    assert bench.verdicts == ["created", "created"]
    assert bench.store.outcomes[1].attempts == 3
