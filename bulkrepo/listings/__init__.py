"""
Pure. Another registry's listing, as it was saved, as the repositories it names.

`SHAPES` is the table of what can be read. A document's shape is told from its content;
all documents of one reading are one listing, page by page.
"""

from collections import Counter
from collections.abc import Iterable

import msgspec
from msgspec import structs

from bulkrepo.listings import clouds, configurations, plain, registries
from bulkrepo.listings.documents import Document, answered, documents
from bulkrepo.listings.shapes import Found, Page, Project, Shape
from bulkrepo.model import InputError

__all__ = [
    "SHAPES",
    "Document",
    "Found",
    "Listing",
    "answered",
    "documents",
    "read",
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
)


class Listing(msgspec.Struct):
    """
    What one reading found.

    *shape* is its name, *rows* counts the records, *repeated* those that named a
    repository again. *skipped* are names with the reason, *notes* count what else is
    worth saying. *truncated* says how it shows that something is missing.
    """

    shape: str
    rows: int
    found: list[Found]
    skipped: list[tuple[str, str]]
    notes: Counter[str]
    repeated: int
    truncated: str | None


def read(given: Iterable[Document]) -> Listing:
    """
    Return the listing that the documents *given* are.

    `InputError` for a document of no known shape, and for two listings at once.
    """
    pages: list[tuple[Shape, Page]] = []
    empty = 0
    begun: tuple[Shape, str] | None = None
    for document in given:
        if _empty(document.value):
            empty += 1
            continue
        shape = _shape(document)
        if begun is not None and begun[0].family != shape.family:
            raise InputError(
                f"{document.source} is {shape.name}, {begun[1]} {begun[0].name}: "
                "give one listing at a time"
            )
        begun = begun or (shape, document.source)
        page = shape.read(document.value)
        page.more = page.more or document.more
        page.total = document.total if page.total is None else page.total
        page.last = document.last and page.more is None
        pages.append((shape, page))
    listing = _whole(pages, empty)
    if not (listing.found or listing.skipped):
        raise InputError(
            "the listing is empty: more often a lack of rights than a fact"
        )
    return listing


def _empty(value: object) -> bool:
    """Tell whether *value* has no record, as the page after the last has none."""
    if isinstance(value, dict):
        lists = [each for each in value.values() if isinstance(each, list)]
        return bool(lists) and not any(lists) and not value.get("count")
    return value in ([], None, "")


def _shape(document: Document) -> Shape:
    for shape in SHAPES:
        if shape.fits(document.value):
            return shape
    known = "; ".join(shape.name for shape in SHAPES)
    raise InputError(
        f"{document.source}: {_kind(document.value)} is no listing that is known: "
        f"{known}"
    )


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return f"an object with {', '.join(sorted(map(str, value))[:5]) or 'nothing'}"
    return "an array of such records" if isinstance(value, list) else "a single value"


def _whole(pages: list[tuple[Shape, Page]], empty: int) -> Listing:
    projects: dict[int, Project] = {}
    for _, page in pages:
        projects |= page.projects
    notes: Counter[str] = Counter()
    once: dict[str, Found] = {}
    skipped: list[tuple[str, str]] = []
    repeated = 0
    for _, page in pages:
        notes.update(page.notes)
        skipped += page.skipped
        for each in page.found:
            project = projects.get(each.project) if each.project is not None else None
            if project is not None and project.skip is not None:
                skipped.append((each.name.full, project.skip))
                continue
            if project is not None:
                each = structs.replace(each, is_public=project.is_public)  # noqa: PLW2901
            elif projects:
                notes["not in the projects given: visibility left blank"] += 1
            earlier = once.setdefault(each.name.full, each)
            repeated += earlier is not each
            if earlier.is_public is not each.is_public:
                once[each.name.full] = structs.replace(earlier, is_public=None)
                notes["listed with two visibilities: left blank"] += 1
    names = list(dict.fromkeys(shape.name for shape, _ in pages))
    return Listing(
        " and ".join(names),
        sum(page.rows for _, page in pages),
        list(once.values()),
        skipped,
        notes,
        repeated,
        _truncated(pages, empty),
    )


def _truncated(pages: list[tuple[Shape, Page]], empty: int) -> str | None:
    """
    Return how *pages* show that there are more; *empty* ones count as the last.

    A page missing between two that are here shows only where the listing says its
    total.
    """
    for shape in dict.fromkeys(shape for shape, _ in pages):
        mine = [page for of, page in pages if of == shape]
        total = max((page.total for page in mine if page.total is not None), default=-1)
        here = _distinct(mine)
        if total > here:
            return f"{shape.name}: it says {total} records, and {here} are here"
        more = [page.more for page in mine if page.more is not None]
        if len(more) == len(mine) and not empty:
            return f"{shape.name}: the last page points to another one ({more[-1]})"
        ended = total >= 0 or empty or more or any(page.last for page in mine)
        sizes = {page.rows for page in mine}
        if len(sizes) == 1 and sizes <= shape.full and not ended:
            return (
                f"{shape.name}: exactly {sizes.pop()} records a page, as full pages "
                "have; give the next page too, even if it is empty"
            )
    return None


def _distinct(pages: list[Page]) -> int:
    """Return how many records there are, of those in two pages one."""
    found = {each.name for page in pages for each in page.found}
    projects = {project for page in pages for project in page.projects}
    return len(found) + len(projects) + sum(len(page.skipped) for page in pages)
