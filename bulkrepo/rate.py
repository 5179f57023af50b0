"""
Pure. When the next request may leave.

A rate control is asked by one waiter at a time, just before its request leaves:
`reserve` either books the start and says 0.0, or gives the seconds after which to ask
again. So what is booked is what starts, and a late wake-up never packs two windows'
worth of requests into one. Time is monotonic seconds and an argument.
"""

import re
from collections import deque
from typing import Protocol

from bulkrepo.model import SettingsError
from bulkrepo.wire import Answer, Kind, Limit


class RateControl(Protocol):
    """What the engine asks before and tells after every request."""

    throttled: int

    def reserve(self, now: float) -> float:
        """Book a start at *now* and give 0.0, or seconds after which to ask again."""
        ...

    def learn(self, now: float, answer: Answer, *, started: float) -> None:
        """Take in an *answer* to the request that started at *started*."""
        ...

    def allowed(self) -> float:
        """Give the requests a second that are allowed at present."""
        ...


class Window:
    """
    An exact sliding window: at most *count* starts in any *seconds*.

    A window includes its start and excludes its end: of two starts exactly *seconds*
    apart, each window holds one.
    """

    def __init__(self, limit: Limit, starts: deque[float] | None = None) -> None:
        self.limit = limit
        self._starts: deque[float] = deque(starts or (), maxlen=limit.count)

    def wait(self, now: float) -> float:
        """Give the seconds until one more may start; 0.0 or less: now."""
        starts, limit = self._starts, self.limit
        if len(starts) < limit.count:
            return 0.0
        return limit.seconds - (now - starts[0])

    def book(self, now: float) -> None:
        """Count a start at *now*."""
        self._starts.append(now)

    def reserve(self, now: float) -> float:
        """Book a start at *now* and give 0.0, or seconds after which to ask again."""
        wait = self.wait(now)
        if wait > 0:
            return wait
        self.book(now)
        return 0.0


class _Hold:
    """
    Throttled: nobody starts for a while. *first*, then doubling up to *cap* seconds.

    Answers to requests that started before the hold began belong to the same event.
    """

    def __init__(self, *, first: float = 1.0, cap: float = 30.0) -> None:
        self.until = 0.0
        self.since = float("-inf")
        self._first, self._cap = first, cap
        self._pause = first

    def begin(self, now: float, answer: Answer, *, started: float) -> bool:
        """Hold everybody back; True if this is news, not an echo of the last time."""
        if answer.retry_after is not None:
            self.until = max(self.until, now + answer.retry_after)
        if started <= self.since:
            return False
        if answer.retry_after is None:
            self.until = max(self.until, now + self._pause)
            self._pause = min(self._cap, self._pause * 2)
        self.since = now
        return True

    def healthy(self, *, started: float) -> None:
        """Forget past trouble: a request that started since the hold went through."""
        if started > self.since:
            self._pause = self._first


class Fixed:
    """A rate that the user gave: an exact window; throttling only holds it back."""

    def __init__(self, limit: Limit) -> None:
        self._window = Window(limit)
        self._hold = _Hold()
        self.throttled = 0

    def reserve(self, now: float) -> float:
        """Book a start at *now* and give 0.0, or seconds after which to ask again."""
        if now < self._hold.until:
            return self._hold.until - now
        return self._window.reserve(now)

    def learn(self, now: float, answer: Answer, *, started: float) -> None:
        """Hold everybody back where the service says it is too much."""
        if answer.kind is Kind.THROTTLED:
            self.throttled += 1
            self._hold.begin(now, answer, started=started)
        elif answer.status is not None:
            self._hold.healthy(started=started)

    def allowed(self) -> float:
        """Give the requests a second that are allowed at present."""
        limit = self._window.limit
        return limit.count / limit.seconds


class Auto:
    """
    A rate found by trying.

    It starts at *start* requests a second and doubles after every healthy second
    that made use of the rate. The first throttled answer ends the doubling: the rate
    falls to 0.7 of what it was, then grows by a twentieth a second. Rules named in
    the texts of answers become exact windows instead; all of them hold.
    """

    FLOOR = 1 / 6
    """Ten requests a minute: writes of some services are limited to that."""
    CEILING = 5000.0

    def __init__(self, *, start: float = 10.0) -> None:
        self.rate = start
        self.throttled = 0
        self._growth = 2.0
        self._next = 0.0
        self._hold = _Hold()
        self._windows: dict[float, Window] = {}
        self._history: deque[float] = deque(maxlen=2000)
        self._second: float | None = None
        self._starts = self._healthy = self._sick = 0

    def reserve(self, now: float) -> float:
        """Book a start at *now* and give 0.0, or seconds after which to ask again."""
        if now < self._hold.until:
            return self._hold.until - now
        windows = self._windows.values()
        if windows:
            wait = max(window.wait(now) for window in windows)
        else:
            self._turn(now)
            wait = self._next - now
        if wait > 0:
            return wait
        for window in windows:
            window.book(now)
        # What a late wake-up missed may be made up for, but never more than 50 ms.
        self._next = max(self._next, now - 0.05) + 1 / self.rate
        self._history.append(now)
        self._starts += 1
        return 0.0

    def learn(self, now: float, answer: Answer, *, started: float) -> None:
        """Take in what the service says about our speed."""
        if answer.kind is Kind.THROTTLED:
            self.throttled += 1
            self._sick += 1
            news = self._hold.begin(now, answer, started=started)
            if answer.limit is not None:
                self._obey(answer.limit)
            elif news:
                self.rate = max(self.FLOOR, self.rate * 0.7)
                self._growth = 1.05
        elif answer.kind in (Kind.BROKEN, Kind.UNSURE, Kind.UNREACHABLE):
            self._sick += 1
        else:
            self._healthy += 1
            self._hold.healthy(started=started)

    def allowed(self) -> float:
        """Give the requests a second that are allowed at present."""
        limits = [window.limit for window in self._windows.values()]
        if not limits:
            return self.rate
        return min(limit.count / limit.seconds for limit in limits)

    def _obey(self, limit: Limit) -> None:
        """Take up a rule; it replaces one for as many seconds, and joins others."""
        known = self._windows.get(limit.seconds)
        if known is None or known.limit != limit:
            self._windows[limit.seconds] = Window(limit, self._history)

    def _turn(self, now: float) -> None:
        """Close a second that is over, and grow if it was a healthy one."""
        if self._second is None:
            self._second = now
        if now - self._second < 1:
            return
        busy = self._starts >= 0.5 * self.rate * min(now - self._second, 2)
        if self._healthy and not self._sick and busy:
            self.rate = min(self.CEILING, self.rate * self._growth)
        self._second = now
        self._starts = self._healthy = self._sick = 0


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


def control(limit: Limit | None) -> RateControl:
    """Give the control for what `parse` read."""
    return Auto() if limit is None else Fixed(limit)
