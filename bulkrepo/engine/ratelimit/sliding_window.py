"""Pure. Exact sliding windows, for limits that are known."""

from collections import deque
from collections.abc import Iterable

from bulkrepo.swr.answers import Limit

MOST = 10_000
"""Starts that are kept: a larger rule is split into parts, which is stricter."""


class SlidingWindow:
    """
    An exact sliding window: at most *count* starts in any *seconds*.

    Windows are half-open: two starts exactly *seconds* apart are never in the same one.
    """

    def __init__(self, limit: Limit, starts: Iterable[float] = ()) -> None:
        self.limit = limit
        parts = -(-limit.count // MOST)
        self._count, self._seconds = limit.count // parts, limit.seconds / parts
        self._starts: deque[float] = deque(starts, maxlen=self._count)

    def wait(self, now: float, share: float = 1.0) -> float:
        """Give the seconds until one more may start, of a *share*; 0.0 or less: now."""
        starts = self._starts
        count = self._count if share == 1.0 else max(1, int(share * self._count))
        if len(starts) < count:
            return 0.0
        return self._seconds - (now - starts[-count])

    def starts(self, now: float) -> list[float]:
        """Give the starts that count at *now*."""
        return [start for start in self._starts if now - start < self.limit.seconds]

    def book(self, now: float) -> None:
        """Count a start at *now*."""
        self._starts.append(now)

    def reserve(self, now: float) -> float:
        """Book a start at *now* and give 0.0, or seconds after which to ask again."""
        starts = self._starts
        if len(starts) == self._count:
            wait = self._seconds - (now - starts[0])
            if wait > 0:
                return wait
        starts.append(now)
        return 0.0


class ServerLimits:
    """
    Limits that answers named, one for each length of a window: all of them are kept.

    They are believed for *trust* seconds or two windows, whichever is longer: a limit
    may be raised, and nobody would say so. A refusal although they are kept means that
    others use them up too: then we take a smaller share, a little more after each
    window that is kept, and believe them for longer.
    """

    def __init__(
        self,
        rules: Iterable[Limit] = (),
        starts: Iterable[float] = (),
        *,
        trust: float,
    ) -> None:
        self._trust = trust
        self._outlived: tuple[Limit, ...] = ()
        self._windows: dict[float, SlidingWindow] = {}
        self._starts: deque[float] = deque(starts, maxlen=MOST)
        self._until: float | None = None
        self._share, self._shared_at = 1.0, 0.0
        for rule in rules:
            if rule.count > 0 and rule.seconds > 0:
                self._add(rule, spread=0.1)

    def __bool__(self) -> bool:
        return bool(self._windows)

    @property
    def shortest(self) -> float:
        """Give the seconds of the shortest window."""
        return min(self._windows)

    @property
    def longest(self) -> float:
        """Give the seconds of the longest window."""
        return max(self._windows)

    def rate(self) -> float:
        """Give the requests a second that all of them allow in the long run."""
        rates = (rule.count / rule.seconds for rule in self.named())
        return self._share * min(rates, default=float("inf"))

    def named(self) -> tuple[Limit, ...]:
        """Give the rules as the service named them."""
        windows = self._windows.items()
        return tuple(Limit(window.limit.count, s) for s, window in windows)

    def starts(self, now: float) -> list[float]:
        """Give the starts that count at *now*."""
        seconds = max(self._windows, default=0.0)
        return [start for start in self._starts if now - start < seconds]

    def wait(self, now: float) -> float:
        """Give the seconds until one more may start; 0.0 or less: now."""
        waits = (window.wait(now, self._share) for window in self._windows.values())
        return max(waits, default=0.0)

    def book(self, now: float) -> None:
        """Count a start at *now*; a rule that is named later counts it as well."""
        self._starts.append(now)
        for window in self._windows.values():
            window.book(now)

    def obey(self, rule: Limit, now: float, *, spread: float) -> bool:
        """
        Take up *rule* in place of one for as many seconds; whether it is new.

        Requests arrive less evenly than they leave, by up to *spread* seconds.
        """
        known = self._windows.get(rule.seconds)
        new = known is None or known.limit.count != rule.count
        if new:
            self._add(rule, spread=spread)
            if rule not in self._outlived:
                self._share = 1.0
        self._believe(now)
        return new

    def yield_some(self, now: float) -> None:
        """Take a smaller share: others use what the rules allow, too."""
        self._share, self._shared_at = max(0.05, 0.75 * self._share), now

    def regain(self, now: float) -> bool:
        """Take a little more if the last window was kept; whether it was."""
        if self._share == 1.0 or now - self._shared_at < max(10.0, self.shortest):
            return False
        self._share, self._shared_at = min(1.0, self._share + 0.1), now
        return True

    def outlived(self, now: float) -> bool:
        """Forget the rules if they were believed for long enough; whether they were."""
        if self._until is None:
            self._believe(now)
        elif now > self._until:
            self._outlived = self.named()
            self._windows.clear()
            return True
        return False

    def _add(self, rule: Limit, *, spread: float) -> None:
        seconds = rule.seconds + min(spread, 0.05 * rule.seconds)
        kept = Limit(rule.count, seconds)
        self._windows[rule.seconds] = SlidingWindow(kept, self._starts)

    def _believe(self, now: float) -> None:
        self._until = now + max(self._trust / self._share, 2 * self.longest)
