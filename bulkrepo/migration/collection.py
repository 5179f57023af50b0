"""
Edge. Gathers a listing of any length, each repository once, in bounded memory.

What the pages name is kept on disk, with a hash of each name. Which names come twice,
and what later pages say of earlier ones, is known only at the end: then it is read
again.
"""

import marshal
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain, islice
from tempfile import TemporaryFile
from typing import IO

from bulkrepo.core.duplicates import DuplicateFinder
from bulkrepo.migration.listings.document_reader import Document
from bulkrepo.migration.listings.reader import ListingReader, ListingSummary
from bulkrepo.migration.listings.shapes import (
    Batch,
    ListedProject,
    ListedRepository,
    PathRun,
)
from bulkrepo.migration.mapping import SourceName

_BATCH = 2000

_Record = tuple[str, str, bool | None, str | None, str | None, int | None]
"""Path, host, is_public, description, category, project."""
_Kept = list[_Record] | tuple[list[str], str]
"""Records, or the paths and the host of a run."""


class ListingCollector:
    """
    The repositories of one listing: taken in by `gather`, given by `batches`.

    Its files are gone once *stack* is closed. The memory needed depends on how many
    names come more than once, and how many projects there are.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._file: IO[bytes] = stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack closes it
        self._spool = DuplicateFinder(stack)
        self._projects: dict[int, ListedProject] = {}
        self._twice: set[int] = set()
        self._public: dict[str, bool | None] = {}
        self._batch: list[_Record] = []
        self._count = self._again = 0

    def gather(self, given: Iterable[Document]) -> ListingSummary:
        """
        Take in all documents, and return what is known of the listing.

        A name listed with two visibilities keeps neither. Raises `InputError`.
        """
        reading = ListingReader()
        for page in reading.pages(given):
            self._set_aside(page)
        self._write()
        self._twice = self._spool.repeated()
        self._projects = reading.projects
        listing, distinct = reading.listing, self._count
        if self._twice or self._projects:
            distinct -= self._join(listing)
        else:
            listing.names = self._count
        listing.repeated += self._again
        reading.end(distinct)
        return listing

    def batches(self) -> Iterator[Batch]:
        """Yield the repositories in the listing's order; may be called again."""
        if self._public or self._projects:
            found = self._joined()
            while batch := list(islice(found, _BATCH)):
                yield batch
            return
        for kept in self._batches():
            if isinstance(kept, tuple):
                yield PathRun(*kept)
                continue
            yield [
                ListedRepository(
                    SourceName(path, host), is_public, description, category
                )
                for path, host, is_public, description, category, _ in kept
            ]

    def found(self) -> Iterator[ListedRepository]:
        """Yield the repositories one by one."""
        return chain.from_iterable(self.batches())

    def _joined(self) -> Iterator[ListedRepository]:
        """Yield each repository once, with what all pages say of it."""
        given: set[str] = set()
        for record, name in self._records():
            path, host, is_public, description, category, project = record
            if self._projects and project in self._projects:
                if self._projects[project].skip is not None:
                    continue
                is_public = self._projects[project].is_public
            if name in self._public:
                if name in given:
                    continue
                given.add(name)
                is_public = self._public[name]
            yield ListedRepository(
                SourceName(path, host), is_public, description, category
            )

    def _set_aside(self, page: Batch) -> None:
        if isinstance(page, PathRun):
            self._set_run_aside(page)
            return
        add = self._spool.add
        batch = self._batch
        last = batch[-1] if batch else None
        for each in page:
            name, project = each.name, each.project
            path, host = name.path, name.host
            record = (
                path,
                host,
                each.is_public,
                each.description,
                each.category,
                project,
            )
            # Some listings have a record for each image of a repository.
            if record == last and project is None:
                self._again += 1
                continue
            last = record
            batch.append(record)
            add(hash(f"{host}/{path}" if host else path))
        if len(batch) >= _BATCH:
            self._write()

    def _set_run_aside(self, run: PathRun) -> None:
        paths = list(dict.fromkeys(run.paths))
        self._again += len(run) - len(paths)
        self._write()
        self._count += len(paths)
        self._keep((paths, run.host))
        self._spool.extend(map(hash, PathRun(paths, run.host).sources))
        self._spool.settle()

    def _write(self) -> None:
        self._count += len(self._batch)
        self._keep(self._batch)
        self._batch.clear()
        self._spool.settle()

    def _keep(self, kept: _Kept) -> None:
        if kept:
            text = marshal.dumps(kept)
            self._file.write(len(text).to_bytes(8))
            self._file.write(text)

    def _records(self) -> Iterator[tuple[_Record, str]]:
        """Yield all records, each with its full name."""
        for kept in self._batches():
            if isinstance(kept, tuple):
                for path, source in zip(kept[0], PathRun(*kept).sources, strict=True):
                    yield (path, kept[1], None, None, None, None), source
                continue
            for record in kept:
                path, host, *_ = record
                yield record, f"{host}/{path}" if host else path

    def _batches(self) -> Iterator[_Kept]:
        self._file.seek(0)
        while head := self._file.read(8):
            text = self._file.read(int.from_bytes(head))
            kept: _Kept = marshal.loads(text)  # noqa: S302 - our own
            yield kept

    def _join(self, listing: ListingSummary) -> int:
        """Complete *listing* from all pages; return how many names came again."""
        seen: set[str] = set()
        again = 0
        for (*_, is_public, _, _, project), name in self._records():
            said = is_public
            twice = hash(name) in self._twice
            if twice:
                again += name in seen
                seen.add(name)
            known = self._projects.get(project) if project is not None else None
            if known is not None:
                if known.skip is not None:
                    listing.skip(name, known.skip)
                    continue
                said = known.is_public
            elif self._projects:
                listing.notes["not in the projects given: visibility left blank"] += 1
            if not twice or name not in self._public:
                listing.names += 1
                if twice:
                    self._public[name] = said
                continue
            listing.repeated += 1
            if self._public[name] is not said:
                self._public[name] = None
                listing.notes["listed with two visibilities: left blank"] += 1
        return again
