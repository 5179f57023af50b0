"""
Pure. SWR's rules for a row: the repository that it wants, or all the rules it breaks.

The rules for names are in `names`.
"""

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches

from bulkrepo.core.json_scanner import Number
from bulkrepo.core.names import (
    MATCH_REPOSITORY,
    NAMESPACE,
    REPOSITORY,
    NameKind,
    Profile,
    broken,
    legal,
    legal_namespace,
    suggest,
)
from bulkrepo.core.rows import Defaults, Problem, Rejected, RepoSpec, Row, written
from bulkrepo.core.text import brief
from bulkrepo.inputs.lookalikes import find_spoiled_name

# The API reference lists all but `windows`; the vendor's SDK and sister
# documentation list that too.
CATEGORIES = (
    "app_server",
    "linux",
    "framework_app",
    "database",
    "lang",
    "arm",
    "other",
    "windows",
)
_CATEGORIES: frozenset[object] = frozenset(CATEGORIES)

_WORDS: Mapping[object, bool] = {
    "true": True,
    "false": False,
    "yes": True,
    "no": False,
    "y": True,
    "n": False,
    "1": True,
    "0": False,
    "public": True,
    "private": False,
}
# Their usual spellings, by people and spreadsheets.
_USUAL: Mapping[object, bool] = {
    form: value
    for word, value in _WORDS.items()
    for form in (str(word), str(word).upper(), str(word).capitalize())
}
# Other words whose meaning is beyond doubt. Nothing here is a guess: a misspelt
# `public` is for a person to correct.
_SYNONYMS: Mapping[str, str] = {
    "t": "true",
    "f": "false",
    "on": "true",
    "off": "false",
    "open": "public",
    "closed": "private",
    "公开": "public",
    "私有": "private",
    "是": "yes",
    "否": "no",
}

MECHANICAL = frozenset(
    {"uppercase", "blanks", "start", "end", "separators", "boolean", "category"}
)
"""Rules whose hint means the same as what was given, so that it may be applied."""

_NO_DEFAULTS = Defaults()


def check(
    row: Row, *, defaults: Defaults = _NO_DEFAULTS, profile: Profile = "strict"
) -> RepoSpec | Rejected:
    """
    Return the repository that *row* wants, or every rule that the row breaks.

    The problems carry no places yet. Blank `is_public` is a fault unless *defaults*
    has a value: visibility is never guessed. With `namespace_from_path` the first
    segment of a name is its namespace, where the row gives none.
    """
    namespace = row.namespace
    if namespace is None:
        namespace = defaults.namespace
    repository = row.repository
    category = row.category
    if category is None:
        category = defaults.category
    description = row.description
    said = row.is_public
    is_public = _USUAL.get(said) if type(said) is str else said
    if (
        type(is_public) is bool
        and type(repository) is str
        and type(namespace) is str
        and len(repository) <= 128
        and MATCH_REPOSITORY[profile](repository) is not None
        and legal_namespace(namespace, profile)
        and (category is None or (type(category) is str and category in _CATEGORIES))
        and (
            description is None
            or (type(description) is str and "\0" not in description)
        )
        and not row.faults
        and not defaults.namespace_from_path
    ):
        return RepoSpec(namespace, repository, is_public, category, description)
    return _judge(row, defaults, profile)


def _judge(row: Row, defaults: Defaults, profile: Profile) -> RepoSpec | Rejected:
    if any(fault.field == "record" for fault in row.faults):
        return Rejected(row, row.faults)  # its fields cannot be told apart
    problems = [fault for fault in row.faults if not fault.suspect]
    suspects = [fault for fault in row.faults if fault.suspect]
    given = names(row, defaults=defaults)
    namespace = _name(given[0], NAMESPACE, profile, problems)
    repository = _name(given[1], REPOSITORY, profile, problems)
    is_public = defaults.is_public
    if is_public is None or not _blank(row.is_public):
        is_public = _visibility(row.is_public, problems)
    chosen = defaults.category if _blank(row.category) else row.category
    category = _category(chosen, problems)
    description = None if _blank(row.description) else row.description
    if not (description is None or isinstance(description, str)):
        problems.append(_mistyped("description", description))
    elif description is not None and "\0" in description:
        message = "holds the character NUL, which no text does"
        problems.append(Problem("description", "character", message))
    elif problems or is_public is None:
        return Rejected(row, (*problems, *suspects))
    else:
        return RepoSpec(namespace, repository, is_public, category, description)
    return Rejected(row, (*problems, *suspects))


