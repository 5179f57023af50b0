"""Pure. Which answers deserve another try, and how long to wait before it."""

from bulkrepo.wire import Answer, Kind

_AGAIN = frozenset(
    {Kind.BUSY, Kind.BROKEN, Kind.UNSURE, Kind.UNREACHABLE, Kind.THROTTLED}
)


def again(answer: Answer) -> bool:
    """Whether *answer* may be another one the next time."""
    return answer.kind in _AGAIN


def counts(answer: Answer, *, healthy: bool) -> bool:
    """
    Whether a try that ended in *answer* uses up one of the row's.

    A throttled request was not tried, and while nothing succeeds (not *healthy*) an
    error says nothing about the row.
    """
    return healthy and answer.kind is not Kind.THROTTLED


class Backoff:
    """
    Exponential back-off with full jitter: *base* and *cap* in seconds.

    Source: Exponential Backoff And Jitter, AWS Architecture Blog, 2015.
    """

    def __init__(self, *, base: float = 1.0, cap: float = 30.0) -> None:
        self.base = base
        self.cap = cap

    def wait(self, tries: int, answer: Answer, u: float) -> float:
        """
        Seconds to wait after *tries* tries, the last of which got *answer*.

        *u* is chance, from 0 to 1. `Retry-After` of a 5xx is obeyed and spread. What
        was throttled waits for its turn, which the rate control gives.
        """
        if answer.kind is Kind.THROTTLED:
            return 0.0
        if answer.retry_after is not None:
            return answer.retry_after + u * self.base
        return float(u * min(self.cap, self.base * 2.0 ** min(tries - 1, 32)))
