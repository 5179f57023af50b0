"""
Edge. A listing of any length, its repositories once each, in the memory of a few.

What the pages name is set aside on disk, with a hash of each name. What later ones say
of earlier ones, and who comes twice, is known at the end: then it is read again.
"""

import marshal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO

from bulkrepo.listings import Document, Found, Listing, Project, Reading
from bulkrepo.mapping import Name
from bulkrepo.spool import Spool

_BATCH = 2000

_Record = tuple[str, str, bool | None, str | None, str | None, int | None]
"""Path, host, is_public, description, category, project."""


class Gathered:
    """
    The repositories of one listing, which `gather` takes and `found` gives.

    Its files are gone when the stack is closed. The memory needed depends on how many
    names come more than once, and how many projects there are.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._file: IO[bytes] = stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack closes it
        self._spool = stack.enter_context(Spool())
        self._projects: dict[int, Project] = {}
        self._twice: set[int] = set()
        self._public: dict[str, bool | None] = {}
        self._batch: list[_Record] = []
        self._count = self._again = 0

    def gather(self, given: Iterable[Document]) -> Listing:
        """
        Take all that the documents *given* name. `InputError` as `Reading` raises.

        A name with two visibilities keeps none.
        """
        reading = Reading()
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

    def found(self) -> Iterator[Found]:
        """Yield the repositories in the order of the listing; can be called again."""
        given: set[str] = set()
        if not (self._public or self._projects):
            for batch in self._batches():
                for path, host, is_public, description, category, _ in batch:
                    yield Found(Name(path, host), is_public, description, category)
            return
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
            yield Found(Name(path, host), is_public, description, category)

    def _set_aside(self, page: Sequence[Found]) -> None:
        push, mask = self._spool.push, self._spool.mask
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
            # As where a record is an image, and its repository has many.
            if record == last and project is None:
                self._again += 1
                continue
            last = record
            batch.append(record)
            value = hash(f"{host}/{path}" if host else path)
            push[value & mask](value)
        if len(batch) >= _BATCH:
            self._write()

    def _write(self) -> None:
        self._count += len(self._batch)
        batch = marshal.dumps(self._batch)
        self._file.write(len(batch).to_bytes(8))
        self._file.write(batch)
        self._batch.clear()
        self._spool.settle()

    def _records(self) -> Iterator[tuple[_Record, str]]:
        """Yield all that was set aside, each with its full name."""
        for batch in self._batches():
            for record in batch:
                path, host, *_ = record
                yield record, f"{host}/{path}" if host else path

    def _batches(self) -> Iterator[list[_Record]]:
        self._file.seek(0)
        while head := self._file.read(8):
            text = self._file.read(int.from_bytes(head))
            batch: list[_Record] = marshal.loads(text)  # noqa: S302 - our own
            yield batch

    def _join(self, listing: Listing) -> int:
        """Tell *listing* what its pages say of each other; return who comes again."""
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
