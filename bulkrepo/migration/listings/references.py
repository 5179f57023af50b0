"""
Pure. Image references, one a line or one a row of a spreadsheet.

Tags and digests are dropped, comments ignored, patterns and templates skipped. What
tools print around names (headings, counts, `<none>`) is told from names.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from msgspec import structs

from bulkrepo.core.errors import InputError
from bulkrepo.core.names import surely_legal
from bulkrepo.inputs import rules
from bulkrepo.migration.listings.shapes import (
    ListedRepository,
    ListingPage,
    Object,
    PathRun,
    filled,
    joined,
    visibility,
)
from bulkrepo.migration.mapping import SourceName, is_host, reference

_PATTERN = re.compile(r"[*?\[\]]")
_DISK = re.compile(r"(?:file|dir|oci|ocidir)://")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_SPLIT = re.compile(r"[\s/]+")
_NONE = re.compile(r"[:@]<none>\Z")
_RULE = re.compile(r"\A\s*--[-\s]*\Z")
_HEADINGS = frozenset(
    {"CREATED", "DIGEST", "ID", "IMAGE", "IMAGES", "NAME", "NAMES", "NAMESPACE"}
    | {"POD", "REPOSITORIES", "REPOSITORY", "SIZE", "TAG"}
)
"""Words of a heading row. No repository is spelled in capitals."""
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._-]*:\w[\w.-]*")
_VERSION = re.compile(
    r"latest|v?\d+|v?\d+(?:\.\d+)+(?:[-+_]\S*)?|sha256-[0-9a-f]{64}\S*"
)
IS_TAG = (
    "looks like a tag, not a repository's name (which bulkrepo create --format text "
    "takes it for)"
)


def taken(text: str) -> ListedRepository | tuple[str, str]:
    """Return the repository that *text* refers to, or *text* and why it is none."""
    text = _NONE.sub("", text)
    if text == "<none>":
        return text, "an image without a name"
    if "{{" in text or "${" in text:
        return text, "a template, which only its tool can fill in"
    if _PATTERN.search(text):
        return text, "a pattern: its repositories are not named here"
    if _DISK.match(text):
        return text, "a place on disk, in no registry"
    return ListedRepository(reference(text))


def read(text: str) -> ListingPage:
    """
    Read a reference a line, or several.

    Of two in a line (source and target, or `source=target`, as `oc adm release mirror`
    and `oc mirror` write), the second is taken. It must have a slash: otherwise it may
    be a tag, as `docker images` prints. A number in front is a count (`uniq -c`).
    """
    if "/" not in text and are_tags(tags := _bare_lines(text)):
        return ListingPage(rows=len(tags), skipped=[(tag[:80], IS_TAG) for tag in tags])
    if (run := _run(text)) is not None:
        return ListingPage(rows=len(run), run=run)
    page = ListingPage()
    lines = _bare_lines(text)
    for bare, below in zip_longest(lines, lines[1:], fillvalue=""):
        words = bare.replace("=", " ").split()
        if not words or _RULE.fullmatch(bare):
            continue
        found: list[ListedRepository | tuple[str, str]] = [
            (bare.strip()[:80], "a heading")
        ]
        if not (_RULE.fullmatch(below) or _HEADINGS.issuperset(_SPLIT.split(bare))):
            found = _line(bare, words, page)
        page.rows += len(found)
        filled(page, found)
    return page


def _bare_lines(text: str) -> list[str]:
    """Return the lines of *text* that are not blank, without comments."""
    lines = text.splitlines()
    if "#" in text:
        lines = [_COMMENT.sub("", line, count=1) for line in lines]
    return [line for line in lines if line and not line.isspace()]


def _line(
    bare: str, words: list[str], page: ListingPage
) -> list[ListedRepository | tuple[str, str]]:
    """Return what the *words* of a line refer to; note how they were understood."""
    if words[0].isdecimal() and bare != words[0]:
        page.notes.append("lines with a count in front, which is no name")
        words = words[1:]
        if not words:
            return [(bare.strip(), "the count of an empty line")]
    if len(words) == 1 or words[0] == "<none>":
        return [taken(words[0])]
    if len(words) == 2 and "/" in words[1]:
        page.notes.append("lines of two names: the second was taken")
        return [taken(words[1])]
    if len(words) > 2 and "=" not in bare and _are_names(bare.strip(), words):
        page.notes.append("lines of several names: each was taken")
        return [taken(word) for word in words]
    return [(bare.strip()[:80], _UNCLEAR)]


_UNCLEAR = (
    "not one reference, nor source and target (such as HOST/NAME). Wanted is one name "
    "a line: of names alone, tr -s '[:blank:]' '\\n' < FILE makes that; of a table's "
    "first column, awk '{print $1}' FILE"
)


def _is_name(word: str) -> bool:
    """Tell whether *word* can be nothing but an image reference."""
    return "/" in word or _IMAGE.fullmatch(word) is not None


def _are_names(line: str, words: Sequence[str]) -> bool:
    """Tell whether all *words* are names; `aws --output text` puts tabs between."""
    sure = sum(map(_is_name, words))
    if sure == len(words):
        return True
    tabs = " " not in line and line.count("\t") == len(words) - 1
    return tabs and sure * 2 >= len(words) and not any(map(_VERSION.fullmatch, words))


def are_tags(names: Sequence[str]) -> bool:
    """Tell whether *names* are the tags of one repository, as `crane ls` prints."""
    if not names or any("/" in name for name in names):
        return False
    versions = sum(_VERSION.fullmatch(name.strip()) is not None for name in names)
    return versions * 2 >= len(names)


def split_only_line(text: str, source: str) -> str:
    """
    Return *text*, all that is in the file *source*, with a name a line.

    Two names in its only line are two images, not a source and its target: but
    `InputError` where the first might be a name for something else.
    """
    lines = _bare_lines(text)
    words = lines[0].split() if len(lines) == 1 else []
    if len(words) != 2 or "=" in text or "/" not in words[1] or words[0].isdecimal():
        return text
    if not _is_name(words[0]):
        raise InputError(
            f"{source}: two names in one line are two repositories, or a source and "
            "its target. Write one a line (tr -s '[:blank:]' '\\n' < FILE), or "
            "SOURCE=TARGET"
        )
    return "\n".join(words)


_SIMPLE_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*(?::[0-9]+)?/")
_TAGS = re.compile(r":\w[\w.-]{0,127}$", re.ASCII | re.MULTILINE)


def _run(text: str) -> PathRun | None:
    """Read all lines at once, if they are plain names with the same host or none."""
    text = text.removesuffix("\n")
    found = _SIMPLE_HOST.match(text)
    host = found[0] if found and is_host(found[0][:-1]) else ""
    if host:
        if f"\n{text}".count(f"\n{host}") != text.count("\n") + 1:
            return None
        text = text.removeprefix(host).replace(f"\n{host}", "\n")
    elif "." in text or "localhost" in text:  # some line may have a host
        return None
    if ":" in text:
        text = _TAGS.sub("", text)
    paths = text.split("\n")
    return PathRun(paths, host[:-1]) if surely_legal(paths) else None


class Table(list[Object]):
    """The rows of a spreadsheet, each with those fields of a list that it gives."""


def table(rows: Table) -> ListingPage:
    """Read the rows of a spreadsheet; an organization is put in front of the name."""
    page = ListingPage(rows=len(rows))

    def found() -> Iterator[ListedRepository | tuple[str, str]]:
        for row in rows:
            if row.get("suspect"):
                page.notes.append("hidden or struck through in the sheet: taken too")
            names = (row.get("namespace"), row.get("repository"))
            each = taken(joined(*(str(name or "").strip() for name in names)))
            if isinstance(each, tuple) or not row.get("repository"):
                yield (
                    each
                    if isinstance(each, tuple)
                    else ListedRepository(SourceName(""))
                )
                continue
            public = rules.visibility(row.get("is_public"))
            if public is None:
                public = visibility(row.get("is_public"), page)
            said = {key: row.get(key) for key in ("description", "category")}
            text = {key: str(value) for key, value in said.items() if value is not None}
            yield structs.replace(each, is_public=public, **text)

    return filled(page, found())
