"""
Pure. SWR's rules for a repository: a row that keeps them all, or all it breaks.

A name is first tried against one expression; only a name that fails is taken apart,
rule by rule, to say what is wrong with it. Tests hold the two against each other.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal, NamedTuple

from bulkrepo.model import Defaults, Problem, Rejected, RepoSpec, Row

Profile = Literal["strict", "docker"]
"""*strict* is the documentation's sentence; *docker* leaves runs of hyphens to SWR."""

# "Periods, slashes, underscores, and hyphens cannot be placed next to each other. A
# maximum of two consecutive underscores are allowed." (SWR API reference, Creating
# an Image Repository.) Other pages and clients let hyphens stand in runs, as Docker
# does: that is the profile of that name.
_BETWEEN: Mapping[str, str] = {"strict": r"-|__?+", "docker": r"-++|__?+"}
_REPOSITORY = {
    profile: re.compile(rf"[a-z0-9]++(?:(?:[./]|{between})[a-z0-9]++)*+")
    for profile, between in _BETWEEN.items()
}
# "starting with a lowercase letter and ending with a lowercase letter or digit"
_NAMESPACE = {
    profile: re.compile(rf"[a-z][a-z0-9]*+(?:(?:\.|{between})[a-z0-9]++)*+")
    for profile, between in _BETWEEN.items()
}

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
# As people and spreadsheets write it, most of all.
_USUAL: Mapping[object, bool] = {
    form: value
    for word, value in _WORDS.items()
    for form in (str(word), str(word).upper(), str(word).capitalize())
}
# Words whose sense is beyond doubt though the rules do not have them. Nothing here
# is a guess: a misspelt `public` is for a person to correct.
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
"""Rules whose hint says the same thing in legal words, so that it may be applied."""

_SEPARATORS = "._-/"


class _Kind(NamedTuple):
    """What the rules of a name depend on."""

    field: str
    slashes: bool
    longest: int
    what: str


_KINDS = {
    "namespace": _Kind("namespace", False, 64, "an organization's name"),
    "repository": _Kind("repository", True, 128, "a repository's name"),
}


@lru_cache(maxsize=256)
def _legal_namespace(text: str, profile: Profile) -> bool:
    return len(text) <= 64 and _NAMESPACE[profile].fullmatch(text) is not None


def legal(text: str, *, profile: Profile, slashes: bool) -> bool:
    """Tell whether *text* is a repository's name, without *slashes* a namespace."""
    if not slashes:
        return _legal_namespace(text, profile)
    return len(text) <= 128 and _REPOSITORY[profile].fullmatch(text) is not None


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
        and _REPOSITORY[profile].fullmatch(repository) is not None
        and _legal_namespace(namespace, profile)
        and (category is None or (type(category) is str and category in _CATEGORIES))
        and (description is None or (type(description) is str))
        and not row.faults
        and not defaults.namespace_from_path
    ):
        return RepoSpec(namespace, repository, is_public, category, description)
    return _judge(row, defaults, profile)


def _judge(row: Row, defaults: Defaults, profile: Profile) -> RepoSpec | Rejected:
    problems = list(row.faults)
    given = names(row, defaults=defaults)
    namespace = _name(given[0], _KINDS["namespace"], profile, problems)
    repository = _name(given[1], _KINDS["repository"], profile, problems)
    is_public = _visibility(row.is_public, defaults.is_public, problems)
    category = _category(row.category, defaults.category, problems)
    description = None if _blank(row.description) else row.description
    if not (description is None or isinstance(description, str)):
        problems.append(_mistyped("description", description))
    elif problems or is_public is None:
        return Rejected(row, tuple(problems))
    else:
        return RepoSpec(namespace, repository, is_public, category, description)
    return Rejected(row, tuple(problems))


def names(row: Row, *, defaults: Defaults) -> tuple[object, object]:
    """Return namespace and repository of *row* as they are meant, not yet checked."""
    if (
        defaults.namespace_from_path
        and _blank(row.namespace)
        and isinstance(row.repository, str)
        and "/" in row.repository
    ):
        namespace, _, repository = row.repository.partition("/")
        return namespace, repository
    namespace = defaults.namespace if _blank(row.namespace) else row.namespace
    return namespace, row.repository


def _blank(value: object) -> bool:
    return value is None or value == ""


def _name(
    value: object, kind: _Kind, profile: Profile, problems: list[Problem]
) -> str:
    """Return *value*, its faults added to *problems*; with faults, any text."""
    if _blank(value):
        hint = "--namespace NAME" if kind.field == "namespace" else None
        message = f"is blank, and {kind.what} is required"
        problems.append(Problem(kind.field, "required", message, hint=hint))
    elif not isinstance(value, str):
        problems.append(_mistyped(kind.field, value))
    elif not legal(value, profile=profile, slashes=kind.slashes):
        hint = suggest(value, profile=profile, slashes=kind.slashes)
        problems += [
            Problem(kind.field, rule, message, got=value, hint=hint)
            for rule, message in _broken(value, kind, profile)
        ]
    else:
        return value
    return ""


