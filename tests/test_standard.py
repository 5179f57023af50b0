"""Standard streams that are closed or full change no exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.boxes import write


@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("create list.ndjson --sandbox", 1),
        ("validate list.ndjson --report r.jsonl", 1),
        ("create none.csv --sandbox", 2),
        ("creat list.ndjson", 2),
        ("create - --sandbox", 2),
    ],
)
def test_who_cannot_be_told_gets_the_exit_code(
    tmp_path: Path, streams: str, words: str, code: int
) -> None:
    """As from a daemon without streams, or with its log on a full disk."""
    good = {"namespace": "a", "repository": "b", "is_public": False}
    write(tmp_path / "list.ndjson", [good, good | {"repository": "Bad"}])
    if "validate" in words and ">&- 2" in streams:
        code = 4  # what was asked for is on the standard output
    done = subprocess.run(  # noqa: S602 - the shell closes what is to be closed
        f'"{sys.executable}" -m bulkrepo {words} {streams}',
        shell=True,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )

    assert done.returncode == code
