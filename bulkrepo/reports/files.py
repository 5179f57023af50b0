"""Edge. Writes a report to its place, completely or not at all."""

import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

from bulkrepo.core.atomic import refuse_folder, replace_bytes
from bulkrepo.core.errors import LedgerError, SettingsError
from bulkrepo.core.stdio import standard_output
from bulkrepo.core.text import escape

# Names of open files of this process: writing there must not replace the file behind.
_OPEN = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")


_MODES = {".prom": 0o644}
"""Modes of new files that another user is to read."""

_AGAIN = (
    "; the outcomes are in the ledger. Once this is fixed, `bulkrepo report` or the "
    "same command writes the report again"
)


def write(path: str, chunks: Iterable[bytes], *, advice: str = _AGAIN) -> None:
    """
    Write *chunks* to the file *path*; `-` is the standard output.

    A reader of the file sees the old report or the new one, never a part: the new one
    is complete on disk before it takes the name. It is readable by its owner only, but
    for what node-exporter reads; an existing file keeps its permissions, and a symbolic
    link stays one. Devices and pipes are written to directly.

    Raises `LedgerError` with *advice* if it cannot be written. Errors from *chunks*
    pass through and leave the old file.
    """
    try:
        if path == "-":
            _print(chunks)
        elif _is_stream(path):
            with Path(path).open("ab") as stream:
                stream.writelines(chunks)
        else:
            mode = _MODES.get(PurePath(path).suffix.lower(), 0o600)
            replace_bytes(Path(os.path.realpath(path)), chunks, mode=mode)
    except OSError as error:
        where = "standard output" if path == "-" else escape(path)
        raise LedgerError(
            f"{where}: the report cannot be written ({error.strerror or error}){advice}"
        ) from error


def check(path: str) -> None:
    """
    Raise `LedgerError` if a report clearly cannot be written to *path*.

    Called before a run, because after the last row it would be too late.
    """
    if path == "-" or _is_stream(path):
        return
    target = Path(os.path.realpath(path))
    try:
        refuse_folder(target)
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise LedgerError(
            f"{escape(path)}: the report cannot be written there "
            f"({error.strerror or error}); nothing was sent. Give another --report"
        ) from error


def distinct(named: Mapping[str, Iterable[str | None]]) -> None:
    """
    Raise `SettingsError` if two options name the same file.

    *named* maps options to their files; those that are read come first, and whatever
    is written would replace them. Devices and pipes do not count.
    """
    taken: dict[str, str] = {}
    for option, paths in named.items():
        for path in paths:
            if path in (None, "-") or _is_device(path):
                continue
            other = taken.setdefault(os.path.realpath(path), option)
            if other != option:
                raise SettingsError(
                    f"{option} {escape(path)} would overwrite the file of {other}: "
                    "give another name"
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


def _print(chunks: Iterable[bytes]) -> None:
    with standard_output() as stream:
        stream.flush()
        stream.buffer.writelines(chunks)
        stream.buffer.flush()
