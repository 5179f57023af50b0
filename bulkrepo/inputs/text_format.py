"""Pure. Plain text: a name a line; `#` begins a comment, blank lines are skipped."""

import re
from collections.abc import Iterator
from typing import TextIO

from bulkrepo.core.rows import Layout, Row
from bulkrepo.inputs.decoding import bounded_lines

_COMMENT = re.compile(r"(?:^|\s)#.*")
_LAYOUT = Layout(kind="text", columns={"repository": 0}, names=("repository",))


def rows(text: TextIO, source: str) -> Iterator[Row]:
    """Yield a row for each line of *text* that holds a name."""
    for line, raw in enumerate(bounded_lines(text, source), start=1):
        name = (_COMMENT.sub("", raw, count=1) if "#" in raw else raw).strip()
        if name:
            yield Row(source, line, repository=name, raw=raw, layout=_LAYOUT)


def column(raw: str) -> int:
    """Return where the name in the line *raw* starts, from 1."""
    return len(raw) - len(raw.lstrip()) + 1
