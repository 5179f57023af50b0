"""Edge. The standard streams of this process, whatever became of them."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def streams() -> Iterator[None]:
    """
    Hold the places of streams that were closed, and go on where stderr is full.

    What is opened would take the number of a closed one, and be written to as if it
    were that; an event loop aborts over it. That nobody can be told (a log on a full
    disk) is no outcome of what was done: the exit code is what it would be.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is this one. A result cannot be written.
            os.open(os.devnull, os.O_RDONLY if number == 1 else os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - as long as the process
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - likewise
    before = sys.stderr
    if before is sys.__stderr__:  # and nobody's who listens in this process
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
    """A stream that takes what it cannot pass on."""

    def write(self, text: str) -> int:
        """Write *text*, if that can be done."""
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if that can be done."""
        with suppress(OSError):
            super().flush()
