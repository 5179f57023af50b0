"""Edge. Lists that are read more than once, pipes among them."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from bulkrepo.core.errors import InputError
from bulkrepo.core.rows import Row
from bulkrepo.inputs import reader


class Rereadable:
    """
    Lists, read from the start each time; what comes from a pipe is copied to a file.

    The copies are gone once *stack* is closed.
    """

    def __init__(
        self,
        stack: ExitStack,
        sources: Sequence[str],
        *,
        stdin: BinaryIO | None,
        import_options: str,
    ) -> None:
        if list(sources).count("-") > 1:
            raise InputError("-: standard input can be a list only once")
        self._sources = sources
        self._import_options = import_options
        self._copies: dict[str, BinaryIO] = {}
        for source in sources:
            if source == "-" and stdin is not None:
                self._copies[source] = _copied(stdin, stack)
            elif source != "-" and _pipe(source):
                with Path(source).open("rb") as stream:
                    self._copies[source] = _copied(stream, stack)

    def lists(
        self,
        format: str | None,  # noqa: A002 - the option's name
    ) -> Iterator[Iterator[Row]]:
        """Yield the rows of each list."""
        for source in self._sources:
            copy = self._copies.get(source)
            if copy is None:
                yield reader.read(
                    source, format=format, import_options=self._import_options
                )
            else:
                copy.seek(0)
                yield reader.read_from(
                    copy,
                    name=source,
                    format=format,
                    import_options=self._import_options,
                )

    def rows(
        self,
        format: str | None,  # noqa: A002 - the option's name
    ) -> Iterator[Row]:
        """Yield the rows of all lists."""
        return chain.from_iterable(self.lists(format))


def _copied(stream: BinaryIO, stack: ExitStack) -> BinaryIO:
    copy = stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack closes it
    shutil.copyfileobj(stream, copy)
    return copy


def _pipe(source: str) -> bool:
    path = Path(source)
    return path.exists() and not (path.is_file() or path.is_dir())
