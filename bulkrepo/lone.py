"""
Pure. A request that nobody follows before it is answered: it meets a limit alone.

Limits allow round numbers, and who does not know his finds it out by the one after.
"""

_ROUND = (60, 100, 200, 500, 600)
"""Requests that limits in use allow, in whatever time."""
_FIRST = 12
"""Requests of which each may wait for the one before: a survey, mostly."""
_QUICK = 0.2  # seconds: an answer that others may wait for
_LOST = 1.0  # seconds after which it is waited for no longer
_NEVER = float("inf")


class Lone:
    """
    After *after* of *count* requests one goes alone; *left* is when, until it is over.

    That is when there are as many *answers*: one that left before may arrive after it,
    and be the one that is refused.
    """

    def __init__(self, *, known: bool) -> None:
        self.count = self.answers = 0
        self.after = _NEVER if known else _ROUND[0]
        self.left = _NEVER

    def expect(self, count: int) -> None:
        """Let the one after *count* more go alone."""
        self.after, self.left = self.count + count, _NEVER

    def first(self) -> bool:
        """Whether the next is one of the first, and all before it are answered."""
        return self.answers == self.count < _FIRST

    def over(self) -> bool:
        """Take an answer to any; whether it is the last, and one went alone."""
        self.answers += 1
        return self.left != _NEVER and self.answers == self.count

    def waits(self, now: float) -> bool:
        """Whether the answers up to the one that went alone are still waited for."""
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
