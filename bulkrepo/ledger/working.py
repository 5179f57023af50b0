"""Edge. Rows handed out and outcomes kept."""

import msgspec

from bulkrepo.ledger import schema
from bulkrepo.ledger.file import LedgerFile
from bulkrepo.model import Claim, Outcome

_WIDTH = len(schema.OUTCOME_COLUMNS)
_ROWS = 50
"""Outcomes in one statement: fewer hand-overs of Python's lock to the event loop."""


def _insert(rows: int) -> str:
    values = ", ".join(["(" + ", ".join("?" * _WIDTH) + ")"] * rows)
    return f"INSERT OR REPLACE INTO outcome VALUES {values}"  # noqa: S608 - only marks


INSERT, _MANY = _insert(1), _insert(_ROWS)

_dump = msgspec.json.encode


def turn(
    file: LedgerFile, run: int, last: int, done: list[Outcome], want: int
) -> list[Claim]:
    """
    Keep *done* and hand out up to *want* rows behind *last*, in one transaction.

    What is handed out is on disk as claimed when this returns.
    """
    with file.transaction() as db:
        if done:
            _settle(file, done)
        if not want:
            return []
        rows = db.execute(schema.PENDING, (last, run, want)).fetchall()
        if rows:
            first, last = rows[0][0], rows[-1][0]
            db.execute(
                "INSERT OR REPLACE INTO claim VALUES (?, ?, ?)",
                (first, last, file.now()),
            )
    return [_claim(*row) for row in rows]


def _settle(file: LedgerFile, done: list[Outcome]) -> None:
    values = [settled(outcome) for outcome in done]
    whole = len(values) - len(values) % _ROWS
    for start in range(0, whole, _ROWS):
        flat = [cell for row in values[start : start + _ROWS] for cell in row]
        file.db.execute(_MANY, flat)
    if whole < len(values):
        file.db.executemany(INSERT, values[whole:])


def finish(
    file: LedgerFile, run: int, *, stopped: str | None, requests: int, throttled: int
) -> None:
    """End the run tidily: what was handed out and never sent is simply pending."""
    with file.transaction() as db:
        db.execute("DELETE FROM claim")
        db.execute(
            "UPDATE run SET state = ?, stopped = ?, finished_at = ?,"
            " requests = requests + ?, throttled = throttled + ? WHERE id = ?",
            (
                "finished" if stopped is None else "stopped",
                stopped,
                file.now(),
                requests,
                throttled,
                run,
            ),
        )


def _claim(  # noqa: PLR0917 - the columns of a query
    id_: int,
    namespace: str,
    repository: str,
    is_public: int,
    category: str | None,
    description: str | None,
    doubt: float | None,
    attempts: int,
) -> Claim:
    return Claim(
        id_,
        namespace,
        repository,
        bool(is_public),
        category,
        description,
        doubt,
        attempts,
    )


def settled(outcome: Outcome) -> tuple[object, ...]:
    """
    Give an outcome as a row of its table.

    In plain types: SQLite asks around how to take any other, for every value.
    """
    differences = outcome.differences
    return (
        outcome.id,
        f"{outcome.outcome}",
        int(outcome.certain),
        _dump(differences).decode() if differences is not None else None,
        outcome.status,
        outcome.code,
        outcome.message,
        outcome.request_id,
        outcome.reason,
        outcome.evidence,
        outcome.attempts,
        outcome.started_at,
        outcome.elapsed_ms,
        outcome.doubt,
    )
