"""Edge. The ledger's file: opening, locking, recovery, and translation of errors."""

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from bulkrepo.core.errors import LedgerError
from bulkrepo.core.paths import resolve_own_links
from bulkrepo.ledger import schema
from bulkrepo.ledger.lock import open_ledger_file, release_lock, take_lock

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
        file = Path(path)
        if path != MEMORY:
            file = _resolve(path)
            self._pid = Path(f"{file}.lock")
            self._lock = take_lock(file, self._pid, path)
        try:
            with self.guard():
                self.db = _open(file)
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
            release_lock(self._lock)
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
        note = open_ledger_file(self._pid, self.path)
        try:
            if not _LOCK.fullmatch(os.read(note, 32)):
                raise LedgerError(
                    f"{self._pid} is not the lock of a ledger and is left as it is: "
                    "move it away, or give another --ledger"
                )
            with suppress(OSError):  # a full disk: the ledger itself will say so
                os.ftruncate(note, 0)
                os.pwrite(note, f"{os.getpid()}\n".encode(), 0)
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


_LOCK = re.compile(rb"\d*\n?")


def _resolve(path: str) -> Path:
    try:
        return resolve_own_links(path)
    except OSError as error:
        raise LedgerError(
            f"the ledger {path} cannot be opened: {error.strerror}. Give another "
            "--ledger"
        ) from error


def _open(path: Path) -> sqlite3.Connection:
    # Autocommit: we begin and end every transaction ourselves.
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


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
