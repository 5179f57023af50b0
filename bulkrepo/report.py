"""Edge. Puts a report where it was asked for, whole or not at all."""

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from bulkrepo import standard
from bulkrepo.model import LedgerError, SettingsError
from bulkrepo.visible import escape

# Names of what this process has open: writing there must not replace the file behind.
_OPEN = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")


_AGAIN = (
    "; the outcomes are in the ledger, and `bulkrepo report` writes it again once this "
    "is put right, as does the same command"
)


def write(path: str, chunks: Iterable[bytes], *, advice: str = _AGAIN) -> None:
    """
    Write *chunks* to the file *path*; `-` is the standard output.

    A reader of the file sees the old report or the new one, never a part: the new one
    is complete on disk before it takes the name. It is readable by its owner only; a
    file that is there keeps its permissions, a symbolic link stays one. Devices and
    pipes are written to as they are.

    Raises `LedgerError` with *advice* where that cannot be done. What *chunks* raises
    passes, and leaves the old file.
    """
    try:
        if path == "-":
            _print(chunks)
        elif _is_stream(path):
            with Path(path).open("ab") as stream:
                stream.writelines(chunks)
        else:
            _replace(Path(os.path.realpath(path)), chunks)
    except OSError as error:
        where = "standard output" if path == "-" else escape(path)
        raise LedgerError(
            f"{where}: the report cannot be written ({error.strerror or error}){advice}"
        ) from error


def check(path: str) -> None:
    """
    Raise `LedgerError` if a report at *path* could not be written, as far as we see.

    Before a run: it is sorry news after the last row.
    """
    if path == "-" or _is_stream(path):
        return
    target = Path(os.path.realpath(path))
    try:
        _refuse_folder(target)
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise LedgerError(
            f"{escape(path)}: a report cannot be written there "
            f"({error.strerror or error}); nothing was sent. Name another with --report"
        ) from error


def distinct(named: Mapping[str, Iterable[str | None]]) -> None:
    """
    Raise `SettingsError` if a file of one option is one of another's as well.

    *named* maps options to their files, those that are read first: whatever is
    written would take its place. Devices and pipes are nobody's.
    """
    taken: dict[str, str] = {}
    for option, paths in named.items():
        for path in paths:
            if path in (None, "-") or _is_device(path):
                continue
            other = taken.setdefault(os.path.realpath(path), option)
            if other != option:
                raise SettingsError(
                    f"{option} {escape(path)} would overwrite what {other} names: "
                    "give it another name"
                )


def _is_device(path: str) -> bool:
    return Path(path).exists() and not Path(path).is_file()


def _is_stream(path: str) -> bool:
    if path.startswith(_OPEN):
        return True
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def _replace(path: Path, chunks: Iterable[bytes]) -> None:
    _refuse_folder(path)
    handle, name = tempfile.mkstemp(
        dir=path.parent, prefix=".bulkrepo-", suffix=".tmp"
    )  # its mode is 0600
    temporary = Path(name)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.writelines(chunks)
            file.flush()
            with suppress(FileNotFoundError):
                os.fchmod(handle, stat.S_IMODE(path.stat().st_mode))
            os.fsync(handle)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make the new name last; not every file system can, and the file is there."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def say(text: str, *, flush: bool = True) -> None:
    """
    Write *text* to the standard output; a reader that has gone has seen enough.

    What is not flushed must be, by a later call. Raises `LedgerError` where it cannot
    be written.
    """
    try:
        with _stdout() as stream:
            stream.write(text)
            if flush:
                stream.flush()
    except OSError as error:
        why = error.strerror or error
        raise LedgerError(f"standard output: cannot be written ({why})") from error


def _print(chunks: Iterable[bytes]) -> None:
    with _stdout() as stream:
        stream.flush()
        stream.buffer.writelines(chunks)
        stream.buffer.flush()


@contextmanager
def _stdout() -> Iterator[TextIO]:
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    try:
        yield sys.stdout
    except BrokenPipeError:
        standard.let_go()  # the reader has seen enough, as `head` does
    except OSError:
        standard.let_go()
        raise
