"""Edge. Runs derived from an earlier one: rows to retry, or to undo."""

from typing import Literal

import msgspec

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.results import Started
from bulkrepo.ledger import schema
from bulkrepo.ledger.database import LedgerFile
from bulkrepo.ledger.loading import bind, fold, numbers
from bulkrepo.ledger.queries import last

# What the undo before this one removed of the same run: the new one reports it as well,
# because its report takes the place of the earlier one.
_KEEP_REMOVED = """
UPDATE item SET run = ? WHERE run = ?
    AND id IN (SELECT item FROM outcome WHERE outcome = 'removed')
"""
# Likewise, what succeeded in an interrupted run.
_KEEP_SUCCEEDED = f"""
INSERT INTO outcome SELECT item.id, {", ".join(schema.OUTCOME_COLUMNS[1:])}
FROM item JOIN item AS earlier ON earlier.run = :past AND earlier.wanted
    AND earlier.namespace = item.namespace AND earlier.repository = item.repository
JOIN outcome ON outcome.item = earlier.id
WHERE item.run = :new AND item.wanted AND outcome IN {schema.SUCCEEDED}
"""  # noqa: S608 - our own words


def derive(
    file: LedgerFile,
    command: Literal["retry", "undo"],
    run: int | None,
    *,
    endpoint: str,
    version: str,
    dry_run: bool = False,
) -> Started:
    """
    Start a run with rows of *run*, which it replaces; *dry_run* replaces nothing.

    `retry`: what did not succeed, by default in the last run. `undo`: what the run
    created, newest first; by default the last run that created anything, or the one
    that was undone just before. What an interrupted retry, or an undo of the same run
    just before, did moves to the new run. Raises SettingsError if there is no
    such run, or nothing left of it.
    """
    with file.transaction() as db:
        bind(file, endpoint)
        if command == "undo":
            # In order: what one run removed, a later one may have created again.
            for (known,) in db.execute(
                "SELECT DISTINCT run FROM item ORDER BY run"
            ).fetchall():
                db.execute(schema.CREATED, (known,))
                db.execute(schema.REMOVED, (known,))
        past = _retried(file, run) if command == "retry" else _undone(file, run)
        names, folder = msgspec.json.encode([f"run {past}"]).decode(), None
        if command == "retry":
            names, folder = db.execute(
                "SELECT lists, folder FROM run WHERE id = ?", (past,)
            ).fetchone()
        new = db.execute(
            "INSERT INTO run (command, state, lists, endpoint, version, started_at,"
            " folder, process) VALUES (?, 'running', ?, ?, ?, ?, ?, ?)",
            (
                schema.DRY if dry_run else command,
                names,
                endpoint,
                version,
                file.now(),
                folder,
                file.begin(),
            ),
        ).lastrowid
        assert new is not None  # noqa: S101 - it was inserted
        runs, replaced = {"new": new, "past": past}, [past]
        if command == "retry":
            interrupted = file.value(
                "SELECT state = 'stopped' FROM run WHERE id = ?", past
            )
            db.execute(schema.RETRY, {"all": interrupted} | runs)
            if interrupted:
                db.execute(_KEEP_SUCCEEDED, runs)
        else:
            earlier = _last_undo(file, before=new)
            if earlier is not None and earlier[1] == past and not dry_run:
                db.execute(_KEEP_REMOVED, (new, earlier[0]))
                replaced.append(earlier[0])
            db.execute(schema.UNDO, runs)
        if not dry_run:
            fold(file, new, None)
            for old in replaced:
                for statement in schema.FOLD:
                    db.execute(statement, (old,))
        if command == "retry":
            db.execute(schema.INHERIT, (new,))
    return numbers(file, new, resumed=False)


def _retried(file: LedgerFile, run: int | None) -> int:
    """Return the run to retry; runs that only read do not count."""
    found = run
    if run is None:
        found = last(file, creating=True)
    elif not file.value(
        "SELECT 1 FROM run WHERE id = ? AND command IN ('create', 'retry')", run
    ):
        found = None
    if found is None:
        what = f"no run {run} to retry: give another --run"
        if run is None:
            what = "no run to retry yet: run `bulkrepo create` first"
        raise SettingsError(f"{file.path} has {what}")
    if not file.value("SELECT count(*) FROM item WHERE run = ?", found):
        raise SettingsError(
            f"{file.path}: a later run replaced the rows of run {found}: retry from a "
            "REPORT, or run `bulkrepo create` again"
        )
    return found


def _undone(file: LedgerFile, run: int | None) -> int:
    """
    Return the run to undo.

    Repeating the command after an undo means the same run, even if nothing of it is
    left, and never the one before.
    """
    undo = _last_undo(file)
    more = ""
    if run is None and undo is not None:
        run = undo[1]
        more = (
            ", which the last undo was of: `bulkrepo report` shows its outcome. To "
            "undo another run, give its number"
        )
    found = file.value(
        "SELECT run FROM creation WHERE run = coalesce(?, run)"
        " ORDER BY process DESC, at DESC, run DESC LIMIT 1",
        run,
    )
    if found is None:
        of = "" if run is None else f" of run {run}"
        raise SettingsError(f"{file.path}: nothing is left to undo{of}{more}")
    return int(found)


def _last_undo(file: LedgerFile, *, before: int = 2**63 - 1) -> tuple[int, int] | None:
    """
    Return the last run *before* the given one, and what it was to undo.

    None if it was no undo; dry runs aside.
    """
    row = file.db.execute(
        "SELECT id, json_extract(lists, '$[0]') FROM run"
        " WHERE command = 'undo'"
        " AND id = (SELECT max(id) FROM run WHERE id < ? AND command <> ?)",
        (before, schema.DRY),
    ).fetchone()
    return row and (row[0], int(row[1].removeprefix("run ")))
