"""Edge. Loads lists into the ledger, and finds an interrupted run of the same lists."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from bulkrepo.core.errors import LedgerError, SettingsError
from bulkrepo.core.outcomes import Outcome, Verdict
from bulkrepo.core.results import Started
from bulkrepo.core.rows import FIELDS, Problem, Rejected, RepoSpec, Row, written
from bulkrepo.inputs.rules import twice
from bulkrepo.ledger import schema
from bulkrepo.ledger.claims import INSERT, settled
from bulkrepo.ledger.database import LedgerFile, damaged

_LOAD = 1000
"""Rows inserted at once."""
_KEPT_UNFINISHED = 8
"""Interrupted runs, each of another command, whose rows are kept."""

_ITEM = """
INSERT OR IGNORE INTO item
    (id, run, list, line, namespace, repository, is_public, category, description,
     wanted, problems)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

Checked = tuple[Row, RepoSpec | Rejected]
_dump = msgspec.json.encode


def load(
    file: LedgerFile,
    checked: Iterable[Checked],
    *,
    lists: Sequence[str],
    endpoint: str,
    digest: Callable[[], str],
    version: str,
    place: Callable[[Row, Problem], Problem],
    command: str = "create",
    fresh: bool = False,
) -> Started:
    """
    Store all rows as a new run, or find the interrupted run they belong to.

    *digest* is called after the last row; *place* locates a problem in a row. Raises
    SettingsError if the ledger belongs to another endpoint.
    """
    names = [written(name) or "" for name in lists]  # a file's name may not be text
    with file.transaction() as db:
        bind(file, endpoint)
        run = db.execute(
            "INSERT INTO run (command, state, lists, endpoint, version, started_at,"
            " folder, process) VALUES (?, 'loading', ?, ?, ?, ?, ?, ?)",
            (
                command,
                _dump(names).decode(),
                endpoint,
                version,
                file.now(),
                written(str(Path.cwd())),
                file.begin(),
            ),
        ).lastrowid
    which = {name: index for index, name in enumerate(lists)}
    rows = ((which[row.source], row, spec) for row, spec in checked)
    at = file.value("SELECT coalesce(max(id), 0) FROM item")
    # The commit that starts the run is synchronous, and syncs all those before it.
    file.synchronous("NORMAL")
    while batch := list(islice(rows, _LOAD)):
        with file.transaction():
            _keep(file, batch, run=run or 0, first=at + 1, names=names, place=place)
        at += len(batch)
    file.synchronous("FULL")
    return _begin(file, run or 0, digest(), fresh=fresh)


def bind(file: LedgerFile, endpoint: str) -> None:
    """Bind the ledger to *endpoint*; SettingsError if it belongs to another one."""
    known = file.value("SELECT value FROM meta WHERE key = 'endpoint'")
    if known == endpoint:
        return
    if known is not None and file.value(schema.PROVEN):
        raise SettingsError(
            f"the ledger {file.path} belongs to {known}, but this run goes to "
            f"{endpoint}: give another --ledger"
        )
    file.db.execute("DELETE FROM meta WHERE key = 'rate'")  # of another service
    file.db.execute("INSERT OR REPLACE INTO meta VALUES ('endpoint', ?)", (endpoint,))


def _keep(
    file: LedgerFile,
    batch: list[tuple[int, Row, RepoSpec | Rejected]],
    *,
    run: int,
    first: int,
    names: list[str],
    place: Callable[[Row, Problem], Problem],
) -> None:
    ids = range(first, first + len(batch))
    values = [
        _item(id_, run, number, row, spec)
        for id_, (number, row, spec) in zip(ids, batch, strict=True)
    ]
    before = file.db.total_changes
    file.db.executemany(_ITEM, values)
    outcomes = [
        _at_load(file, id_, Verdict.INVALID)
        for id_, (_, _, spec) in zip(ids, batch, strict=True)
        if isinstance(spec, Rejected)
    ]
    if file.db.total_changes - before < len(batch):
        kept = {
            id_
            for (id_,) in file.db.execute("SELECT id FROM item WHERE id >= ?", (first,))
        }
        for id_, (number, row, spec) in zip(ids, batch, strict=True):
            if id_ not in kept and isinstance(spec, RepoSpec):
                again = list(_item(id_, run, number, row, spec))
                outcomes.append(_again(file, again, names, row, spec, place=place))
    if outcomes:
        file.db.executemany(INSERT, outcomes)


