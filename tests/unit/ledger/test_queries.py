"""What a ledger tells of a run."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from bulkrepo.core.outcomes import Outcome, Verdict
from tests.support.ledgers import LIST, checked, finish, load, made, opened


def test_the_report_view_answers_sql(path: Path) -> None:
    """A person with sqlite3 sees what a report says."""
    with opened(path) as ledger:
        load(ledger, checked("a", "Bad", "b"))
        claims = ledger.turn([], 2)
        failed = Outcome(
            id=claims[1].id, outcome=Verdict.FAILED, code="X.1", status=400, attempts=2
        )
        ledger.turn([made(claims[0]), failed], 0)
        finish(ledger)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        found = db.execute(
            "SELECT source, line, namespace, repository, outcome, code, attempts"
            " FROM report ORDER BY line"
        ).fetchall()
        groups = dict(
            db.execute("SELECT outcome, count(*) FROM report GROUP BY outcome")
        )

    assert found == [
        (LIST, 1, "team", "a", "created", None, 1),
        (LIST, 2, "team", "Bad", "invalid", None, 0),
        (LIST, 3, "team", "b", "failed", "X.1", 2),
    ]
    assert groups == {"created": 1, "invalid": 1, "failed": 1}


def test_what_differs_is_one_reason_whatever_answered(path: Path) -> None:
    """A list showed one; of another the answer to a create said that it exists."""
    exists = {"status": 409, "code": "SVCSTG.SWR.4090006", "message": "It exists."}
    with opened(path) as ledger:
        load(ledger, checked("a", "b", "c"))
        told: list[dict[str, Any]] = [{}, exists, exists]
        fields = ["is_public", "is_public", "category"]
        done = [
            Outcome(
                id=claim.id,
                outcome=Verdict.DIFFERS,
                differences={field: [None, None]},
                **more,
            )
            for claim, field, more in zip(ledger.turn([], 9), fields, told, strict=True)
        ]
        ledger.turn(done, 0)
        finish(ledger)
        reasons = ledger.summary(ledger.run_info()).reasons

    assert [(each.count, each.code, each.message) for each in reasons] == [
        (2, None, "other is_public"),
        (1, None, "other category"),
    ]


def test_a_refusal_without_words_is_told_by_its_status(path: Path) -> None:
    """Whoever reads the summary sees at least that much of it."""
    with opened(path) as ledger:
        load(ledger, checked("a", "b", "c"))
        done = [
            Outcome(id=claim.id, outcome=Verdict.FAILED, status=status)
            for claim, status in zip(ledger.turn([], 9), (422, 422, 409), strict=True)
        ]
        ledger.turn(done, 0)
        finish(ledger)
        reasons = ledger.summary(ledger.run_info()).reasons

    assert [(each.count, each.code, each.message) for each in reasons] == [
        (2, None, "answered 422"),
        (1, None, "answered 409"),
    ]
