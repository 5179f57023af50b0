"""
Pure. A lone request: none follows before it is answered, so only it meets a limit.

Limits are round numbers: the request after each such number shows whether it is one.
"""

_ROUND = (60, 100, 200, 500, 600)
"""Requests that usual limits allow, in whatever time."""
_FIRST = 12
"""Requests that may each wait for the one before: mostly those of a survey."""
_QUICK = 0.2  # seconds: others may wait for an answer that comes within
_LOST = 1.0  # seconds after which nobody waits for an answer any longer
_NEVER = float("inf")


class CanaryRequest:
    """
    Counts requests: the one after *after* of them goes alone.

    *left* is when it left, infinity while none is awaited. It is over when there are as
    many *answers* as requests (*count*): an earlier one may arrive after it, and be the
    one that is refused.
    """

    def __init__(self, *, known: bool) -> None:
        self.count = self.answers = 0
        self.after = _NEVER if known else _ROUND[0]
        self.left = _NEVER

    def expect(self, count: int) -> None:
        """Let the request after *count* more go alone."""
        self.after, self.left = self.count + count, _NEVER

    def first(self) -> bool:
        """Whether the next request is one of the first, and all others are answered."""
        return self.answers == self.count < _FIRST

    def over(self) -> bool:
        """Count an answer; whether it was the last one awaited for a lone request."""
        self.answers += 1
        return self.left != _NEVER and self.answers == self.count

    def waits(self, now: float) -> bool:
        """Whether answers up to the lone request's are still waited for."""
        return now < self.left + _LOST

    def book(self, now: float) -> None:
        """Count a request that leaves."""
        self.count += 1
        if self.count > self.after and self.left == _NEVER:
            self.left = now

    def go_on(self, *, unknown: bool, latency: float) -> None:
        """Take the next number, if the limit is still *unknown*."""
        more = (number for number in _ROUND if number > self.count)
        self.left = _NEVER
        self.after = next(more, _NEVER) if unknown and latency <= _QUICK else _NEVER
