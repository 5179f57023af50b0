"""
Pure. Values that look like something else than a repository's name.

Programs make them: a spreadsheet turns `mar-1` into a date and adds a line of totals,
a column of whole numbers with a gap becomes 7.0, a list of tags is taken for one of
names. Where the value is legal it may be meant, and is only suspect.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from msgspec import structs

from bulkrepo.core.rows import FIELDS, Layout, Problem, Row

_NOTHING = r"(?i:null|nan|none|nil|n[/-]?a)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_AS_NOTHING = "is a word that programs write for nothing"
_AS_DATE = "looks like a date that a spreadsheet made of a name"

_ODD: Mapping[str, tuple[str, str]] = {
    "digits": (r"\d+", "has only digits, like a count or what is left of a name"),
    "date": (r"\d{4}[-./]\d\d?[-./]\d\d?|\d\d?[-./]\d\d?[-./]\d{4}", _AS_DATE),
    "decimal": (r"\d+\.0", "looks like a whole number that a program made a decimal"),
    "nothing": (_NOTHING, _AS_NOTHING),
    "tag": (
        r"latest|v\d+|v?\d+(?:\.\d+)++(?:-[a-z0-9.-]+)?",
        "looks like a tag, and not like a repository",
    ),
    "host": (
        r"(?:(?:[a-z0-9-]++\.)++[a-z-]{2,}|localhost)/.+",
        "begins with what looks like a registry's host",
    ),
}
"""Rule -> the legal names that are suspect by it, and why."""
_SPOILED: Mapping[str, tuple[str, str]] = {
    "date": (
        rf"\d\d?-{_MONTH}(?:-\d{{2,4}})?|{_MONTH}-\d{{2,4}}",
        _AS_DATE,
    ),
    "error": (
        r"#(?:NAME\?|REF!|VALUE!|DIV/0!|N/A|NULL!|NUM!)",
        "is a spreadsheet's error",
    ),
    "rounded": (
        r"\d+(?:[.,]\d+)?E[+-]?\d+",
        "looks like a number that a spreadsheet rounded",
    ),
    "nothing": (_NOTHING, _AS_NOTHING),
}
"""Kind -> illegal names that no correction gives their meaning back, and why."""

_TOTALS = "total totals subtotal sum gesamt summe 合计 总计 小计"
_WORDS = frozenset((*_TOTALS.split(), "grand total"))
"""What a line of totals begins with, in lower case."""
_ANSWERS = frozenset({"true", "false", "True", "False", "TRUE", "FALSE", "yes", "no"})
"""What most rows say of visibility, and neither a heading nor a line of totals does."""
_TOTAL = Problem(
    "record", "total", "looks like a line of totals and no repository: delete it"
)
_HEADING = Problem(
    "record", "heading", "is the heading once more and no repository: delete it"
)


def _match_any(table: Mapping[str, tuple[str, str]]) -> Callable[[str], str | None]:
    """Return a function that gives the rule of *table* for a text, if there is one."""
    groups = (f"(?P<{rule}>{pattern})" for rule, (pattern, _) in table.items())
    match = re.compile("|".join(groups)).fullmatch

    def find_rule(text: str) -> str | None:
        found = match(text)
        return found and found.lastgroup

    return find_rule


_find_odd = _match_any(_ODD)
_find_spoiled = _match_any(_SPOILED)
_match_number = re.compile(r"[\d.,\s]+").fullmatch


def find_odd_name(repository: str) -> Problem | None:
    """Return what makes a legal name suspect, not placed."""
    rule = _find_odd(repository)
    if rule is None:
        return None
    return Problem("repository", rule, _ODD[rule][1], got=repository, suspect=True)


def find_spoiled_name(field: str, text: str) -> Problem | None:
    """Return the fault of a name whose meaning is lost, not placed."""
    rule = _find_spoiled(text)
    if rule is None:
        return None
    message = f"{_SPOILED[rule][1]}: give the name that is meant"
    return Problem(field, "spoiled", message, got=text)


def mark_other_lines(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield *rows*; lines of totals and further headings in a table have a fault."""
    above = None
    for row in rows:
        if row.layout is None or row.layout.heading is None:
            yield row
            continue
        fault = _find_other_line(row, row.layout, above)
        if fault is not None:
            row = structs.replace(row, faults=(*row.faults, fault))  # noqa: PLW2901
        above = row
        yield row


def _find_other_line(row: Row, layout: Layout, above: Row | None) -> Problem | None:
    if row.is_public in _ANSWERS:
        return None
    if _is_heading(row, layout):
        return _HEADING
    return _TOTAL if _is_total(row, above) else None


def _is_heading(row: Row, layout: Layout) -> bool:
    """Tell whether *row* says again what the heading says, in at least two cells."""
    pairs = [
        (value, layout.names[index])
        for field, index in layout.columns.items()
        if field in FIELDS and (value := getattr(row, field)) is not None
    ]
    return len(pairs) > 1 and all(
        str(value).casefold() == name.strip().casefold() for value, name in pairs
    )


def _is_total(row: Row, above: Row | None) -> bool:
    """
    Tell whether *row* has nothing but numbers, and a word for a total or no other cell.

    A word alone may be a repository's name, and so may a number alone, if the row
    *above* says no more.
    """
    name = row.repository
    worded = _is_word(row.namespace) or _is_word(name)
    if not worded and not (isinstance(name, str) and name.isdigit()):
        return False
    others = [text for text in _list_values(row) if not _is_word(text)]
    if not all(map(_match_number, others)):
        return False
    if worded:
        return bool(others) or name is None
    return len(others) == 1 and above is not None and len(_list_values(above)) > 1


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value.casefold().rstrip(": ") in _WORDS


def _list_values(row: Row) -> list[str]:
    values = (getattr(row, field) for field in FIELDS)
    return [str(value) for value in values if value is not None]
