"""Edge. Reads a run from the ledger: as a whole, in numbers, and row by row."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.outcomes import Item, Verdict
from bulkrepo.core.results import Reason, RunInfo, Summary
from bulkrepo.core.rows import Problem
from bulkrepo.core.text import brief
from bulkrepo.ledger import schema
from bulkrepo.ledger.database import LedgerFile

# The last run is the one active last: a continued run keeps its number. Runs whose
# rows are gone come last, because they are of no use. What only looked is no last run.
_LAST = f"""
SELECT id FROM run WHERE command IN ('create', 'retry')
    OR NOT ? AND command <> '{schema.DRY}'
ORDER BY id IN (SELECT run FROM item) DESC, state = 'running' DESC, process DESC,
    coalesce(finished_at, started_at) DESC, id DESC LIMIT 1
"""  # noqa: S608 - our own words

# What a run made public or would create so; `VISIBLE` finds those to be updated.
_OPENED = """
SELECT count(*), min(item.id)
FROM item NOT INDEXED JOIN outcome ON outcome.item = item.id
WHERE run = ? AND is_public = 1 AND (outcome IN ('created', 'to_create')
    OR outcome = 'updated' AND json_extract(differences, '$.is_public[0]'))
"""


def last(file: LedgerFile, *, creating: bool) -> int | None:
    """Return the last run, if any; *creating*: the last that was to create."""
    found: int | None = file.value(_LAST, creating)
    return found


def run_info(
    file: LedgerFile, run: int | None = None, *, creating: bool = False
) -> RunInfo:
    """
    Return a run, by default the last that still has rows; SettingsError if none.

    *creating*: the last run that was to create.
    """
    if run is None:
        run = last(file, creating=creating)
        rows = file.value("SELECT 1 FROM item WHERE run = ?", run)
        if run is None or (creating and not rows):
            what = "no run yet"
            if creating:
                what = "no rows of a create or retry (any more): give a LIST"
            raise SettingsError(f"{file.path} has {what}")
    with file.guard():
        row = file.db.execute(
            "SELECT id, command, state, lists, endpoint, started_at, finished_at,"
            " stopped, requests, throttled, version, folder FROM run"
            " WHERE id = ?",
            (run,),
        ).fetchone()
    if row is None:
        raise SettingsError(f"{file.path} has no run {run}")
    with file.sound():
        return RunInfo(
            id=row[0],
            command=row[1],
            state=row[2],
            lists=tuple(msgspec.json.decode(row[3])),
            endpoint=row[4],
            started_at=_rfc3339(row[5]) or "",
            finished_at=_rfc3339(row[6]),
            stopped=row[7],
            requests=row[8],
            throttled=row[9],
            version=row[10],
            folder=row[11],
        )


def items(file: LedgerFile, info: RunInfo, *, unwanted: bool = False) -> Iterator[Item]:
    """
    Yield the rows of a run in list order, each with its outcome.

    *unwanted*: only those settled on reading: invalid rows and duplicates.
    """
    why = info.stopped or "the run has not come to it"
    with file.sound():
        for row in file.db.execute(schema.ITEMS, (info.id, not unwanted)):
            yield _report_item(row, info, why)


def summary(file: LedgerFile, info: RunInfo) -> Summary:
    """Return a run in numbers."""
    with file.sound():
        counts = file.db.execute(schema.COUNTS, (info.id,)).fetchall()
        reasons = file.db.execute(schema.REASONS, (info.id,)).fetchall()
        examples = [_place(file, info, row[4]) for row in reasons]
        exposed, first = _first(file, info, schema.VISIBLE, 0, 1)
        hidden, unseen = _first(file, info, schema.VISIBLE, 1, 0)
        opened, seen = _first(file, info, _OPENED)
        why = info.stopped or "the run has not come to it"
        return Summary(
            total=sum(row[1] for row in counts),
            counts={row[0]: row[1] for row in counts},
            uncertain=sum(row[2] or 0 for row in counts),
            exposed=exposed,
            exposed_example=first,
            hidden=hidden,
            hidden_example=unseen,
            opened=opened,
            opened_example=seen,
            reasons=tuple(
                Reason(
                    outcome=Verdict(verdict),
                    count=count,
                    code=code,
                    message=_words(words, rule, field, count=count)
                    or (why if verdict == "not_attempted" else ""),
                    example=example,
                )
                for (verdict, count, code, words, _, rule, field), example in zip(
                    reasons, examples, strict=True
                )
            ),
        )


def _first(
    file: LedgerFile, info: RunInfo, query: str, *values: int
) -> tuple[int, str]:
    """Count the rows that *query* finds, and return the place of the first."""
    count, first = file.db.execute(query, (info.id, *values)).fetchone()
    return count, _place(file, info, first) if count else ""


def _words(words: str, rule: str | None, field: str | None, *, count: int) -> str:
    """Describe all rows that broke one rule; *words* are of the first, an example."""
    if rule is None:
        return words
    such = ", such as" if count > 1 else ""
    return f"{brief(field or '')} [{rule}]{such}: {words}"


def _place(file: LedgerFile, info: RunInfo, item: int) -> str:
    row = file.db.execute(
        "SELECT list, line FROM item WHERE id = ?", (item,)
    ).fetchone()
    return f"{info.lists[row[0]]}:{row[1]}"


_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_problems = msgspec.json.Decoder(tuple[Problem, ...]).decode


def _report_item(row: tuple[Any, ...], info: RunInfo, why: str) -> Item:
    # fmt: off
    (
        source, line, namespace, repository, public, category, description,
        verdict, certain, differences, problems, status, code, message,
        request_id, reason, evidence, attempts, started_at, elapsed_ms,
    ) = row
    # fmt: on
    if verdict is None or (verdict == "not_attempted" and reason is None):
        verdict, reason = "not_attempted", why
    # By position: twenty keywords cost five times as much, for every row.
    return Item(
        info.lists[source],
        line,
        namespace,
        repository,
        bool(public) if isinstance(public, int) else public,
        category,
        description,
        _VERDICTS[verdict],
        certain != 0,
        None if differences is None else msgspec.json.decode(differences),
        () if problems is None else _problems(problems),
        status,
        code,
        message,
        request_id,
        reason,
        evidence,
        attempts,
        _rfc3339(started_at),
        elapsed_ms,
        info.endpoint,
    )


def _rfc3339(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    second = int(seconds)
    return f"{_second(second)}.{int((seconds - second) * 1000):03d}Z"


@lru_cache(maxsize=16)
def _second(seconds: int) -> str:
    """Format a second once for all rows that started in it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
