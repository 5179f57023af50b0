"""Edge. The file that a log is appended to."""

import os
from threading import Lock

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.paths import open_file
from bulkrepo.core.text import escape

_FULL = 64 * 1024  # bytes kept back before they are written


class LogFile:
    """
    Lines appended to a file, which is made readable by its owner only.

    Safe to use from several threads. Writing raises `OSError`. *path* is as given.
    """

    def __init__(self, path: str) -> None:
        self._lock = Lock()
        self._kept = bytearray()
        self.path = path
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._handle = open_file(path, flags)
        except OSError as error:
            raise SettingsError(
                f"{escape(path)}: the log file cannot be opened ({error.strerror}); "
                "name another with --log-file"
            ) from error

    def write(self, line: bytes) -> None:
        """Keep *line*, and write all that is kept once it is enough."""
        with self._lock:
            self._kept += line
            full = len(self._kept) >= _FULL
        if full:
            self.flush()

    def flush(self) -> None:
        """Write what is kept. What cannot be written is forgotten."""
        with self._lock:
            kept, self._kept = bytes(self._kept), bytearray()
            while kept:
                kept = kept[os.write(self._handle, kept) :]

    def close(self) -> None:
        """Write what is kept, and let the file go, written or not."""
        try:
            self.flush()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Let the file go without what is kept."""
        os.close(self._handle)
