"""Help is there for every command, and is quick."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.boxes import bulkrepo, environment


@pytest.mark.parametrize(
    "words", [[], ["create"], ["validate"], ["report"], ["sandbox"]]
)
async def test_help_is_there_for_every_command(
    tmp_path: Path, words: list[str]
) -> None:
    """It needs no environment and no network."""
    done = await bulkrepo(*words, "--help", cwd=tmp_path)

    assert done.code == 0
    assert done.out.startswith("Usage: ")


def test_help_imports_nothing_heavy() -> None:
    """`bulkrepo --help` answers at once."""
    unmeasured = {
        name: value
        for name, value in environment().items()
        if not name.startswith("COVERAGE")  # which imports much
    }
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bulkrepo", "--help"],
        env=unmeasured,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    heavy = {name for name in imported if re.match("(aiohttp|rich|sqlite3)$", name)}

    assert "click" in imported
    assert heavy == set()
