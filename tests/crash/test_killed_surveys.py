"""Runs that are interrupted or killed while they look at what is there."""

import signal
from collections import Counter
from pathlib import Path

import pytest

from bulkrepo import api
from bulkrepo.sandbox import Settings as Box
from bulkrepo.swr.auth.token import Token
from tests.support.boxes import (
    TOKEN,
    Bell,
    begin,
    bulkrepo,
    end,
    held,
    names,
    read,
    rows,
    write,
)
from tests.support.registry import Asked, Watched, seed, settings, told


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
@pytest.mark.parametrize("at", [1, 2, 3])
async def test_a_run_that_ends_during_the_survey_is_resumed(
    tmp_path: Path, number: signal.Signals, code: int, at: int
) -> None:
    """At its first request or at a page: the same command brings it to its end."""
    items = rows(2200)
    source = write(tmp_path / "list.ndjson", items)
    words = ("create", source, "--rate", "100000/s", "--report", "r.jsonl", "-q")
    bell = Bell(at, hold=True)
    kind = Box(token=TOKEN, latency=0.001)
    async with Watched(kind, sleep=bell) as box:
        seed(box, items[::2])
        process = await begin(*words, cwd=tmp_path, box=box)
        await bell.rung.wait()
        process.send_signal(number)
        if number == signal.SIGKILL:
            await process.wait()
        bell.release()
        first = await end(process)
        posted = box.count("POST")
        if number == signal.SIGINT:
            early = read(tmp_path / "r.jsonl")
            known = Counter(item["outcome"] for item in early)
            assert known.keys() <= {"exists", "not_attempted"}
            there = set(names(items[::2]))
            exist = [item for item in early if item["outcome"] == "exists"]
            assert set(names(exist)) <= there
        second = await bulkrepo(*words, cwd=tmp_path, box=box)
        left = held(box)

    found = read(tmp_path / "r.jsonl")
    assert (first.code, posted) == (code, 0)
    assert second.code == 0
    assert [item["outcome"] for item in found] == ["exists", "created"] * 1100
    assert all(item["certain"] for item in found)
    assert left == set(names(items))
    assert box.count("POST") == 1100


@pytest.mark.parametrize("at", [1, 2, 3, 4, 20])
async def test_a_run_that_dies_over_a_new_organization_is_resumed(
    tmp_path: Path, at: int
) -> None:
    """Before, while and after it is created: it is so once, and its rows are ours."""
    items = [*rows(30, namespace="new"), *rows(30, namespace="newer")]
    source = write(tmp_path / "list.ndjson", items)
    words = (
        *("create", source, "--create-organizations", "--rate", "100000/s"),
        *("--report", "r.jsonl", "-q"),
    )
    bell = Bell(at, hold=True)
    kind = Box(token=TOKEN, organizations=("team-a",), latency=0.001)
    async with Watched(kind, sleep=bell) as box:
        process = await begin(*words, cwd=tmp_path, box=box)
        await bell.rung.wait()
        process.kill()
        first = await end(process)
        bell.release()
        second = await bulkrepo(*words, cwd=tmp_path, box=box)
        left, page = held(box), box.page()

    found = read(tmp_path / "r.jsonl")
    assert (first.code, second.code) == (-9, 0), second.err
    assert {item["outcome"] for item in found} == {"created"}
    assert names(found) == names(items)
    assert left == set(names(items))
    assert page["duplicate_commits"] == 0
    # In flight when it died, and carried out: it is not asked for again.
    founded = Counter(
        asked.body["namespace"]
        for asked in box.asked
        if "namespace" in (asked.body or ())
    )
    assert founded == {"new": 1, "newer": 1}


@pytest.mark.parametrize("newer", [True, False])
@pytest.mark.parametrize("at", [1, 2, 3])
async def test_a_token_that_dies_during_the_survey(
    tmp_path: Path, at: int, *, newer: bool
) -> None:
    """A newer one goes on; without, nothing is sent, and the same again does it all."""
    items = rows(1200)
    source = write(tmp_path / "list.ndjson", items)
    kept = [TOKEN]

    def die(_: Asked) -> None:
        if len(box.asked) == at:
            tokens = box._gateway.state.tokens
            tokens["newer-token"] = tokens.pop(TOKEN)
            if newer:
                kept[0] = "newer-token"

    async with Watched(Box(token=TOKEN), before=die) as box:
        seed(box, items[:1100])
        token = Token("a file", lambda: kept[0])
        known = settings(box, tmp_path, ledger=str(tmp_path / "l.db"), credential=token)
        result = await api.create([source], settings=known)
        early, posted = told(tmp_path), box.count("POST")
        if not newer:
            kept[0] = "newer-token"
            token = Token("a file", lambda: kept[0])
            known = settings(
                box, tmp_path, ledger=str(tmp_path / "l.db"), credential=token
            )
            await api.create([source], settings=known)

    found = told(tmp_path)
    if newer:
        assert result.exit_code == 0
        assert box.count("GET") == 3 + 1  # the one that was refused, again
    else:
        assert result.exit_code == 3
        assert "a file" in (result.run.stopped or "")
        assert posted == 0
        there = set(names(items[:1100]))
        for item in early:
            exists = item["outcome"] == "exists"
            assert exists or item["outcome"] == "not_attempted"
            assert not exists or names([item])[0] in there
            assert item["certain"]
    assert [item["outcome"] for item in found] == ["exists"] * 1100 + ["created"] * 100
    assert all(item["certain"] for item in found)
    assert box.count("POST") == 100
