"""Files that are replaced whole, or not at all."""

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from bulkrepo.core.errors import InputError


def refuse_folder(path: Path) -> None:
    """Raise IsADirectoryError if *path* is a folder."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def replace_bytes(path: Path, chunks: Iterable[bytes], *, mode: int = 0o600) -> None:
    """
    Write *chunks* beside *path*, then put them in its place.

    Its mode stays; a new file gets *mode*.
    """
    refuse_folder(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".bulkrepo-", suffix=".tmp")
    temporary = Path(name)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.writelines(chunks)
            file.flush()
            with suppress(FileNotFoundError):
                mode = stat.S_IMODE(path.stat().st_mode)
            os.fchmod(handle, mode)
            os.fsync(handle)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Sync the new name to disk; some file systems cannot, and that is fine."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def replace_text(out: Path, write: Callable[[TextIO], None]) -> None:
    """Let *write* fill a temporary file beside *out*, then put it in its place."""
    try:
        descriptor, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(out)
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
