"""Taking back and trying again, in whole runs: nobody's work but our own."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bulkrepo import InputError, api
from bulkrepo.core.errors import SettingsError
from bulkrepo.core.outcomes import UNTOLD
from bulkrepo.runs.control import Control
from bulkrepo.sandbox import Settings as Box
from tests.support.boxes import TOKEN, bulkrepo, held, names, read, rows, write
from tests.support.registry import CUT, Asked, Watched, seed, settings, stock, told

OURS = Box(token=TOKEN, organizations=("team-a", "team-b"))


@examples(max_examples=15, deadline=None)
@given(
    there=st.sets(st.integers(0, 11)),
    wanted=st.sets(st.integers(0, 11), min_size=1),
    faults=st.sampled_from([{}, {"drop_after": 0.3}, {"error_rate": 0.3}]),
)
def test_undo_leaves_the_registry_as_it_was(
    there: set[int], wanted: set[int], faults: dict[str, Any]
) -> None:
    """What was there before is there, untouched; what is left over was not certain."""
    items = rows(12)

    async def run(folder: Path) -> None:
        kind = Box(token=TOKEN, organizations=("team-a",), seed=len(there), **faults)
        async with Watched(kind) as box:
            seed(box, [items[number] for number in there])
            before = stock(box)
            source = write(folder / "list.ndjson", [items[n] for n in wanted])
            known = settings(box, folder, ledger=str(folder / "l.db"))
            await api.create([source], settings=known)
            sure = {
                name
                for item in told(folder)
                if item["outcome"] == "created" and item["certain"]
                for name in names([item])
            }
            created = held(box)
            if not created - {"/".join(key) for key in before}:
                with pytest.raises(SettingsError, match="nothing is left to undo"):
                    await api.undo(settings=known)
                return
            full = stock(box)
            dry = await api.undo(settings=known, dry_run=True)
            assert stock(box) == full
            assert dry.summary.counts.get("to_remove", 0) == len(sure)
            await api.undo(settings=known)
            assert created - held(box) == sure
            after = stock(box)
            assert {key: after[key] for key in before} == before
            if not faults:
                assert after == before

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


async def test_undo_stops_at_so_many_that_it_keeps(tmp_path: Path) -> None:
    """`--max-failures` counts them: the exit code does as well."""
    async with Watched(OURS) as box:
        known = settings(box, tmp_path, ledger=str(tmp_path / "l.db"))
        source = write(tmp_path / "list.ndjson", rows(30))
        await api.create([source], settings=known)
        for repository in box.repositories.values():
            repository.num_images = 1
        result = await api.undo(settings=replace(known, concurrency=1, max_failures=2))

    assert result.exit_code == 3
    assert result.summary.counts["not_attempted"] > 0


async def test_undo_keeps_what_is_not_ours_any_more(tmp_path: Path) -> None:
    """An image, a namesake made anew: both stay, and the report says why."""
    items = rows(4)
    async with Watched(OURS) as box:
        known = settings(box, tmp_path, ledger=str(tmp_path / "l.db"))
        await api.create([write(tmp_path / "list.ndjson", items)], settings=known)
        state = box._gateway.state
        box.repositories["team-a", "app/00000"].num_images = 2
        state.remove(("team-a", "app/00001"))
        seed(box, [items[1]], made=time.time() + 3600)
        state.remove(("team-a", "app/00002"))
        result = await api.undo(settings=known)
        left = held(box)

    found = {item["repository"]: item for item in told(tmp_path)}
    assert {name: item["outcome"] for name, item in found.items()} == {
        "app/00000": "kept",
        "app/00001": "kept",
        "app/00002": "removed",
        "app/00003": "removed",
    }
    assert found["app/00000"]["reason"] == "it holds 2 images"
    assert "made it anew" in found["app/00001"]["reason"]
    assert "not there" in found["app/00002"]["evidence"]
    assert left == {"team-a/app/00000", "team-a/app/00001"}
    assert result.exit_code == 1


async def test_undo_again_never_takes_back_the_run_before(tmp_path: Path) -> None:
    """Unless its number is given; with nothing left it says so and sends nothing."""
    async with Watched(OURS) as box:
        known = settings(box, tmp_path, ledger=str(tmp_path / "l.db"))
        for count in (3, 5):
            source = write(tmp_path / f"{count}.ndjson", rows(count))
            await api.create([source], settings=known)
        left = []
        for run in (None, 1):
            await api.undo(run, settings=known)
            left.append(held(box))
            asked = len(box.asked)
            with pytest.raises(SettingsError, match="nothing is left to undo"):
                await api.undo(settings=known)
            assert len(box.asked) == asked
        with pytest.raises(SettingsError, match="no rows of a create or retry"):
            await api.verify(settings=known)

    assert left == [set(names(rows(3))), set()]


async def test_an_older_run_is_undone_by_its_number(tmp_path: Path) -> None:
    """What another run made, or somebody else, is not touched."""
    async with Watched(OURS) as box:
        known = settings(box, tmp_path, ledger=str(tmp_path / "l.db"))
        other = rows(2, namespace="team-b")
        seed(box, other[:1])
        first = await api.create(
            [write(tmp_path / "a.ndjson", rows(3))], settings=known
        )
        await api.create(
            [write(tmp_path / "b.ndjson", [*rows(5), *other])], settings=known
        )
        result = await api.undo(first.run.id, settings=known)
        left = held(box)

    assert result.summary.counts == {"removed": 3}
    assert left == set(names([*rows(5)[3:], *other]))


async def test_an_undo_that_was_stopped_goes_on(tmp_path: Path) -> None:
    """The same command again removes the rest, and each only once."""
    async with Watched(OURS) as box:
        known = settings(
            box, tmp_path, ledger=str(tmp_path / "l.db"), concurrency=1, survey="never"
        )
        await api.create([write(tmp_path / "list.ndjson", rows(20))], settings=known)
        control = Control()

        def stop(asked: Asked) -> None:
            if asked.method == "DELETE" and box.count("DELETE") == 7:
                control.stop("enough")

        box.before = stop
        first = await api.undo(settings=known, control=control)
        left = len(held(box))
        dry = await api.undo(settings=known, dry_run=True)
        second = await api.undo(settings=known)

    assert (first.exit_code, second.exit_code) == (3, 0)
    assert 0 < left < 20
    assert dry.summary.counts == {"to_remove": left}
    assert second.summary.counts == {"removed": 20}
    assert sorted(names(told(tmp_path))) == names(rows(20))
    assert not held(box)
    assert box.count("DELETE") == 20


async def test_an_undo_that_is_stopped_over_a_lost_reply_is_not_sure(
    tmp_path: Path, hasty: None
) -> None:
    """It may have been removed; the next one finds that it was."""
    ledger = str(tmp_path / "l.db")
    async with Watched(OURS) as box:
        known = settings(box, tmp_path, ledger=ledger)
        await api.create([write(tmp_path / "list.ndjson", rows(1))], settings=known)
        control = Control()

        def lost(asked: Asked) -> web.Response | None:
            if asked.method != "DELETE":
                return None
            control.stop("enough")
            return web.Response(status=500)

        box.after = lost
        await api.undo(settings=known, control=control)
        (first,) = told(tmp_path)
        box.after = lambda _: None
        await api.undo(settings=known)
        (second,) = told(tmp_path)

    assert (first["outcome"], first["certain"]) == ("not_attempted", False)
    assert first["evidence"] == UNTOLD
    assert (second["outcome"], second["certain"]) == ("removed", True)
    assert second["evidence"] == "it was not there any more"


async def test_an_undo_whose_replies_are_lost_removes_nothing_of_others(
    tmp_path: Path,
) -> None:
    """Somebody takes some of the names in the gap: the command line leaves them be."""
    items, taken = rows(9), {"app/00002", "app/00005"}
    lost: set[str] = set()

    async with Watched(OURS) as box:

        def lose(asked: Asked) -> web.Response | None:
            name = asked.path.rsplit("/", 1)[1].replace("$", "/")
            if asked.method != "DELETE" or name in lost or int(name[-1]) % 3 == 0:
                return None
            lost.add(name)
            if name in taken:
                seed(box, [items[int(name[-1])]], made=time.time())
            return web.Response(status=CUT if name < "app/00005" else 502)

        words = ("--rate", "1000/s", "--ledger", "l.db")
        source = write(tmp_path / "list.ndjson", items)
        await bulkrepo("create", source, *words, cwd=tmp_path, box=box)
        box.after = lose
        ended = await bulkrepo("undo", *words, cwd=tmp_path, box=box)
        left = held(box)

    found = {row["repository"]: row for row in read(tmp_path / "undo.report.jsonl")}
    assert ended.code == 1
    assert len(lost) == 6
    assert left == {f"team-a/{name}" for name in taken}
    assert box.count("DELETE") == 9
    for name, row in found.items():
        kept = name in taken
        assert row["outcome"] == ("kept" if kept else "removed")
        assert row["certain"] == (not kept)
        assert not kept or "somebody made it anew" in row["reason"]
        assert not kept or "may have removed ours" in row["evidence"]


# Trying again


def _refusing(*words: str) -> Callable[[Asked], web.Response | None]:
    """Refuse to create what is called one of *words*."""

    def answer(asked: Asked) -> web.Response | None:
        if asked.method == "POST" and asked.body["repository"] in words:
            return web.json_response({"errors": []}, status=400)
        return None

    return answer


@pytest.mark.parametrize("kind", ["ledger", "report.jsonl", "report.csv"])
async def test_retry_sends_what_did_not_succeed_and_nothing_else(
    tmp_path: Path, kind: str
) -> None:
    """A retry of a retry takes what is left of that; undo takes back what it made."""
    ledger = {"ledger": str(tmp_path / "l.db")}
    past = str(tmp_path / kind)
    reports = (str(tmp_path / "report.jsonl"), str(tmp_path / "report.csv"))

    async with Watched(OURS, before=_refusing("app/00001", "app/00003")) as box:
        known = settings(box, tmp_path, **ledger, reports=reports, survey="never")
        await api.create([write(tmp_path / "list.ndjson", rows(6))], settings=known)
        sources = [] if kind == "ledger" else [past]
        box.before = _refusing("app/00003")
        posts = box.count("POST")
        known = settings(box, tmp_path, **ledger, survey="never")
        again = str(tmp_path / "again.jsonl")
        known = settings(box, tmp_path, **ledger, reports=(again,), survey="never")
        second = await api.retry(sources, settings=known)
        sent = box.count("POST") - posts
        box.before = lambda _: None
        posts = box.count("POST")
        third = await api.retry([again] if sources else [], settings=known)
        last = box.count("POST") - posts
        undone = await api.undo(settings=known)
        left = held(box)

    assert (sent, last) == (2, 1)
    assert second.summary.counts == {"created": 1, "failed": 1}
    assert third.summary.counts == {"created": 1}
    assert undone.summary.counts == {"removed": 1}
    assert left == set(names(rows(6))) - {"team-a/app/00003"}


@pytest.mark.parametrize("kind", ["ledger", "report"])
async def test_a_doubt_is_carried_from_retry_to_retry_until_reading_settles_it(
    tmp_path: Path, hasty: None, kind: str
) -> None:
    """
    A row unsure in run 1 and found in run 3 is ours, `certain: false`.

    Unless it is older than our first try, or was not there: then it is certain.
    """
    ours, theirs, never, late = (item["repository"] for item in rows(4))
    carried: set[int] = set()

    def drop(asked: Asked) -> web.Response | None:
        """Carry out one create a run, and say nothing of any."""
        if asked.method == "POST" and len(found) not in carried:
            wanted = (ours, late)[len(found)]
            if asked.body["repository"] == wanted:
                carried.add(len(found))
                return None
        return web.Response(status=500)

    def lose(_: Asked) -> web.Response | None:
        return web.Response(status=500)

    source = write(tmp_path / "list.ndjson", rows(4))
    found: list[list[dict[str, Any]]] = []
    async with Watched(OURS, before=drop, after=lose) as box:
        for number in range(3):
            report = str(tmp_path / f"{number}.jsonl")
            more = {"survey": "never", "patience": 20.0, "reports": (report,)}
            known = settings(box, tmp_path, ledger=str(tmp_path / "l.db"), **more)
            if number == 0:
                await api.create([source], settings=known)
            else:
                await api.retry([source] if kind == "report" else [], settings=known)
            source = report
            found.append(read(tmp_path / f"{number}.jsonl"))
            if number == 1:
                box.before = box.after = lambda _: None
                seed(box, [item for item in rows(4) if item["repository"] == theirs])

    assert not any(item["certain"] for early in found[:2] for item in early)
    assert [(i["repository"], i["outcome"], i["certain"]) for i in found[2]] == [
        (ours, "created", False),
        (theirs, "exists", True),
        (never, "created", True),
        (late, "created", False),
    ]
    assert "before our first try" in found[2][1]["evidence"]
    assert "found after a lost reply" in found[2][0]["evidence"]


@pytest.mark.parametrize(
    "text",
    [
        '{"namespace": "team-a", "repository": "one", "is_public": false}\n',
        '{"Target": "alpine", "Results": [{"Class": "os-pkgs"}]}\n',
    ],
)
async def test_retry_refuses_what_is_no_report(tmp_path: Path, text: str) -> None:
    """A plain list has no outcomes; another tool's report has no rows of ours."""
    source = tmp_path / "other.ndjson"
    source.write_text(text)
    async with Watched(OURS) as box:
        with pytest.raises(InputError, match=r"is no report: .* use create"):
            await api.retry([str(source)], settings=settings(box, tmp_path))

    assert box.asked == []


