"""Pure. A search for a rate: its bounds, and where it is."""

from enum import Enum, auto

FLOOR = 1 / 300
"""Requests a second, twelve an hour: slower is no rate."""
CAUTION = 200.0
"""Requests a second that the gateway allows by default: nobody runs up beyond."""
CEILING = 5000.0


class Phase(Enum):
    """What a rate control is at."""

    RAMP = auto()  # nothing is known: up fast
    SEEK = auto()  # below a rate that was too fast: up, faster every second
    REST = auto()  # at a level that holds
    PROBE = auto()  # above it, to see whether there is more by now
