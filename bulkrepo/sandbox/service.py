"""
Pure. The way of a request: what stands in front of SWR, then SWR, then the faults.

A management request meets, in this order: a proxy's HTML (`html_rate`), the routes
(404), the token or signature (401), the limit (429 or 403). A create that got so far
may be cut (`drop_before`), find the system busy, or fail (`error_rate`) before anything
was done. Then the service reads it and answers. That answer may yet be lost: replaced
by a 500 (`error_commits`) or cut (`drop_after`), whatever it was; and it may be one
that is carried out later (`late_rate`), when its sender has long tried again.
"""

import heapq
import math
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate
from typing import Final, NamedTuple

from bulkrepo.sandbox import request_bodies, routes
from bulkrepo.sandbox.authentication import Callers
from bulkrepo.sandbox.concurrent_changes import Churn
from bulkrepo.sandbox.faults import Chance, Fault, Window
from bulkrepo.sandbox.messages import (
    Answer,
    Call,
    RefusedError,
    gateway_refusal,
    refusal,
)
from bulkrepo.sandbox.routes import Route, is_guarded, is_managed, is_watched
from bulkrepo.sandbox.settings import Settings, rule_of
from bulkrepo.sandbox.state import State

LARGEST_BODY: Final = 12 * 1024 * 1024
"""Bytes which the gateway lets through."""

_HTML: Final = Answer(
    status=502,
    body=b"<html><head><title>502 Bad Gateway</title></head>\r\n"
    b"<body><center><h1>502 Bad Gateway</h1></center></body></html>\r\n",
    content_type="text/html",
)


class _Fate(NamedTuple):
    """How a fault is *counted* and answered, and what it leaves behind."""

    counted: str
    carried_out: bool
    answer: Answer | None


_FATES: Final[Mapping[Fault, _Fate]] = {
    Fault.DROP_BEFORE: _Fate("drop_before", carried_out=False, answer=None),
    Fault.BUSY: _Fate("busy", carried_out=False, answer=refusal(4090023)),
    Fault.ERROR: _Fate("error", carried_out=False, answer=refusal(5000046)),
    Fault.ERROR_COMMITTED: _Fate("error", carried_out=True, answer=refusal(5000046)),
    Fault.DROP_AFTER: _Fate("drop_after", carried_out=True, answer=None),
    Fault.LATE: _Fate("late", carried_out=False, answer=None),
}


class Gateway:
    """
    A sandbox without its socket.

    *now* is epoch seconds at the start, when the static token's lifetime begins.
    """

    def __init__(self, settings: Settings, *, now: float) -> None:
        self.state = State(settings, now=now)
        self.chance = Chance(settings)
        self._callers = Callers(self.state)
        self._churn = Churn(settings)
        self._late: list[tuple[float, int, Call, Route]] = []
        self._rule = None if settings.limit is None else rule_of(settings.limit)
        self._window = None
        if self._rule is not None:
            self._window = Window(most=self._rule.most, seconds=self._rule.seconds)

    def handle(self, call: Call) -> Answer | None:
        """Answer a request; None means that its connection is cut."""
        self.catch_up(call.now)
        try:
            return self._handle(call)
        except RefusedError as refused:
            return refused.answer

    def catch_up(self, now: float) -> None:
        """Carry out the late creates that are due by *now*, each at its own time."""
        while self._late and self._late[0][0] <= now:
            due, _, call, route = heapq.heappop(self._late)
            committed = self._committed(replace(call, now=due), route)
            self.state.faults["late_committed"] += committed

    def _handle(self, call: Call) -> Answer | None:
        route = routes.found(call)
        managed = is_managed(call.path)
        if is_watched(call.path):
            self.state.asked(
                call.method,
                route.template if route else None,
                operation=route.name if route else "unknown",
            )
        if route is not None and route.name == "create":
            self._attempted(call, route.names[0])
        if managed and self.chance.html():
            self.state.faults["html"] += 1
            return _HTML
        if route is None:
            return gateway_refusal("APIGW.0101", request_id=call.request_id)
        if len(call.body) > LARGEST_BODY:
            return gateway_refusal("APIGW.0201", request_id=call.request_id)
        if is_guarded(call.path):
            self._callers.check(call)
        if managed:
            self._check_limit(call)
        if route.name == "create":
            return self._create(call, route)
        answer = route.operation(self.state, call, *route.names)
        if route.name == "list":
            self._churn.turn(self.state, now=call.now)
        return answer

    def _attempted(self, call: Call, namespace: str) -> None:
        """Count a create by its name, as far as one can be read."""
        try:
            found = request_bodies.decoded(call.body)
        except ValueError:
            return
        if isinstance(found, dict) and isinstance(found.get("repository"), str):
            self.state.attempts[namespace, found["repository"]] += 1

    def _check_limit(self, call: Call) -> None:
        if self._rule is None or self._window is None:
            return
        wait = self._window.admit(call.now)
        if wait == 0.0:
            return
        self.state.throttled += 1
        settings = self.state.settings
        # "policy user over ratelimit,limit:200,time:5 minute", as gateways of Huawei
        # Cloud are seen to put it.
        rule = f"limit:{self._rule.most},time:{self._rule.time} {self._rule.unit}"
        text = f"policy user over ratelimit,{rule}" if settings.throttle_text else ""
        headers = _retry_after(settings.retry_after, now=call.now, wait=wait)
        if settings.throttle_status == 429:
            answer = gateway_refusal(
                "APIGW.0308", text, request_id=call.request_id, headers=headers
            )
        else:
            addition = f" {text}" if text else ""
            answer = refusal(4031032, addition=addition, headers=headers)
        raise RefusedError(answer)

    def _create(self, call: Call, route: Route) -> Answer | None:
        fault = self.chance.fault()
        if fault is None:
            return route.operation(self.state, call, *route.names)
        fate = _FATES[fault]
        self.state.faults[fate.counted] += 1
        if fault is Fault.LATE:
            due, number = call.now + self.chance.late(), self.state.faults["late"]
            heapq.heappush(self._late, (due, number, call, route))
        if fate.carried_out and self._committed(call, route):
            self.state.faults["error_committed"] += fault is Fault.ERROR_COMMITTED
        return fate.answer

    def _committed(self, call: Call, route: Route) -> bool:
        """Carry out a create whose answer nobody will see."""
        try:
            return route.operation(self.state, call, *route.names).commit is not None
        except RefusedError:
            return False


def _retry_after(form: str | None, *, now: float, wait: float) -> dict[str, str]:
    if form is None:
        return {}
    if form == "seconds":
        return {"Retry-After": str(max(1, math.ceil(wait)))}
    # A date is read against the answer's own Date, so both come from one clock.
    return {
        "Date": formatdate(now, usegmt=True),
        "Retry-After": formatdate(math.ceil(now + wait), usegmt=True),
    }