def _broken(text: str, kind: _Kind, profile: Profile) -> list[tuple[str, str]]:
    """Return each rule that *text* breaks, with words for it."""
    found: list[tuple[str, str]] = []
    allowed = _SEPARATORS if kind.slashes else _SEPARATORS[:-1]
    upper = _distinct(c for c in text if "A" <= c <= "Z")
    if upper:
        found.append(("uppercase", f"has uppercase letters: {', '.join(upper)}"))
    if any(c.isspace() for c in text):
        found.append(("blanks", "has blanks inside"))
    odd = _distinct(
        c
        for c in text
        if not ("a" <= c.lower() <= "z" and c.isascii())
        and not ("0" <= c <= "9")
        and c not in allowed
        and not c.isspace()
    )
    if odd:
        shown = " ".join(odd[:8])
        found.append(
            ("character", f"may hold only a-z, 0-9 and {' '.join(allowed)}, not {shown}")
        )
    first, last = text[0], text[-1]
    if first in allowed or (not kind.slashes and "0" <= first <= "9"):
        what = "a letter or digit" if kind.slashes else "a letter"
        found.append(("start", f'must start with {what}, not "{first}"'))
    if last in allowed:
        found.append(("end", f'must end with a letter or digit, not "{last}"'))
    runs = _distinct(
        run
        for run in re.findall(r"[._/-]{2,}", text)
        if run != "__" and not (profile == "docker" and not run.strip("-"))
    )
    if runs:
        shown = ", ".join(f'"{run}"' for run in runs)
        found.append(("separators", f"has separators side by side: {shown}"))
    if len(text) > kind.longest:
        found.append(
            ("length", f"has {len(text)} characters; the most is {kind.longest}")
        )
    return found


def _distinct(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _visibility(
    value: object, default: bool | None, problems: list[Problem]
) -> bool | None:
    if _blank(value):
        if default is None:
            message = "is blank, and visibility is never guessed: say it in the row"
            hint = "--visibility private"
            problems.append(Problem("is_public", "required", message, hint=hint))
        return default
    if isinstance(value, bool):
        return value
    word = str(value).casefold()
    if isinstance(value, str | int) and word in _WORDS:
        return _WORDS[word]
    message = "wants true or false, yes or no, y or n, 1 or 0, public or private"
    hint = _SYNONYMS.get(word)
    problems.append(
        Problem("is_public", "boolean", message, got=_shown(value), hint=hint)
    )
    return None


def _category(
    value: object, default: str | None, problems: list[Problem]
) -> str | None:
    chosen = default if _blank(value) else value
    if chosen is None:
        return None
    if not isinstance(chosen, str):
        problems.append(_mistyped("category", chosen))
        return None
    if chosen not in _CATEGORIES:
        plain = re.sub(r"[\s_-]+", "_", chosen.strip()).casefold()
        hint = next(iter(get_close_matches(plain, CATEGORIES, n=1)), None)
        message = f"must be one of {', '.join(CATEGORIES)}"
        problems.append(
            Problem("category", "category", message, got=chosen, hint=hint)
        )
    return chosen


def _mistyped(field: str, value: object) -> Problem:
    return Problem(field, "type", "must be text", got=_shown(value))


def _shown(value: object) -> str:
    """Return a JSON value as text: what somebody would find in the list."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def suggest(text: str, *, profile: Profile, slashes: bool) -> str | None:
    """
    Return the legal name nearest to *text*, or `None` where there is none.

    A legal name is its own suggestion. Accents are dropped, case is lowered, what is
    not allowed becomes a hyphen, separators side by side become one (underscores
    two), and none is left at either end. A name that is then too long, or a
    namespace that begins with a digit, has no legal form that is still that name.
    """
    if legal(text, profile=profile, slashes=slashes):
        return text
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)
    ).lower()
    allowed = r"a-z0-9._/-" if slashes else r"a-z0-9._-"
    plain = re.sub(rf"[^{allowed}]+", "-", plain)
    plain = re.sub(r"[._/-]{2,}", lambda run: _joined(run[0], profile), plain)
    plain = plain.strip(_SEPARATORS)
    return plain if legal(plain, profile=profile, slashes=slashes) else None


def _joined(run: str, profile: Profile) -> str:
    """Return the one legal separator that stands for *run*."""
    if "/" in run:
        return "/"
    if not run.strip("_"):
        return "__"
    if not run.strip("-"):
        return run if profile == "docker" else "-"
    return run[0] if not run.strip(run[0]) else "-"
