"""
Pure. Whether the service is out: then nobody starts but one at a time, to find out.

It is out when several answers in a row were trouble and none was good; one good answer
ends it. Time is monotonic seconds and an argument.
"""

IN_A_ROW = 5
"""So many troubled answers without a good one between them are no row's own fault."""
_SHORTEST, _LONGEST = 1.0, 15.0
_SHARE = 15.0


class Outage:
    """
    A gate for all requests. Probes pause for a fifteenth of the time that it lasts.

    So a short outage is over for us soon after it is over, and a long one is not made
    longer by us.
    """

    def __init__(self) -> None:
        self._troubled = 0
        self._since: float | None = None
        self._next = 0.0
        self._probing = False

    @property
    def closed(self) -> bool:
        """Whether only probes may leave."""
        return self._since is not None

    def wait(self, now: float) -> float:
        """Give the seconds after which to ask again; 0.0: one may leave."""
        if self._since is None:
            return 0.0
        if self._probing:
            return 0.1
        return max(0.0, self._next - now)

    def left(self) -> None:
        """Learn that a request left: while it is closed, the probe."""
        self._probing = self._since is not None

    def answered(self, now: float) -> None:
        """Learn that a request came back, whatever with: the next one may ask."""
        if self._probing:
            self._probing = False
            self._next = max(self._next, now + _SHORTEST)

    def good(self) -> None:
        """Learn of an answer that was no trouble."""
        self._troubled, self._since, self._probing = 0, None, False

    def trouble(self, now: float, *, u: float, retry_after: float | None) -> None:
        """
        Learn of a troubled answer; *u* is chance, from 0 to 1.

        *retry_after* is what the answer asks for, in seconds.
        """
        self._troubled += 1
        self._probing = False
        if self._troubled < IN_A_ROW:
            return
        if self._since is None:
            self._since = now
        share = (now - self._since) / _SHARE
        pause = min(_LONGEST, max(_SHORTEST, share)) * (0.8 + 0.2 * u)
        self._next = max(self._next, now + max(pause, retry_after or 0.0))
