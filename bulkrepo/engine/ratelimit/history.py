"""
Pure. Requests that an earlier process sent: windows that are still open count them.

What a run keeps of them in its ledger now and then is exact up to that moment. After
one that was killed, the ledger's outcomes tell of those that were settled since; of the
rest, which may have been in flight, nobody knows: they are taken for sent, as late as
possible.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from bulkrepo.swr.answers import Limit

PERIOD = 10.0
"""Seconds between two times at which a run keeps what it knows."""
_GRAINS = 500  # of a window, so that what is kept is short


class RequestHistory(msgspec.Struct, frozen=True, kw_only=True):
    """
    Requests *sent* to *endpoint*, as (epoch second, count).

    That is all of them up to *at*; if the run *ended*, there are none since.
    """

    endpoint: str
    at: float
    ended: bool
    sent: tuple[tuple[float, int], ...] = ()


def kept(
    starts: Iterable[float], *, endpoint: str, now: float, time: float, ended: bool
) -> RequestHistory:
    """
    Give what to keep of *starts*, which are monotonic as *now* is; *time* is epoch.

    They are rounded up, a little, to as late as they can have been.
    """
    ages = [now - start for start in starts]
    grain = max(0.01, max(ages, default=0.0) / _GRAINS)
    counted = Counter(max(0, math.floor(age / grain)) for age in ages)
    sent = tuple((time - many * grain, count) for many, count in counted.items())
    return RequestHistory(endpoint=endpoint, at=time, ended=ended, sent=sent)


def starts(
    earlier: RequestHistory,
    settled: Iterable[tuple[float, int]],
    unsettled: int,
    *,
    now: float,
    time: float,
) -> list[float]:
    """
    Give when requests started, oldest first, in monotonic seconds as *now* is.

    *settled* are the first start (epoch) and the tries of each row that was settled
    since; *unsettled* is how many more may have been sent.
    """

    def all_of() -> Iterator[tuple[float, int]]:
        yield from earlier.sent
        if not earlier.ended:
            last = earlier.at + PERIOD + 1
            yield last, unsettled
            for first, tries in settled:
                yield first, 1
                yield last, tries - 1

    return sorted(
        now - max(0.0, time - at) for at, count in all_of() for _ in range(count)
    )


class LearnedRate(msgspec.Struct, frozen=True, kw_only=True):
    """
    What one run found out for the next: requests a second, and rules that were named.

    *limited*: the rate is what a limit allows, and not just how far the run came.
    """

    rate: float
    limited: bool
    rules: tuple[Limit, ...] = ()

    def start(self) -> float:
        """Give the requests a second to begin with."""
        if self.limited:
            # Below one a second it was perhaps bad luck, and is soon found again.
            return max(self.rate, 1.0)
        return max(10.0, self.rate / 2)
