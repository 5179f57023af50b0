"""
Edge. What the ledger knows of each repository: its outcome when last tried.

Only the rows of the last finished run and of interrupted ones are kept. What an earlier
run created is remembered without its row; what it merely found is not.
"""

from typing import Any

import msgspec

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.outcomes import Verdict
from bulkrepo.ledger.database import LedgerFile

# A separate table, because `item` has no index for invalid rows.
_TABLE = """
CREATE TEMP TABLE standing (
    namespace TEXT, repository TEXT, outcome TEXT NOT NULL, certain INTEGER, why TEXT,
    run INTEGER, PRIMARY KEY (namespace, repository)
) WITHOUT ROWID
"""
_CREATED = """
INSERT INTO standing SELECT namespace, repository, 'created', certain, NULL, run
FROM creation WHERE ? IS NULL
"""
_ROWS = """
SELECT namespace, repository, coalesce(outcome, 'not_attempted'),
    coalesce(certain, 1), coalesce(reason,
        CASE WHEN outcome = 'differs' THEN (
            SELECT 'other ' || group_concat(key, ', ') FROM json_each(differences)
        ) END,
        code || coalesce(' ' || message, ''), message,
        json_extract(problems, '$[0].field') || ' '
            || json_extract(problems, '$[0].message'),
        CASE WHEN outcome IS NULL THEN
            coalesce(run.stopped, 'the run has not come to it') END),
    run.id
FROM item JOIN run ON run.id = item.run LEFT JOIN outcome ON outcome.item = item.id
WHERE command IN ('create', 'retry', 'undo') AND item.run = coalesce(?, item.run)
"""
# A continued run keeps its number.
_LATEST_LAST = "ORDER BY run.process, coalesce(run.finished_at, run.started_at), run.id"
# The last run that tried a repository counts. An invalid row was not tried: it counts
# only if nothing else is known.
_TRIED = f"""
INSERT OR REPLACE INTO standing {_ROWS} AND wanted
    AND coalesce(outcome, '') <> 'to_remove' {_LATEST_LAST}
"""
_FAULTY = f"""
INSERT OR IGNORE INTO standing {_ROWS} AND NOT wanted AND outcome = 'invalid'
    AND namespace IS NOT NULL AND repository IS NOT NULL ORDER BY run.id DESC
"""
_KNOWN = """
SELECT outcome, certain, why, run FROM standing WHERE namespace = ? AND repository = ?
"""


class LatestOutcome(msgspec.Struct, frozen=True):
    """The outcome of a repository in *run*, and *why*, if known."""

    outcome: Verdict
    certain: bool
    why: str | None
    run: int


class LatestOutcomes:
    """
    The repositories of *run*; None: all that the ledger knows, by latest outcome.

    Raises SettingsError if there are none.
    """

    def __init__(self, file: LedgerFile, run: int | None) -> None:
        self._file = file
        with file.guard():
            file.db.execute("DROP TABLE IF EXISTS temp.standing")
            file.db.execute(_TABLE)
            for statement in (_CREATED, _TRIED, _FAULTY):
                file.db.execute(statement, (run,))
        if not file.value("SELECT count(*) FROM standing"):
            what = (
                "nothing that was created" if run is None else f"no rows of run {run}"
            )
            raise SettingsError(
                f"{file.path} has {what}: run `bulkrepo create` first, give another "
                "--ledger or --run, or --no-ledger to assume the whole map exists"
            )

    def of(self, namespace: str, repository: str) -> LatestOutcome | None:
        """Return what is known of a repository, or None."""
        with self._file.sound():
            row: tuple[Any, ...] | None = self._file.db.execute(
                _KNOWN, (namespace, repository)
            ).fetchone()
            if row is None:
                return None
            return LatestOutcome(Verdict(row[0]), row[1] != 0, row[2], row[3])
