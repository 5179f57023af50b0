"""Edge. Hands out rows and stores outcomes."""

from collections.abc import Callable

import msgspec

from bulkrepo.core.outcomes import Claim, Outcome
from bulkrepo.ledger import schema
from bulkrepo.ledger.database import LedgerFile

_MARKS = ", ".join("?" * len(schema.OUTCOME_COLUMNS))
INSERT = f"INSERT OR REPLACE INTO outcome VALUES ({_MARKS})"  # noqa: S608 - only marks

_dump = msgspec.json.encode
_claims = msgspec.json.Decoder(list[Claim]).decode


def turn(
    file: LedgerFile,
    run: int,
    last: int,
    done: list[Outcome],
    want: int,
    *,
    ahead: tuple[float, float] | None = None,
    pending: str = schema.PENDING,
) -> list[Claim]:
    """
    Store *done* and hand out up to *want* rows after *last*, in one transaction.

    When this returns, the rows are on disk as claimed. *ahead* is how many seconds the
    server's clock is ahead of ours, at least and at most. *pending* is the query that
    finds the rows.
    """
    file.check()
    with file.transaction() as db:
        if ahead is not None:
            db.execute(
                "UPDATE process SET ahead_min = ?, ahead_max = ? WHERE id = ?"
                " AND (ahead_min, ahead_max) IS NOT (?, ?)",
                (*ahead, file.process, *ahead),
            )
        if done:
            values = {"outcomes": _dump(done).decode(), "process": file.process}
            db.execute(schema.SETTLE, values)
        if not want:
            return []
        claims = _claims(file.value(pending, last, run, want))
        if claims:
            db.execute(
                "INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?)",
                (claims[0].id, claims[-1].id, file.now(), file.process),
            )
    return claims


def matching(
    file: LedgerFile, run: int, namespace: str, names: list[str]
) -> list[Claim]:
    """Return the pending rows of *namespace* whose name is one of *names*."""
    found = file.value(schema.MATCHING, _dump(names).decode(), run, namespace)
    return _claims(found)


def finish(
    file: LedgerFile,
    run: int,
    *,
    stopped: str | None,
    requests: int,
    throttled: int,
    tell: Callable[[], bool],
) -> None:
    """
    End the run cleanly: rows handed out but never sent are pending again.

    The run is finished once *tell* has written all reports and returned True. Until
    then the same command continues it: a new run would find what this one created and
    report it as existing.
    """
    file.check()
    with file.transaction() as db:
        db.execute("DELETE FROM claim")
        db.execute(
            "UPDATE run SET requests = requests + ?, throttled = throttled + ?"
            " WHERE id = ?",
            (requests, throttled, run),
        )
        if stopped is not None:
            _end(file, run, stopped)
    with file.transaction():
        _end(file, run, stopped)
        if not tell() and stopped is None:
            _end(file, run, "a report could not be written")


def _end(file: LedgerFile, run: int, stopped: str | None) -> None:
    file.db.execute(
        "UPDATE run SET state = ?, stopped = ?, finished_at = ? WHERE id = ?",
        ("finished" if stopped is None else "stopped", stopped, file.now(), run),
    )


def sent_since(file: LedgerFile, at: float) -> tuple[list[tuple[float, int]], int]:
    """Return starts and tries of rows settled after *at*, and how many were not."""
    with file.guard():
        rows = file.db.execute(
            "SELECT started_at, attempts FROM outcome WHERE started_at > ?", (at,)
        ).fetchall()
    # Rows that were only read are certain; rows stopped cleanly have a reason.
    lost = file.value(
        "SELECT count(*) FROM outcome WHERE outcome = 'not_attempted'"
        " AND attempts = 0 AND (NOT certain OR reason IS NULL)"
    )
    return rows, lost


def settled(outcome: Outcome, process: int) -> tuple[object, ...]:
    """
    Return an outcome that *process* reached as a row of its table.

    In plain types: for any other, SQLite looks up an adapter for every value.
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
        outcome.doubt and outcome.doubt.since,
        outcome.doubt and outcome.doubt.until,
        process,
    )
