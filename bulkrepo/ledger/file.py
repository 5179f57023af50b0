"""Edge. The ledger's file: opened, locked, recovered, and its errors made ours."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

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
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Turn SQLite's errors into ours; what was not committed is rolled back."""
        try:
            yield
        except sqlite3.Error as error:
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
        if not empty and version != schema.VERSION:
            raise LedgerError(
                f"{self.path} has schema {version}, this bulkrepo knows "
                f"{schema.VERSION}: upgrade bulkrepo, or give another --ledger"
            )
        with self.guard():
            self.db.execute("PRAGMA journal_mode = WAL")
            # FULL: a claim that a power cut undoes would let us disown what we created.
            self.db.execute("PRAGMA synchronous = FULL")
        if self._lock is not None:
            note = _file(self._pid, self.path)
            os.ftruncate(note, 0)
            os.write(note, f"{os.getpid()}\n".encode())
            os.close(note)
        with self.transaction() as db:
            statements = schema.TABLES if empty else schema.RECOVER
            for statement in statements.split(";\n"):
                db.execute(statement)
            if empty:
                db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {schema.VERSION}")

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
    except OSError as error:
        os.close(handle)
        holder = "unknown"
        with suppress(OSError):
            holder = Path(pid).read_text("ascii").strip() or holder
        raise LockedError(
            f"another run holds the ledger {path} (process {holder}): "
            "wait for it, or give another --ledger"
        ) from error
    return handle


def _advice(path: str, error: sqlite3.Error) -> str:
    said = str(error)
    if "malformed" in said or "not a database" in said:
        return (
            f"the ledger {path} is damaged or no ledger ({said}). Nothing was sent "
            "after that. Move it aside, and run the same command again: what exists "
            "is found and reported as such"
        )
    size = Path(path).parent
    return f"the ledger {path} cannot be used: {said}. Check the space in {size}"