def names(row: Row, *, defaults: Defaults) -> tuple[object, object]:
    """Return namespace and repository of *row*, defaults applied, not yet checked."""
    if (
        defaults.namespace_from_path
        and _blank(row.namespace)
        and isinstance(row.repository, str)
        and "/" in row.repository
    ):
        namespace, _, repository = row.repository.partition("/")
        return namespace, repository
    given = defaults.namespace if _blank(row.namespace) else row.namespace
    return given, row.repository


def _blank(value: object) -> bool:
    return value is None or value == ""


def _name(
    value: object, kind: NameKind, profile: Profile, problems: list[Problem]
) -> str:
    """Return *value*, or "" with its faults added to *problems*."""
    if _blank(value):
        message, hint = f"is blank, and {kind.what} is required", None
        if kind.field == "namespace":
            message += ": say it in the row or with --namespace"
            hint = "--namespace NAME"
        problems.append(Problem(kind.field, "required", message, hint=hint))
    elif not isinstance(value, str):
        problems.append(_mistyped(kind.field, value))
    elif not legal(value, profile=profile, slashes=kind.slashes):
        spoiled = find_spoiled_name(kind.field, value)
        if spoiled is not None:
            problems.append(spoiled)
            return ""
        hint = suggest(value, profile=profile, slashes=kind.slashes)
        problems += [
            Problem(kind.field, rule, message, got=brief(value), hint=hint)
            for rule, message in broken(value, kind, profile)
        ]
    else:
        return value
    return ""


def visibility(value: object) -> bool | None:
    """Return *value* as a boolean, if it is one of the words for one; else None."""
    return _WORDS.get(str(value).casefold()) if value is not None else None


def _visibility(value: object, problems: list[Problem]) -> bool | None:
    if _blank(value):
        message = (
            "is blank, and visibility is never guessed: say it in the row or with"
            " --visibility"
        )
        hint = "--visibility private"
        problems.append(Problem("is_public", "required", message, hint=hint))
        return None
    if isinstance(value, bool):
        return value
    word = str(value).casefold()
    if isinstance(value, str | int) and word in _WORDS:
        return _WORDS[word]
    got = brief(_shown(value))
    problems.append(
        Problem(
            "is_public",
            "boolean",
            "wants true or false, yes or no, y or n, 1 or 0, public or private,"
            f' not "{got}"',
            got=got,
            hint=_SYNONYMS.get(word),
        )
    )
    return None


def _category(chosen: object, problems: list[Problem]) -> str | None:
    if chosen is None:
        return None
    if not isinstance(chosen, str):
        problems.append(_mistyped("category", chosen))
        return None
    if chosen not in _CATEGORIES:
        plain = re.sub(r"[\s_-]+", "_", chosen.strip()).casefold()
        hint = next(iter(get_close_matches(plain, CATEGORIES, n=1)), None)
        got = brief(chosen)
        message = f'is "{got}", not one of {", ".join(CATEGORIES)}'
        problems.append(Problem("category", "category", message, got=got, hint=hint))
    return chosen


def _mistyped(field: str, value: object) -> Problem:
    return Problem(field, "type", "must be text", got=brief(_shown(value)))


def _shown(value: object) -> str:
    """Return a JSON value as the text that stands in the list."""
    if isinstance(value, str):
        return value
    if isinstance(value, Number):
        return str(written(value))
    return json.dumps(value, ensure_ascii=False, default=str)


def twice(spec: RepoSpec, earlier: RepoSpec, where: str) -> Problem:
    """
    Return the problem of *spec*, whose name an *earlier* row at *where* has too.

    A note if they are equal, else a fault; not placed.
    """
    differing = ", ".join(
        name
        for name in ("is_public", "category", "description")
        if getattr(spec, name) != getattr(earlier, name)
    )
    rule = "conflict" if differing else "duplicate"
    message = (
        f"the same repository as {where}, with another {differing}"
        if differing
        else f"the same as {where}: counted once"
    )
    return Problem("repository", rule, message, got=spec.repository, note=not differing)
