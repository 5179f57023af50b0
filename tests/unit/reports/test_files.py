"""Reports reach their place whole, or not at all."""

import io
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkrepo.core.errors import LedgerError, SettingsError
from bulkrepo.reports.files import reserve, write
from tests.support.boxes import environment


def broken() -> Iterator[bytes]:
    """Chunks whose source breaks down half way."""
    yield b"new"
    raise RuntimeError("half way")


class Stdout(io.TextIOWrapper):
    """A standard output whose bytes can be looked at."""

    def __init__(self, error: OSError | None = None) -> None:
        self.raw_bytes = io.BytesIO()
        super().__init__(self.raw_bytes, write_through=True)
        self.error = error

    def flush(self) -> None:
        """Fail as a closed pipe does, if asked to."""
        if self.error is not None:
            raise self.error
        super().flush()


def test_write_makes_a_file_for_its_owner(tmp_path: Path) -> None:
    """A new report holds all chunks, and nobody else may read it."""
    path = tmp_path / "r.jsonl"

    write(str(path), [b"a\n", b"b\n"])

    assert path.read_bytes() == b"a\nb\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_node_exporter_reads_is_open_to_it(tmp_path: Path) -> None:
    """It runs as a user of its own, whatever the umask is of who writes."""
    path = tmp_path / "r.prom"
    before = os.umask(0o077)
    try:
        write(str(path), [b"x 1\n"])
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_write_takes_a_name_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name without a folder is one here."""
    monkeypatch.chdir(tmp_path)

    write("r.csv", [b"x"])

    assert (tmp_path / "r.csv").read_bytes() == b"x"


def test_write_keeps_the_permissions_of_what_it_replaces(tmp_path: Path) -> None:
    """A report that somebody opened to others stays open to them."""
    path = tmp_path / "r.prom"
    path.write_bytes(b"old")
    path.chmod(0o640)

    write(str(path), [b"new"])

    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_write_leaves_the_old_file_when_the_rows_break_off(tmp_path: Path) -> None:
    """A failure half way is seen by the caller, not by readers of the report."""
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"old")

    with pytest.raises(RuntimeError, match="half way"):
        write(str(path), broken())

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_write_leaves_nothing_of_a_new_file_that_breaks_off(tmp_path: Path) -> None:
    """Where no report was there is none afterwards."""
    with pytest.raises(RuntimeError):
        write(str(tmp_path / "r.jsonl"), broken())

    assert list(tmp_path.iterdir()) == []


def test_write_goes_through_a_symbolic_link(tmp_path: Path) -> None:
    """The link stays; the file it names is replaced where that file is."""
    there = tmp_path / "there"
    there.mkdir()
    link = tmp_path / "latest.jsonl"
    link.symlink_to(there / "r.jsonl")

    write(str(link), [b"1"])
    write(str(link), [b"2"])

    assert link.is_symlink()
    assert (there / "r.jsonl").read_bytes() == b"2"
    assert [path.name for path in there.iterdir()] == ["r.jsonl"]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/dev/full", id="a device without room"),
        pytest.param("/proc/r.jsonl", id="a folder that takes no files"),
        pytest.param("/nowhere/at/all/r.jsonl", id="no folder"),
        pytest.param("/etc/passwd/r.jsonl", id="a file for a folder"),
        pytest.param("/tmp", id="a folder"),  # noqa: S108 - nothing is written
        pytest.param(f"/tmp/{'x' * 300}.jsonl", id="a name too long"),  # noqa: S108
    ],
)
def test_write_says_what_is_in_the_way(path: str) -> None:
    """The message names the file and the reason, and how to get the report after."""
    with pytest.raises(LedgerError) as caught:
        write(path, [b"x" * 100_000])

    assert str(caught.value).startswith(f"{path}: the report cannot be written (")
    assert "`bulkrepo report` or the same command writes" in str(caught.value)
    assert caught.value.exit_code == 4


def test_write_stops_at_a_loop_of_links(tmp_path: Path) -> None:
    """Links which name each other are a failure like another."""
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")

    with pytest.raises(LedgerError):
        write(str(tmp_path / "a"), [b"x"])


def test_write_leaves_a_device_a_device() -> None:
    """A device is written to, not replaced."""
    write("/dev/null", [b"x"])

    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_write_leaves_an_open_file_where_it_is(tmp_path: Path) -> None:
    """A report to a descriptor goes behind what is there, as a redirection would."""
    path = tmp_path / "all.log"
    handle = os.open(path, os.O_CREAT | os.O_WRONLY)
    os.write(handle, b"before ")

    write(f"/dev/fd/{handle}", [b"after"])
    os.close(handle)

    assert path.read_bytes() == b"before after"


def test_write_prints_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash is the standard output, and bytes go there as they are."""
    monkeypatch.setattr(sys, "stdout", out := Stdout())

    write("-", [b"\xc3\xa9\n", b"b\n"])

    assert out.raw_bytes.getvalue() == b"\xc3\xa9\nb\n"


