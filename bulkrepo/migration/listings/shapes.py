"""Pure. What a document of a listing gives, and helpers for reading records of JSON."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeGuard

import msgspec

from bulkrepo.migration.mapping import Name

Object = Mapping[str, object]


class Found(msgspec.Struct, frozen=True, gc=False):
    """
    A repository in a listing.

    What the listing does not say is `None`. *project* is the key by which another
    document of the listing may tell its visibility.
    """

    name: Name
    is_public: bool | None = None
    description: str | None = None
    category: str | None = None
    project: int | None = None


class Run(msgspec.Struct, frozen=True, gc=False):
    """Repositories on one *host* of which a listing gives nothing but their *paths*."""

    paths: Sequence[str]
    host: str = ""

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Found]:
        return (Found(Name(path, self.host)) for path in self.paths)

    @property
    def sources(self) -> Sequence[str]:
        """The whole names, with the host."""
        host = self.host
        return [f"{host}/{path}" for path in self.paths] if host else self.paths


Batch = list[Found] | Run


class Project(msgspec.Struct, frozen=True):
    """A project: its repositories' visibility, and *skip*, why to leave them out."""

    is_public: bool | None
    skip: str | None = None


class Page(msgspec.Struct):
    """
    One document, or a part of a long one.

    *rows* counts its records, skipped ones included. It has repositories one by one
    (*found*) or as a *run*.
    *more* names what points to another page, *total* is how many records the whole
    listing has. *skipped* are names with the reason. *projects* are for the other
    documents.
    """

    rows: int = 0
    found: list[Found] = []
    run: Run | None = None
    skipped: list[tuple[str, str]] = []
    notes: list[str] = []
    more: str | None = None
    total: int | None = None
    projects: dict[int, Project] = {}


class Shape(NamedTuple):
    """
    A kind of document, recognized by its content alone (*fits*).

    *full* are the row counts of a full page, where nothing in the document says
    whether another follows. Shapes of one *family* may make up one listing.
    """

    name: str
    family: str
    fits: Callable[[object], bool]
    read: Callable[[object], Page]
    full: frozenset[int] = frozenset()


def is_object(value: object) -> TypeGuard[Object]:
    """Tell whether *value* is a JSON object."""
    return isinstance(value, dict)


def first(value: object) -> Object:
    """Return the first object of the array *value*; an empty one for anything else."""
    if isinstance(value, list) and value and is_object(value[0]):
        return value[0]
    return {}


def having(*keys: str) -> Callable[[object], bool]:
    """Return what tells whether the first object of an array has all *keys*."""
    wanted = frozenset(keys)
    return lambda value: wanted <= first(value).keys()


def member(value: object, key: str) -> object:
    """Return the *key* of an object; `None` where there is none."""
    return value.get(key) if is_object(value) else None


def records(value: object, page: Page) -> Iterator[Object]:
    """Yield the objects in the array *value*; anything else in it is skipped."""
    for each in value if isinstance(value, list) else ():
        page.rows += 1
        if is_object(each):
            yield each
        else:
            page.skipped.append((str(each)[:80], "not an object"))


def text(record: Object, key: str) -> str:
    """Return the text under *key*; empty if there is none."""
    value = record.get(key)
    return value if isinstance(value, str) else ""


def flag(record: Object, key: str) -> bool | None:
    """Return the boolean under *key*, which in YAML is a word; else `None`."""
    value = record.get(key)
    if isinstance(value, str):
        return TRUTHS.get(value.lower())
    return value if isinstance(value, bool) else None


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


def visibility(word: str, page: Page) -> bool | None:
    """Return whether *word* means public; note a visibility that SWR does not have."""
    found = WORDS.get(word.lower())
    if found is None and word:
        page.notes.append(f"visibility {word}, which SWR does not have: left blank")
    return found


def filled(
    page: Page, found: Iterable[Found | tuple[str, str]], *, where: str = "name"
) -> Page:
    """Return *page* with what is *found*: repositories, or skipped names with why."""
    for each in found:
        if isinstance(each, tuple):
            page.skipped.append(each)
        elif each.name.path:
            page.found.append(each)
        else:
            page.skipped.append(("(no name)", f"has no {where}"))
    return page
