"""Rate limiters as services have them, on a clock of ours."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol


class Limiter(Protocol):
    """Whether a request that arrives at a time may pass; times never go back."""

    def admit(self, now: float) -> bool:
        """Count a request in, or refuse it."""
        ...


class Bucket:
    """A token bucket: *rate* tokens a second, at most *burst* of them."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens = burst
        self._at: float | None = None

    def admit(self, now: float) -> bool:
        """Take a token, if there is one."""
        if self._at is not None:
            gained = (now - self._at) * self._rate
            self._tokens = min(self._burst, self._tokens + gained)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Leaky(Bucket):
    """nginx's `limit_req rate=... burst=N nodelay`: a bucket with one drop more."""

    def __init__(self, rate: float, burst: int = 5) -> None:
        super().__init__(rate, burst + 1)


class Fixed:
    """At most *count* in each window of *seconds*; *phase* of the first are over."""

    def __init__(self, count: int, seconds: float, phase: float = 0.0) -> None:
        self._count, self._seconds, self._phase = count, seconds, phase
        self._window, self._used = -1, 0
        self._first: float | None = None

    def admit(self, now: float) -> bool:
        """Count a request into the window that is open."""
        if self._first is None:
            self._first = now
        window = int((now - self._first + self._phase) // self._seconds)
        if window != self._window:
            self._window, self._used = window, 0
        if self._used >= self._count:
            return False
        self._used += 1
        return True


class Sliding:
    """At most *count* in any *seconds*."""

    def __init__(self, count: int, seconds: float) -> None:
        self._count, self._seconds = count, seconds
        self._passed: deque[float] = deque()

    def admit(self, now: float) -> bool:
        """Count a request into the window that ends now."""
        while self._passed and self._passed[0] <= now - self._seconds:
            self._passed.popleft()
        if len(self._passed) >= self._count:
            return False
        self._passed.append(now)
        return True


class Both:
    """Two limiters in a row; what one of them refuses the other does not count."""

    def __init__(self, first: Limiter, then: Limiter) -> None:
        self._first, self._then = first, then

    def admit(self, now: float) -> bool:
        """Ask both."""
        return self._first.admit(now) and self._then.admit(now)


class Shared:
    """A limiter that somebody else asks as well, every so many *seconds*."""

    def __init__(self, limiter: Limiter, seconds: float) -> None:
        self._limiter, self._seconds = limiter, seconds
        self._next: float | None = None

    def admit(self, now: float) -> bool:
        """Let the other one ask first."""
        if self._next is None:
            self._next = now
        while self._next <= now:
            self._limiter.admit(self._next)
            self._next += self._seconds
        return self._limiter.admit(now)


class Changing:
    """One limiter after another: each for as many requests that pass."""

    def __init__(self, parts: Sequence[tuple[int, Limiter]]) -> None:
        self._parts = list(parts)
        self._passed = 0
        self.which = 0

    def admit(self, now: float) -> bool:
        """Ask the one whose turn it is."""
        if not self._parts[self.which][1].admit(now):
            return False
        self._passed += 1
        if self._passed >= self._parts[self.which][0] and self.which + 1 < len(
            self._parts
        ):
            self.which += 1
            self._passed = 0
        return True


KINDS: dict[str, Callable[[int], Limiter]] = {
    "token bucket, 1 s of burst": lambda rate: Bucket(rate, rate),
    "token bucket, 5 s of burst": lambda rate: Bucket(rate, 5 * rate),
    "leaky bucket, burst 5": Leaky,
    "fixed window, 1 s": lambda rate: Fixed(rate, 1, 0.3),
    "fixed window, 10 s": lambda rate: Fixed(10 * rate, 10, 3),
    "fixed window, 60 s": lambda rate: Fixed(60 * rate, 60, 25),
    "sliding window, 1 s": lambda rate: Sliding(rate, 1),
    "sliding window, 10 s": lambda rate: Sliding(10 * rate, 10),
    "sliding window, 60 s": lambda rate: Sliding(60 * rate, 60),
    "sliding window, 300 s": lambda rate: Sliding(300 * rate, 300),
}
"""Limiters that let a rate (requests a second) through, in the long run."""