def test_write_ends_quietly_when_the_reader_has_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reader such as `head` that has seen enough is no failure."""
    monkeypatch.setattr(sys, "stdout", out := Stdout(BrokenPipeError()))

    write("-", [b"x"])

    out.error = None


def test_write_says_that_standard_output_is_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A report that cannot be printed is one that cannot be written."""
    monkeypatch.setattr(sys, "stdout", out := Stdout(OSError(28, "No space left")))

    with pytest.raises(LedgerError, match=r"standard output: .*No space left"):
        write("-", [b"x"])

    out.error = None


def test_write_says_that_standard_output_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process started without a standard output is told so."""
    monkeypatch.setattr(sys, "stdout", None)

    with pytest.raises(LedgerError, match="standard output"):
        write("-", [b"x"])


def test_a_pipe_that_nobody_reads_is_refused_at_once(tmp_path: Path) -> None:
    """Writing the report would wait for a reader after the run, perhaps for ever."""
    pipe = tmp_path / "r.jsonl"
    os.mkfifo(pipe)

    with pytest.raises(SettingsError, match="nobody reads this pipe"):
        reserve([str(pipe)]).__enter__()


def test_a_pipe_that_somebody_reads_is_held_open_for_the_report(tmp_path: Path) -> None:
    """Its reader sees no end before the report has come."""
    pipe = tmp_path / "r.jsonl"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with reserve([str(pipe)]):
        with pytest.raises(BlockingIOError):  # at its end there would be nothing
            os.read(reader, 10)
        write(str(pipe), [b"report"])
    read = [os.read(reader, 10), os.read(reader, 10)]
    os.close(reader)

    assert read == [b"report", b""]


@pytest.mark.parametrize("path", ["-", "/dev/null", "/dev/fd/1", "new.jsonl"])
def test_a_report_that_can_be_written_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Nothing is left of having made sure."""
    monkeypatch.chdir(tmp_path)
    with reserve([path]):
        pass

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["/nowhere/r.jsonl", "/proc/r.jsonl", "/"])
def test_a_report_that_cannot_be_written_stops_the_run_before_it_begins(
    path: str,
) -> None:
    """Exit code 4: nothing was sent."""
    with pytest.raises(LedgerError, match="nothing was sent"):
        reserve([path]).__enter__()


# The standard output of the commands.

WORDS = [
    pytest.param(["validate", "l.csv"], 1, id="validate"),
    pytest.param(["plan", "l.csv", "--sandbox", "-n", "team"], 1, id="plan"),
    pytest.param(["whoami", "--sandbox"], 0, id="whoami"),
]


@pytest.mark.parametrize(("words", "code"), WORDS)
def test_what_was_asked_for_and_has_no_room_is_no_bug(
    tmp_path: Path, words: list[str], code: int
) -> None:
    """Exit code 4 and a line; where its reader has seen enough, all goes on."""
    (tmp_path / "l.csv").write_text("repository,is_public\nBad,no\n")

    def ended(stdout: int) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "bulkrepo", *words],
            cwd=tmp_path,
            env=environment(),
            stdout=stdout,
            stderr=subprocess.PIPE,
            timeout=30,
            check=False,
        )
        return done.returncode, done.stderr.decode()

    with Path("/dev/full").open("wb") as full:
        refused = ended(full.fileno())
    read_end, write_end = os.pipe()
    os.close(read_end)
    ignored = ended(write_end)
    os.close(write_end)

    why = "bulkrepo: standard output: cannot be written (No space left on device)\n"
    assert (refused[0], refused[1].endswith(why)) == (4, True)
    assert ignored[0] == code
    assert "Traceback" not in ignored[1]
