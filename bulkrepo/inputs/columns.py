"""Pure. The columns or keys of a list, and which field each of them means."""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from operator import itemgetter
from typing import Any

import msgspec

from bulkrepo.core.outcomes import Item
from bulkrepo.core.rows import FIELDS, Layout, Problem, written

Five = tuple[object, object, object, object, object]
"""Values in the order of `FIELDS`."""

MEANINGS = {
    "namespace": "namespace",
    "organization": "namespace",
    "org": "namespace",
    "repository": "repository",
    "repositoryname": "repository",
    "repo": "repository",
    "name": "repository",
    "ispublic": "is_public",
    "public": "is_public",
    "visibility": "is_public",
    "private": "is_public",
    "category": "category",
    "type": "category",
    "description": "description",
}
"""Names without case, blanks, `_`, `-` and a final `?` -> the field they mean."""

_GUESSED = [name for name, field in MEANINGS.items() if field != "is_public"]

UNKNOWN = "unknown-column"
"""The rule that a name breaks which is none of `MEANINGS`."""

_SPELT = {"ispublic": "is_public", "repositoryname": "repository"}

# What the words of a `private` column mean as `is_public`: private and public keep
# their own sense there.
_OPPOSITES = {
    "true": "false",
    "false": "true",
    "yes": "no",
    "no": "yes",
    "y": "n",
    "n": "y",
    "1": "0",
    "0": "1",
    "private": "private",
    "public": "public",
}

_GUESSES = 1000
"""Unknown names of one list or object for which a known one is looked for."""
_IGNORED = re.compile(r"[\s_-]+|[\s?]+$")

# A report is a valid list: its columns about the past are ignored, but only if there
# is an `outcome` too.
_RESULTS = frozenset(_IGNORED.sub("", name) for name in Item.__struct_fields__)


class ColumnMapping(msgspec.Struct, frozen=True):
    """
    How to take the five fields out of one record's values.

    *pick* takes the values with one blank appended and returns the five, in the order
    of `FIELDS`. *inverted*: `is_public` comes from a column `private`. *faults* are
    those of the names, each with its index. *outcome*, *problems* and *endpoint* are
    the indices of these columns in a *report*; if missing, of the appended blank.
    """

    layout: Layout
    pick: Callable[[Sequence[Any]], tuple[Any, ...]]
    width: int
    inverted: bool
    report: bool
    faults: tuple[tuple[int, Problem], ...]
    outcome: int = -1
    problems: int = -1
    endpoint: int = -1


def normal(name: str) -> str:
    """Return *name* without differences that do not matter in a column's name."""
    return _IGNORED.sub("", name).casefold()


def known(name: str) -> bool:
    """Tell whether *name* means a field."""
    return normal(name) in MEANINGS


def meant(name: str) -> str | None:
    """
    Return the known name that *name* looks like, normalised; `None` if none.

    Never one of visibility: `not public` looks like `is public`.
    """
    close = get_close_matches(normal(name), _GUESSED, n=1, cutoff=0.75)
    return close[0] if close else None


def spelt(name: str) -> str:
    """Return a normalised name in its usual spelling."""
    return _SPELT.get(name, name)


def plan(
    names: Sequence[str], *, kind: str, delimiter: str = ",", prefix: str = "$"
) -> ColumnMapping:
    """
    Compile *names* (columns or keys, as written) into a plan.

    An unknown name that looks like a known one is read as that one, so that a
    correction has its values; it stays a fault.
    """
    plain_names = [normal(name) for name in names]
    report = "outcome" in plain_names
    outcome, problems, endpoint = (
        plain_names.index(name) if report and name in plain_names else -1
        for name in ("outcome", "problems", "endpoint")
    )
    columns: dict[str, int] = {}
    inverted = False
    faults: list[tuple[int, Problem]] = []
    doubtful: list[tuple[int, str, str | None]] = []
    for index, (name, plain) in enumerate(zip(names, plain_names, strict=True)):
        field = MEANINGS.get(plain)
        if field is None:
            if not (report and plain in _RESULTS):
                guess = meant(name) if len(doubtful) < _GUESSES else None
                doubtful.append((index, name, guess))
        elif field in columns:
            faults.append((index, _twice(name, names[columns[field]], field)))
        else:
            columns[field] = index
            inverted = inverted or plain == "private"
    for index, name, guess in doubtful:
        if guess is not None and MEANINGS[guess] in columns:
            guess = None  # noqa: PLW2901 - the field has its column already
        faults.append((index, _unknown(name, guess)))
        if guess is not None:
            columns[MEANINGS[guess]] = index
            inverted = inverted or guess == "private"
    faults.sort(key=lambda fault: fault[0])
    if problems >= 0:
        columns[names[problems]] = problems  # so that a fault of it finds its place
    return ColumnMapping(
        layout=Layout(
            kind=kind,
            delimiter=delimiter,
            columns=columns,
            names=tuple(names),
            prefix=prefix,
        ),
        pick=itemgetter(*(columns.get(field, -1) for field in FIELDS)),
        width=len(names),
        inverted=inverted,
        report=report,
        faults=tuple(faults),
        outcome=outcome,
        problems=problems,
        endpoint=endpoint,
    )


def _twice(name: str, first: str, field: str) -> Problem:
    message = (
        "is here a second time"
        if name == first
        else f'means {field}, as "{first}" does already'
    )
    return Problem(name, "same-field", message, got=name)


def _unknown(name: str, guess: str | None) -> Problem:
    if not name.strip():
        return Problem(name, UNKNOWN, "has no name", got=name)
    hint = None if guess is None else spelt(guess)
    return Problem(name, UNKNOWN, "is not a known column or key", got=name, hint=hint)


def opposite(value: object) -> object:
    """
    Return what `is_public` is where `private` is *value*.

    What has no known opposite keeps its column's name in front: under another heading,
    as in a report, a later correction of the word alone would turn its sense.
    """
    if value is None or value == "":
        return value
    if isinstance(value, bool):
        return not value
    if isinstance(value, int) and value in {0, 1}:
        return 1 - value
    said = str(written(value))
    meant = _OPPOSITES.get(said.casefold()) if isinstance(value, str) else None
    return meant or f"private: {said}"


def tidy(values: Sequence[object]) -> tuple[Five, tuple[str, ...]]:
    """
    Return the five values without surrounding blanks, and a note for each trimmed.

    What is left blank is `None`: the list says nothing there.
    """
    kept: list[object] = []
    notes: list[str] = []
    for field, value in zip(FIELDS, values, strict=True):
        if isinstance(value, str):
            text = value.strip()
            if text and text != value:
                notes.append(f"{field}: blanks around the value are trimmed")
            kept.append(text or None)
        else:
            kept.append(value)
    a, b, c, d, e = kept
    return (a, b, c, d, e), tuple(notes)


def taken(
    plan: ColumnMapping, values: Sequence[object]
) -> tuple[Five, tuple[str, ...]]:
    """Return the five fields of *values* (a blank appended), and notes on them."""
    kept, notes = tidy(plan.pick(values))
    if plan.inverted:
        a, b, c, d, e = kept
        kept = (a, b, opposite(c), d, e)
    return kept, notes
