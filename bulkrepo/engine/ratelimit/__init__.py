"""
When the next request may leave.

A rate control is asked by one waiter at a time, just before its request leaves:
`reserve` either books the start and says 0.0, or gives the seconds after which to ask
again. So what is booked is what starts, and a late wake-up never packs the requests of
two windows into one. Time is monotonic seconds and an argument.
"""

import re
from collections.abc import Iterable
from typing import Protocol

from bulkrepo.core.errors import SettingsError
from bulkrepo.engine.ratelimit.adaptive import AdaptiveRateLimiter
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.ratelimit.history import LearnedRate
from bulkrepo.swr.answers import Answer, Limit


class RateLimiter(Protocol):
    """What the engine asks before and tells after every request."""

    throttled: int
    given: bool
    """Whether it is the user's own rate that holds requests back at present."""

    @property
    def until(self) -> float:
        """Until when the service holds everybody back."""
        ...

    def reserve(self, now: float) -> float:
        """Book a start at *now* and give 0.0, or seconds after which to ask again."""
        ...

    def learn(self, now: float, answer: Answer, *, started: float) -> None:
        """Take in an *answer* to the request that started at *started*."""
        ...

    def allowed(self) -> float:
        """Give the requests a second that are allowed at present."""
        ...

    def starts(self, now: float) -> list[float]:
        """Give the starts that count at *now*, for a process that goes on."""
        ...


_RATE = re.compile(r"(\d{1,7})/(\d{0,6})([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def parse(text: str) -> Limit | None:
    """
    Read `20/s`, `60/m` or `200/5m` as a limit, `auto` as None.

    Raises SettingsError for anything else.
    """
    if text == "auto":
        return None
    match = _RATE.fullmatch(text)
    if match is None or not int(match[1]) or match[2].strip("0") == "" != match[2]:
        raise SettingsError(
            f"--rate {text}: write auto, or a number of requests in a time such as "
            "20/s, 60/m or 200/5m"
        )
    return Limit(int(match[1]), float(int(match[2] or 1) * _SECONDS[match[3]]))


def control(
    limit: Limit | None, learnt: LearnedRate | None = None, starts: Iterable[float] = ()
) -> AdaptiveRateLimiter | FixedRateLimiter:
    """Give the control for what `parse` read; *learnt*, *starts*: by an earlier run."""
    return (
        AdaptiveRateLimiter(learnt, starts)
        if limit is None
        else FixedRateLimiter(limit, starts)
    )
