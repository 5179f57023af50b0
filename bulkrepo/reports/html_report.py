"""Pure. A report as a page of HTML: one file, no script, nothing to load."""

import html
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from bulkrepo.core.encoding import batches, utf8
from bulkrepo.core.outcomes import Item
from bulkrepo.core.results import RunInfo, Summary
from bulkrepo.core.text import escape
from bulkrepo.reports import wording

_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 1rem/1.4 sans-serif; margin: 2rem; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #bbb; padding: .2rem .6rem; text-align: left; }}
td {{ overflow-wrap: anywhere; vertical-align: top; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
"""
_TABLE_END = "</tbody>\n</table>\n"
_TAIL = "</main>\n</body>\n</html>\n"


def page(info: RunInfo, summary: Summary, items: Iterable[Item]) -> Iterator[bytes]:
    """Yield a page with the same content as the one in Markdown."""
    counts = [[name, str(number)] for name, number in summary.counts.items()]
    yield utf8(
        _HEAD.format(title=inert(wording.title(info, summary)))
        + _table([], wording.facts(info, summary))
        + "<h2>Outcomes</h2>\n"
        + _table(["Outcome", "Rows"], counts)
    )
    if summary.reasons:
        head = ["Rows", "Outcome", "Why", "First row"]
        yield utf8("<h2>Reasons</h2>\n" + _table(head, wording.reasons(summary)))
    rows = map(wording.row, filter(wording.notable, items))
    first = next(rows, None)
    if first is None:
        yield utf8("<p>Nothing was created, changed or refused.</p>\n" + _TAIL)
        return
    yield utf8(
        "<h2>Rows</h2>\n"
        + _open_table(["Row", "Repository", "Visibility", "Outcome", "Why"])
    )
    for batch in batches(chain([first], rows)):
        yield utf8("".join(_line("td", told) for told in batch))
    yield utf8(_TABLE_END + _TAIL)


def inert(text: str) -> str:
    """*text* escaped for elements and attributes, control characters written out."""
    return html.escape(escape(text))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return _open_table(head) + "".join(_line("td", row) for row in rows) + _TABLE_END


def _open_table(head: Sequence[str]) -> str:
    titles = f"<thead>\n{_line('th', head)}</thead>\n" if head else ""
    return f"<table>\n{titles}<tbody>\n"


def _line(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{inert(c)}</{tag}>" for c in cells) + "</tr>\n"
