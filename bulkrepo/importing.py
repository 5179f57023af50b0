"""Wiring. `bulkrepo import`: another registry's saved listing as a list for create."""

import csv
import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO, TextIO

from msgspec import structs

from bulkrepo import fixing, listings, mapping, remote
from bulkrepo.exports import armed, harmless
from bulkrepo.inputs.streams import ADVICE, Tap, decoded
from bulkrepo.model import InputError, Row, SettingsError
from bulkrepo.visible import escape, quote

MAP = ("source", "target", "namespace", "repository", "changed")
"""Columns of the map; a file with the first two is a list of exceptions as well."""

_SHOWN = 10


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
    Write the list and the map, and say on stderr what was found; return 0.

    `InputError`, `SettingsError` or (of a live registry) `StoppedError`, with nothing
    written, where the listing cannot be read or is not whole (unless *partial*), or
    where the mapping is not lawful.
    """
    if exceptions is not None:
        rules = structs.replace(rules, exceptions=_exceptions(exceptions))
    mapping.check(rules)
    out, table = _outputs(sources, output, map_file, exceptions)
    if registry is not None and not any(map(remote.is_url, sources)):
        raise SettingsError("--registry is for a URL: a file shows what it is")
    remote.checked(sources)
    say = None if quiet else sys.stderr.write
    with closing(_documents(sources, stdin, registry, cacert, say)) as documents:
        listing = listings.read(documents)
    if listing.truncated and not partial:
        raise InputError(
            f"the listing is not whole. {listing.truncated}. Nothing was written. "
            "To take what is here all the same: --partial"
        )
    mapped = mapping.map_names((found.name for found in listing.found), rules)
    if not mapped.lawful:
        raise InputError(_unlawful(mapped))
    if not mapped.entries:
        raise InputError(f"{listing.shape}: every name is skipped; nothing was written")
    rows = list(_rows(listing, mapped))
    fixing.replace(table, lambda file: write_map(file, mapped.entries))
    fixing.replace(out, lambda file: fixing.WRITERS[out.suffix](file, iter(rows)))
    if not quiet:
        sys.stderr.writelines(
            f"{line}\n"
            for line in (
                *_summary(listing, mapped, rows, out, table),
                _next(out, rows, rules.profile),
            )
        )
    return 0


def _documents(
    sources: Sequence[str],
    stdin: BinaryIO | None,
    registry: str | None,
    cacert: str | None,
    say: Callable[[str], object] | None,
) -> Generator[listings.Document, None, None]:
    """Yield the documents of files, and those of a registry page by page."""
    for source in sources:
        if not remote.is_url(source):
            with _text(source, stdin) as text:
                yield from listings.documents(text.read(), source=source)
            continue
        from bulkrepo import live  # noqa: PLC0415 - heavy, and for few

        with live.listed(
            source, registry=registry, cacert=cacert, environment=os.environ, say=say
        ) as pages:
            yield from pages


def read_map(path: str) -> mapping.NameMap:
    """Return the map in the file *path*. `InputError` if it is not one to one."""
    return mapping.NameMap(read_pairs(path))


def read_pairs(path: str) -> Iterator[tuple[str, str]]:
    """Yield source and target of each line of the map or exceptions in *path*."""
    with _text(path, None) as text:
        yield from pairs(text, path)


@contextmanager
def _text(source: str, stdin: BinaryIO | None) -> Iterator[TextIO]:
    """Give *source* as text; what cannot be read of it is an `InputError`."""
    opened: AbstractContextManager[BinaryIO]
    try:
        if source == "-" and stdin is not None:
            opened = nullcontext(stdin)
        else:
            opened = Path(source).open("rb")  # noqa: SIM115 - closed below
        with opened as stream:
            tap = Tap(stream, digest=None)
            text = decoded(tap, name=source)
            try:
                yield text
            except UnicodeDecodeError as error:
                where = tap.where(error)
                raise InputError(f"{source}: {where}: not text; {ADVICE}") from error
            finally:
                text.detach()
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror}") from error


def _outputs(
    sources: Sequence[str],
    output: str | None,
    map_file: str | None,
    exceptions: str | None,
) -> tuple[Path, Path]:
    """Return where list and map go, which is onto nothing that is read."""
    stem = "listing" if sources[0] == "-" else Path(sources[0]).stem
    if remote.is_url(sources[0]):
        stem = remote.place(sources[0]).stem
    out = Path(output or f"{stem}.swr.csv")
    table = Path(map_file or out.with_suffix(".map.csv"))
    if out.suffix not in fixing.WRITERS:
        known = " ".join(fixing.WRITERS)
        raise SettingsError(f"--output {out}: the suffix must be one of {known}")
    read = {Path(path).resolve() for path in (*sources, exceptions or "-")}
    for path in (out, table):
        if path.resolve() in read:
            raise SettingsError(f"{path} is read and would be written over")
    if out.resolve() == table.resolve():
        raise SettingsError(f"{out}: list and map need a file each")
    return out, table


def pairs(text: TextIO, path: str) -> Iterator[tuple[str, str]]:
    """Yield source and target of each line of *text*, a map or exceptions at *path*."""
    table = csv.DictReader(text, strict=True)
    try:
        if not {"source", "target"} <= set(table.fieldnames or ()):
            raise InputError(f"{path}:1: needs the columns source and target")
        for line in table:
            source, target = line["source"], line["target"]
            if source is None or target is None:
                raise InputError(f"{path}:{table.line_num}: has no target; see line 1")
            yield armed(source), armed(target.strip())
    except csv.Error as error:
        raise InputError(f"{path}:{table.line_num}: no CSV: {error}") from error


def _exceptions(path: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for source, target in read_pairs(path):
        if found.setdefault(source, target) != target:
            raise InputError(f"{path}: has {escape(source)} twice, with two targets")
    return found


def write_map(file: TextIO, entries: Sequence[mapping.Entry]) -> None:
    """Write *entries* as CSV, cells that a spreadsheet would run made harmless."""
    table = csv.writer(file, lineterminator="\r\n")
    table.writerow(MAP)
    for each in entries:
        names = (each.source, each.target, each.namespace, each.repository)
        table.writerow([*map(harmless, names), " ".join(each.changes)])


def _rows(listing: listings.Listing, mapped: mapping.Mapped) -> Iterator[Row]:
    found = {each.name.full: each for each in listing.found}
    for line, entry in enumerate(mapped.entries, start=1):
        of = found[entry.source]
        said = of.description and of.description.strip()
        described = said.encode("utf-8", "replace").decode() if said else None
        yield Row(
            entry.source,
            line,
            entry.namespace,
            entry.repository,
            of.is_public,
            of.category,
            described,
        )


def _unlawful(mapped: mapping.Mapped) -> str:
    lines = ["the names do not fit, and nothing was written"]
    for target, sources in mapped.collisions.items():
        lines.append(f"  {' and '.join(map(escape, sources))} would both be {target}")
    lines += [
        f"  {escape(unfit.source)}: {escape(unfit.why)}"
        for unfit in mapped.unfit[:_SHOWN]
    ]
    if len(mapped.unfit) > _SHOWN:
        lines.append(f"  and {len(mapped.unfit) - _SHOWN} more that break a rule")
    if mapped.unfit:
        lines.append("To alter them to the nearest legal names: --legalize")
    lines.append(
        "To say a name's target yourself, or leave it out: --exceptions FILE, a CSV "
        "with the columns source,target"
    )
    return "\n".join(lines)


def _summary(
    listing: listings.Listing,
    mapped: mapping.Mapped,
    rows: Sequence[Row],
    out: Path,
    table: Path,
) -> Iterator[str]:
    """Yield one screen: what was found, and what became of it."""
    yield f"{listing.shape}: {listing.rows} records, {len(listing.found)} repositories"
    if listing.truncated:
        yield f"  NOT WHOLE  {listing.truncated}"
    if listing.repeated:
        yield f"  {listing.repeated} named a repository again"
    reasons = Counter(why for _, why in listing.skipped)
    example = {why: name for name, why in reversed(listing.skipped)}
    for why, count in reasons.most_common(_SHOWN):
        yield f"  {count} skipped: {escape(why)} (first: {escape(example[why])})"
    if mapped.excepted:
        yield f"  {len(mapped.excepted)} left out, as the exceptions say"
    if mapped.unused:
        yield (
            f"  {len(mapped.unused)} exceptions met no name "
            f"(first: {escape(mapped.unused[0])})"
        )
    for note, count in listing.notes.most_common(_SHOWN):
        yield f"  {count} {escape(note)}"
    altered = [each for each in mapped.entries if each.changes]
    for each in altered[:_SHOWN]:
        why = ", ".join(each.changes)
        yield f"  {escape(each.source)} -> {each.target} ({why})"
    if len(altered) > _SHOWN:
        yield f"  and {len(altered) - _SHOWN} more altered names: see the map"
    said = Counter(row.is_public for row in rows)
    unsaid = said[None]
    yield f"visibility: {said[True]} public, {said[False]} private, {unsaid} not said"
    organizations = dict.fromkeys(each.namespace for each in mapped.entries)
    shown = ", ".join(list(organizations)[:5])
    more = f" and {len(organizations) - 5} more" if len(organizations) > 5 else ""
    yield f"organizations: {shown}{more}"
    yield f"list: {escape(str(out))} ({len(rows)} rows)   map: {escape(str(table))}"


def _next(out: Path, rows: Sequence[Row], profile: str) -> str:
    """Give the command that takes the list, which says nothing that it needs not."""
    words = ["next: bulkrepo create", quote(str(out))]
    if any(row.is_public is None for row in rows):
        words.append("--visibility private")
    if profile != "strict":
        words.append(f"--grammar {profile}")
    return " ".join(words)
