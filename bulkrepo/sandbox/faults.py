"""Pure. Which fault a create meets, and when a request is one too many."""

import random
from collections import deque
from enum import Enum

from bulkrepo.sandbox.settings import Settings


class Fault(Enum):
    """What goes wrong with a create."""

    DROP_BEFORE = "drop_before"
    BUSY = "busy"
    ERROR = "error"
    ERROR_COMMITTED = "error_committed"
    DROP_AFTER = "drop_after"
    LATE = "late"


class Chance:
    """
    All random choices of a sandbox, each kind from a stream of its own.

    So a setting changes one kind of choice and leaves the others as they were.
    """

    def __init__(self, settings: Settings) -> None:
        self._jitter, self._html, self._create, self._late = (
            random.Random(f"{settings.seed}/{use}")  # noqa: S311 - dice, not keys
            for use in ("jitter", "html", "create", "late")
        )
        self._latency = settings.latency
        self._spread = settings.jitter
        self._html_rate = settings.html_rate
        self._late_by = settings.late_by
        committed = settings.error_rate * settings.error_commits
        # One draw decides: the shares lie end to end, so each fault is as frequent as
        # its share says, and no create meets two.
        self._shares = (
            (Fault.DROP_BEFORE, settings.drop_before),
            (Fault.BUSY, settings.busy_rate),
            (Fault.ERROR, settings.error_rate - committed),
            (Fault.ERROR_COMMITTED, committed),
            (Fault.DROP_AFTER, settings.drop_after),
            (Fault.LATE, settings.late_rate),
        )

    def delay(self) -> float:
        """Decide how many seconds the next request waits."""
        return self._latency + self._spread * self._jitter.random()

    def late(self) -> float:
        """Decide how many seconds the next late create takes."""
        return self._late_by * self._late.random()

    def html(self) -> bool:
        """Decide whether a proxy answers the next request."""
        return self._html.random() < self._html_rate

    def fault(self) -> Fault | None:
        """Decide what the next create meets, mostly nothing."""
        draw = self._create.random()
        for fault, share in self._shares:
            if draw < share:
                return fault
            draw -= share
        return None


class Window:
    """
    At most *most* requests in any *seconds*; those refused are not counted.

    The window slides: it is open on the left, so a request at t leaves room for
    another at t + *seconds*.
    """

    def __init__(self, *, most: int, seconds: float) -> None:
        self._seconds = seconds
        self._most = most
        self._admitted: deque[float] = deque()

    def admit(self, now: float) -> float:
        """Admit a request and return 0.0, or return the seconds until one would be."""
        while self._admitted and now - self._admitted[0] >= self._seconds:
            self._admitted.popleft()
        if len(self._admitted) < self._most:
            self._admitted.append(now)
            return 0.0
        return self._seconds - (now - self._admitted[0])
