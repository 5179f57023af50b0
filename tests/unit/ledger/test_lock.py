"""A ledger is for one process at a time, by whatever name."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bulkrepo.core.errors import LedgerError, LockedError
from bulkrepo.ledger.ledger import Ledger
from tests.support.ledgers import Ticks, checked, finish, load, made, opened


def test_a_second_process_is_told_who_holds_the_ledger(path: Path) -> None:
    """The lock names the process that has it; the lock ends with it."""
    script = (
        "import sys, time\n"
        "from bulkrepo.ledger.ledger import Ledger\n"
        "ledger = Ledger(sys.argv[1], now=time.time)\n"
        "print('open', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(LockedError) as caught:
            Ledger(str(path), now=Ticks())
        other.kill()
    with opened(path) as ledger:  # a lock does not outlive its process
        load(ledger, checked("a"))

    assert re.search(rf"\b{other.pid}\b", str(caught.value))
    assert "--ledger" in str(caught.value)


def test_a_second_run_of_a_process_is_told_so(path: Path) -> None:
    """Also before the first has noted who it is; afterwards the ledger is free."""
    with opened(path):
        path.with_name(f"{path.name}.lock").write_text("")
        with pytest.raises(LockedError, match=rf"process {os.getpid()}, this one"):
            Ledger(str(path), now=Ticks())
    with opened(path) as ledger:
        load(ledger, checked("a"))


def test_a_ledger_is_locked_by_whatever_name(path: Path) -> None:
    """A link to it is the same ledger."""
    link = path.with_name("link.db")
    with opened(path) as ledger:
        load(ledger, checked("a"))
        link.symlink_to(path)
        with pytest.raises(LockedError) as caught:
            Ledger(str(link), now=Ticks())
    with opened(link) as ledger:
        load(ledger, checked("a"))

    assert "another run holds the ledger" in str(caught.value)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_ledger_that_is_taken_away_says_so(path: Path, *, replaced: bool) -> None:
    """What is written to a file without a name is lost with the process."""
    with opened(path) as ledger:
        load(ledger, checked("a", "b"))
        claims = ledger.turn([], 1)
        path.unlink()
        if replaced:
            path.touch()
        with pytest.raises(LedgerError, match="removed or replaced"):
            ledger.turn([made(claim) for claim in claims], 1)
        with pytest.raises(LedgerError, match="removed or replaced"):
            finish(ledger)
