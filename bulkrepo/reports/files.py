"""Edge. Writes a report to its place, completely or not at all."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePath

from bulkrepo.core.atomic import check_folder, replace_file
from bulkrepo.core.errors import LedgerError, SettingsError
from bulkrepo.core.paths import names_descriptor, open_file
from bulkrepo.core.stdio import standard_output
from bulkrepo.core.text import escape

_MODES = {".prom": 0o644}
"""Modes of new files that another user is to read, node-exporter here."""

_AGAIN = (
    "; the outcomes are in the ledger. Once this is fixed, `bulkrepo report` or the "
    "same command writes the report again"
)


def write(path: str, chunks: Iterable[bytes], *, advice: str = _AGAIN) -> None:
    """
    Write *chunks* to the file *path* as `replace_file` does; `-` is standard output.

    Raises `LedgerError` with *advice* if it cannot be
    written. Errors from *chunks* pass through and leave the old file.
    """
    try:
        if path == "-":
            _print(chunks)
        else:
            mode = _MODES.get(PurePath(path).suffix.lower(), 0o600)
            with replace_file(path, mode=mode) as file:
                file.writelines(chunks)
    except OSError as error:
        where = "standard output" if path == "-" else escape(path)
        raise LedgerError(
            f"{where}: the report cannot be written ({error.strerror or error}){advice}"
        ) from error


@contextmanager
def reserve(paths: Iterable[str]) -> Iterator[None]:
    """
    Make sure for the block's time that reports can be written to *paths*.

    Named pipes are held open, so that their readers wait for the report. Raises
    `SettingsError` for a pipe that nobody reads and a link by somebody else, else
    `LedgerError`: before a run, because after the last row it would be too late.
    """
    with ExitStack() as stack:
        for path in paths:
            if path == "-" or names_descriptor(path):
                continue
            try:
                with suppress(FileNotFoundError):
                    found = Path(path).stat().st_mode
                    if stat.S_ISFIFO(found):
                        stack.callback(os.close, open_file(path, os.O_WRONLY))
                    if not (stat.S_ISREG(found) or stat.S_ISDIR(found)):
                        continue
                check_folder(path)
            except OSError as error:
                if error.errno == errno.ENXIO:
                    raise SettingsError(
                        f"{escape(path)}: nobody reads this pipe; nothing was sent. "
                        "Start its reader first, or give another --report"
                    ) from error
                raise LedgerError(
                    f"{escape(path)}: the report cannot be written there "
                    f"({error.strerror or error}); nothing was sent. Give another "
                    "--report"
                ) from error
        yield


def _print(chunks: Iterable[bytes]) -> None:
    with standard_output() as stream:
        stream.flush()
        stream.buffer.writelines(chunks)
        stream.buffer.flush()
