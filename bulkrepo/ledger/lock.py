"""The lock on a ledger: one process at a time."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from bulkrepo.core.errors import LedgerError, LockedError
from bulkrepo.core.paths import open_regular_file


def open_ledger_file(name: Path, ledger: str) -> int:
    """Open a file of the ledger, created for its owner only."""
    try:
        return open_regular_file(name, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise LedgerError(
            f"the ledger {ledger} cannot be opened: {error.strerror}. Give --ledger a "
            "file in a writable directory"
        ) from error


def take_lock(file: Path, pid: Path, path: str) -> int:
    """
    Take a kernel lock on the ledger itself, which ends with the process.

    The lock holds whatever name the file goes by, and is independent of SQLite's own
    locks. The file *pid* beside the ledger says who holds it; *path* is for messages.
    """
    # SQLite would create it readable by everybody.
    handle = open_ledger_file(file, path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        ours = _identity(handle) in _held  # the process id may not be written yet
        holder = f"{os.getpid()}, this one" if ours else _holder(pid)
        os.close(handle)
        raise LockedError(
            f"another run holds the ledger {path} (process {holder}): "
            "wait for it, or give another --ledger"
        ) from error
    except OSError as error:
        os.close(handle)
        raise LedgerError(
            f"the ledger {path} cannot be locked: {error.strerror}. Give --ledger a "
            "path on a local disk"
        ) from error
    _held.add(_identity(handle))
    return handle


def release_lock(handle: int) -> None:
    """Give up the lock that `_lock` took."""
    _held.discard(_identity(handle))
    os.close(handle)


_held: set[tuple[int, int]] = set()
"""The ledgers that this process holds; a program may have several runs at once."""


def _identity(handle: int) -> tuple[int, int]:
    stat = os.fstat(handle)
    return stat.st_dev, stat.st_ino


def _holder(pid: Path) -> str:
    """Return the id of the process that holds the ledger, if it is alive."""
    with suppress(OSError, ValueError):
        holder = int(pid.read_text("ascii"))
        with suppress(PermissionError):  # alive, but another user's
            os.kill(holder, 0)
        return str(holder)
    return "unknown"
