"""
Pure. Whether the service is out, and whose fault a failed try is.

Rows that always get a 500 and rows that met an outage look alike. What tells them apart
is the *witness*: the last create or update that succeeded, sent again. It changes
nothing (the repository is there, and as wanted), and unlike a read it goes the way of a
create: through the gateway, the permissions and the organization.

The witness is sent where no other request shows that the service works: before a row
that failed tries again, if nothing succeeded since; and, after several troubled answers
in a row, instead of any other request. If it succeeds, the rows' trouble is their own;
if it fails, the service is out, and failures before that are not the rows' fault. Until
something has succeeded there is no witness, and no failure is a row's own fault. The
witness is also the second opinion where an answer condemns the whole run: a sign-in
page, say, or a refused credential.

Where most first tries fail, the service is out of order, even if some succeed. Where
many rows succeed only at a later try, a row may fail several times by chance: then a
failure says less about it, and uses up less of its tries. Five tries are enough where
the others succeed at once, eight where a tenth of them does not.

Time is monotonic seconds and an argument.
"""

import math

from bulkrepo.http.messages import Request

IN_A_ROW = 5
"""So many troubled answers, with no good one in between, call for the witness."""
_SHORTEST, _LONGEST = 1.0, 15.0
_SHARE = 15.0
_WELL = 0.5  # the share of first tries that succeed where the service is well
_WEIGHT = 0.1  # of the last first try in that share
_SLOW = 0.02  # of the last success in the share of those at the first try
_TELLING = 1.5  # powers of ten that make a failure unlikely enough to count in full


class CircuitBreaker:
    """
    A gate for all requests. In an outage, probes come after a fifteenth of its length.

    So the end of a short one is noticed soon, and a long one is not prolonged by us.
    *witness* is what to probe with. *out*: there is an outage. *closed*: only probes
    may leave.
    """

    witness: Request | None

    def __init__(self) -> None:
        self.witness = None
        self.out = self.closed = False
        self.good_at = self._out_at = float("-inf")
        self._troubles = False  # whether there has been any trouble yet
        self._share = self._at_once = 1.0
        self._silent: float | None = None
        self._troubled = 0
        self._since: float | None = None
        self._next = 0.0
        self._probing = False

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
        """Learn that a request came back with whatever answer: the next may probe."""
        if self._probing:
            self._probing = False
            self._next = max(self._next, now + _SHORTEST)

    def good(self, started: float, *, first: bool = True) -> None:
        """
        Learn of an answer that was no trouble, to a *first* try or a later one.

        Its start counts: a request that left before the trouble proves nothing.
        """
        if started > self.good_at:  # noqa: PLR1730 - faster, for each request
            self.good_at = started
        if self._silent is not None:
            self._silent = self._since = None
            self._troubled, self._probing = 0, False
            self.out = self.closed = False
        if not first:
            self._at_once -= _SLOW * self._at_once
        elif self._troubles:
            self._share += _WEIGHT * (1.0 - self._share)
            self._at_once += _SLOW * (1.0 - self._at_once)

    def trouble(
        self,
        now: float,
        *,
        started: float,
        u: float,
        retry_after: float | None,
        first: bool = True,
        probe: bool = False,
    ) -> None:
        """
        Learn of a troubled answer; *u* is chance, from 0 to 1.

        *retry_after* is what the answer asks for, in seconds. The witness is a *probe*.
        """
        self.refused(started)
        self._troubles = True
        self._troubled += 1
        self._probing = False
        if first or probe:
            self._share -= _WEIGHT * self._share
        if probe:
            self._out_at = now
        elif self._troubled < IN_A_ROW:
            return
        if self._since is None:
            self._since, self.closed = now, True
        self.out = self.out or probe or self.witness is None
        share = (now - self._since) / _SHARE
        pause = min(_LONGEST, max(_SHORTEST, share)) * (0.8 + 0.2 * u)
        self._next = max(self._next, now + max(pause, retry_after or 0.0))

    # Whose fault it is.

    def own(self, asked: float) -> float:
        """Give how far (0 to 1) a failed try at *asked* is its row's own fault."""
        if not self.good_at >= asked > self._out_at or self._share < _WELL:
            return 0.0
        failing = max(1.0 - self._at_once, 1e-9)
        return min(1.0, -math.log10(failing) / _TELLING)

    def questionable(self, asked: float) -> bool:
        """Whether only the witness can tell that, as nothing succeeded since."""
        return self.good_at < asked and self.witness is not None

    # How long it has been silent.

    def refused(self, started: float) -> None:
        """Learn of an answer that was not good, to a request that left at *started*."""
        if self._silent is None:
            self._silent = started

    def silence(self, now: float) -> float:
        """Give the seconds for which nothing succeeded although we asked."""
        return 0.0 if self._silent is None else now - self._silent

    def excuse(self, seconds: float) -> None:
        """Learn that for *seconds* we ourselves did not ask."""
        if self._silent is not None:
            self._silent += seconds
