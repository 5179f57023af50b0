"""Edge. Files that other registries and people saved, as the documents in them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

from bulkrepo import listings
from bulkrepo.inputs import sheets
from bulkrepo.inputs.streams import ADVICE, Tap, decoded
from bulkrepo.model import InputError

_PART = 2000
"""Rows of a sheet that are one part of a document."""


def documents(source: str, stdin: BinaryIO | None) -> Iterator[listings.Document]:
    """Yield the documents in the file *source*, or `-` for *stdin*."""
    with opened(source, stdin) as tap:
        if sheets.fits(tap.head):
            yield from _table(tap, source)
        else:
            with decoded_text(tap, source) as text:
                yield from listings.documents(text, source=source)


def _table(tap: Tap, source: str) -> Iterator[listings.Document]:
    """Yield the rows of a spreadsheet in parts."""
    rows = (row for _, row in sheets.records(tap, source))
    part = listings.Table(islice(rows, _PART))
    while part:
        more = listings.Table(islice(rows, _PART))
        yield listings.Document(source, part, continued=bool(more))
        part = more


@contextmanager
def opened(source: str, stdin: BinaryIO | None) -> Iterator[Tap]:
    """Give *source*; that it cannot be read is an `InputError`."""
    opened: AbstractContextManager[BinaryIO]
    try:
        if source == "-" and stdin is not None:
            opened = nullcontext(stdin)
        else:
            opened = Path(source).open("rb")  # noqa: SIM115 - closed below
        with opened as stream:
            yield Tap(stream, digest=None)
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror}") from error


@contextmanager
def decoded_text(tap: Tap, source: str) -> Iterator[TextIO]:
    """Give *tap* as text; what is none is an `InputError`."""
    text = decoded(tap, name=source)
    try:
        yield text
    except UnicodeDecodeError as error:
        where = tap.where(error)
        raise InputError(f"{source}: {where}: not text; {ADVICE}") from error
    finally:
        text.detach()
