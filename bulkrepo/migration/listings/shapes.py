"""Pure. What a document of a listing gives, and helpers for reading records of JSON."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeGuard

import msgspec

from bulkrepo.migration.mapping import SourceName

Object = Mapping[str, object]


class ListedRepository(msgspec.Struct, frozen=True, gc=False):
    """
    A repository in a listing.

    What the listing does not say is `None`. *project* is the key by which another
    document of the listing may tell its visibility.
    """

    name: SourceName
    is_public: bool | None = None
    description: str | None = None
    category: str | None = None
    project: int | None = None


class PathRun(msgspec.Struct, frozen=True, gc=False):
    """Repositories on one *host* of which a listing gives nothing but their *paths*."""

    paths: Sequence[str]
    host: str = ""

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[ListedRepository]:
        return (ListedRepository(SourceName(path, self.host)) for path in self.paths)

    @property
    def sources(self) -> Sequence[str]:
        """The whole names, with the host."""
        host = self.host
        return [f"{host}/{path}" for path in self.paths] if host else self.paths


Batch = list[ListedRepository] | PathRun


class ListedProject(msgspec.Struct, frozen=True):
    """A project: its repositories' visibility, and *skip*, why to leave them out."""

    is_public: bool | None
    skip: str | None = None


class ListingPage(msgspec.Struct):
    """
    One document, or a part of a long one.

    *rows* counts its records, skipped ones included. It has repositories one by one
    (*found*) or as a *run*. *total* is how many records the whole listing has.
    *skipped* are names with the reason. *projects* are for the other documents.
    """

    rows: int = 0
    found: list[ListedRepository] = []
    run: PathRun | None = None
    skipped: list[tuple[str, str]] = []
    notes: list[str] = []
    total: int | None = None
    projects: dict[int, ListedProject] = {}


class ListingFormat(NamedTuple):
    """
    A kind of document, recognized by its content alone (*fits*).

    *full* are the row counts of a full page, where nothing in the document says
    whether another follows. Shapes of one *family* may make up one listing. *paged*:
    it is an answer, of which there may be further pages, and no tool's configuration.
    """

    name: str
    family: str
    fits: Callable[[object], bool]
    read: Callable[[object], ListingPage]
    full: frozenset[int] = frozenset()
    paged: bool = True


def is_object(value: object) -> TypeGuard[Object]:
    """Tell whether *value* is a JSON object."""
    return isinstance(value, dict)


def first(value: object) -> Object:
    """Return the first object of the array *value*; an empty one for anything else."""
    if isinstance(value, list) and value and is_object(value[0]):
        return value[0]
    return {}


def having(*keys: str, own: Iterable[str] = ()) -> Callable[[object], bool]:
    """
    Return what tells whether the first object of an array has all *keys*.

    Where other products have these too, it must have one of its *own* as well.
    """
    wanted, either = frozenset(keys), frozenset(own)

    def fits(value: object) -> bool:
        record = first(value).keys()
        return wanted <= record and (not either or not either.isdisjoint(record))

    return fits


def member(value: object, key: str) -> object:
    """Return the *key* of an object; `None` where there is none."""
    return value.get(key) if is_object(value) else None


_VISIBILITY = re.compile(
    r"(?:is|repo|repository)?(?:public|private)|.*visibility(?:level)?"
    r"|(?:access|privacy)(?:level|type)?"
)
"""Keys that may say whether something is public, of letters in lower case alone."""


def records(value: object, page: ListingPage, *, read: str = "") -> Iterator[Object]:
    """
    Yield the objects in the array *value*; anything else in it is skipped.

    *read* is the key from which the caller reads the visibility: one that looks like it
    and is not read is noted.
    """
    known = {read}
    for each in value if isinstance(value, list) else ():
        page.rows += 1
        if not is_object(each):
            page.skipped.append((str(each)[:80], "not an object"))
            continue
        for key in each.keys() - known:
            if not _VISIBILITY.fullmatch(letters(key)):
                known.add(key)
            elif each[key] is not None:
                page.notes.append(f"with {key}, from which no visibility was read")
        yield each


def letters(key: str) -> str:
    """Return the letters of *key* in lower case: its spelling does not matter."""
    return re.sub(r"[^a-z]+", "", key.lower())


def text(record: Object, key: str) -> str:
    """Return the text under *key*; empty if there is none."""
    value = record.get(key)
    return value if isinstance(value, str) else ""


def flag(record: Object, key: str, page: ListingPage) -> bool | None:
    """
    Return the boolean under *key*, which in YAML is a word; else `None`.

    Anything else that stands there is noted.
    """
    value = record.get(key)
    found = TRUTHS.get(value.lower()) if isinstance(value, str) else value
    if isinstance(found, bool):
        return found
    if value is not None:
        page.notes.append(f"with {key} neither true nor false: visibility left blank")
    return None


def number(record: Object, key: str) -> int | None:
    """Return the integer under *key*, which in YAML is text; else `None`."""
    value = record.get(key)
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"-?[0-9]{1,18}", value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def joined(*segments: str) -> str:
    """Return a path of the *segments* that are not empty."""
    return "/".join(segment for segment in segments if segment)


TRUTHS: Mapping[str, bool] = {"true": True, "false": False}
WORDS: Mapping[str, bool] = {"public": True, "private": False}
"""Visibility in words. `internal` is neither: only people can say what it becomes."""


def visibility(word: object, page: ListingPage) -> bool | None:
    """Return whether *word* means public; note a visibility that SWR does not have."""
    found = WORDS.get(str(word).lower())
    if found is None and word not in (None, ""):
        what = str(word)[:40]
        page.notes.append(f"visibility {what}, which SWR does not have: left blank")
    return found


def filled(
    page: ListingPage,
    found: Iterable[ListedRepository | tuple[str, str]],
    *,
    where: str = "name",
) -> ListingPage:
    """Return *page* with what is *found*: repositories, or skipped names with why."""
    for each in found:
        if isinstance(each, tuple):
            page.skipped.append(each)
        elif each.name.path:
            page.found.append(each)
        else:
            page.skipped.append(("(no name)", f"has no {where}"))
    return page
