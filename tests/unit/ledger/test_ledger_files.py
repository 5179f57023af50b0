"""The files of a ledger are ours, and nothing else is touched."""

import os
from pathlib import Path

import pytest

from bulkrepo.core.errors import LedgerError, SettingsError
from bulkrepo.ledger.ledger import Ledger
from tests.support.users import as_root, plant


def open_ledger(path: Path) -> None:
    """Open and close a ledger."""
    Ledger(str(path), now=lambda: 0.0).close()


def test_what_is_not_a_lock_is_left_as_it_is(tmp_path: Path) -> None:
    """Though it has the name of one."""
    lock = tmp_path / "runs.db.lock"
    lock.write_text("precious\n")

    with pytest.raises(
        LedgerError, match=r"runs\.db\.lock is not the lock of a ledger"
    ):
        open_ledger(tmp_path / "runs.db")

    assert lock.read_text() == "precious\n"


def test_a_lock_is_signed_anew(tmp_path: Path) -> None:
    """By each process, also where the one before had a longer number."""
    lock = tmp_path / "runs.db.lock"
    lock.write_text("123456789012\n")
    open_ledger(tmp_path / "runs.db")

    assert lock.read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("kind", ["a pipe", "a device"])
def test_a_ledger_is_a_file(tmp_path: Path, kind: str) -> None:
    """Anything else is refused, and nothing is left beside it."""
    path = tmp_path / "runs.db"
    if kind == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/null")

    with pytest.raises(LedgerError, match="it is no regular file"):
        open_ledger(path)

    assert list(tmp_path.iterdir()) == [path]
    assert not Path("/dev/null.lock").exists()


def test_links_in_a_circle_are_no_ledger(tmp_path: Path) -> None:
    """An error like another."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    with pytest.raises(LedgerError, match="symbolic links"):
        open_ledger(tmp_path / "a")


@as_root
@pytest.mark.parametrize("name", ["runs.db", "runs.db.lock"])
def test_a_ledger_is_not_where_somebody_elses_link_leads(
    tmp_path: Path, name: str
) -> None:
    """Neither the file nor its lock."""
    plant(tmp_path / name, tmp_path / "precious")

    with pytest.raises(SettingsError, match="another user"):
        open_ledger(tmp_path / "runs.db")

    assert not (tmp_path / "precious").exists()
