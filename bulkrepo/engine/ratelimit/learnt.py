"""Pure. What one run finds out about a service, for the next one to begin with."""

import msgspec

from bulkrepo.swr.requests import Limit


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
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
