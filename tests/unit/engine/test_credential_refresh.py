"""Signing in on virtual time: once for all, in time, and never too often."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import msgspec
import pytest

from bulkrepo.engine.cancellation import CancellationToken
from bulkrepo.engine.credential_refresh import CredentialRefresher
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.retrying import RetryLimits
from bulkrepo.engine.scheduler import Engine
from bulkrepo.http.clock_skew import ClockSkew
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.swr.answers import Answer, AnswerKind, Limit
from bulkrepo.swr.auth.access_key import AccessKey
from bulkrepo.swr.auth.iam import Login
from bulkrepo.swr.auth.password import Password
from bulkrepo.swr.auth.protocol import Auth
from tests.support.fakes import (
    CREATED,
    LOST,
    UNAUTHORIZED,
    UNSENT,
    FakeClock,
    ListStore,
    ScriptedGateway,
    claims,
    error,
)

IAM = "https://iam.example"
QUICK = Limit(1_000_000, 1.0)
BUSY = error(503, "APIGW.0613", "IAM is unavailable")
WRONG = Response(401, {}, b'{"error":{"code":401,"message":"wrong","title":"no"}}')
FORBIDDEN_KEY = error(401, "APIGW.0301", "verify aksk signature fail")

Said = Response | TransportFailure


class Cloud:
    """
    An IAM and an SWR that take each other's word, on a clock of their own.

    *iam* gives its answers to the sign-ins, in order; after that, and where it gives
    None, a token that lives for *lifetime* seconds. It takes *slow* seconds for each.
    """

    def __init__(
        self,
        *iam: Said | None,
        rows: int = 40,
        lifetime: float = 86_400.0,
        slow: float = 0.0,
        rate: Limit = QUICK,
        auth: Auth | None = None,
        limits: RetryLimits | None = None,
        swr: Callable[[int], Said | None] = lambda _: None,
    ) -> None:
        self.clock = FakeClock()
        self._iam, self._swr = iter(iam), swr
        self._lifetime, self._slow = lifetime, slow
        self._valid: dict[str, float] = {}
        self.logins: list[float] = []
        self.creates: list[float] = []
        self.refused = 0
        self.gateway = ScriptedGateway(self._answer, clock=self.clock)
        login = Login(
            endpoint=IAM,
            user_name="ann",
            password="P4ssw0rd-of-nobody",
            domain_name="acme",
            project_name="eu-de",
        )
        self.engine = Engine(
            self,
            auth or Password(login, names={"project": "HW_PROJECT_NAME"}),
            FixedRateLimiter(rate),
            ListStore(claims(rows)),
            clock=self.clock,
            limits=limits or RetryLimits(concurrency=8),
        )

    async def send(self, request: Request, headers: Mapping[str, str]) -> Said:
        """Take a request, to either of the two."""
        if request.path.startswith(IAM) and self._slow:
            await self.clock.sleep(self._slow)
        return await self.gateway.send(request, headers)

    def revoke(self) -> None:
        """Let no token be good any more."""
        self._valid.clear()

    def _answer(self, request: Request, headers: Mapping[str, str]) -> Said:
        now = self.clock.now()
        if request.path.startswith(IAM):
            assert headers == {}
            self.logins.append(now)
            said = next(self._iam, None)
            return self._issue(now) if said is None else said
        said = self._swr(len(self.creates) + self.refused)
        if said is None and "X-Auth-Token" in headers:
            good = self._valid.get(headers["X-Auth-Token"], 0.0) > now
            said = CREATED if good else UNAUTHORIZED
        said = said or CREATED
        if isinstance(said, Response) and said.status == 401:
            self.refused += 1
        else:
            self.creates.append(now)
        return said

    def _issue(self, now: float) -> Response:
        token = f"token-{len(self.logins)}"
        self._valid[token] = now + self._lifetime
        stamps = {"issued_at": 0.0, "expires_at": self._lifetime}
        told = {
            name: datetime.fromtimestamp(at, UTC).isoformat()
            for name, at in stamps.items()
        }
        body = msgspec.json.encode({"token": told})
        return Response(201, {"X-Subject-Token": token}, body)

    async def run(self) -> tuple[str, int]:
        """Run to the end; give what stopped it and the exit code, if anything."""
        try:
            stop = await self.engine.run()
        finally:
            assert asyncio.all_tasks() == {asyncio.current_task()}
        return ("", 0) if stop is None else (stop.reason, stop.exit_code)


def once(number: int, answer: Said) -> Callable[[int], Said | None]:
    """Give *answer* to request *number* of SWR's, from 0."""
    return lambda at: answer if at == number else None


