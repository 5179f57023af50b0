"""Pure. Lines of image references: hosts, tags, digests, comments, patterns."""

import re

from bulkrepo.listings.shapes import Found, Page, named
from bulkrepo.mapping import reference

_PATTERN = re.compile(r"[*?\[\]]")
_COMMENT = re.compile(r"(?:^|\s)#.*")


def taken(text: str) -> Found | tuple[str, str]:
    """Return the repository that *text* refers to, or it and why it is none."""
    if "{{" in text or "${" in text:
        return text, "a template, which only its tool can fill in"
    if _PATTERN.search(text):
        return text, "a pattern: its repositories are not named here"
    return Found(reference(text))


def read(text: str) -> Page:
    """
    Read a reference a line.

    Of a line with two, such as `oc adm release mirror` and `oc mirror` write (source,
    target), the second is where the image goes. A line `source=target` is one too.
    """
    page = Page()
    for raw in text.splitlines():
        bare = _COMMENT.sub("", raw, count=1) if "#" in raw else raw
        words = bare.replace("=", " ").split()
        if not words:
            continue
        page.rows += 1
        if len(words) > 2:
            named(
                page, [(raw.strip()[:80], "not one reference, nor source and target")]
            )
        else:
            named(page, [taken(words[-1])])
    return page
