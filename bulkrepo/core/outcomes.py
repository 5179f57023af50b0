"""What becomes of a row: its claim, its outcome, its line in a report."""

from enum import StrEnum

import msgspec

from bulkrepo.core.rows import Doubt, Problem, RepoSpec


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
    *started_at* is RFC 3339 in UTC. *endpoint* is None where there was none, as in a
    `validate`.
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
    endpoint: str | None = None