async def test_the_password_is_sent_once_before_anybody_fans_out() -> None:
    """Sixty-four workers, one sign-in, and the first request of all."""
    cloud = Cloud(rows=200, limits=RetryLimits(concurrency=64))

    assert await cloud.run() == ("", 0)
    assert len(cloud.logins) == 1
    assert cloud.logins[0] < cloud.creates[0]
    assert cloud.engine.stats["created"] == 200
    assert cloud.refused == 0


async def test_a_401_leads_to_one_new_sign_in_for_all() -> None:
    """Eight requests are refused together; late refusals change nothing."""

    def swr(number: int) -> None:
        if number == 20:
            cloud.revoke()

    cloud = Cloud(rows=60, slow=0.5, swr=swr)

    assert await cloud.run() == ("", 0)
    assert len(cloud.logins) == 2
    assert cloud.engine.stats["created"] == 60
    assert 1 <= cloud.refused <= 8


async def test_those_who_come_together_sign_in_once() -> None:
    """Before the first token as well as before the end of one."""
    cloud = Cloud(slow=1.0)
    auth = Password(Login(endpoint=IAM, user_id="u", password="P", project_id="p"))
    credential = CredentialRefresher(
        auth,
        CancellationToken(cloud.clock),
        gateway=cloud,
        clock=cloud.clock,
        patience=60.0,
        skew=ClockSkew(),
    )

    assert await asyncio.gather(*(credential.ready() for _ in range(5))) == [True] * 5
    assert len(cloud.logins) == 1
    old = auth.sign(Request("GET", "/"), at=0.0)
    auth.due = credential.due = cloud.clock.time()  # the end is near, and a 401 nearer
    why_not, ready = await asyncio.gather(
        credential.renew(old, Answer(AnswerKind.UNAUTHORIZED, 401)), credential.ready()
    )
    assert why_not is None
    assert ready
    assert len(cloud.logins) == 2


async def test_a_token_is_renewed_before_it_ends() -> None:
    """No request is refused, in three lives of a token."""
    cloud = Cloud(rows=250, lifetime=100.0, rate=Limit(1, 1.0))

    assert await cloud.run() == ("", 0)
    assert cloud.refused == 0
    assert [round(at - cloud.logins[0], -1) for at in cloud.logins] == [0, 80, 160, 240]


async def test_nobody_waits_while_one_renews_ahead_of_time() -> None:
    """What they have is still good."""
    cloud = Cloud(rows=100, lifetime=100.0, slow=10.0, rate=Limit(1, 1.0))

    assert await cloud.run() == ("", 0)
    gaps = [b - a for a, b in zip(cloud.creates, cloud.creates[1:], strict=False)]
    assert len(cloud.logins) == 2
    assert max(gaps) < 3