async def test_retry_refuses_what_was_only_planned(tmp_path: Path) -> None:
    """Nothing of it was tried, so nothing is to be tried again."""
    async with Watched(OURS) as box:
        plan = str(tmp_path / "plan.jsonl")
        known = settings(box, tmp_path, reports=(plan,))
        await api.plan([write(tmp_path / "list.ndjson", rows(2))], settings=known)
        with pytest.raises(InputError, match=r"says to_create: .* use create"):
            await api.retry([plan], settings=settings(box, tmp_path))

    assert not held(box)


@pytest.mark.parametrize("command", ["undo", "verify"])
async def test_one_stubborn_repository_does_not_hold_up_the_others(
    tmp_path: Path, command: str
) -> None:
    """That the others go well shows that the service does: its tries are used up."""
    method = {"undo": "DELETE", "verify": "GET"}[command]

    def meddle(asked: Asked) -> web.Response | None:
        stubborn = asked.method == method and asked.path.endswith("00001")
        return web.Response(status=500) if stubborn else None

    ledger = str(tmp_path / "l.db")
    source = write(tmp_path / "list.ndjson", rows(4, namespace="team"))
    async with Watched(Box(token=TOKEN, organizations=("team",))) as box:
        known = settings(
            box, tmp_path, ledger=ledger, max_attempts=2, patience=5.0, survey="never"
        )
        await api.create([source], settings=known)
        box.before = meddle
        result = await getattr(api, command)(settings=known)

    assert result.exit_code == 1
    assert result.summary.counts["failed"] == 1
