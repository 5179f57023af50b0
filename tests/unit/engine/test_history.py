"""What an earlier process sent counts in windows that are still open."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.engine.ratelimit.adaptive import AdaptiveRateLimiter
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.ratelimit.history import (
    PERIOD,
    LearnedRate,
    RequestHistory,
    kept,
    starts,
)
from bulkrepo.swr.answers import Limit

NOW, TIME = 1000.0, 1_700_000_000.0


def keep(sent: list[float], *, ended: bool = True) -> RequestHistory:
    """Keep starts (monotonic) as a ledger would: as text."""
    found = kept(sent, endpoint="https://x", now=NOW, time=TIME, ended=ended)
    return msgspec.json.decode(msgspec.json.encode(found), type=RequestHistory)


@given(st.lists(st.floats(NOW - 3600, NOW), max_size=300))
def test_all_is_kept_and_nothing_becomes_earlier(sent: list[float]) -> None:
    """In less than a thousand numbers, however long the window; late by a little."""
    found = keep(sent)
    later = starts(found, [], 0, now=5.0, time=TIME + 100)

    assert len(found.sent) <= 502
    for before, after in zip(sorted(sent), later, strict=True):
        assert -1e-3 <= (after - 5.0) - (before - NOW - 100) <= 3600 / 500 + 0.1


def test_after_a_kill_what_was_settled_since_counts_and_what_was_not() -> None:
    """A row's first try when it was; other tries and lost rows as late as possible."""
    found = keep([NOW - 5], ended=False)
    settled = [(TIME + 2, 1), (TIME + 3, 3)]
    last = 50.0 - 60 + PERIOD + 1

    assert starts(found, settled, 2, now=50.0, time=TIME + 60) == [
        pytest.approx(50.0 - 65, abs=0.1),
        50.0 - 58,
        50.0 - 57,
        *[last] * 4,
    ]


def test_nothing_was_sent_in_the_future() -> None:
    """Soon after a kill, or with a clock that was set back, all of it is now."""
    found = keep([NOW], ended=False)

    assert starts(found, [], 1, now=50.0, time=TIME - 999) == [50.0, 50.0]


@pytest.mark.parametrize("limit", [Limit(200, 300.0), Limit(60, 60.0)])
def test_a_window_goes_on_where_it_was(limit: Limit) -> None:
    """Given or named: in no window more than the count, across processes."""
    used = [NOW - 10 + n / 100 for n in range(limit.count // 2)]
    learnt = LearnedRate(rate=50.0, limited=True, rules=(limit,))
    for control in (FixedRateLimiter(limit, used), AdaptiveRateLimiter(learnt, used)):
        now, left = NOW, []
        while now < NOW + 20:
            wait = control.reserve(now)
            if wait <= 0:
                left.append(now)
            now += max(wait, 1e-3)

        assert len(left) == limit.count - len(used)
        assert len(control.starts(NOW + 20)) == limit.count
