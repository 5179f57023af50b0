"""Edge. Lists that can be read more than once, pipes among them."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import BinaryIO, Self

from bulkrepo import inputs
from bulkrepo.model import InputError, Row


class Again:
    """
    Lists, read from the start each time; what came from a pipe is kept in a file.

    Use it as a context: the temporary files are gone at the end.
    """

    def __init__(
        self,
        sources: Sequence[str],
        *,
        stdin: BinaryIO | None,
        other: inputs.Other | None = None,
    ) -> None:
        self._sources = sources
        self._stdin = stdin
        self._other = other
        self._kept: dict[str, BinaryIO] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if list(self._sources).count("-") > 1:
            raise InputError("-: standard input can be a list only once")
        with ExitStack() as stack:
            for source in self._sources:
                if source == "-" and self._stdin is not None:
                    self._keep(source, self._stdin, stack)
                elif source != "-" and _pipe(source):
                    with Path(source).open("rb") as stream:
                        self._keep(source, stream, stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _keep(self, source: str, stream: BinaryIO, stack: ExitStack) -> None:
        kept = stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack's
        shutil.copyfileobj(stream, kept)
        self._kept[source] = kept

    def lists(
        self,
        format: str | None,  # noqa: A002 - the option's name
    ) -> Iterator[Iterator[Row]]:
        """Yield the rows of each list."""
        for source in self._sources:
            kept = self._kept.get(source)
            if kept is None:
                yield inputs.read(source, format=format, other=self._other)
            else:
                kept.seek(0)
                yield inputs.read_from(
                    kept, name=source, format=format, other=self._other
                )

    def rows(
        self,
        format: str | None,  # noqa: A002 - the option's name
    ) -> Iterator[Row]:
        """Yield the rows of all lists."""
        for rows in self.lists(format):
            yield from rows


def _pipe(source: str) -> bool:
    path = Path(source)
    return path.exists() and not (path.is_file() or path.is_dir())
