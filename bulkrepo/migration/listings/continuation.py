"""
Pure. What in an answer says that more of the listing follows, or how long it is.

Every API spells it otherwise, and one that nobody has seen yet must not end a listing:
so a name is judged by its words.
"""

import re
from collections.abc import Mapping

from bulkrepo.http.headers import links
from bulkrepo.migration.listings.shapes import letters

_KEY = re.compile(
    r"next|(?:token|cursor)\Z"
    r"|\A(?:continue|(?:has)?more(?:results)?|(?:is)?truncated)\Z"
)
"""Keys that point to another page, of letters in lower case alone."""
_BACK = re.compile(r"prev|start|first|before")
_HEADER = re.compile(r"next|continu|cursor")
_TOTAL = re.compile(r"x-total(?!-?pages).*|x-resource-count")
_NOTHING = ("", "0", "false", "none", "null")
"""What a word says of another page where there is none: YAML's words stay text."""
_DEPTH = 4
"""Objects in objects that are searched: `links.pages.next` is in the third."""


def find_pointer(value: object, depth: int = _DEPTH) -> str | None:
    """Return the dotted name of what points on in *value*, the records left out."""
    for key, inner in value.items() if isinstance(value, dict) and depth else ():
        word = letters(str(key))
        if _KEY.search(word) and not _BACK.search(word) and _says(inner):
            return str(key)[:80]
        if (found := find_pointer(inner, depth - 1)) is not None:
            return f"{str(key)[:80]}.{found}"
    return None


def _says(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_says, value.values()))
    return bool(value) and str(value).strip().lower() not in _NOTHING


def find_header(headers: Mapping[str, str]) -> str | None:
    """Return the name of the header that points on; names are in lower case."""
    if any(relation == "next" for relation, _ in links(headers.get("link", ""))):
        return "Link"
    pointers = (name for name in headers if _HEADER.search(name))
    return next((name for name in pointers if _says(headers[name])), None)


def read_total(headers: Mapping[str, str]) -> int | None:
    """Return how many records the *headers* say there are; None if they do not."""
    said = [headers[name].strip() for name in headers if _TOTAL.fullmatch(name)]
    said.append(headers.get("content-range", "").rpartition("/")[2])
    totals = [int(each) for each in said if each.isdecimal() and len(each) < 19]
    return max(totals, default=None)
