"""Edge. The standard streams of this process, even if they are closed or full."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


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
