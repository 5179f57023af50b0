"""
Pure. Reads the headers `WWW-Authenticate` (challenges) and `Link` (further pages).

Sources: RFC 9110, section 11.6.1; RFC 8288, section 3.
"""

import re
from collections.abc import Iterator, Mapping

_TOKEN = r"[\w!#$%&'*+.^`|~-]+"  # noqa: S105 - of a header's grammar
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PART = re.compile(
    rf"\s*(?:,\s*)*(?:({_TOKEN})\s*=\s*({_QUOTED}|{_TOKEN})(?=\s*(?:,|$))"
    rf"|({_TOKEN})(?:\s+[\w.~+/-]+=*(?=\s*(?:,|$))|(?=[\s,]|$)))",
    re.ASCII,
)
"""A parameter, or a scheme with its token68 if it has one."""

# Neither `<` in a target nor a blank that two quantifiers could take: either would
# make time quadratic in the header's length.
_LINK = re.compile(
    rf"<([^<>]*)>((?:\s*;\s*{_TOKEN}(?:\s*=\s*(?:{_QUOTED}|[^\s,;]*))?)*)"
)
_REL = re.compile(rf";\s*rel\s*=\s*({_QUOTED}|[^\s,;]*)", re.IGNORECASE)

Challenge = tuple[str, Mapping[str, str]]
"""A scheme in lower case, and its parameters."""


def field(headers: Mapping[str, str], name: str) -> str:
    """Return all lines of the header *name* as one; empty where there is none."""
    return ", ".join(value for key, value in headers.items() if key.lower() == name)


def challenges(value: str) -> list[Challenge]:
    """Return the challenges in a `WWW-Authenticate`, up to what is malformed."""
    found: list[tuple[str, dict[str, str]]] = []
    at = 0
    while match := _PART.match(value, at):
        at = match.end()
        if match[3]:
            found.append((match[3].lower(), {}))
        elif found:
            found[-1][1].setdefault(match[1].lower(), _plain(match[2]))
    return list(found)


def links(value: str) -> Iterator[tuple[str, str]]:
    """Yield relation and target of each link in a `Link`."""
    for match in _LINK.finditer(value):
        relation = _REL.search(match[2])
        if relation is not None:
            for word in _plain(relation[1]).lower().split():
                yield word, match[1].strip()


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
