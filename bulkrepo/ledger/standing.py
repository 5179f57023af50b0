"""
Edge. What the ledger knows of each repository: what came of it when last tried.

Only the rows of the last finished run and of interrupted ones are kept. What an earlier
one created is remembered without its row; what it merely found is not.
"""

from typing import Any

import msgspec

from bulkrepo.ledger.file import LedgerFile
from bulkrepo.model import SettingsError, Verdict

# A table of its own, because `item` has no index for rows that were invalid.
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
# One that was continued keeps its number.
_LATEST_LAST = "ORDER BY coalesce(run.finished_at, run.started_at), run.id"
# The last run that tried has the word. A row at fault was not tried: it says something
# only where nothing else does.
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


class Known(msgspec.Struct, frozen=True):
    """What became of a repository in *run*, and *why* as far as somebody said."""

    outcome: Verdict
    certain: bool
    why: str | None
    run: int


class Standing:
    """
    The repositories of *run*; None: of all that the ledger knows, as they were last.

    Raises SettingsError where there are none.
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
                "--ledger or --run, or --no-ledger to take the map's word"
            )

    def of(self, namespace: str, repository: str) -> Known | None:
        """Give what is known of a repository, None if nothing is."""
        with self._file.sound():
            row: tuple[Any, ...] | None = self._file.db.execute(
                _KNOWN, (namespace, repository)
            ).fetchone()
            if row is None:
                return None
            return Known(Verdict(row[0]), row[1] != 0, row[2], row[3])
