"""Listings as a whole, and mappings as a whole: what the product never holds."""

from collections.abc import Iterable
from contextlib import ExitStack
from itertools import groupby

import msgspec

from bulkrepo.core.duplicates import DuplicateFinder
from bulkrepo.migration.collection import ListingCollector
from bulkrepo.migration.listings.document_reader import Document
from bulkrepo.migration.listings.shapes import Batch, ListedRepository, PathRun
from bulkrepo.migration.mapped_listing import MappedListing, UnchangedNames
from bulkrepo.migration.mapping import (
    Mapper,
    MappingEntry,
    MappingRules,
    SourceName,
    Unmappable,
)


class Whole(msgspec.Struct):
    """A listing, and all that it names."""

    shape: str
    skipped: dict[str, tuple[int, str]]
    notes: dict[str, int]
    truncated: str | None
    found: list[ListedRepository]


def whole(given: Iterable[Document]) -> Whole:
    """Read the documents *given* as one listing."""
    with ExitStack() as stack:
        gathered = ListingCollector(stack)
        listing = gathered.gather(given)
        found = list(gathered.found())
    assert listing.names == len(found)
    return Whole(
        listing.shape, listing.skipped, listing.notes, listing.truncated, found
    )


class Table(msgspec.Struct):
    """A mapping: entries of those that are alone in their target, and all else."""

    entries: list[MappingEntry]
    unfit: list[Unmappable]
    collisions: dict[str, list[str]]
    excepted: list[str]
    unused: list[str]

    @property
    def lawful(self) -> bool:
        """Whether every name has a legal target of its own."""
        return not self.unfit and not self.collisions


def map_names(
    names: Iterable[SourceName], rules: MappingRules, *, runs: bool = False
) -> Table:
    """Map *names*, each once; *runs*: as those of a listing that says nothing else."""
    found = [
        ListedRepository(name) for name in {name.full: name for name in names}.values()
    ]
    batches: list[Batch] = [found]
    if runs:
        hosts = groupby(found, key=lambda each: each.name.host)
        batches = [
            PathRun([each.name.path for each in run], host) for host, run in hosts
        ]
    with ExitStack() as stack:
        mapped = MappedListing(lambda: iter(batches), rules, DuplicateFinder(stack))
        entries = [
            entry
            for each in mapped.entries()
            for _, entry in (
                each.entries() if isinstance(each, UnchangedNames) else [each]
            )
        ]
        collisions = mapped.collisions()
    made = [Mapper(rules)(each.name) for each in found]
    excepted = [name for name in rules.exceptions if not rules.exceptions[name]]
    excepted = [each.name.full for each in found if each.name.full in excepted]
    unfit = [
        each
        for each in made
        if isinstance(each, Unmappable) and each.source not in excepted
    ]
    assert (mapped.count, mapped.unfit) == (len(entries), len(unfit))
    assert mapped.excepted == len(excepted)
    return Table(
        [entry for entry in entries if entry.target not in collisions],
        unfit,
        collisions,
        excepted,
        list(mapped.unused),
    )
