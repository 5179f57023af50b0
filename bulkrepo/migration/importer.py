"""Wiring. `bulkrepo import`: another registry's listing as a list for create."""

import csv
import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path
from typing import BinaryIO, TextIO

from msgspec import structs

from bulkrepo.core.duplicates import Spool
from bulkrepo.core.rows import FIELDS, InputError, Row, SettingsError
from bulkrepo.core.text import escape, quote, shown
from bulkrepo.inputs import writers
from bulkrepo.inputs.csv_format import DELIMITERS, plain
from bulkrepo.migration import listings, mapping, remote, saved_listing
from bulkrepo.migration.collection import Gathered
from bulkrepo.migration.listings import document_reader
from bulkrepo.migration.mapped_listing import SHOWN, Kept, Mapped, row
from bulkrepo.migration.remote import urls
from bulkrepo.reports.csv_report import csv_line, harmless

MAP = ("source", "target", "namespace", "repository", "changed")
"""Columns of the map; a file with the first two can be given as exceptions."""


def run(
    sources: Sequence[str],
    *,
    rules: mapping.Rules,
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
        rules = structs.replace(rules, exceptions=_exceptions(exceptions))
    mapping.check(rules)
    out, table = _outputs(sources, output, map_file, exceptions)
    _check_sources(sources, registry)
    say = None if quiet else sys.stderr.write
    with ExitStack() as stack:
        gathered = Gathered(stack)
        mapped = Mapped(gathered.batches, rules, Spool(stack))
        with closing(_documents(sources, stdin, registry, cacert, say)) as documents:
            listing = gathered.gather(documents)
        if listing.truncated and not partial:
            raise InputError(
                f"the listing is not whole. {listing.truncated}. Nothing was written. "
                "To take what is here all the same: --partial"
            )
        said: Counter[bool | None] = Counter()

        def write(table: TextIO, file: TextIO) -> None:
            if out.suffix == ".csv":
                _csv(file, mapped, table, said)
            else:
                writers.WRITERS[out.suffix](file, _rows(mapped, table, said))
            _judge(mapped, listing)

        # Both files appear once everything is known to be legal.
        writers.replace(
            table, lambda map_: writers.replace(out, lambda file: write(map_, file))
        )
        if not quiet:
            front = rules.front
            if not any(each.name.path.startswith(front) for each in gathered.found()):
                listing.notes[f"begin with {front}, which --strip takes off"] = 0
            sys.stderr.writelines(
                line + "\n"
                for line in _summary(
                    listing, mapped, said, out, table, profile=rules.profile
                )
            )
    return 0


def _check_sources(sources: Sequence[str], registry: str | None) -> None:
    """Raise `SettingsError` unless they are files and URLs of one registry."""
    if registry is not None and not any(map(urls.is_url, sources)):
        raise SettingsError("--registry is for a URL: a file shows what it is")
    remote.checked(sources)
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
    read = {Path(path).resolve() for path in (*sources, exceptions or "-")}
    for path in (out, table):
        if path.resolve() in read:
            raise SettingsError(f"{path} is read and would be written over")
    if out.resolve() == table.resolve():
        raise SettingsError(f"{out}: list and map need a file each")
    return out, table


def read_pairs(path: str) -> Iterator[tuple[str, str]]:
    """Yield source and target of each line of the map or exceptions in *path*."""
    with (
        saved_listing.opened(path, None) as tap,
        saved_listing.decoded_text(tap, path) as text,
    ):
        yield from pairs(text, path)


def pairs(text: TextIO, path: str) -> Iterator[tuple[str, str]]:
    """Yield source and target of each line of *text*, a map or exceptions at *path*."""
    first = text.readline()
    # A spreadsheet program may write another delimiter than a comma.
    delimiter = max(DELIMITERS, key=first.count)
    table = csv.DictReader(chain([first], text), delimiter=delimiter, strict=True)
    try:
        if not {"source", "target"} <= set(table.fieldnames or ()):
            raise InputError(f"{path}:1: needs the columns source and target")
        for line in table:
            source, target = line["source"], line["target"]
            if source is None or target is None:
                raise InputError(f"{path}:{table.line_num}: has no target; see line 1")
            yield plain(source), plain(target.strip())
    except csv.Error as error:
        raise InputError(f"{path}:{table.line_num}: no CSV: {error}") from error


def _exceptions(path: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for source, target in read_pairs(path):
        if found.setdefault(source, target) != target:
            raise InputError(f"{path}: has {shown(source)} twice, with two targets")
    return found


def _rows(mapped: Mapped, table: TextIO, said: Counter[bool | None]) -> Iterator[Row]:
    """Yield the list's rows; write the map to *table*, and count visibilities."""
    table.write(csv_line(MAP))
    for each in mapped.entries():
        for found, entry in each.entries() if isinstance(each, Kept) else (each,):
            table.write(map_line(entry))
            said[found.is_public] += 1
            yield row(found, entry, source=entry.source, line=0)


def _csv(
    file: TextIO, mapped: Mapped, table: TextIO, said: Counter[bool | None]
) -> None:
    """Write the list to *file*, and otherwise do as `_rows` does."""
    file.write(writers.CSV_HEADING)
    table.write(csv_line(MAP))
    for each in mapped.entries():
        if isinstance(each, Kept):
            file.write(_list_lines(each))
            table.write(_map_lines(each))
            said[None] += len(each.run)
            continue
        found, entry = each
        file.write(writers.csv_row(row(found, entry, source=entry.source, line=0)))
        table.write(map_line(entry))
        said[found.is_public] += 1


def _list_lines(kept: Kept) -> str:
    """Return lines of the list; neither names nor hosts of a run need quotes."""
    front, tail = f"{kept.namespace},", "," * (len(FIELDS) - 2) + "\r\n"
    return front + (tail + front).join(kept.run.paths) + tail


def _map_lines(kept: Kept) -> str:
    """Return lines of the map."""
    sources, paths, namespace = kept.run.sources, kept.run.paths, kept.namespace
    return "".join(
        [
            f"{source},{namespace}/{path},{namespace},{path},\r\n"
            for source, path in zip(sources, paths, strict=True)
        ]
    )


def map_line(each: mapping.Entry) -> str:
    """Return a line of the map, harmless to a spreadsheet."""
    source, target, changes = each.source, each.target, " ".join(each.changes)
    if source == each.repository:  # as mostly: it is legal, and needs no second look
        return f"{source},{target},{each.namespace},{source},{changes}\r\n"
    names = (harmless(source), target, each.namespace, each.repository)
    return csv_line((*names, changes))


def _judge(mapped: Mapped, listing: listings.Listing) -> None:
    """Raise `InputError` unless the mapping is one to one, legal, and not empty."""
    collisions = mapped.collisions()
    if mapped.unfit or collisions:
        raise InputError(_unlawful(mapped, collisions))
    if not mapped.count:
        raise InputError(
            "\n".join(
                [
                    f"{listing.shape}: every name is left out; nothing was written",
                    *_left_out(listing, mapped),
                    "What is wanted all the same can be given as names, one a line",
                ]
            )
        )


def _left_out(listing: listings.Listing, mapped: Mapped) -> Iterator[str]:
    """Yield why names are left out, and how many."""
    reasons = sorted(listing.skipped.items(), key=lambda each: -each[1][0])
    for why, (count, first) in reasons[:SHOWN]:
        yield f"  {count} skipped: {escape(why)} (first: {shown(first)})"
    if mapped.excepted:
        yield f"  {mapped.excepted} left out, as the exceptions say"


def _unlawful(mapped: Mapped, collisions: Mapping[str, Sequence[str]]) -> str:
    lines = ["the names do not fit, and nothing was written"]
    for target, sources in collisions.items():
        lines.append(f"  {' and '.join(map(shown, sources))} would both be {target}")
    lines += [
        f"  {shown(unfit.source)}: {escape(unfit.why)}" for unfit in mapped.misfits
    ]
    if mapped.unfit > SHOWN:
        lines.append(f"  and {mapped.unfit - SHOWN} more that break a rule")
    reasons = [unfit.why for unfit in mapped.misfits]
    if any(why.startswith("has no {host}") for why in reasons):
        lines.append("To write the host out: --map '{namespace}/HOST/{path}'")
    if not all(why.startswith("has no {") for why in reasons):
        lines.append("To alter them to the nearest legal names: --legalize")
    lines.append(
        "To say a name's target yourself, or leave it out: --exceptions FILE, a CSV "
        "with the columns source,target"
    )
    return "\n".join(lines)


def _summary(
    listing: listings.Listing,
    mapped: Mapped,
    said: Counter[bool | None],
    out: Path,
    table: Path,
    *,
    profile: str,
) -> Iterator[str]:
    """Yield one screen: what was found, what became of it, and what to do next."""
    yield f"{listing.shape}: {listing.rows} records, {listing.names} repositories"
    if listing.truncated:
        yield f"  NOT WHOLE  {listing.truncated}"
    if listing.repeated:
        yield f"  {listing.repeated} named a repository again"
    yield from _left_out(listing, mapped)
    if mapped.unused:
        unused = shown(next(iter(mapped.unused)))
        yield f"  {len(mapped.unused)} exceptions matched no name (first: {unused})"
    for note, count in listing.notes.most_common(SHOWN):
        yield f"  {count} {escape(note)}"
    for each in mapped.changed:
        why = ", ".join(each.changes)
        yield f"  {shown(each.source)} -> {each.target} ({why})"
    if mapped.altered > SHOWN:
        yield f"  and {mapped.altered - SHOWN} more altered names: see the map"
    unsaid = said[None]
    yield f"visibility: {said[True]} public, {said[False]} private, {unsaid} not said"
    few = ", ".join(list(mapped.organizations)[:5])
    others = len(mapped.organizations) - 5
    yield f"organizations: {few}{f' and {others} more' if others > 0 else ''}"
    yield f"list: {escape(str(out))} ({mapped.count} rows)   map: {escape(str(table))}"
    choose = " --visibility private" if unsaid else ""
    if profile != "strict":
        choose += f" --grammar {profile}"
    yield f"next: bulkrepo create {quote(str(out))}{choose}"
