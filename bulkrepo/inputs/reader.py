"""
Edge. Lists of any format as rows, and the place of each fault in them.

A reader turns text into rows and checks nothing; `READERS` is the table of them.
Rows come one at a time, so a list of any length needs the memory of one row.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO, TextIO

from msgspec import structs

from bulkrepo.core.errors import InputError
from bulkrepo.core.rows import Problem, Row
from bulkrepo.inputs import (
    columns,
    csv_format,
    foreign,
    json_format,
    lookalikes,
    ndjson_format,
    text_format,
    xlsx_format,
    yaml_format,
)
from bulkrepo.inputs.decoding import ADVICE, Hash, HashingReader, decoded

Reader = Callable[[TextIO, str], Iterator[Row]]
"""Takes text with its line ends untouched, and the list's name."""

SHEET = "xlsx"
"""The one format that is not text."""

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "ndjson",
    ".ndjson": "ndjson",
    ".txt": "text",
    ".xlsx": SHEET,
    ".yaml": "yaml",
    ".yml": "yaml",
}
_NO_LISTS = frozenset({".md", ".markdown", ".html", ".xml", ".prom"})
"""Suffixes of reports that cannot be read as lists."""
_INSTEAD = (
    "Of a report, give the .jsonl, .json or .csv; "
    "of names, one a line, say --format text"
)

IMPORT_OPTIONS = "--map first"
"""For an `import` where no organization is given: the names say it."""

_HEAD = 4096
_FIRST_KEY = re.compile(r'\{\s*"([^"]*)"')


def guess(name: str, head: str) -> str:
    """
    Return the format of a list by its first characters.

    The suffix of its *name* decides between formats of one kind: one JSON value or
    several, and, where the first line has no known heading, a table or names.
    """
    suffix = Path(name).suffix.lower()
    if suffix in _NO_LISTS:
        raise InputError(f"{name}: no format of lists. {_INSTEAD}")
    by_suffix = _SUFFIXES.get(suffix)
    if by_suffix in ("json", "ndjson", "yaml"):
        return by_suffix
    head = head.lstrip("\ufeff \t\r\n")
    if head.startswith("<"):
        raise InputError(f"{name}: a page, and no list. {_INSTEAD}")
    if head.startswith("["):
        return "json"
    if head.startswith("{"):
        key = _FIRST_KEY.match(head)
        return "json" if key and key[1] in json_format.TOP else "ndjson"
    line = head.splitlines()[0] if head else ""
    parts = re.split(f"[{csv_format.DELIMITERS}]", line)
    table = any(columns.known(part.strip(' "')) for part in parts)
    if not table and by_suffix in (None, "text") and foreign.is_yaml(head):
        return "yaml"
    return "csv" if table else by_suffix or "text"


def read(
    source: str,
    *,
    format: str | None,  # noqa: A002 - the option's name
    stdin: BinaryIO | None = None,
    digest: Hash | None = None,
    import_options: str = IMPORT_OPTIONS,
) -> Iterator[Row]:
    """
    Yield the rows of the list *source*: a path, or `-` for *stdin*.

    *format* is a key of `READERS`, or `SHEET`; without one, it is guessed. *digest* is
    fed every byte. `InputError` where the list cannot be opened or decoded, is of no
    known format, or has no rows; and, where no *format* is given, for another
    registry's listing, which `bulkrepo import` with *import_options* reads.
    """
    if source == "-":
        if stdin is None:
            raise InputError("-: there is no standard input to read")
        opened: AbstractContextManager[BinaryIO] = nullcontext(stdin)
    else:
        opened = _open(source)
    with opened as stream:
        yield from read_from(
            stream,
            name=source,
            format=format,
            digest=digest,
            import_options=import_options,
        )


def _open(source: str) -> BinaryIO:
    try:
        return Path(source).open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{source}: cannot be read: {reason}") from error


def read_from(
    stream: BinaryIO,
    *,
    name: str,
    format: str | None,  # noqa: A002 - the option's name
    digest: Hash | None = None,
    import_options: str = IMPORT_OPTIONS,
) -> Iterator[Row]:
    """Yield the rows of an open *stream* as `read` does; it stays open."""
    try:
        tap = HashingReader(stream, digest=digest)
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from error
    suffix = _SUFFIXES.get(Path(name).suffix.lower())
    sheet = suffix == SHEET or xlsx_format.fits(tap.head)
    if format == SHEET or (format is None and sheet):
        rows = xlsx_format.rows(tap, name)
    else:
        rows = _texts(tap, name, format, import_options)
    rows = lookalikes.mark_other_lines(rows)
    try:
        first = next(rows, None)
        if first is None:
            raise InputError(f"{name}: has no rows")
        yield first
        yield from rows
        tap.drain()
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from error


def _texts(
    tap: HashingReader,
    name: str,
    format: str | None,  # noqa: A002 - the option's name
    import_options: str,
) -> Iterator[Row]:
    text = decoded(tap, name=name)
    guessed = format is None and _SUFFIXES.get(Path(name).suffix.lower()) != "csv"
    try:
        if format is None:
            head = tap.head.decode(text.encoding, errors="replace")
            format = guess(name, head[:_HEAD])  # noqa: A001
            foreign.refuse_foreign(
                head, name, kind=format, import_options=import_options
            )
        rows = READERS[format](text, name)
        if guessed and format == "csv":
            yield from _note_lone_heading(rows)
        else:
            yield from rows
    except UnicodeDecodeError as error:
        where = tap.where(error)
        raise InputError(
            f"{name}: {where}: not {text.encoding.removesuffix('-sig').upper()}; "
            f"{ADVICE}"
        ) from error
    finally:
        text.detach()


def _note_lone_heading(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield *rows*; the first is suspect if the heading above may be a name too."""
    for row in rows:
        layout = row.layout
        if layout is not None and len(layout.names) == 1:
            name = layout.names[0]
            message = (
                "is read as the heading and not as a name; --format csv or --format "
                "text settles it"
            )
            suspect = Problem(
                name, "heading", message, line=layout.heading, column=1, suspect=True
            )
            row = structs.replace(row, faults=(*row.faults, suspect))  # noqa: PLW2901
        yield row
        break
    yield from rows


READERS: Mapping[str, Reader] = {
    "csv": csv_format.rows,
    "json": json_format.rows,
    "ndjson": ndjson_format.rows,
    "text": text_format.rows,
    "yaml": yaml_format.rows,
}
