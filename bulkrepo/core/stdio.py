"""Edge. The standard streams of this process, even if they are closed or full."""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from bulkrepo.core.errors import LedgerError


@contextmanager
def streams() -> Iterator[None]:
    """
    Open streams that are closed, and ignore errors of stderr, for the block's time.

    Whatever is opened next would take the number of a closed stream, and be written to
    in its place; an event loop aborts over that. That stderr cannot be written to (a
    full disk) changes nothing of what is done, nor the exit code.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # This is the lowest number that is free. A result cannot be written.
            os.open(os.devnull, os.O_RDONLY if number == 1 else os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - as long as the process
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - likewise
    before = sys.stderr
    if before is sys.__stderr__:  # else somebody in this process has replaced it
        out = open(2, "wb", closefd=False)  # noqa: SIM115 - as long as the process
        encoding = "utf-8" if before is None else before.encoding
        sys.stderr = _Patient(out, encoding, "backslashreplace", line_buffering=True)
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = before


def let_go() -> None:
    """Keep Python from trying to write what is left of stdout when it ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


class _Patient(io.TextIOWrapper):
    """A stream that ignores what it cannot write."""

    def write(self, text: str) -> int:
        """Write *text*, if that can be done."""
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if that can be done."""
        with suppress(OSError):
            super().flush()


def say(text: str, *, flush: bool = True) -> None:
    """
    Write *text* to standard output; a reader that has gone has seen enough.

    Text that is not flushed must be flushed by a later call. Raises `LedgerError` if
    it cannot be written.
    """
    try:
        with standard_output() as stream:
            stream.write(text)
            if flush:
                stream.flush()
    except OSError as error:
        why = error.strerror or error
        raise LedgerError(f"standard output: cannot be written ({why})") from error


@contextmanager
def standard_output() -> Iterator[TextIO]:
    """Give standard output; what a reader that has gone does not take is dropped."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    try:
        yield sys.stdout
    except BrokenPipeError:
        let_go()  # the reader has seen enough, as `head` does
    except OSError:
        let_go()
        raise
