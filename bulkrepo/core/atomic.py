"""The one writer of files, which are replaced whole, or not at all."""

import errno
import fcntl
import io
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from bulkrepo.core.errors import InputError
from bulkrepo.core.paths import names_descriptor, open_file, resolve_own_links
from bulkrepo.core.text import escape

_PREFIX, _SUFFIX = ".bulkrepo-", ".tmp"


@contextmanager
def replace_file(path: str | Path, *, mode: int = 0o600) -> Iterator[BinaryIO]:
    """
    Give a file that takes the place of *path* once the block ends well.

    A reader sees the old file or the new one, never a part: the new one is complete on
    disk before it takes the name. It has the mode of the one that it replaces, else
    *mode*. A symbolic link of ours stays one. Devices and pipes are written to
    directly.

    Raises OSError, also where a pipe has no reader, and SettingsError for a symbolic
    link that somebody else made. Errors of the block pass through and leave the old
    file.
    """
    target = resolve_own_links(path)
    with suppress(FileNotFoundError):
        found = target.stat().st_mode
        if stat.S_ISDIR(found):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if names_descriptor(target) or not stat.S_ISREG(found):
            with open(open_file(target, os.O_WRONLY | os.O_APPEND), "wb") as stream:  # noqa: PTH123 - a descriptor, not a path
                yield stream
            return
        mode = stat.S_IMODE(found)
    _remove_leftovers(target.parent)
    handle, temporary = _create_beside(target)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - likewise
            yield file
            file.flush()
            os.fchmod(handle, mode)
            os.fsync(handle)
            temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(target.parent)


@contextmanager
def replace_text(path: str | Path) -> Iterator[TextIO]:
    """Give a UTF-8 file likewise; raises InputError if it cannot be written."""
    try:
        with replace_file(path) as file:
            text = io.TextIOWrapper(file, encoding="utf-8", newline="")
            yield text
            text.detach()  # and flush; the file is closed by its owner
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"{escape(str(path))}: cannot be written: {why}") from error


def check_folder(path: str | Path) -> None:
    """Raise OSError or SettingsError if `replace_file` clearly cannot make *path*."""
    target = resolve_own_links(path)
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    with tempfile.TemporaryFile(dir=target.parent):
        pass


def _create_beside(target: Path) -> tuple[int, Path]:
    """Create a file of mode 0600, locked for as long as it is written."""
    while True:
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=_PREFIX, suffix=_SUFFIX
        )
        with suppress(OSError):  # some file systems have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:  # else another process took it for a leftover
            return handle, Path(name)
        os.close(handle)


def _remove_leftovers(folder: Path) -> None:
    """Remove the files of writers that were killed: nobody holds their locks."""
    for leftover in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        with suppress(OSError):
            handle = os.open(leftover, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                leftover.unlink()
            finally:
                os.close(handle)


def _sync(folder: Path) -> None:
    """Sync the new name to disk; some file systems cannot, and that is fine."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
