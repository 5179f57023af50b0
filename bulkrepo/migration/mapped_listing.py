"""Edge. Maps the names of a listing of any length, in bounded memory."""

import re
from collections.abc import Callable, Iterator
from itertools import chain

import msgspec

from bulkrepo.core.duplicates import DuplicateFinder
from bulkrepo.core.rows import Row
from bulkrepo.core.surrogates import clean_text
from bulkrepo.migration.listings.shapes import Batch, ListedRepository, PathRun
from bulkrepo.migration.mapping import Mapper, MappingEntry, MappingRules, Unmappable

SHOWN = 10
"""How many examples are kept of what may be many."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""All control characters but tabs and line breaks."""


def row(found: ListedRepository, entry: MappingEntry, *, source: str, line: int) -> Row:
    """Return the list's row for a repository that was *found* elsewhere."""
    described = found.description and found.description.strip()
    if described and not (described.isascii() and described.isprintable()):
        described = clean_text(_CONTROL.sub("?", described))
    return Row(
        source,
        line,
        entry.namespace,
        entry.repository,
        found.is_public,
        found.category,
        described or None,
    )


class UnchangedNames(msgspec.Struct, frozen=True):
    """A *run* of repositories that keep their names in the organization *namespace*."""

    run: PathRun
    namespace: str

    @property
    def targets(self) -> list[str]:
        """The whole names in SWR."""
        return [f"{self.namespace}/{path}" for path in self.run.paths]

    def entries(self) -> Iterator[tuple[ListedRepository, MappingEntry]]:
        """Yield them one by one."""
        for found in self.run:
            name = found.name
            yield found, MappingEntry(name.full, self.namespace, name.path)


class MappedListing:
    """
    The targets of repositories, no two of which have the same name.

    *batches* gives them, as often as it is called; *spool* is for their targets. The
    mapping is lawful if `unfit` is 0 and `collisions` is empty after all `entries`.

    *count* is the number of entries, *altered* that of entries with changes, *unfit*
    that of names without a target; *changed* and *misfits* are the first of these.
    *organizations* are those of the targets, *excepted* counts names left out, *unused*
    are exceptions for names that do not occur.
    """

    def __init__(
        self,
        batches: Callable[[], Iterator[Batch]],
        rules: MappingRules,
        spool: DuplicateFinder,
    ) -> None:
        self._batches = batches
        self._mapper = Mapper(rules)
        self._exceptions = rules.exceptions
        self._namespace = rules.namespace or ""
        self._spool = spool
        self.count = self.altered = self.unfit = self.excepted = 0
        self.changed: list[MappingEntry] = []
        self.misfits: list[Unmappable] = []
        self.organizations: dict[str, None] = {}
        self.unused = dict.fromkeys(rules.exceptions)
        self._groups: set[str | None] = set()  # hosts of what is kept; None: the others

    def entries(
        self,
    ) -> Iterator[tuple[ListedRepository, MappingEntry] | UnchangedNames]:
        """Yield repositories with targets, singly or as a run; to be called once."""
        for batch in self._batches():
            if isinstance(batch, PathRun) and self._mapper.keeps(batch.paths):
                yield self._keep(batch)
            else:
                yield from self._fit(batch)
            self._spool.settle()

    def _keep(self, run: PathRun) -> UnchangedNames:
        kept = UnchangedNames(run, self._namespace)
        self.count += len(run)
        self.organizations[kept.namespace] = None
        self._groups.add(run.host)
        return kept

    def _fit(self, batch: Batch) -> Iterator[tuple[ListedRepository, MappingEntry]]:
        self._groups.add(None)
        add = self._spool.add
        for each, made in self._made(batch):
            if made is None:
                self.excepted += 1
                continue
            if isinstance(made, Unmappable):
                self.unfit += 1
                if len(self.misfits) < SHOWN:
                    self.misfits.append(made)
                continue
            add(hash(made.target))
            self.count += 1
            if made.changes:
                self.altered += 1
                if len(self.changed) < SHOWN:
                    self.changed.append(made)
            self.organizations[made.namespace] = None
            yield each, made

    def _made(
        self, batch: Batch
    ) -> Iterator[tuple[ListedRepository, MappingEntry | Unmappable | None]]:
        """Yield each with its target; None for one that is to be left out."""
        make, exceptions = self._mapper, self._exceptions
        for each in batch:
            if exceptions:
                source = each.name.full
                self.unused.pop(source, None)
                if exceptions.get(source) == "":
                    yield each, None
                    continue
            yield each, make(each.name)

    def collisions(self) -> dict[str, list[str]]:
        """Return the targets that several sources share, with those sources."""
        # Kept names of a single host differ as before: they are not spooled.
        if len(self._groups) > 1:
            for batch in self._batches():
                if isinstance(batch, PathRun) and self._mapper.keeps(batch.paths):
                    targets = UnchangedNames(batch, self._namespace).targets
                    self._spool.extend(map(hash, targets))
                    self._spool.settle()
        twice = self._spool.repeated()
        firsts: dict[str, str] = {}
        met: dict[str, list[str]] = {}
        batches = self._batches() if twice else ()
        for _, made in chain.from_iterable(map(self._made, batches)):
            if isinstance(made, MappingEntry) and hash(made.target) in twice:
                first = firsts.setdefault(made.target, made.source)
                if first != made.source:
                    met.setdefault(made.target, [first]).append(made.source)
        return met
