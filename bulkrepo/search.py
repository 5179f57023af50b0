"""
Pure. A search for a rate: its bounds, its habits, and where it is.

The numbers here and in `adaptive` were found by trying many, each against all limiters
of `tests.bench.limits` and others between them: no service has told them.
"""

from enum import Enum, auto

FLOOR = 1 / 300
"""Requests a second, twelve an hour: slower is no rate."""
CAUTION = 200.0
"""Requests a second that the gateway allows by default: nobody runs up beyond."""
CEILING = 5000.0

SAFE = 0.98
"""Of what went through."""
SLOW = 1 / 6
"""Requests a second: only a block of its own proves that it is less."""
PAUSE = 0.47
"""Seconds after a refusal that was no slip."""


class Phase(Enum):
    """What a rate control is at."""

    RAMP = auto()  # nothing is known: up fast
    SEEK = auto()  # below a rate that was too fast: up, faster every second
    REST = auto()  # at a level that holds
    PROBE = auto()  # above it, to see whether there is more by now


def gain(phase: Phase, *, lasted: float, near: bool, scale: float) -> float:
    """
    Give what one success adds to the rate, *lasted* seconds into *phase*.

    *near*: to a rate that was too fast. A probe doubles its pace in *scale* seconds.
    """
    if phase is Phase.RAMP:
        return 6.3
    if phase is Phase.SEEK:
        return 0.13 if near else 0.15 * 2 ** min(lasted, 2.1)
    if phase is Phase.PROBE:
        return 0.014 * 2 ** min(lasted / scale, 6.0)
    return 0.0
