"""
Pure. Image references, one a line or one a row of a spreadsheet.

Tags and digests are dropped, comments ignored, patterns and templates skipped.
"""

import re
from collections.abc import Iterator

from msgspec import structs

from bulkrepo.core.names import surely_legal
from bulkrepo.inputs import rules
from bulkrepo.migration.listings.shapes import (
    Found,
    Object,
    Page,
    Run,
    filled,
    joined,
    visibility,
)
from bulkrepo.migration.mapping import Name, is_host, reference

_PATTERN = re.compile(r"[*?\[\]]")
_DISK = re.compile(r"(?:file|dir|oci|ocidir)://")
_COMMENT = re.compile(r"(?:^|\s)#.*")


def taken(text: str) -> Found | tuple[str, str]:
    """Return the repository that *text* refers to, or *text* and why it is none."""
    if "{{" in text or "${" in text:
        return text, "a template, which only its tool can fill in"
    if _PATTERN.search(text):
        return text, "a pattern: its repositories are not named here"
    if _DISK.match(text):
        return text, "a place on disk, in no registry"
    return Found(reference(text))


def read(text: str) -> Page:
    """
    Read a reference a line.

    Of two in a line (source and target, or `source=target`, as `oc adm release mirror`
    and `oc mirror` write), the second is taken. It must have a slash: otherwise it may
    be a tag, as `docker images` prints.
    """
    if (run := _run(text)) is not None:
        return Page(rows=len(run), run=run)
    page = Page()
    for raw in text.splitlines():
        bare = _COMMENT.sub("", raw, count=1) if "#" in raw else raw
        words = bare.replace("=", " ").split()
        if not words:
            continue
        page.rows += 1
        if len(words) > 2 or (len(words) == 2 and "/" not in words[1]):
            why = "not one reference, nor source and target (such as HOST/NAME)"
            filled(page, [(raw.strip()[:80], why)])
        else:
            if len(words) == 2:
                page.notes.append("lines of two names: the second was taken")
            filled(page, [taken(words[-1])])
    return page


_SIMPLE_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*(?::[0-9]+)?/")
_TAGS = re.compile(r":\w[\w.-]{0,127}$", re.ASCII | re.MULTILINE)


def _run(text: str) -> Run | None:
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
    return Run(paths, host[:-1]) if surely_legal(paths) else None


class Table(list[Object]):
    """The rows of a spreadsheet, each with those fields of a list that it gives."""


def table(rows: Table) -> Page:
    """Read the rows of a spreadsheet; an organization is put in front of the name."""
    page = Page(rows=len(rows))

    def found() -> Iterator[Found | tuple[str, str]]:
        for row in rows:
            if row.get("suspect"):
                page.notes.append("hidden or struck through in the sheet: taken too")
            names = (row.get("namespace"), row.get("repository"))
            each = taken(joined(*(str(name or "").strip() for name in names)))
            if isinstance(each, tuple) or not row.get("repository"):
                yield each if isinstance(each, tuple) else Found(Name(""))
                continue
            public = rules.visibility(row.get("is_public"))
            if public is None:
                public = visibility(str(row.get("is_public") or ""), page)
            said = {key: row.get(key) for key in ("description", "category")}
            text = {key: str(value) for key, value in said.items() if value is not None}
            yield structs.replace(each, is_public=public, **text)

    return filled(page, found())
