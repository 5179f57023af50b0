"""Standard streams that are closed or full, and what else the system may refuse."""

import errno
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bulkrepo.cli import main
from bulkrepo.core import stdio
from tests.support.boxes import environment, outcomes, rows, write

LIST = "namespace,repository,is_public\nteam,app,false\n"
FULL = "standard output or a temporary file (TMPDIR) cannot be written"


def ended(line: str, folder: Path) -> tuple[int, str]:
    """Run a *line* of a shell, `$B` being bulkrepo; give its exit code and stderr."""
    (folder / "l.csv").write_text(LIST)
    ours = environment(B=f"{sys.executable} -m bulkrepo")
    done = subprocess.run(  # noqa: S602 - a line of ours
        line, shell=True, cwd=folder, env=ours, check=False, capture_output=True
    )
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        pytest.param("$B create l.csv --sandbox -q 2>&-", 0, id="nobody listens"),
        pytest.param("$B create l.csv --sandbox -q >&-", 0, id="nothing to print"),
        pytest.param("$B create l.csv --sandbox --report - -q >&-", 4, id="no stdout"),
        pytest.param("$B create - --sandbox <&-", 2, id="no list to read"),
        pytest.param("$B create l.csv --sandbox <&- >&- 2>&-", 0, id="all closed"),
        pytest.param("$B create l.csv 2>/dev/full", 2, id="an error nobody sees"),
        pytest.param("$B create --bogus 2>/dev/full", 2, id="usage nobody sees"),
        pytest.param("$B --help >/dev/full", 4, id="help"),
        pytest.param("$B create --help >&-", 4, id="help of a command"),
        pytest.param("$B sandbox --port 0 >/dev/full", 4, id="where the sandbox is"),
    ],
)
def test_a_stream_that_is_closed_or_full_is_no_bug(
    line: str, code: int, tmp_path: Path
) -> None:
    """The exit code says what came of it, and no trace is shown."""
    ended_with, said = ended(line, tmp_path)

    assert ended_with == code
    assert "Traceback" not in said
    assert "this is a bug" not in said


def test_a_closed_stream_is_no_place_for_a_ledger(tmp_path: Path) -> None:
    """What would have been said there is not in any file."""
    ended("$B create l.csv --sandbox --ledger runs.db 2>&-", tmp_path)
    code, said = ended("$B report --ledger runs.db", tmp_path)

    assert (code, said) == (0, "")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143)]
)
def test_a_signal_that_nobody_is_told_of_ends_a_run(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    """Though the lists are still being read, and standard error is full."""
    words = (*(sys.executable, "-m", "bulkrepo", "create", "-"), "--sandbox")
    source, sink = os.pipe()
    with Path("/dev/full").open("wb") as full:
        process = subprocess.Popen(
            words, cwd=tmp_path, env=environment(), stdin=source, stderr=full
        )
        os.close(source)
        os.write(sink, LIST.encode() * 10_000)  # more than a pipe holds: it is read
        process.send_signal(number)
        ended_with = process.wait(30)
    os.close(sink)

    assert ended_with == code


def test_a_terminal_that_is_closed_meanwhile_ends_no_run(tmp_path: Path) -> None:
    """Whoever disowned it: nobody sees the bar, and the rows are created."""
    write(tmp_path / "list.ndjson", rows(10))
    ours, theirs = pty.openpty()
    command = ["create", "list.ndjson", "--sandbox", "--rate", "20/s"]
    process = subprocess.Popen(
        [sys.executable, "-m", "bulkrepo", *command],
        cwd=tmp_path,
        env=environment(TERM="xterm"),
        stderr=theirs,
    )
    os.close(theirs)
    os.read(ours, 1000)  # the bar is there
    os.close(ours)

    assert process.wait(30) == 0
    assert outcomes(tmp_path / "list.report.jsonl") == ["created"] * 10


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.ENOSPC, "No space left"), f"{FULL} (No space left)"),
        (
            OSError(errno.EMFILE, "Too many open files"),
            (
                "too many open files: raise the limit (ulimit -n 256) "
                "(Too many open files)"
            ),
        ),
        (
            FileNotFoundError(errno.ENOENT, "No such file"),
            (
                "the working directory is gone, or no temporary directory can be used "
                "(No such file)"
            ),
        ),
    ],
)
def test_what_the_system_refuses_is_no_bug(
    error: OSError,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever meets it: room for a temporary file, one more file, a directory."""

    def refuse(**_: object) -> None:
        raise error

    monkeypatch.setattr(main.cli, "main", refuse)
    monkeypatch.setattr(stdio, "let_go", lambda: None)
    with pytest.raises(SystemExit) as ended_with:
        main.main()

    assert ended_with.value.code == 4
    assert capsys.readouterr().err == f"bulkrepo: {why}\n"


def test_a_file_that_is_missing_is_a_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ours, with its trace: who names a file is told so where it is opened."""

    def refuse(**_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "x")

    monkeypatch.setattr(main.cli, "main", refuse)
    with pytest.raises(SystemExit) as ended_with:
        main.main()

    assert ended_with.value.code == 70
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--patience", "-1s", "--patience '-1s' is not a duration: write 90s, 10m or "),
        ("--deadline", "0", "--deadline '0' is not a duration: it is zero"),
        ("--timeout", "soon", "--timeout 'soon' is not a duration: write 90s, 10m or "),
        ("--concurrency", "0", "--concurrency 0: give auto or a number"),
        ("--concurrency", "9" * 5000, "--concurrency 9999"),
    ],
)
def test_an_odd_value_is_refused_with_its_option(
    option: str, value: str, why: str, tmp_path: Path
) -> None:
    """However long it is."""
    code, said = ended(f"$B create l.csv --sandbox {option} {value}", tmp_path)

    assert code == 2
    assert said.startswith(f"bulkrepo: {why}")


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
