"""
Pure. Reads another registry's listing: which repositories its documents name.

`SHAPES` is the table of what can be read. A document's shape is recognized by its
content; all documents of one reading are pages of one listing. Repositories are passed
on as they come, and none is held here.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import structs

from bulkrepo.listings import clouds, configurations, plain, registries
from bulkrepo.listings.documents import Document, answered, documents
from bulkrepo.listings.plain import Table
from bulkrepo.listings.shapes import Batch, Found, Page, Project, Run, Shape
from bulkrepo.listings.yamls import begins as is_yaml
from bulkrepo.model import InputError

__all__ = [
    "SHAPES",
    "Batch",
    "Document",
    "Found",
    "Listing",
    "Project",
    "Reading",
    "Run",
    "Table",
    "answered",
    "documents",
    "is_yaml",
    "shape",
]

SHAPES: tuple[Shape, ...] = (
    *registries.SHAPES,
    *clouds.SHAPES,
    *configurations.SHAPES,
    Shape(
        "lines of image references",
        "text",
        lambda value: isinstance(value, str),
        lambda value: plain.read(str(value)),
    ),
    Shape(
        "a spreadsheet",
        "sheet",
        lambda value: isinstance(value, Table),
        lambda value: plain.table(value) if isinstance(value, Table) else Page(),
    ),
)


class Listing(msgspec.Struct):
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


class _Told(msgspec.Struct):
    """
    What the documents of one shape say together: see `Page`.

    *here*: the file being read has such pages; *more* and *rows* are of the last one,
    *rows* 0 where that is known to be the last of all. *whole*: some file's last page
    points to no other; *least* are the fewest rows of such a page, *size* the most of
    any. *pointed* is what pointed to another page.
    """

    found: int = 0
    skipped: int = 0
    projects: set[int] = set()
    total: int = -1
    here: bool = False
    more: str | None = None
    rows: int = 0
    size: int = 0
    least: int = sys.maxsize
    pointed: str = ""
    whole: bool = False

    def close(self) -> None:
        """Note that the page read last is the last one of its file."""
        if self.here and self.more is None:
            self.whole = True
            self.least = min(self.least, self.rows)
        self.here = False


class Reading:
    """
    One listing, read page by page.

    *projects* are those of all its pages. *listing* is complete after `end`, except
    for the number of names, which the caller counts.
    """

    def __init__(self) -> None:
        self.projects: dict[int, Project] = {}
        self.listing = Listing("", "", 0, 0, 0, {}, Counter(), None)
        self._told: dict[str, _Told] = {}
        self._shapes: dict[str, Shape] = {}
        self._begun: tuple[Shape, str] | None = None
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
            if (blank := _blank(document)) is not None:
                self._take_blank(blank.more or document.more)
                continue
            document, shape = _known(document, rest)  # noqa: PLW2901 - or the whole of it
            self._begin(shape, document.source)
            told = self._told.setdefault(shape.name, _Told())
            page = shape.read(document.value)
            yield self._take(told, page)
            while document.continued:
                document = next(rest)  # noqa: PLW2901 - its next part
                part = shape.read(document.value)
                yield self._take(told, part)
                page.rows += part.rows
                page.more = page.more or part.more
                page.total = part.total if page.total is None else page.total
            self._end(told, page, document)

    def _enter(self, source: str | None) -> None:
        """Begin with the file *source*: in each file, some page is the last one."""
        if source != self._source:
            self._source = source
            for told in self._told.values():
                told.close()
            self._ended = self._ended or self._blank
            self._blank = False

    def _take_blank(self, more: str | None) -> None:
        """Take in a page without records, which may point to *more*."""
        here = [told for told in self._told.values() if told.here]
        for told in here:
            told.more, told.rows = more, 0
        self._blank = more is None and not here

    def _begin(self, shape: Shape, source: str) -> None:
        begun = self._begun
        if begun is not None and begun[0].family != shape.family:
            raise InputError(
                f"{source} is {shape.name}, {begun[1]} {begun[0].name}: "
                "give one listing at a time"
            )
        self._begun = begun or (shape, source)
        self._blank = False
        self.listing.family = shape.family
        self._shapes[shape.name] = shape

    def _take(self, told: _Told, page: Page) -> Batch:
        """Count *page*, or a part of one, and return its repositories."""
        self.listing.rows += page.rows
        self.listing.notes.update(page.notes)
        for name, why in page.skipped:
            self.listing.skip(name, why)
        self.projects |= page.projects
        told.projects |= page.projects.keys()
        told.skipped += len(page.skipped)
        found = page.found if page.run is None else page.run
        told.found += len(found)
        return found

    def _end(self, told: _Told, page: Page, document: Document) -> None:
        """Take in what a document, read to its end, says of the listing."""
        told.here, told.more = True, page.more or document.more
        total = document.total if page.total is None else page.total
        told.total = max(told.total, -1 if total is None else total)
        told.rows = 0 if document.last else page.rows
        told.size = max(told.size, page.rows)
        told.pointed = told.more or told.pointed

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
        listing.shape = " and ".join(self._told)
        listing.truncated = self._truncated(distinct)

    def _truncated(self, distinct: int) -> str | None:
        """
        Return what shows that pages are missing.

        A page without records that points to no other is the last one. One missing
        between two others shows only where the listing gives its total.
        """
        for name, told in self._told.items():
            # Of the shapes of one listing, one has names and the other projects.
            here = distinct if told.found else 0
            here += len(told.projects) + told.skipped
            if told.total > here:
                return f"{name}: it says {told.total} records, and {here} are here"
            # Pages in one file need not be in order, if all of them are there.
            if not (told.whole or self._ended or told.total == here):
                return f"{name}: the last page points to another one ({told.pointed})"
            known = self._ended or told.total >= 0 or told.pointed
            full = told.size == told.least and told.size in self._shapes[name].full
            if full and not known:
                return (
                    f"{name}: exactly {told.size} records a page, as full pages have; "
                    "give the next page too, even if it is empty"
                )
        return None


def _blank(document: Document) -> Page | None:
    """Return *document* as a page, if it is a known kind of page without records."""
    value = document.value
    if value in ([], None, ""):
        return Page()
    if not isinstance(value, dict) or document.continued:
        return None
    # A catalog, Quay, ECR and Alibaba look alike without records.
    names = value.get("repositories", value.get("Repositories", value))
    lists = (each for each in value.values() if isinstance(each, list))
    if names not in ([], None) or any(lists):
        return None
    pointers = ("next_page", "nextToken", "NextToken")
    return Page(more=next((key for key in pointers if value.get(key)), None))


def _known(document: Document, rest: Iterator[Document]) -> tuple[Document, Shape]:
    """Return *document* and its shape; all of it, if the first part shows none."""
    found = shape(document.value)
    if found is None and document.continued and isinstance(document.value, dict):
        document = _gathered(document, rest)
        found = shape(document.value)
    if found is not None:
        return document, found
    value = document.value
    record = value[0] if isinstance(value, list) and value else value
    if isinstance(record, dict) and "repository" in record:
        known = "a list or a report needs no import: give it to bulkrepo create"
    else:
        known = "; ".join(each.name for each in SHAPES)
    raise InputError(
        f"{document.source}: {_kind(value)} is not a known listing. Known are: {known}"
    )


def shape(value: object) -> Shape | None:
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
