"""
Pure. The nouns that travel through bulkrepo, and the errors that stop a run.

    BulkrepoError             70  a bug
    ├── InputError             2  a list cannot be read or used
    ├── SettingsError          2  options or environment that make no sense
    ├── StoppedError           3  credential, endpoint, patience, deadline, failures
    ├── LedgerError            4  the ledger or a report cannot be written
    └── LockedError           75  another run holds the ledger

An item fails as a value (`Outcome`, `Rejected`); only what must stop the run is an
exception. The values are msgspec structs because a million of them are made in one
run: a frozen dataclass costs four times as much to build.
"""

from enum import StrEnum
from typing import ClassVar

import msgspec

from bulkrepo.core.surrogates import clean_text

FIELDS = ("namespace", "repository", "is_public", "category", "description")
"""What a row may say, in the order in which reports show it."""


class BulkrepoError(Exception):
    """Something that stops a run; *exit_code* is what the command line returns."""

    exit_code: ClassVar[int] = 70


class InputError(BulkrepoError):
    """A list cannot be read or used."""

    exit_code = 2


class SettingsError(BulkrepoError):
    """Options or environment that make no sense, alone or together."""

    exit_code = 2


class StoppedError(BulkrepoError):
    """The run cannot go on: credential, endpoint, deadline or too many failures."""

    exit_code = 3


class LedgerError(BulkrepoError):
    """The ledger or a report cannot be written or read."""

    exit_code = 4


class LockedError(BulkrepoError):
    """Another run holds the ledger."""

    exit_code = 75


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    One broken rule of one row.

    *field* is one of `FIELDS`, or the column or key as the list spells it. *got* is
    the value found, *hint* a legal value or the next thing to do. *line* and *column*
    count from 1 (characters, not bytes); *path* is a JSON path such as
    `$.repositories[3].is_public`. They are absent until the problem is placed. A
    *note* is harmless: worth saying, and no fault.
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


class Layout(msgspec.Struct, frozen=True):
    """
    How the fields of one list lie in its records, shared by all its rows.

    *kind* is the format (a key of `reader.READERS`, or `xlsx`). *names* are the columns
    or keys as the list spells them; *columns* says at which of them a field stands
    (field name -> index from 0), and a report's problems, as it spells them. *prefix*
    is the JSON path of what holds the records, or a sheet's title; *defaults* how the
    list's own defaults spell the fields they fill.
    """

    kind: str
    delimiter: str = ","
    columns: dict[str, int] = {}
    names: tuple[str, ...] = ()
    prefix: str = "$"
    defaults: dict[str, str] = {}