def _again(
    file: LedgerFile,
    values: list[object],
    names: list[str],
    row: Row,
    spec: RepoSpec,
    *,
    place: Callable[[Row, Problem], Problem],
) -> tuple[object, ...]:
    """Store a row whose repository an earlier row already names."""
    id_, run = values[:2]
    first = file.db.execute(
        "SELECT list, line, is_public, category, description FROM item"
        " WHERE run = ? AND namespace = ? AND repository = ? AND wanted",
        (run, spec.namespace, spec.repository),
    ).fetchone()
    earlier = RepoSpec(
        spec.namespace, spec.repository, bool(first[2]), first[3], first[4]
    )
    problem = twice(spec, earlier, f"{names[first[0]]}:{first[1]}")
    values[-2] = 0
    if not problem.note:
        values[-1] = _dump([place(row, problem)]).decode()
    file.db.execute(_ITEM, values)
    if problem.note:
        return _at_load(file, id_, Verdict.DUPLICATE, problem.message)
    return _at_load(file, id_, Verdict.INVALID)


def _begin(file: LedgerFile, run: int, digest: str, *, fresh: bool) -> Started:
    """Start the new run, or continue an interrupted one with the same rows."""
    with file.transaction() as db:
        old = None
        if not fresh:
            old = file.value(
                "SELECT max(id) FROM run WHERE digest = ? AND state = 'stopped'"
                " AND EXISTS (SELECT 1 FROM item WHERE run = run.id)",
                digest,
            )
        if old is not None:
            rows, kept = (
                file.value("SELECT count(*) FROM item NOT INDEXED WHERE run = ?", which)
                for which in (run, old)
            )
            if rows != kept:  # although the lists are the same
                raise LedgerError(damaged(file.path, f"{kept} of {rows} rows"))
            db.execute(
                "DELETE FROM outcome WHERE item IN (SELECT id FROM item WHERE run = ?)",
                (run,),
            )
            db.execute("DELETE FROM item WHERE run = ?", (run,))
            db.execute("DELETE FROM run WHERE id = ?", (run,))
            run = old
        fold(file, run, digest)
        db.execute(
            "UPDATE run SET state = 'running', digest = ?, stopped = NULL,"
            " endpoint = (SELECT value FROM meta WHERE key = 'endpoint'),"
            " finished_at = NULL, process = ? WHERE id = ?",
            (digest, file.process, run),
        )
        db.execute(schema.INHERIT, (run,))
    return numbers(file, run, resumed=old is not None)


def fold(file: LedgerFile, run: int, digest: str | None) -> None:
    """Drop rows of past runs, except *run*; keep what later runs must know."""
    for (past,) in file.db.execute(
        "SELECT id FROM run WHERE id <> ? AND id IN (SELECT run FROM item)"
        " AND (state = 'finished' OR digest = ?"
        " OR id NOT IN (SELECT id FROM run WHERE state = 'stopped'"
        " ORDER BY id DESC LIMIT ?)) ORDER BY id",
        (run, digest, _KEPT_UNFINISHED),
    ).fetchall():
        for statement in schema.FOLD:
            file.db.execute(statement, (past,))


def numbers(file: LedgerFile, run: int, *, resumed: bool) -> Started:
    """Count the rows of a run that starts."""
    total = file.value("SELECT count(*) FROM item WHERE run = ?", run)
    pending = file.value(
        "SELECT count(*) FROM item LEFT JOIN outcome ON outcome.item = item.id"
        " WHERE run = ? AND wanted"
        " AND coalesce(outcome, 'not_attempted') = 'not_attempted'",
        run,
    )
    invalid = file.value(
        "SELECT count(*) FROM item JOIN outcome ON outcome.item = item.id"
        " WHERE run = ? AND outcome = 'invalid'",
        run,
    )
    return Started(
        run=run, resumed=resumed, total=total, pending=pending, invalid=invalid
    )


def _item(
    id_: int, run: int, number: int, row: Row, spec: RepoSpec | Rejected
) -> tuple[object, ...]:
    if isinstance(spec, RepoSpec):
        return (
            id_,
            run,
            number,
            row.line,
            spec.namespace,
            spec.repository,
            int(spec.is_public),
            spec.category,
            spec.description,
            1,
            None,
        )
    fields = (written(getattr(row, field)) for field in FIELDS)
    return (id_, run, number, row.line, *fields, 0, _dump(spec.problems).decode())


def _at_load(
    file: LedgerFile, id_: Any, verdict: Verdict, reason: str | None = None
) -> tuple[Any, ...]:
    return settled(Outcome(id=id_, outcome=verdict, reason=reason), file.process)
