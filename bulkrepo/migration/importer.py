"""Wiring. `bulkrepo import`: another registry's listing as a list for create."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import BinaryIO, TextIO

from msgspec import structs

from bulkrepo.core.atomic import replace_text
from bulkrepo.core.csv_cells import csv_line
from bulkrepo.core.duplicates import DuplicateFinder
from bulkrepo.core.errors import InputError, SettingsError
from bulkrepo.core.paths import refuse_overwriting
from bulkrepo.core.rows import FIELDS, Row
from bulkrepo.inputs import writers
from bulkrepo.migration import mapping, saved_listing
from bulkrepo.migration.collection import ListingCollector
from bulkrepo.migration.import_summary import left_out, summary_lines, unlawful
from bulkrepo.migration.listings import document_reader, reader
from bulkrepo.migration.mapped_listing import MappedListing, UnchangedNames, row
from bulkrepo.migration.name_map import MAP, map_line, map_lines, read_exceptions
from bulkrepo.migration.remote import urls


def run(
    sources: Sequence[str],
    *,
    rules: mapping.MappingRules,
    exceptions: str | None,
    output: str | None,
    map_file: str | None,
    partial: bool,
    quiet: bool,
    registry: str | None = None,
    cacert: str | None = None,
    stdin: BinaryIO | None = None,
) -> int:
    """
    Write the list and the map, and a summary to stderr; return 0.

    Nothing is written where the listing cannot be read or is not whole (unless
    *partial*), or where the mapping is not one to one and legal: that is an
    `InputError` or `SettingsError`, or for a live registry a `StoppedError`.
    """
    if exceptions is not None:
        rules = structs.replace(rules, exceptions=read_exceptions(exceptions))
    mapping.check(rules)
    out, table = _outputs(sources, output, map_file, exceptions)
    _check_sources(sources, registry)
    say = None if quiet else sys.stderr.write
    with ExitStack() as stack:
        gathered = ListingCollector(stack)
        mapped = MappedListing(gathered.batches, rules, DuplicateFinder(stack))
        with closing(_documents(sources, stdin, registry, cacert, say)) as documents:
            listing = gathered.gather(documents)
        if listing.truncated and not partial:
            raise InputError(
                f"the listing is not whole. {listing.truncated}. Nothing was written. "
                "To take what is here all the same: --partial"
            )
        said: Counter[bool | None] = Counter()

        # Both files appear once everything is known to be legal.
        with replace_text(table) as map_, replace_text(out) as file:
            if out.suffix == ".csv":
                _csv(file, mapped, map_, said)
            else:
                writers.WRITERS[out.suffix](file, _rows(mapped, map_, said))
            _judge(mapped, listing)
        if not quiet:
            front = rules.front
            if not any(each.name.path.startswith(front) for each in gathered.found()):
                listing.notes[f"begin with {front}, which --strip takes off"] = 0
            sys.stderr.writelines(
                line + "\n"
                for line in summary_lines(
                    listing, mapped, said, out, table, profile=rules.profile
                )
            )
    return 0


def _check_sources(sources: Sequence[str], registry: str | None) -> None:
    """Raise `SettingsError` unless they are files and URLs of one registry."""
    if registry is not None and not any(map(urls.is_url, sources)):
        raise SettingsError("--registry is for a URL: a file shows what it is")
    urls.checked(sources)
    for source in sources:
        meant = None if urls.is_url(source) else urls.mistaken(source)
        # A Path would raise for a name that no file can have.
        if meant is not None and not os.path.exists(source):  # noqa: PTH110
            raise SettingsError(meant)


def _documents(
    sources: Sequence[str],
    stdin: BinaryIO | None,
    registry: str | None,
    cacert: str | None,
    say: Callable[[str], object] | None,
) -> Generator[document_reader.Document, None, None]:
    """Yield the documents in files, and the pages of a live registry."""
    for source in sources:
        if not urls.is_url(source):
            yield from saved_listing.documents(source, stdin)
            continue
        from bulkrepo.migration.remote import live  # noqa: PLC0415 - heavy, and for few

        with live.listed(
            source, registry=registry, cacert=cacert, environment=os.environ, say=say
        ) as pages:
            yield from pages


def _outputs(
    sources: Sequence[str],
    output: str | None,
    map_file: str | None,
    exceptions: str | None,
) -> tuple[Path, Path]:
    """Return the paths of list and map; neither may be a file that is read."""
    stem = "listing" if sources[0] == "-" else Path(sources[0]).stem
    if urls.is_url(sources[0]):
        stem = urls.place(sources[0]).stem
    out = Path(output or f"{stem}.swr.csv")
    table = Path(map_file or out.with_suffix(".map.csv"))
    if out.suffix not in writers.WRITERS:
        known = " ".join(writers.WRITERS)
        raise SettingsError(f"--output {out}: the suffix must be one of {known}")
    refuse_overwriting(
        {
            "SOURCE": sources,
            "--exceptions": [exceptions],
            "--output": [out],
            "--map-file": [table],
        }
    )
    return out, table


def _rows(
    mapped: MappedListing, table: TextIO, said: Counter[bool | None]
) -> Iterator[Row]:
    """Yield the list's rows; write the map to *table*, and count visibilities."""
    table.write(csv_line(MAP))
    for each in mapped.entries():
        for found, entry in (
            each.entries() if isinstance(each, UnchangedNames) else (each,)
        ):
            table.write(map_line(entry))
            said[found.is_public] += 1
            yield row(found, entry, source=entry.source, line=0)


def _csv(
    file: TextIO, mapped: MappedListing, table: TextIO, said: Counter[bool | None]
) -> None:
    """Write the list to *file*, and otherwise do as `_rows` does."""
    file.write(writers.CSV_HEADING)
    table.write(csv_line(MAP))
    for each in mapped.entries():
        if isinstance(each, UnchangedNames):
            file.write(_list_lines(each))
            table.write(map_lines(each))
            said[None] += len(each.run)
            continue
        found, entry = each
        file.write(writers.csv_row(row(found, entry, source=entry.source, line=0)))
        table.write(map_line(entry))
        said[found.is_public] += 1


def _list_lines(kept: UnchangedNames) -> str:
    """Return lines of the list; neither names nor hosts of a run need quotes."""
    front, tail = f"{kept.namespace},", "," * (len(FIELDS) - 2) + "\r\n"
    return front + (tail + front).join(kept.run.paths) + tail


def _judge(mapped: MappedListing, listing: reader.ListingSummary) -> None:
    """Raise `InputError` unless the mapping is one to one, legal, and not empty."""
    collisions = mapped.collisions()
    if mapped.unfit or collisions:
        raise InputError(unlawful(mapped, collisions))
    if not mapped.count:
        raise InputError(
            "\n".join(
                [
                    f"{listing.shape}: every name is left out; nothing was written",
                    *left_out(listing, mapped),
                    "What is wanted all the same can be given as names, one a line",
                ]
            )
        )
