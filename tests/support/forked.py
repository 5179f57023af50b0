"""
Command lines in processes of their own that need no start.

They are forked from a server that has imported all they need, which takes a thirtieth
of the time of an interpreter. In all else, such as arguments, environment, streams,
signals and exit codes, each is a process like any other.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "bulkrepo.cli.main",
        "bulkrepo.cli.run_command",
        "bulkrepo.sandbox",
        "uvloop",
        __name__,
    ]
)


def _main(
    words: tuple[str, ...], cwd: Path, environment: dict[str, str], *pipes: Connection
) -> None:
    """Be `bulkrepo` with *words*."""
    for number, pipe in enumerate(pipes):
        os.dup2(pipe.fileno(), number)
        pipe.close()
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    # A background shell may have had us ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["bulkrepo", *words]
    from bulkrepo.cli.main import main

    main()


class Process:
    """A running command line, with pipes for its three streams."""

    def __init__(
        self, words: tuple[str, ...], *, cwd: Path, environment: Mapping[str, str]
    ) -> None:
        theirs_in, self._stdin = _FORKS.Pipe(duplex=False)
        self._stdout, theirs_out = _FORKS.Pipe(duplex=False)
        self._stderr, theirs_err = _FORKS.Pipe(duplex=False)
        theirs = (theirs_in, theirs_out, theirs_err)
        self._process = _FORKS.Process(
            target=_main, args=(words, cwd, dict(environment), *theirs), daemon=True
        )
        self._process.start()
        for pipe in theirs:
            pipe.close()
        assert self._process.pid is not None
        self.pid = self._process.pid
        self.stdout, self.stderr = asyncio.StreamReader(), asyncio.StreamReader()

    async def connect(self) -> "Process":
        """Let the output come in."""
        loop = asyncio.get_running_loop()
        for pipe, reader in ((self._stdout, self.stdout), (self._stderr, self.stderr)):
            protocol = partial(asyncio.StreamReaderProtocol, reader)
            await loop.connect_read_pipe(protocol, pipe)
        return self

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):  # just now
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    async def feed(self, text: bytes, *, last: bool = False) -> None:
        """Write to its standard input, as fast as it reads; *last* closes that."""
        if text:
            await asyncio.to_thread(self._feed, text)
        if last:
            self._stdin.close()

    def _feed(self, text: bytes) -> None:
        with suppress(BrokenPipeError):  # it has no wish for more
            while text:
                text = text[os.write(self._stdin.fileno(), text) :]

    async def wait(self) -> int:
        """Wait until it has ended; give the exit code."""
        ended = asyncio.Event()
        loop, sentinel = asyncio.get_running_loop(), self._process.sentinel
        loop.add_reader(sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(sentinel)
        code = self.returncode
        assert code is not None
        return code

    async def communicate(self, text: bytes | None) -> tuple[bytes, bytes]:
        """Feed it *text*; give all of its output, once it has ended."""
        _, out, err, _ = await asyncio.gather(
            self.feed(text or b"", last=True),
            self.stdout.read(),
            self.stderr.read(),
            self.wait(),
        )
        return out, err
