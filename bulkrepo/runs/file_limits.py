"""Edge. How many files and sockets this process may have open at once."""

import os
import resource
from contextlib import suppress

from bulkrepo.core.errors import SettingsError

_KEPT = 16
"""For the lists, the ledger, reports, the log, and looking up names."""
_EACH = 2
"""A connection: two addresses are tried at once, or the sandbox has its other end."""


def allow(connections: int) -> None:
    """Let this process open as many *connections*, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _open() + _KEPT + _EACH * connections
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # some systems allow less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def bounded(connections: int) -> int:
    """
    Give how many of *connections* may be open at once: fewer where files are few.

    Raises SettingsError where not even one may be.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return connections
    free = (soft - _open() - _KEPT) // _EACH
    if free < 1:
        raise SettingsError(
            f"this process may have {soft} files open, too few to send anything; "
            "nothing was sent. Allow more (ulimit -n 256)"
        )
    return min(connections, free)


def _open() -> int:
    """Give how many are open; where nobody can tell, as many as one begins with."""
    try:
        return len(os.listdir("/dev/fd"))  # noqa: PTH208 - numbers, not paths
    except OSError:
        return 16
