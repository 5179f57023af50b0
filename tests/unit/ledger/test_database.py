"""The ledger's file: what is none, what is damaged, and whose it is."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bulkrepo.core.errors import LedgerError
from bulkrepo.ledger import schema
from bulkrepo.ledger.ledger import Ledger
from tests.support.ledgers import Ticks, checked, finish, load, opened


def _text(path: Path) -> None:
    path.write_text("namespace,repository\n" * 100)


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
        db.commit()


def _newer(path: Path) -> None:
    Ledger(str(path), now=Ticks()).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")


def _damaged(path: Path) -> None:
    with opened(path) as ledger:
        load(ledger, checked(*(f"app-{number}" for number in range(2000))))
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[:4096] + os.urandom(middle) + content[middle + 4096 :])


def _folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "advice"),
    [
        pytest.param(_text, "not a ledger", id="text"),
        pytest.param(_foreign, "not a bulkrepo ledger", id="another database"),
        pytest.param(_newer, "upgrade bulkrepo", id="newer schema"),
        pytest.param(_damaged, "damaged", id="damaged"),
        pytest.param(_folder, "--ledger", id="directory"),
    ],
)
def test_what_is_no_ledger_is_refused_with_advice(
    path: Path, spoil: Callable[[Path], None], advice: str
) -> None:
    """A LedgerError says which file it is and what to do; nothing is overwritten."""
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(LedgerError) as caught, opened(path) as ledger:
        load(ledger, checked("a"))

    assert str(path) in str(caught.value)
    assert advice in str(caught.value)
    if spoil in (_text, _foreign):
        assert path.read_bytes() == before


def test_a_ledger_that_lost_rows_is_refused(path: Path) -> None:
    """Lists that are the same have as many rows; a page that lost some is found."""
    with opened(path) as ledger:
        load(ledger, checked(*(f"app-{number}" for number in range(100))))
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM item WHERE id > 90")
        db.commit()

    with (
        pytest.raises(LedgerError, match=r"damaged .*90 of 100 rows.* aside"),
        opened(path) as ledger,
    ):
        load(ledger, checked(*(f"app-{number}" for number in range(100))))


def test_a_page_that_lost_its_rows_is_found_on_opening(path: Path) -> None:
    """Else a report would be short of them, and nobody would know."""
    with opened(path) as ledger:
        load(ledger, checked(*(f"app-{number}" for number in range(400))))
        finish(ledger)
    with closing(sqlite3.connect(path)) as db:
        size = db.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(path.read_bytes())
    leaves = [at for at in range(size, len(content), size) if content[at] == 13]
    at = max(leaves, key=lambda leaf: content[leaf + 4])  # the one with most rows
    content[at + 4] -= 3
    path.write_bytes(content)

    with (
        pytest.raises(LedgerError, match=r"damaged .* aside, and run the same command"),
        opened(path),
    ):
        pass


def test_a_ledger_in_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The message names the path and the option."""
    with pytest.raises(LedgerError, match=r"nowhere/x\.db .*--ledger"):
        Ledger(str(tmp_path / "nowhere" / "x.db"), now=Ticks())


def test_a_ledger_that_may_not_be_written_is_refused(path: Path) -> None:
    """The message names the path and the option, whoever runs the test."""
    with opened(path) as ledger:
        load(ledger, checked("a"))
    script = (
        "import os, sys\n"
        "from bulkrepo.ledger.ledger import Ledger\n"
        "from bulkrepo.core.errors import LedgerError\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: Ledger(sys.argv[1], now=float)\n"
        "except LedgerError as error: print(error)\n"
    )
    shared = Path("/dev/shm") if os.getuid() == 0 else path.parent  # noqa: S108
    ledger_path = shared / f"bulkrepo-test-{os.getpid()}.db"
    ledger_path.write_bytes(path.read_bytes())
    lock = Path(f"{ledger_path}.lock")
    lock.touch()
    try:
        ledger_path.chmod(0o444)
        lock.chmod(0o666)
        said = subprocess.run(
            [sys.executable, "-c", script, str(ledger_path)],
            check=False,
            capture_output=True,
            text=True,
        )
    finally:
        ledger_path.unlink()
        lock.unlink()

    assert "Permission denied" in said.stdout, said.stderr
    assert "--ledger" in said.stdout


def test_a_ledger_is_for_its_owner_only(path: Path) -> None:
    """All four files have mode 0600, whatever the umask."""
    before = os.umask(0)
    try:
        with opened(path) as ledger:
            load(ledger, checked("a"))
            modes = {
                file.name: stat.S_IMODE(file.stat().st_mode)
                for file in path.parent.iterdir()
            }
    finally:
        os.umask(before)

    assert modes == {
        "runs.db": 0o600,
        "runs.db-wal": 0o600,
        "runs.db-shm": 0o600,
        "runs.db.lock": 0o600,
    }