async def test_a_renewal_ahead_of_time_is_put_off_while_iam_is_out() -> None:
    """Every fifteen seconds, and then there is one before the end."""
    cloud = Cloud(None, BUSY, UNSENT, rows=290, lifetime=300.0, rate=Limit(1, 1.0))

    assert await cloud.run() == ("", 0)
    assert cloud.refused == 0
    at = [round(at - cloud.logins[0]) // 5 * 5 for at in cloud.logins]
    assert at == [0, 240, 255, 270]


async def test_a_renewal_ahead_of_time_is_put_off_as_iam_asks() -> None:
    """What it says is added to our own fifteen seconds."""
    asks = error(429, "IAM.0012", Retry_After="20")
    cloud = Cloud(None, asks, rows=290, lifetime=300.0, rate=Limit(1, 1.0))

    assert await cloud.run() == ("", 0)
    assert cloud.refused == 0
    at = [round(at - cloud.logins[0]) // 5 * 5 for at in cloud.logins]
    assert at == [0, 240, 275]


async def test_an_outage_of_iam_at_the_end_of_a_token_is_waited_out() -> None:
    """Then everybody waits, and no row fails."""
    cloud = Cloud(None, *[BUSY] * 8, rows=150, lifetime=100.0, rate=Limit(1, 1.0))

    assert await cloud.run() == ("", 0)
    assert cloud.engine.stats["created"] == 150
    assert len(cloud.logins) == 10


async def test_a_wrong_password_is_sent_once() -> None:
    """And nothing else is: a few more would lock the user."""
    cloud = Cloud(WRONG, limits=RetryLimits(concurrency=64))

    reason, code = await cloud.run()

    assert code == 3
    assert len(cloud.logins) == 1
    assert cloud.creates == []
    assert "IAM refuses the sign-in (401 wrong)" in reason
    assert "Not retried" in reason


async def test_a_password_that_was_changed_meanwhile_is_sent_once() -> None:
    """The renewal stops the run, as nothing can renew it any more."""
    cloud = Cloud(None, WRONG, rows=150, lifetime=100.0, rate=Limit(1, 1.0))

    reason, code = await cloud.run()

    assert code == 3
    assert len(cloud.logins) == 2
    assert "IAM refuses" in reason


@pytest.mark.parametrize(
    ("answers", "least"),
    [
        pytest.param([error(429, "IAM.0012", Retry_After="7")], 7.0, id="as-it-asks"),
        pytest.param([error(429, "IAM.0012")] * 3, 0.001, id="by-ourselves"),
        pytest.param([BUSY, error(502)], 0.001, id="5xx"),
        pytest.param([LOST, LOST], 0.001, id="no-answer"),
    ],
)
async def test_iam_own_trouble_is_waited_out(answers: list[Said], least: float) -> None:
    """It says nothing about the password."""
    cloud = Cloud(*answers)

    assert await cloud.run() == ("", 0)
    assert len(cloud.logins) == len(answers) + 1
    assert cloud.logins[-1] - cloud.logins[0] >= least


async def test_patience_with_iam_ends() -> None:
    """The last answer is told."""
    cloud = Cloud(*[BUSY] * 999, limits=RetryLimits(patience=120.0))

    reason, code = await cloud.run()

    assert code == 3
    assert "IAM gave no token within 120 s (--patience)" in reason
    assert "503 APIGW.0613" in reason
    assert len(cloud.logins) > 5
    assert 60 < cloud.clock.elapsed <= 121


async def test_iam_may_not_ask_for_more_than_there_is_patience_for() -> None:
    """That is said at once, and not after it was tried."""
    asks = error(429, "IAM.0012", "threshold", Retry_After="3600")
    cloud = Cloud(asks, limits=RetryLimits(patience=60.0))

    reason, code = await cloud.run()

    assert (code, len(cloud.logins)) == (3, 1)
    assert "429 IAM.0012 threshold" in reason
    assert cloud.clock.elapsed < 1


async def test_an_iam_that_cannot_be_reached_is_more_often_a_wrong_one() -> None:
    """At the very first contact it is not waited for."""
    cloud = Cloud(UNSENT)

    reason, code = await cloud.run()

    assert (code, len(cloud.logins)) == (3, 1)
    assert "IAM cannot be reached: nobody listens. Check --iam-endpoint" in reason
    assert "SWR_IAM_ENDPOINT" in reason


async def test_lost_sign_ins_end_before_they_can_lock_anybody() -> None:
    """As long as nobody knows that the password is right."""
    cloud = Cloud(*[LOST] * 9)

    reason, code = await cloud.run()

    assert (code, len(cloud.logins)) == (3, 3)
    assert "IAM did not answer 3 sign-ins" in reason


async def test_lost_sign_ins_are_tried_again_where_the_password_is_known() -> None:
    """An outage in the middle of a run is only that."""

    def swr(number: int) -> None:
        if number == 20:
            cloud.revoke()

    cloud = Cloud(None, *[LOST] * 6, swr=swr)

    assert await cloud.run() == ("", 0)
    assert len(cloud.logins) == 8


async def test_a_token_that_swr_does_not_take_is_renewed_once() -> None:
    """Then the project is of another region."""
    cloud = Cloud(swr=lambda _: UNAUTHORIZED)

    reason, code = await cloud.run()

    assert code == 3
    assert len(cloud.logins) == 2
    assert cloud.refused == 2
    assert "check that HW_PROJECT_NAME is in the same region" in reason


async def test_a_token_that_is_dead_on_arrival_does_not_make_us_hammer_iam() -> None:
    """There is a second between two sign-ins, whatever IAM says of their lives."""
    cloud = Cloud(rows=20, lifetime=0.0, swr=lambda _: CREATED, rate=Limit(4, 1.0))

    assert await cloud.run() == ("", 0)
    assert len(cloud.logins) <= cloud.clock.elapsed + 1


async def test_a_passcode_ends_with_its_token() -> None:
    """The second factor is not sent again, and the password neither."""
    login = Login(
        endpoint=IAM, user_id="u", password="P", project_id="p", passcode="123456"
    )
    auth = Password(login, names={"passcode": "OS_PASSCODE"})
    cloud = Cloud(rows=150, lifetime=100.0, rate=Limit(1, 1.0), auth=auth)

    reason, code = await cloud.run()

    assert code == 3
    assert len(cloud.logins) == 1
    assert "with a new OS_PASSCODE" in reason


async def test_a_deadline_ends_the_wait_for_iam() -> None:
    """The run is as tidy as any."""
    cloud = Cloud(*[BUSY] * 999, limits=RetryLimits(deadline=20.0))

    reason, code = await cloud.run()

    assert (reason, code) == ("the deadline is over (--deadline)", 3)
    assert cloud.clock.elapsed < 21


async def test_what_iam_quotes_of_a_password_is_not_shown() -> None:
    """Whole or cut."""
    quotes = error(401, "IAM.0062", "P4ssw0rd-of-nobody is wrong")
    cloud = Cloud(quotes)

    reason, _ = await cloud.run()

    assert "*** is wrong" in reason


# Keys.


def keys() -> AccessKey:
    """Give keys."""
    return AccessKey(endpoint="https://swr.example", access_key="AK", secret_key="SK")


def dated(reply: Response, cloud_time: float) -> Response:
    """Give *reply* with the server's time in it."""
    date = format_datetime(datetime.fromtimestamp(cloud_time, UTC), usegmt=True)
    return Response(reply.status, {**reply.headers, "Date": date}, reply.body)


async def test_bad_keys_are_tried_once() -> None:
    """Five refusals would lock them."""
    cloud = Cloud(auth=keys(), swr=lambda _: FORBIDDEN_KEY, limits=RetryLimits())

    reason, code = await cloud.run()

    assert (code, cloud.refused) == (3, 1)
    assert "check access_key and secret_key" in reason


@pytest.mark.parametrize("trouble", [BUSY, LOST, error(429, "APIGW.0308")])
async def test_keys_are_proven_by_one_request_alone(trouble: Said) -> None:
    """What tells nothing about them lets nobody else begin."""
    cloud = Cloud(
        auth=keys(),
        swr=lambda number: trouble if number < 3 else FORBIDDEN_KEY,
        limits=RetryLimits(concurrency=64),
    )

    _, code = await cloud.run()

    assert (code, cloud.refused) == (3, 1)
    assert cloud.gateway.most == 1


async def test_every_attempt_is_signed_anew() -> None:
    """At the time at which it leaves."""
    cloud = Cloud(rows=1, auth=keys(), swr=once(0, BUSY))

    assert await cloud.run() == ("", 0)
    dates: list[Any] = [headers["X-Sdk-Date"] for _, headers in cloud.gateway.requests]
    signatures = {headers["Authorization"] for _, headers in cloud.gateway.requests}
    assert len(dates) == 2
    assert len(signatures) == len(set(dates))
    assert dates[0].startswith("20231114T2213")


@pytest.mark.parametrize(
    ("off", "words"),
    [(1260.0, "21 minutes behind the service's"), (-3600.0, "60 minutes ahead of")],
)
async def test_a_clock_that_is_wrong_is_named(off: float, words: str) -> None:
    """The service's own Date tells."""
    refusal = dated(FORBIDDEN_KEY, FakeClock.EPOCH + off)
    cloud = Cloud(auth=keys(), swr=lambda _: refusal)

    reason, _ = await cloud.run()

    assert words in reason