class Row(msgspec.Struct, frozen=True, gc=False):
    """
    One record of a list, as it was written: nothing is checked yet.

    The five fields hold `None` where the list says nothing, else what the format
    gave: text from CSV, any JSON value from JSON. *line* is the record's first line,
    from 1 (for a JSON array, the element's number, from 1). *faults* are what the
    reader itself found, such as unknown columns. *notes* are harmless things worth
    saying, such as trimmed blanks. *raw* is the record's text, from which
    `reader.place` finds columns; *layout* goes with it. *reported* is the outcome that
    a report gave the row, `None` where the list is no report.
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
    reported: str | None = None


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


class Verdict(StrEnum):
    """What became of a row; exactly one for each."""

    CREATED = "created"
    EXISTS = "exists"
    UPDATED = "updated"
    DIFFERS = "differs"
    DUPLICATE = "duplicate"
    INVALID = "invalid"
    FAILED = "failed"
    NOT_ATTEMPTED = "not_attempted"
    REMOVED = "removed"
    KEPT = "kept"
    TO_CREATE = "to_create"
    TO_UPDATE = "to_update"
    TO_REMOVE = "to_remove"


DONE = frozenset(
    {
        Verdict.CREATED,
        Verdict.EXISTS,
        Verdict.UPDATED,
        Verdict.DUPLICATE,
        Verdict.REMOVED,
    }
)
"""The verdicts that leave nothing to do."""

PLANNED = frozenset({Verdict.TO_CREATE, Verdict.TO_UPDATE, Verdict.TO_REMOVE})
"""The verdicts of commands that only look: what would be done."""

SUCCESSES = DONE | PLANNED
"""The verdicts of rows with which nothing is wrong."""

FAILURES = frozenset(Verdict) - SUCCESSES


NO_ORGANIZATION = "the organization does not exist"
"""How the reason begins for a row whose organization is missing."""

UNPROVEN = "a try of ours may have created it; the next run finds out"
"""The evidence of a row that was stopped after a create whose answer is not known."""

UNTOLD = "a try of ours may have changed or removed it; the next run finds out"
"""Likewise, after an update or a delete."""


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


class Claim(RepoSpec, frozen=True, array_like=True, gc=False, kw_only=True):
    """
    A row handed out to be worked on, and what it wants.

    *doubt* is about tries of earlier processes. *attempts* are the requests sent by
    then. *made* is from when to when, by the server's clock, a run of ours created it,
    where that is certain and asked for. *differences* are what a survey found to
    differ.
    """

    id: int
    doubt: Doubt | None = None
    attempts: int = 0
    made: tuple[float, float] | None = None
    differences: dict[str, list[object]] | None = None


class Outcome(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """
    What became of one claimed row; the fields are the ledger's columns, in order.

    *differences* maps a field to `[wanted, found]`. *status*, *code*, *message* and
    *request_id* are those of the last answer. *started_at* is epoch seconds of the
    first request, *elapsed_ms* milliseconds from there to the verdict. *doubt* is set
    where a request of ours may have created the repository and nothing proves it; the
    ledger keeps it in two columns.
    """

    id: int
    outcome: Verdict
    certain: bool = True
    differences: dict[str, list[object]] | None = None
    status: int | None = None
    code: str | None = None
    message: str | None = None
    request_id: str | None = None
    reason: str | None = None
    evidence: str | None = None
    attempts: int = 0
    started_at: float | None = None
    elapsed_ms: float | None = None
    doubt: Doubt | None = None


class Item(msgspec.Struct, frozen=True):
    """
    One row of a report, in the order of the report's columns.

    For an `invalid` row the five fields hold the text that the list gave.
    *started_at* is RFC 3339 in UTC.
    """

    source: str
    line: int
    namespace: str | None = None
    repository: str | None = None
    is_public: bool | str | None = None
    category: str | None = None
    description: str | None = None
    outcome: Verdict = Verdict.NOT_ATTEMPTED
    certain: bool = True
    differences: dict[str, list[object]] | None = None
    problems: tuple[Problem, ...] = ()
    status: int | None = None
    code: str | None = None
    message: str | None = None
    request_id: str | None = None
    reason: str | None = None
    evidence: str | None = None
    attempts: int = 0
    started_at: str | None = None
    elapsed_ms: float | None = None


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """
    A run as a whole: when, where, on which lists, and how it ended.

    *state* is `running`, `finished` or `stopped`; *stopped* is the reason a person
    can act on. Times are RFC 3339 in UTC.
    """

    id: int
    command: str
    state: str
    lists: tuple[str, ...]
    endpoint: str
    started_at: str
    finished_at: str | None = None
    stopped: str | None = None
    requests: int = 0
    throttled: int = 0
    version: str = ""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that ended alike: how many, why, and the place of the first of them."""

    outcome: Verdict
    count: int
    code: str | None
    message: str
    example: str


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """
    A run in numbers: rows by verdict, and the reasons of those that failed.

    *uncertain* counts the rows whose `certain` is false, *exposed* those that are to be
    private and are public, *hidden* those the other way round, *opened* those that were
    made public, or would be created so; the examples are where the first of them stand.
    """

    total: int
    counts: dict[str, int]
    uncertain: int = 0
    exposed: int = 0
    exposed_example: str = ""
    hidden: int = 0
    hidden_example: str = ""
    opened: int = 0
    opened_example: str = ""
    reasons: tuple[Reason, ...] = ()

    @property
    def failures(self) -> int:
        """Rows that did not succeed, whatever the reason."""
        return sum(n for name, n in self.counts.items() if name not in SUCCESSES)


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """All lists are read, nothing is sent yet. *resumed*: an earlier run goes on."""

    run: int
    total: int
    pending: int
    invalid: int
    resumed: bool


class Settled(msgspec.Struct, frozen=True):
    """One row is done with."""

    claim: Claim
    outcome: Outcome


class Progressed(msgspec.Struct, frozen=True, kw_only=True):
    """
    Four times a second: rows done and failed so far, and how fast it goes.

    *allowed* is requests a second, *rate* rows a second over the last five seconds.
    *waiting* says why nothing moves, while nothing does.
    """

    done: int
    failed: int
    requests: int
    throttled: int
    allowed: float
    rate: float
    waiting: str | None = None


Event = Started | Settled | Progressed
"""What a callback is told while a run goes on."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """
    How a run ended. *unwritten* are reports that could not be written, with why.

    *organizations* were created on the way, or would be.
    """

    run: RunInfo
    summary: Summary
    exit_code: int
    unwritten: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()


def written(value: object) -> str | None:
    """Return a value of a faulty row as text, as its list has it."""
    if value is None:
        return None
    if isinstance(value, str):
        return clean_text(value)
    return msgspec.json.encode(value, enc_hook=str).decode()
