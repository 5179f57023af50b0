"""Edge. Saved listings: the documents in a file."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

from bulkrepo.core.errors import InputError
from bulkrepo.core.text import quote
from bulkrepo.inputs import columns, xlsx_format
from bulkrepo.inputs.decoding import ADVICE, HashingReader, decoded
from bulkrepo.migration.listings import document_reader, references

_PART = 2000
"""Rows of a sheet in one part of its document."""


def documents(
    source: str, stdin: BinaryIO | None
) -> Iterator[document_reader.Document]:
    """Yield the documents in the file *source*, or `-` for *stdin*."""
    with opened(source, stdin) as tap:
        if xlsx_format.fits(tap.head):
            yield from _table(tap, source)
        else:
            with decoded_text(tap, source) as text:
                _distinct(tap.head.decode(text.encoding, errors="replace"), source)
                yield from document_reader.documents(text, source=source)


def _distinct(head: str, source: str) -> None:
    """Raise `InputError` if the file that begins with *head* is CSV."""
    line = next(iter(head.lstrip("\ufeff \t\r\n").splitlines()), "")
    if line.startswith(("[", "{")):
        return
    cells = [cell.strip(' "') for cell in re.split(r"[,;\t]", line)]
    known = next(filter(columns.known, cells), None)
    if known is not None:
        raise InputError(
            f'{source}: begins with the heading "{known}", as a list does, which needs '
            f"no import: bulkrepo create {quote(source)}. If that is a name, put it "
            "behind another"
        )
    if len(cells) > 1 and Path(source).suffix.lower() in (".csv", ".tsv"):
        raise InputError(
            f"{source}: is CSV, and no line of it a name: save the names, one a line, "
            "or the sheet as .xlsx, with a heading such as image above them"
        )


def _table(tap: HashingReader, source: str) -> Iterator[document_reader.Document]:
    """Yield the rows of a spreadsheet in parts."""
    rows = (row for _, row in xlsx_format.records(tap, source))
    part = references.Table(islice(rows, _PART))
    while part:
        more = references.Table(islice(rows, _PART))
        yield document_reader.Document(source, part, continued=bool(more))
        part = more


@contextmanager
def opened(source: str, stdin: BinaryIO | None) -> Iterator[HashingReader]:
    """Give the file *source*, or `-` for *stdin*. `InputError` if it cannot be read."""
    file: AbstractContextManager[BinaryIO]
    try:
        if source == "-" and stdin is not None:
            file = nullcontext(stdin)
        else:
            file = Path(source).open("rb")  # noqa: SIM115 - closed below
        with file as stream:
            yield HashingReader(stream, digest=None)
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror}") from error


@contextmanager
def decoded_text(tap: HashingReader, source: str) -> Iterator[TextIO]:
    """Give *tap* as text. `InputError` where it cannot be decoded."""
    text = decoded(tap, name=source)
    try:
        yield text
    except UnicodeDecodeError as error:
        where = tap.where(error)
        raise InputError(f"{source}: {where}: not text; {ADVICE}") from error
    finally:
        text.detach()
