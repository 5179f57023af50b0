"""Lists become rows of a run: of a new one, or of one that was interrupted."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bulkrepo.core.errors import InputError, SettingsError
from bulkrepo.core.rows import Defaults, Row
from bulkrepo.inputs import locations, rules
from bulkrepo.ledger.database import MEMORY
from bulkrepo.ledger.loading import Checked
from tests.support.ledgers import (
    ENDPOINT,
    LIST,
    checked,
    finish,
    load,
    made,
    opened,
    reported,
    work_off,
)


def test_every_row_is_kept_in_order_and_settled_where_reading_settles_it() -> None:
    """Valid rows wait, an equal row is a duplicate, a conflict and a fault invalid."""
    lines = [*checked("a", "Bad", "a", "b"), *checked("b", category="linux")]
    with opened(MEMORY) as ledger:
        loaded = load(ledger, lines)
        items = reported(ledger)
        claims = ledger.turn([], 10)

    assert [item.outcome for item in items] == [
        "not_attempted",
        "invalid",
        "duplicate",
        "not_attempted",
        "invalid",
    ]
    assert [(item.source, item.line) for item in items] == [
        (LIST, 1),
        (LIST, 2),
        (LIST, 3),
        (LIST, 4),
        (LIST, 1),
    ]
    assert f"{LIST}:1" in (items[2].reason or "")
    assert f"{LIST}:4" in items[4].problems[0].message
    assert (loaded.total, loaded.pending, loaded.invalid) == (5, 2, 2)
    assert [claim.repository for claim in claims] == ["a", "b"]


def test_rows_of_an_invalid_kind_keep_the_text_of_the_list() -> None:
    """A faulty row is reported as it was written, none of it sent."""
    row = Row(LIST, 1, "team", 17, is_public="maybe", category="linux")
    spec = rules.check(row, defaults=Defaults(), profile="strict")
    with opened(MEMORY) as ledger:
        load(ledger, [(row, spec)])
        (item,) = reported(ledger)
        assert ledger.turn([], 10) == []

    assert (item.repository, item.is_public) == ("17", "maybe")
    assert {problem.field for problem in item.problems} == {"repository", "is_public"}


@pytest.mark.parametrize("failure", [InputError, KeyboardInterrupt])
def test_rows_of_a_list_that_broke_off_leave_nothing_behind(
    path: Path, failure: type[BaseException]
) -> None:
    """A run that never came to be has no say in the next one's rows."""

    def broken() -> Iterator[Checked]:
        yield from checked(*(f"Bad-{number}" for number in range(1500)))
        raise failure

    with opened(path) as ledger, pytest.raises(failure):
        ledger.load(
            broken(),
            lists=[LIST],
            endpoint=ENDPOINT,
            digest=str,
            version="0",
            place=locations.place,
        )
    with opened(path) as ledger:
        loaded = load(ledger, checked("a", "b"))
        claims = ledger.turn([], 10)

    assert (loaded.total, loaded.pending, loaded.invalid) == (2, 2, 0)
    assert [claim.repository for claim in claims] == ["a", "b"]


def test_a_broken_off_load_does_not_touch_the_next_one_in_the_same_process(
    path: Path,
) -> None:
    """The same holds for a program that tries again with the ledger open."""

    def broken() -> Iterator[Checked]:
        yield from checked(*(f"Bad-{number}" for number in range(1500)))
        raise InputError("broken")

    with opened(path) as ledger:
        with pytest.raises(InputError):
            ledger.load(
                broken(),
                lists=[LIST],
                endpoint=ENDPOINT,
                digest=str,
                version="0",
                place=locations.place,
            )
        loaded = load(ledger, checked("a", "b"))
        claims = ledger.turn([], 10)

    assert (loaded.total, loaded.pending, loaded.invalid) == (2, 2, 0)
    assert len(claims) == 2


