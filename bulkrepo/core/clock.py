"""The clock that everything that waits is given."""

from typing import Protocol


class Clock(Protocol):
    """What time it is, and waiting."""

    def now(self) -> float:
        """Give monotonic seconds."""
        ...

    def time(self) -> float:
        """Give epoch seconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
