"""
Reads another registry's listing: which repositories its documents name.

All documents of one reading are pages of one listing. Repositories are passed on as
they come, and none is held here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import structs

from bulkrepo.core.errors import InputError
from bulkrepo.inputs import columns
from bulkrepo.inputs.json_format import LISTS
from bulkrepo.migration.listings import (
    SHAPES,
)
from bulkrepo.migration.listings.completeness import PageTally
from bulkrepo.migration.listings.continuation import find_pointer
from bulkrepo.migration.listings.document_reader import Document
from bulkrepo.migration.listings.shapes import (
    Batch,
    ListedProject,
    ListingFormat,
    ListingPage,
    first,
    member,
)


class ListingSummary(msgspec.Struct):
    """
    What is known of a listing besides its repositories.

    *shape* names what its documents are, and *family* what may belong together. *rows*
    counts the records, *names* the different repositories, *repeated* the records that
    named one again. *skipped* has for each reason the number of names and the first of
    them; *notes* count what else is worth saying. *truncated* says what shows that
    something is missing.
    """

    shape: str
    family: str
    rows: int
    names: int
    repeated: int
    skipped: dict[str, tuple[int, str]]
    notes: Counter[str]
    truncated: str | None

    def skip(self, name: str, why: str) -> None:
        """Count a *name* that is left out."""
        count, first = self.skipped.get(why, (0, name))
        self.skipped[why] = count + 1, first


class ListingReader:
    """
    One listing, read page by page.

    *projects* are those of all its pages. *listing* is complete after `end`, except
    for the number of names, which the caller counts.
    """

    def __init__(self) -> None:
        self.projects: dict[int, ListedProject] = {}
        self.listing = ListingSummary("", "", 0, 0, 0, {}, Counter(), None)
        self._tallies: dict[str, PageTally] = {}
        self._begun: tuple[ListingFormat, str] | None = None
        self._source: str | None = None
        self._blank = self._ended = False

    def pages(self, given: Iterable[Document]) -> Iterator[Batch]:
        """
        Yield the repositories of each of the documents *given*, or of each part.

        `InputError` for a document of no known shape, and for two different listings.
        """
        rest = iter(given)
        for document in rest:
            self._enter(document.source)
            if _is_blank(document):
                self._take_blank(find_pointer(document.value) or document.more)
                continue
            document, shape = _known(document, rest)  # noqa: PLW2901 - or the whole of it
            self._begin(shape, document.source)
            tally = self._tallies.setdefault(shape.name, PageTally(shape.full))
            _refuse_list(document)
            page = shape.read(document.value)
            yield self._take(tally, page)
            while document.continued:
                document = next(rest)  # noqa: PLW2901 - its next part
                _refuse_list(document)
                part = shape.read(document.value)
                yield self._take(tally, part)
                page.rows += part.rows
                page.total = part.total if page.total is None else page.total
            # The last part has all members but those of other parts' arrays.
            more = find_pointer(document.value) if shape.paged else None
            tally.end(page, document, more or document.more)

    def _enter(self, source: str | None) -> None:
        """Begin with the file *source*: in each file, some page is the last one."""
        if source != self._source:
            self._source = source
            for tally in self._tallies.values():
                tally.close()
            self._ended = self._ended or self._blank
            self._blank = False

    def _take_blank(self, more: str | None) -> None:
        """Take in a page without records, which may point to *more*."""
        here = [tally for tally in self._tallies.values() if tally.here]
        for tally in here:
            tally.more, tally.rows = more, 0
        self._blank = more is None and not here

    def _begin(self, shape: ListingFormat, source: str) -> None:
        begun = self._begun
        if begun is not None and begun[0].family != shape.family:
            raise InputError(
                f"{source} is {shape.name}, {begun[1]} {begun[0].name}: "
                "give one listing at a time"
            )
        self._begun = begun or (shape, source)
        self._blank = False
        self.listing.family = shape.family

    def _take(self, tally: PageTally, page: ListingPage) -> Batch:
        """Count *page*, or a part of one, and return its repositories."""
        self.listing.rows += page.rows
        self.listing.notes.update(page.notes)
        for name, why in page.skipped:
            self.listing.skip(name, why)
        self.projects |= page.projects
        tally.projects |= page.projects.keys()
        tally.skipped += len(page.skipped)
        found = page.found if page.run is None else page.run
        tally.found += len(found)
        return found

    def end(self, distinct: int) -> None:
        """
        Complete the *listing* of *distinct* repositories.

        `InputError` if there was nothing at all.
        """
        listing = self.listing
        if not (distinct or listing.skipped):
            raise InputError(
                "there are projects, and none of their repositories: give both to one "
                "bulkrepo import"
                if self.projects
                else "the listing is empty: more often a lack of rights than a fact"
            )
        self._enter(None)
        listing.shape = " and ".join(self._tallies)
        for name, tally in self._tallies.items():
            missing = tally.missing(distinct, ended=self._ended)
            if missing is not None:
                listing.truncated = f"{name}: {missing}"
                break


def _is_blank(document: Document) -> bool:
    """Tell whether *document* is a known kind of page without records."""
    value = document.value
    if value in ([], None, ""):
        return True
    if not isinstance(value, dict) or document.continued:
        return False
    # A catalog, Quay, ECR and Alibaba look alike without records.
    names = value.get("repositories", value.get("Repositories", value))
    lists = (each for each in value.values() if isinstance(each, list))
    return names in ([], None) and not any(lists)


def _known(
    document: Document, rest: Iterator[Document]
) -> tuple[Document, ListingFormat]:
    """Return *document* and its shape; all of it, if the first part shows none."""
    found = _find_shape(document.value)
    if found is None and document.continued and isinstance(document.value, dict):
        document = _gathered(document, rest)
        found = _find_shape(document.value)
    if found is not None:
        return document, found
    _refuse_list(document)
    value = document.value
    _refuse_tags(document)
    record = first(member(value, "repositories")) or first(value) or value
    keys = record.keys() if isinstance(record, dict) else ()
    if "repository" in keys or (keys and all(columns.known(str(key)) for key in keys)):
        raise InputError(_NO_IMPORT.format(document.source))
    known = "; ".join(each.name for each in SHAPES)
    raise InputError(
        f"{document.source}: {_kind(value)} is not a known listing. Known are: {known}"
    )


def _refuse_tags(document: Document) -> None:
    """Raise `InputError` for the tags of one repository."""
    value = document.value
    if any(isinstance(member(value, key), list) for key in ("tags", "Tags")):
        raise InputError(
            f"{document.source}: lists the tags of one repository: give the names of "
            "repositories, as /v2/_catalog or crane catalog HOST does"
        )


def _refuse_list(document: Document) -> None:
    """Raise `InputError` for names with defaults: these would be lost."""
    value = document.value
    if not isinstance(value, dict) or value.keys().isdisjoint(LISTS):
        return
    if any(key == "defaults" or columns.known(str(key)) for key in value):
        raise InputError(_NO_IMPORT.format(document.source))


_NO_IMPORT = "{}: a list or a report needs no import: give it to bulkrepo create"


def _find_shape(value: object) -> ListingFormat | None:
    """Return the shape of *value*, a document or its first part."""
    return next((each for each in SHAPES if each.fits(value)), None)


def _gathered(document: Document, rest: Iterator[Document]) -> Document:
    """Return *document*, of which this is the first part, as a whole."""
    first = document.value
    key, records = (
        next(reversed(first.items())) if isinstance(first, dict) else ("", [])
    )
    while document.continued:
        document = next(rest)
        part = document.value
        records += part[key] if isinstance(part, dict) else []
    value = document.value
    whole = {**value, key: records} if isinstance(value, dict) else value
    return structs.replace(document, value=whole)


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return f"an object with {', '.join(sorted(map(str, value))[:5]) or 'nothing'}"
    return "an array of such records" if isinstance(value, list) else "a single value"
