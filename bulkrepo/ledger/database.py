"""Edge. The ledger's file: opening, locking, recovery, and translation of errors."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from bulkrepo.core.rows import LedgerError, LockedError
from bulkrepo.ledger import schema

MEMORY = ":memory:"
"""A ledger that ends with the process."""


class LedgerFile:
    """
    A ledger file, open and locked.

    Raises LockedError if another process holds it, and LedgerError if it cannot be
    opened, is not a ledger, or is newer than this program.
    """

    def __init__(self, path: str, *, now: Callable[[], float]) -> None:
        self.path = path
        self.now = now
        self.process = 0
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
        """Close and unlock the file."""
        self.db.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            _held.discard(_identity(self._lock))
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Turn SQLite's errors into LedgerError."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError, msgspec.MsgspecError) as error:
            raise LedgerError(_advice(self.path, error)) from error

    @contextmanager
    def sound(self) -> Iterator[None]:
        """Do the same, also for values that bulkrepo never writes."""
        try:
            with self.guard():
                yield
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            raise LedgerError(_advice(self.path, error)) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit all of the block, or nothing of it."""
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
                f"{self.path} is not a bulkrepo ledger: give another --ledger"
            )
        if not empty and not 0 < version <= schema.VERSION:
            raise LedgerError(
                f"{self.path} has schema {version}, but this bulkrepo supports up to "
                f"{schema.VERSION}: upgrade bulkrepo, or give another --ledger"
            )
        with self.guard():
            self.db.execute("PRAGMA journal_mode = WAL")
            # FULL: if a power cut undid a claim, we would disown what we created.
            self.db.execute("PRAGMA synchronous = FULL")
        if self._lock is not None:
            self._sign()
        if not empty:
            # SQLite does not notice rows lost with a torn page unless it is asked to.
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
        """Write our process id, for processes that find the ledger locked."""
        note = _file(self._pid, self.path)
        try:
            with suppress(OSError):  # a full disk: the ledger itself will say so
                os.ftruncate(note, 0)
                os.write(note, f"{os.getpid()}\n".encode())
        finally:
            os.close(note)

    def begin(self) -> int:
        """Give the process a number, as it begins to work on a run; see `schema`."""
        number = self.db.execute("INSERT INTO process DEFAULT VALUES").lastrowid
        self.process = number or 0
        return self.process

    def check(self) -> None:
        """Raise LedgerError if the file we write to was removed or replaced."""
        if self._lock is None:
            return
        try:
            same = os.path.samestat(Path(self.path).stat(), os.fstat(self._lock))
        except OSError:
            same = False
        if not same:
            raise LedgerError(
                f"the ledger {self.path} was removed or replaced during the run: "
                "nothing more is sent. Run the same command again: repositories that "
                "exist are then reported as `exists`"
            )

    def synchronous(self, mode: str) -> None:
        """Set whether a commit waits for the disk: `FULL` does, `NORMAL` does not."""
        with self.guard():
            self.db.execute(f"PRAGMA synchronous = {mode}")

    def value(self, sql: str, *parameters: object) -> Any:
        """Return the first column of the first row, or None."""
        with self.guard():
            row = self.db.execute(sql, parameters).fetchone()
        return None if row is None else row[0]


def _open(path: str) -> sqlite3.Connection:
    # Autocommit: we begin and end every transaction ourselves.
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def _file(name: str, ledger: str) -> int:
    """Open a file of the ledger, created for its owner only."""
    try:
        return os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise LedgerError(
            f"the ledger {ledger} cannot be opened: {error.strerror}. Give --ledger a "
            "path in a writable directory"
        ) from error


def _lock(path: str, pid: str) -> int:
    """
    Take a kernel lock on the ledger itself, which ends with the process.

    The lock holds whatever name the file goes by, and is independent of SQLite's own
    locks. A file beside the ledger says who holds it.
    """
    handle = _file(path, path)  # SQLite would create it readable by everybody
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


_held: set[tuple[int, int]] = set()
"""The ledgers that this process holds; a program may have several runs at once."""


def _identity(handle: int) -> tuple[int, int]:
    stat = os.fstat(handle)
    return stat.st_dev, stat.st_ino


def _holder(pid: str) -> str:
    """Return the id of the process that holds the ledger, if it is alive."""
    with suppress(OSError, ValueError):
        holder = int(Path(pid).read_text("ascii"))
        with suppress(PermissionError):  # alive, but another user's
            os.kill(holder, 0)
        return str(holder)
    return "unknown"


# Our SQL is correct and we wrote all that we read, so these mean damage.
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
    """Say that a ledger is not what we wrote; *found* is the symptom."""
    return (
        f"the ledger {path} is damaged or not a ledger ({found}). Nothing was sent "
        "after that. Move it aside, and run the same command again: repositories "
        "that exist are then reported as `exists`"
    )


def _advice(path: str, error: Exception) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    code = code if code is None else code & 0xFF  # the rest is detail
    folder = Path(path).parent.absolute()
    if code in _DAMAGED:
        return damaged(path, error)
    if code in _BUSY:
        todo = "Close it in the program that has it open"
    elif code in _SHUT:
        todo = f"Make it and {folder} writable, because files are created beside it"
    else:
        todo = f"Check the free space in {folder}"
    return (
        f"the ledger {path} cannot be used: {error}. {todo}, then run the same command "
        "again: it continues this run"
    )
