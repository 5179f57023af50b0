"""Edge. The ledger's file: opened, locked, recovered, and its errors made ours."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from bulkrepo.ledger import schema
from bulkrepo.model import LedgerError, LockedError

MEMORY = ":memory:"
"""A ledger that ends with the process."""


class LedgerFile:
    """
    A ledger file, open and locked; use it as a context manager.

    Raises LockedError where another process holds it, and LedgerError where it cannot
    be opened, is not a ledger, or is newer than this program.
    """

    def __init__(self, path: str, *, now: Callable[[], float]) -> None:
        self.path = path
        self.now = now
        self._lock: int | None = None
        self._pid = f"{path}.lock"
        if path != MEMORY:
            self._lock = _lock(path, self._pid)
        try:
            with self.guard():
                self.db = _open(path)
        except BaseException:
            self._unlock()
            raise
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and let others have it."""
        self.db.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            _held.discard(_identity(self._lock))
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Turn SQLite's errors into ours; what was not committed is rolled back."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError, msgspec.MsgspecError) as error:
            raise LedgerError(_advice(self.path, error)) from error

    @contextmanager
    def sound(self) -> Iterator[None]:
        """Likewise, and for values that no ledger of ours holds."""
        try:
            with self.guard():
                yield
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            raise LedgerError(_advice(self.path, error)) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all of the block or nothing of it."""
        with self.guard():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    def _prepare(self) -> None:
        application = self.value("PRAGMA application_id")
        version = self.value("PRAGMA user_version")
        empty = not application and not self.value("SELECT 1 FROM sqlite_master")
        if not empty and application != schema.APPLICATION_ID:
            raise LedgerError(
                f"{self.path} is not a ledger of bulkrepo: give another --ledger"
            )
        if not empty and not 0 < version <= schema.VERSION:
            raise LedgerError(
                f"{self.path} has schema {version}, this bulkrepo knows "
                f"{schema.VERSION}: upgrade bulkrepo, or give another --ledger"
            )
        with self.guard():
            self.db.execute("PRAGMA journal_mode = WAL")
            # FULL: a claim that a power cut undoes would let us disown what we created.
            self.db.execute("PRAGMA synchronous = FULL")
        if self._lock is not None:
            self._sign()
        if not empty:
            # SQLite does not miss rows that a torn page held: they are just not there.
            found = self.value("PRAGMA quick_check(1)")
            if found != "ok":
                raise LedgerError(damaged(self.path, found.splitlines()[-1]))
        with self.transaction() as db:
            for old in range(schema.VERSION if empty else version, schema.VERSION):
                for statement in schema.MIGRATIONS[old]:
                    db.execute(statement)
            statements = schema.TABLES if empty else schema.RECOVER
            for statement in statements.split(";\n"):
                db.execute(statement)
            if empty:
                db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {schema.VERSION}")

    def _sign(self) -> None:
        """Note who we are, for a process that finds the ledger locked."""
        note = _file(self._pid, self.path)
        try:
            with suppress(OSError):  # a full disk: the ledger itself will tell
                os.ftruncate(note, 0)
                os.write(note, f"{os.getpid()}\n".encode())
        finally:
            os.close(note)

    def check(self) -> None:
        """Raise LedgerError if the file that we write to is no longer there."""
        if self._lock is None:
            return
        try:
            same = os.path.samestat(Path(self.path).stat(), os.fstat(self._lock))
        except OSError:
            same = False
        if not same:
            raise LedgerError(
                f"the ledger {self.path} was removed or replaced during the run: "
                "nothing more is sent. Run the same command again: what exists is "
                "found and reported as such"
            )

    def synchronous(self, mode: str) -> None:
        """Say whether a commit waits for the disk: `FULL` does, `NORMAL` does not."""
        with self.guard():
            self.db.execute(f"PRAGMA synchronous = {mode}")

    def value(self, sql: str, *parameters: object) -> Any:
        """Give the first column of the first row, or None."""
        with self.guard():
            row = self.db.execute(sql, parameters).fetchone()
        return None if row is None else row[0]


def _open(path: str) -> sqlite3.Connection:
    # Autocommit: every transaction is begun and ended by a line of ours.
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def _file(name: str, ledger: str) -> int:
    """Open a file of the ledger, for its owner only."""
    try:
        return os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise LedgerError(
            f"the ledger {ledger} cannot be opened: {error.strerror}. Give --ledger a "
            "path in a directory that can be written to"
        ) from error


def _lock(path: str, pid: str) -> int:
    """
    Take a kernel lock, which dies with the process, on the ledger itself.

    Whatever name it goes by, it is the same file. SQLite's own locks are of another
    kind. A file beside it says who holds it.
    """
    handle = _file(path, path)  # SQLite would create it readable for everybody
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        ours = _identity(handle) in _held  # who may not have come to note itself
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
            "path on a disk of this machine"
        ) from error
    _held.add(_identity(handle))
    return handle


_held: set[tuple[int, int]] = set()
"""The ledgers that this process holds; a program may begin several runs at once."""


def _identity(handle: int) -> tuple[int, int]:
    stat = os.fstat(handle)
    return stat.st_dev, stat.st_ino


def _holder(pid: str) -> str:
    """Give the process that noted itself, unless it is one of the past."""
    with suppress(OSError, ValueError):
        holder = int(Path(pid).read_text("ascii"))
        with suppress(PermissionError):  # somebody else's, and alive
            os.kill(holder, 0)
        return str(holder)
    return "unknown"


# Our SQL is right, and all that we read was written by us.
_DAMAGED = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT,
    None,
}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SHUT = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}


def damaged(path: str, found: object) -> str:
    """Say that a ledger is not what we wrote, by what was *found*."""
    return (
        f"the ledger {path} is damaged or no ledger ({found}). Nothing was sent "
        "after that. Move it aside, and run the same command again: what exists "
        "is found and reported as such"
    )


def _advice(path: str, error: Exception) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    code = code if code is None else code & 0xFF  # the rest is detail
    folder = Path(path).parent.absolute()
    if code in _DAMAGED:
        return damaged(path, error)
    if code in _BUSY:
        todo = "Let go of it in the program that has it open"
    elif code in _SHUT:
        todo = (
            f"Let it be written to, and {folder} as well, which takes files beside it"
        )
    else:
        todo = f"See to the space in {folder}"
    return (
        f"the ledger {path} cannot be used: {error}. {todo}, then run the same command "
        "again: it goes on where this one was"
    )
