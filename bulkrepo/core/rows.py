"""
Rows of lists, their problems, and what is to be created.

The values that travel through bulkrepo, here and in `outcomes` and `results`, are
msgspec structs because a million of them are made in one run: a frozen dataclass costs
four times as much to build.
"""

import msgspec

from bulkrepo.core.surrogates import clean_text

FIELDS = ("namespace", "repository", "is_public", "category", "description")
"""What a row may say, in the order in which reports show it."""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    One broken rule of one row.

    *field* is one of `FIELDS`, or the column or key as the list spells it. *got* is
    the value found, *hint* a legal value or the next thing to do. *line* and *column*
    count from 1 (characters, not bytes); *path* is a JSON path such as
    `$.repositories[3].is_public`. They are absent until the problem is placed. A
    *note* is harmless: worth saying, and no fault. A *suspect* value is legal and
    hardly meant: it is said, and a fault only under `--strict`.
    """

    field: str
    rule: str
    message: str
    got: str | None = None
    hint: str | None = None
    line: int | None = None
    column: int | None = None
    path: str | None = None
    note: bool = False
    suspect: bool = False


class Layout(msgspec.Struct, frozen=True):
    """
    How the fields of one list lie in its records, shared by all its rows.

    *kind* is the format (a key of `reader.READERS`, or `xlsx`). *names* are the columns
    or keys as the list spells them; *columns* says at which of them a field stands
    (field name -> index from 0), and a report's problems, as it spells them. *prefix*
    is the JSON path of what holds the records, or a sheet's title; *defaults* how the
    list's own defaults spell the fields they fill. *heading* is the line of a table's
    heading, *problems* are the faults of that, placed: they belong to the list and are
    those of no row.
    """

    kind: str
    delimiter: str = ","
    columns: dict[str, int] = {}
    names: tuple[str, ...] = ()
    prefix: str = "$"
    defaults: dict[str, str] = {}
    heading: int | None = None
    problems: tuple[Problem, ...] = ()


class Reported(msgspec.Struct, frozen=True, gc=False):
    """What a report says became of a row, and where; empty where it says nothing."""

    outcome: str
    endpoint: str = ""


class Row(msgspec.Struct, frozen=True, gc=False):
    """
    One record of a list, as it was written: nothing is checked yet.

    The five fields hold `None` where the list says nothing, else what the format
    gave: text from CSV, any JSON value from JSON. *line* is the record's first line,
    from 1 (for a JSON array, the element's number, from 1). *faults* are what the
    reader itself found, such as unknown columns; suspects alone leave a row valid.
    *notes* are harmless things worth saying, such as trimmed blanks. *raw* is the
    record's text, from which `reader.place` finds columns; *layout* goes with it.
    *reported* is what a report says of the row, `None` where the list is no report.
    """

    source: str
    line: int
    namespace: object = None
    repository: object = None
    is_public: object = None
    category: object = None
    description: object = None
    faults: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    raw: str | None = None
    layout: Layout | None = None
    reported: Reported | None = None


class RepoSpec(msgspec.Struct, frozen=True, gc=False):
    """A repository as wanted: every rule of the grammar holds for it."""

    namespace: str
    repository: str
    is_public: bool
    category: str | None = None
    description: str | None = None

    @property
    def key(self) -> str:
        """The repository's full name, `namespace/repository`."""
        return f"{self.namespace}/{self.repository}"


class Rejected(msgspec.Struct, frozen=True):
    """A row that breaks at least one rule: all *problems* of it, placed."""

    row: Row
    problems: tuple[Problem, ...]


class Defaults(msgspec.Struct, frozen=True):
    """What the command line says for rows that say nothing themselves."""

    namespace: str | None = None
    is_public: bool | None = None
    category: str | None = None
    namespace_from_path: bool = False


class Doubt(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """
    When the tries left that may have created a repository, by the server's clock.

    The first left at *since* or later, the last at *until* or earlier, in epoch
    seconds; 0.0 and `None` if that is not known.
    """

    since: float = 0.0
    until: float | None = None


def join_doubts(one: Doubt | None, other: Doubt | None) -> Doubt | None:
    """Return the doubt that two of one repository make together."""
    if one is None or other is None:
        return one or other
    last = None
    if one.until is not None and other.until is not None:
        last = max(one.until, other.until)
    return Doubt(min(one.since, other.since), last)


def written(value: object) -> str | None:
    """Return a value of a faulty row as text, as its list has it."""
    if value is None:
        return None
    if isinstance(value, str):
        return clean_text(value)
    return msgspec.json.encode(value, enc_hook=str).decode()