def test_the_same_lists_continue_what_was_stopped(path: Path) -> None:
    """Settled rows stay settled; only the others are handed out."""
    with opened(path) as ledger:
        first = load(ledger, checked("a", "b"))
        ledger.turn([made(claim) for claim in ledger.turn([], 1)], 0)
        finish(ledger, "stopped by hand")
    with opened(path) as ledger:
        again = load(ledger, checked("a", "b"))
        claims = ledger.turn([], 10)

    assert (again.run, again.resumed, again.total, again.pending) == (
        first.run,
        True,
        2,
        1,
    )
    assert [claim.repository for claim in claims] == ["b"]


@pytest.mark.parametrize(
    ("names", "fresh"),
    [
        pytest.param(("a", "b"), True, id="fresh"),
        pytest.param(("b", "a"), False, id="other lists"),
    ],
)
def test_a_new_run_starts_over_and_inherits_doubts(
    path: Path, names: tuple[str, ...], *, fresh: bool
) -> None:
    """What we may have created is in doubt, whatever run meets it next."""
    with opened(path) as ledger:
        first = load(ledger, checked("a", "b"))
        doubtful = ledger.turn([], 1)
    with opened(path) as ledger:
        again = load(ledger, checked(*names), fresh=fresh)
        claims = {claim.repository: claim for claim in ledger.turn([], 10)}

    assert doubtful[0].repository == "a"
    assert again.run != first.run
    assert not again.resumed
    assert claims["a"].doubt is not None
    assert claims["b"].doubt is None


def test_a_finished_run_is_followed_by_a_new_one(path: Path) -> None:
    """Its rows go, who created what stays."""
    with opened(path) as ledger:
        first = load(ledger, checked("a", "b"))
        work_off(ledger)
        second = load(ledger, checked("a", "b"))
        gone = list(ledger.items(ledger.run_info(first.run)))
        with closing(sqlite3.connect(path)) as other:
            creations = other.execute(
                "SELECT namespace, repository, run, at, certain FROM creation"
            ).fetchall()

    assert (second.resumed, second.pending) == (False, 2)
    assert second.run > first.run
    assert gone == []
    assert creations == [
        ("team", "a", first.run, 1.0, 1),
        ("team", "b", first.run, 1.0, 1),
    ]


def test_a_ledger_of_another_endpoint_is_refused(path: Path) -> None:
    """It names both endpoints and what to do, and stays as it was."""
    with opened(path) as ledger:
        load(ledger, checked("a", "b"))
        ledger.turn([made(ledger.turn([], 1)[0])], 0)
        finish(ledger, "stopped")
        with pytest.raises(SettingsError, match=r"--ledger") as caught:
            load(ledger, checked("a", "b"), endpoint="https://elsewhere.example.com")
        again = load(ledger, checked("a", "b"))

    assert ENDPOINT in str(caught.value)
    assert "elsewhere" in str(caught.value)
    assert again.resumed


def test_an_endpoint_that_was_mistyped_does_not_bind_the_ledger(path: Path) -> None:
    """Where nothing came back that is worth knowing, the corrected command goes on."""
    with opened(path) as ledger:
        load(ledger, checked("a"), endpoint="https://mistyped.example.com")
        finish(ledger, "stopped")
        again = load(ledger, checked("a"))

        assert again.resumed
        assert ledger.run_info().endpoint == ENDPOINT


def test_what_a_run_remembers_is_for_its_endpoint(path: Path) -> None:
    """A rate that one service allows says nothing about another's."""
    with opened(path) as ledger:
        load(ledger, checked("a"))
        ledger.remember("rate", "old")
        ledger.remember("rate", "50")
    with opened(path) as ledger:
        load(ledger, checked("a"))
        kept = ledger.recall("rate")
    with opened(path) as ledger:
        load(ledger, checked("a"), endpoint="https://another.example.com")
        gone = ledger.recall("rate")

    assert kept == "50"
    assert gone is None
