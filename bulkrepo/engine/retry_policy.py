"""Pure. Which answers deserve another try, and how long to wait before it."""

from bulkrepo.swr.answers import Answer, AnswerKind

AGAIN = frozenset(
    {
        AnswerKind.BUSY,
        AnswerKind.BROKEN,
        AnswerKind.UNSURE,
        AnswerKind.UNREACHABLE,
        AnswerKind.THROTTLED,
    }
)
"""What may be answered in another way the next time."""


def again(answer: Answer) -> bool:
    """Whether *answer* may be another one the next time."""
    return answer.kind in AGAIN


def counts(answer: Answer, *, own: float) -> float:
    """
    Give how much of one of its row's tries is used up by one that ended in *answer*.

    A throttled request was not tried; for others it is the share of the row's *own*
    fault (see `circuit_breaker`).
    """
    return 0.0 if answer.kind is AnswerKind.THROTTLED else own


class RetryBudget:
    """
    Retries that are allowed: one for each good answer, and *trickle* a second.

    *most* are saved up, so that a short outage is made up for at once. But where most
    requests fail, retries are at most as many as what succeeds and a little more: they
    wait, and do not make a service in trouble carry a multiple of its load.

    Source: retry throttling of gRPC (proposal A6), retry quota of the AWS SDKs.
    """

    def __init__(self, *, most: float = 100.0, trickle: float = 2.0) -> None:
        self.full = True
        self.trickle = trickle
        self._most = self._left = most
        self._at = 0.0

    def earn(self) -> None:
        """Learn of a good answer; of no use while it is *full*."""
        self._left = min(self._most, self._left + 1)
        self.full = self._left == self._most

    def take(self, now: float) -> bool:
        """Whether one more retry may leave at *now* (monotonic seconds)."""
        gained = 0.0 if self.full else (now - self._at) * self.trickle
        self._left, self._at = min(self._most, self._left + gained), now
        self.full = False
        if self._left < 1:
            return False
        self._left -= 1
        return True


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
        if answer.kind is AnswerKind.THROTTLED:
            return 0.0
        if answer.retry_after is not None:
            return answer.retry_after + u * self.base
        return float(u * min(self.cap, self.base * 2.0 ** min(tries - 1, 32)))
