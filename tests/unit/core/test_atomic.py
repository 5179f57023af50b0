"""Files are replaced whole or not at all, whoever writes them."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bulkrepo.core.atomic import replace_file, replace_text
from bulkrepo.core.errors import InputError


def mode(path: Path) -> int:
    """Return a file's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("before", "asked", "after"),
    [
        pytest.param(None, 0o600, 0o600, id="new"),
        pytest.param(None, 0o644, 0o644, id="new, for others as well"),
        pytest.param(0o640, 0o600, 0o640, id="as it was"),
        pytest.param(0o600, 0o644, 0o600, id="as it was, though others might read"),
    ],
)
def test_a_file_has_the_mode_it_had(
    tmp_path: Path, before: int | None, asked: int, after: int
) -> None:
    """The mode that is asked for is that of a new file, whatever the umask."""
    path = tmp_path / "file"
    if before is not None:
        path.touch()
        path.chmod(before)
    old = os.umask(0o077)
    try:
        with replace_file(path, mode=asked) as file:
            file.write(b"new")
    finally:
        os.umask(old)

    assert path.read_bytes() == b"new"
    assert mode(path) == after


def test_text_is_written_as_given_or_not_at_all(tmp_path: Path) -> None:
    """UTF-8, with the line ends of its writer; an error leaves what was there."""
    path = tmp_path / "list.csv"
    with replace_text(path) as file:
        file.write("é\r\n")
    with pytest.raises(UnicodeEncodeError), replace_text(path) as file:
        file.writelines(["new", "\ud800"])

    assert path.read_bytes() == b"\xc3\xa9\r\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_takes_no_file_is_named(tmp_path: Path) -> None:
    """With the reason, as a fault of what was given."""
    with (
        pytest.raises(InputError, match=r"none/list.csv: cannot be written: No such"),
        replace_text(tmp_path / "none" / "list.csv"),
    ):
        pass


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    """A reader that waits gets it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with replace_file(pipe) as file:
        file.write(b"text")

    assert os.read(reader, 10) == b"text"
    os.close(reader)


WRITER = """
import sys
from bulkrepo.core.atomic import replace_file
with replace_file(sys.argv[1]) as file:
    print("open", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    """What belongs to a writer that lives stays, and so does anybody else's file."""
    other = tmp_path / ".bulkrepo-notes"
    other.touch()
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in ("killed", "alive")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"open\n"
    killed, alive = writers
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    begun = len(list(tmp_path.glob("*.tmp")))
    with replace_file(tmp_path / "mine") as file:
        file.write(b"x")
    kept = len(list(tmp_path.glob("*.tmp")))
    alive.communicate(b"")

    assert (begun, kept) == (2, 1)
    assert {path.name for path in tmp_path.iterdir()} == {other.name, "alive", "mine"}
