"""Ledgers of earlier schemas, kept as they were: they are upgraded and continued."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from bulkrepo.ledger import schema
from bulkrepo.sandbox import Sandbox
from tests.support.boxes import ANYTHING, Ended, bulkrepo, outcomes, read
from tests.support.paths import LEDGERS

KEPT = LEDGERS
LIST = "namespace,repository,is_public\nteam-a,api,false\nteam-a,web,false\n"


def unpack(folder: Path, kind: str, box: Sandbox) -> Path:
    """Write a kept ledger as if it were *box*'s, and the list it is of."""
    text = (KEPT / f"{kind}.sql").read_text().replace("http://127.0.0.1:18999", box.url)
    path = folder / "bulkrepo.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(text)
    bad = "team-a,Bad,false\n" if kind.endswith("finished") else ""
    (folder / "list.csv").write_text(f"{LIST}team-a,worker,false\n{bad}")
    return path


async def create(folder: Path, box: Sandbox, *more: str) -> Ended:
    """Run `create` for the list, with a report beside it."""
    words = ("create", "list.csv", "--report", "r.jsonl", "--survey", "never", *more)
    return await bulkrepo(*words, "--log-format", "json", cwd=folder, box=box)


@pytest.mark.parametrize("version", [1, 2])
async def test_a_finished_run_is_followed_by_a_new_one(
    tmp_path: Path, version: int
) -> None:
    """What the old one created is known, and not when by SWR's clock: it is kept."""
    async with Sandbox(ANYTHING) as box:
        path = unpack(tmp_path, f"schema-{version}-finished", box)
        before = await create(tmp_path, box, "--ledger", "other.db")
        after = await create(tmp_path, box)
        undo = await bulkrepo("undo", "1", "--report", "u.jsonl", cwd=tmp_path, box=box)

    assert (before.code, after.code, undo.code) == (1, 1, 1)
    assert after.events("run.started")[0]["run"] == 2
    assert Counter(outcomes(tmp_path / "r.jsonl")) == {"exists": 3, "invalid": 1}
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = db.execute("SELECT DISTINCT endpoint FROM report").fetchall()
        assert found == [(box.url,)]
    kept = read(tmp_path / "u.jsonl")
    assert [(row["outcome"], row["reason"]) for row in kept] == [
        ("kept", "it is not certain that this run created it")
    ] * 2


@pytest.mark.parametrize("version", [1, 2])
async def test_a_run_that_was_killed_in_flight_goes_on(
    tmp_path: Path, version: int
) -> None:
    """Its digest still says which; what was in flight is not certain."""
    async with Sandbox(ANYTHING) as box:
        unpack(tmp_path, f"schema-{version}-in-flight", box)
        await create(tmp_path, box, "--ledger", "other.db")
        ended = await create(tmp_path, box)

    assert ended.code == 0
    started = ended.events("run.started")[0]
    assert (started["run"], started["resumed"], started["pending"]) == (1, True, 1)
    found = {
        row["repository"]: (row["outcome"], row["certain"])
        for row in read(tmp_path / "r.jsonl")
    }
    assert found == {
        "api": ("created", True),
        "web": ("exists", False),
        "worker": ("created", True),
    }


@pytest.mark.parametrize("version", [1, 2])
async def test_a_run_that_was_killed_while_loading_is_begun_anew(
    tmp_path: Path, version: int
) -> None:
    """Nothing of it was sent, so nothing of it counts."""
    async with Sandbox(ANYTHING) as box:
        path = unpack(tmp_path, f"schema-{version}-loading", box)
        ended = await create(tmp_path, box)

    assert ended.code == 0
    assert outcomes(tmp_path / "r.jsonl") == ["created"] * 3
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM item").fetchone() == (3,)


async def test_an_index_that_a_load_left_out_is_made_again(tmp_path: Path) -> None:
    """Whoever loads may make it last; one who died before that left none."""
    async with Sandbox(ANYTHING) as box:
        path = unpack(tmp_path, "schema-2-in-flight", box)
        with closing(sqlite3.connect(path)) as db:
            db.execute("DROP INDEX item_key")
            db.commit()
        ended = await create(tmp_path, box)

    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT name FROM sqlite_master WHERE type = 'index'")
        assert ("item_key",) in found.fetchall()
    assert ended.code == 0
