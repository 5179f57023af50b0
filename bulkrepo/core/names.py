"""
Pure. SWR's rules for names: whether one is legal, what it breaks, what is nearest.

A name is first matched with one expression; only one that fails is examined rule by
rule, to say what is wrong with it. Tests compare the two.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from string import ascii_lowercase, digits
from typing import Literal, NamedTuple

from bulkrepo.core.text import brief

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
MATCH_REPOSITORY = {p: pattern.fullmatch for p, pattern in _REPOSITORY.items()}

# "starting with a lowercase letter and ending with a lowercase letter or digit"
_NAMESPACE = {
    profile: re.compile(rf"[a-z][a-z0-9]*+(?:(?:\.|{between})[a-z0-9]++)*+")
    for profile, between in _BETWEEN.items()
}

_SEPARATORS = "._-/"
_SHOWN = 8
"""Characters or runs of them that a message names."""
_FAR_TOO_LONG = 1024
"""Characters of which no name is left by dropping some. Unicode's forms take time."""


class NameKind(NamedTuple):
    """What the rules of a name depend on."""

    field: str
    slashes: bool
    longest: int
    what: str


NAMESPACE = NameKind(
    field="namespace", slashes=False, longest=64, what="an organization's name"
)
REPOSITORY = NameKind(
    field="repository", slashes=True, longest=128, what="a repository's name"
)


@lru_cache(maxsize=256)
def legal_namespace(text: str, profile: Profile) -> bool:
    """Tell whether *text* is a legal organization's name. Answers are cached."""
    return len(text) <= 64 and _NAMESPACE[profile].fullmatch(text) is not None


def legal(text: str, *, profile: Profile, slashes: bool) -> bool:
    """Tell whether *text* is a repository name, or without *slashes* a namespace."""
    if not slashes:
        return legal_namespace(text, profile)
    return len(text) <= 128 and _REPOSITORY[profile].fullmatch(text) is not None


_WORD, _BETWEEN_WORDS, _ODD = b"a.?"
_CLASSES = bytes(
    _WORD
    if chr(code) in ascii_lowercase + digits
    else _BETWEEN_WORDS
    if chr(code) in _SEPARATORS
    else _ODD
    for code in range(256)
)
"""What each byte of a name is, for `surely_legal`."""


def surely_legal(names: Sequence[str]) -> bool:
    """
    Tell quickly whether all of *names* are surely repositories' names, in any profile.

    They may be so even if this is False: some separators may stand side by side.
    """
    text = "/".join(["", *names, ""])  # legal as a whole if each is legal
    if not text.isascii() or max(map(len, names), default=0) > REPOSITORY.longest:
        return False
    classes = text.encode().translate(_CLASSES)
    return _ODD not in classes and b".." not in classes


def broken(text: str, kind: NameKind, profile: Profile) -> list[tuple[str, str]]:
    """Return each rule that *text*, which is not empty, breaks, with words for it."""
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
        shown = " ".join(odd[:_SHOWN])
        found.append(
            (
                "character",
                f"may hold only a-z, 0-9 and {' '.join(allowed)}, not {shown}",
            )
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
        shown = ", ".join(f'"{brief(run)}"' for run in runs[:_SHOWN])
        found.append(("separators", f"has separators side by side: {shown}"))
    if len(text) > kind.longest:
        found.append(
            ("length", f"has {len(text)} characters; the most is {kind.longest}")
        )
    return found


def _distinct(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))


def suggest(text: str, *, profile: Profile, slashes: bool) -> str | None:
    """
    Return the legal name nearest to *text*, or `None` where there is none.

    A legal name is its own suggestion. Accents are dropped, case is lowered, what is
    not allowed becomes a hyphen, separators side by side become one (underscores
    two), and none is left at either end. A name that is then too long, or a
    namespace that begins with a digit, has no legal form that is still that name.
    """
    if len(text) > _FAR_TOO_LONG:
        return None
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
