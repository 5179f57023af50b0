"""Knowing what is there: surveys, plans, proofs, changes, and taking back."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

import bulkrepo as library
from bulkrepo import Result, Settings
from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from tests.boxes import ANYTHING, TOKEN, bulkrepo, held, names, read, rows, write


def settings(box: Sandbox, folder: Path, **options: Any) -> Settings:
    """Give settings that do not wait, with a report."""
    report = str(folder / "report.jsonl")
    known = {"rate": "100000/s", "credential": box.settings.token, "reports": (report,)}
    return Settings(endpoint=box.url, **(known | options))


async def run(
    command: str, sources: Sequence[str], box: Sandbox, folder: Path, **options: Any
) -> tuple[Result, list[dict[str, Any]]]:
    """Run a library function of that name; give the result, and the report's rows."""
    function = getattr(library, command)
    result = await function(sources, settings=settings(box, folder, **options))
    return result, read(folder / "report.jsonl")


async def seeded(box: Sandbox, folder: Path, items: Sequence[dict[str, Any]]) -> None:
    """Let *box* hold *items* without a request for each, and forget the requests."""
    source = write(folder / "seed.ndjson", items[:1])
    await run("create", [source], box, folder, ledger=":memory:")
    (one,) = box.repositories.values()
    for number, item in enumerate(items):
        key = item["namespace"], item["repository"]
        box.repositories[key] = replace(
            one,
            id=number + 1,
            name=item["repository"],
            is_public=item["is_public"],
            description=item.get("description") or "",
        )
    box.requests.clear()


def asked(box: Sandbox) -> Counter[str]:
    """Count what was asked since the last `seeded`: reads, and each kind of write."""
    reads = ("show", "list", "show_organization", "list_organizations", "quotas")
    found: Counter[str] = Counter()
    for name, count in box.requests.items():
        found["GET" if name in reads else name] += count
    return +found


def contents(ledger: Path) -> list[str]:
    """Give all that a ledger holds, as SQL."""
    with closing(sqlite3.connect(ledger)) as db:
        return list(db.iterdump())


async def test_a_list_that_is_all_there_is_eleven_requests(tmp_path: Path) -> None:
    """Ten thousand rows, by the command line; silent, and no post."""
    items = rows(10_000, namespace="team")
    source = write(tmp_path / "list.ndjson", items)
    async with Sandbox(Box(token=TOKEN, organizations=("team",))) as box:
        await seeded(box, tmp_path, items)
        words = ["create", source, "-q", "--rate", "100000/s", "--report", "r.jsonl"]
        done = await bulkrepo(*words, cwd=tmp_path, box=box)
        found = asked(box)

    assert (done.code, done.out, done.err) == (0, "", "")
    assert found == {"GET": 11}
    assert {item["outcome"] for item in read(tmp_path / "r.jsonl")} == {"exists"}


async def test_only_what_is_missing_is_posted(tmp_path: Path) -> None:
    """A hundred of ten thousand."""
    items = rows(10_000, namespace="team")
    source = write(tmp_path / "list.ndjson", items)
    async with Sandbox(Box(token=TOKEN, organizations=("team",))) as box:
        await seeded(box, tmp_path, items[100:])
        result, _ = await run("create", [source], box, tmp_path)
        found = asked(box)

    assert result.summary.counts == {"created": 100, "exists": 9900}
    assert found["create"] == 100
    assert found["GET"] <= 11


@pytest.mark.parametrize(
    ("fault", "posts"),
    [
        pytest.param({"unlisted": ("team",)}, 20, id="may not be listed"),
        pytest.param({"html_rate": 0.3}, 0, id="a proxy in between"),
        pytest.param({"vanish": 1}, 0, id="shrinks while it is read"),
        pytest.param({"appear": 1}, 0, id="grows while it is read"),
    ],
)
async def test_what_cannot_be_listed_is_posted(
    tmp_path: Path, fault: dict[str, Any], posts: int
) -> None:
    """Every row right in the end, and nobody waits for a list."""
    items = rows(20, namespace="team")
    source = write(tmp_path / "list.ndjson", items)
    async with Sandbox(Box(token=TOKEN, organizations=("team",))) as plain:
        await seeded(plain, tmp_path, items[:10])
        there = dict(plain.repositories)
    async with Sandbox(Box(token=TOKEN, organizations=("team",), **fault)) as box:
        box.repositories.update(there)
        result, _ = await run("create", [source], box, tmp_path)
        found = asked(box)
        now = held(box)

    assert result.exit_code == 0
    assert len(set(names(items)) - now) <= fault.get("vanish", 0)
    assert sum(result.summary.counts.values()) == 20
    assert set(result.summary.counts) == {"created", "exists"}
    assert found["create"] >= posts


async def test_what_differs_is_changed_where_that_is_wanted(tmp_path: Path) -> None:
    """And only that; old and new are told. Without, it is told and left alone."""
    items = [{**row, "description": "old"} for row in rows(10, namespace="team")]
    wanted = [*items[:8], {**items[8], "description": "new"}, items[9]]
    wanted[9] = {**wanted[9], "is_public": True}
    source = write(tmp_path / "list.ndjson", wanted)
    async with Sandbox(Box(token=TOKEN, organizations=("team",))) as box:
        await seeded(box, tmp_path, items)
        told, left = await run("create", [source], box, tmp_path)
        before = asked(box)
        done, changed = await run(
            "create", [source], box, tmp_path, on_differs="update"
        )
        found = asked(box)
        again, _ = await run("create", [source], box, tmp_path)

    differences = [None] * 8 + [
        {"description": ["new", "old"]},
        {"is_public": [True, False]},
    ]
    assert told.exit_code == 1
    assert [item["differences"] for item in left] == differences
    assert before == {"GET": 2}
    assert done.summary.counts == {"exists": 8, "updated": 2}
    assert [item["differences"] for item in changed] == differences
    assert found == {"GET": 4, "update": 2}
    assert again.summary.counts == {"exists": 10}


async def test_missing_organizations_are_created_where_that_is_wanted(
    tmp_path: Path,
) -> None:
    """One that we may not even read, and those beyond the quota, stop their rows."""
    spaces = ("team", "new", "theirs", "more", "toomany")
    items = [row for space in spaces for row in rows(3, namespace=space)]
    source = write(tmp_path / "list.ndjson", items)
    box_settings = Box(
        token=TOKEN, organizations=("team",), taken=("theirs",), organization_quota=3
    )
    async with Sandbox(box_settings) as box:
        wish: dict[str, Any] = {"create_organizations": True}
        planned, _ = await run("plan", [source], box, tmp_path, **wish)
        without, _ = await run("create", [source], box, tmp_path, ledger=":memory:")
        result, found = await run("create", [source], box, tmp_path, **wish)

    reasons = {item["reason"] for item in found if item["namespace"] == "toomany"}
    assert set(planned.organizations) == {"new", "more", "toomany"}
    assert without.summary.counts["created"] == 3
    assert without.summary.failures == 12
    assert result.organizations == ("new", "more")
    assert result.summary.counts["created"] == 6
    assert result.summary.counts["exists"] == 3
    assert result.summary.failures == 6
    assert all("no more organizations" in reason for reason in reasons)


NAMES = st.integers(0, 11).map(lambda number: f"app/{number}")
ROW = st.fixed_dictionaries(
    {
        "namespace": st.sampled_from(("team", "other", "gone")),
        "repository": NAMES | st.just("Not-Legal"),
        "is_public": st.booleans(),
    },
    optional={"description": st.sampled_from(("", "a", "b"))},
)
PLANNED = {"to_create": "created", "to_update": "updated"}


@hypothesis(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    there=st.dictionaries(
        st.tuples(st.sampled_from(("team", "other")), NAMES),
        st.tuples(st.booleans(), st.sampled_from(("", "a", "b"))),
    ),
    wanted=st.lists(ROW, min_size=1, max_size=30),
    on_differs=st.sampled_from(("fail", "ignore", "update")),
    survey=st.sampled_from(("auto", "always")),
)
async def test_what_plan_says_create_does_and_undo_takes_back(
    there: dict[tuple[str, str], tuple[bool, str]],
    wanted: list[dict[str, Any]],
    on_differs: str,
    survey: str,
) -> None:
    """Over random registries and lists; afterwards all is as it was before."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        source = write(folder / "list.ndjson", wanted)
        ledger = str(folder / "l.db")
        known: dict[str, Any] = {"on_differs": on_differs, "survey": survey}
        box_settings = Box(token=TOKEN, organizations=("team", "other"))
        async with Sandbox(box_settings) as box:
            first = {"namespace": "team", "repository": "z", "is_public": False}
            await seeded(box, folder, [first])
            (one,) = box.repositories.values()
            for (space, repository), (public, text) in there.items():
                box.repositories[space, repository] = replace(
                    one, namespace=space, name=repository, is_public=public,
                    description=text,
                )  # fmt: skip
            before = {key: replace(value) for key, value in box.repositories.items()}
            _, planned = await run("plan", [source], box, folder, **known)
            looked = asked(box)
            result, done = await run(
                "create", [source], box, folder, ledger=ledger, **known
            )
            updated = [item for item in done if item["outcome"] == "updated"]
            if result.summary.counts.get("created"):
                await library.undo(settings=settings(box, folder, ledger=ledger))
            after = box.repositories
            for item in updated:  # what was changed is nobody's creation
                key = item["namespace"], item["repository"]
                assert after.pop(key).is_public == item["is_public"]
                del before[key]

    assert set(looked) <= {"GET"}
    for plan, fact in zip(planned, done, strict=True):
        expected = PLANNED.get(plan["outcome"], plan["outcome"])
        if plan["namespace"] == "gone" and expected in ("failed", "not_attempted"):
            # Who of a missing organization was asked about first is chance.
            assert fact["outcome"] in ("failed", "not_attempted")
        else:
            assert fact["outcome"] == expected
            assert fact["differences"] == plan["differences"]
    assert after == before


async def test_a_plan_is_loud_about_what_is_open_and_fits_a_screen(
    tmp_path: Path,
) -> None:
    """On standard output, with an exit code for scripts."""
    items = rows(60, namespace="team")
    source = write(tmp_path / "list.ndjson", items)
    async with Sandbox(Box(token=TOKEN, organizations=("team",))) as box:
        await seeded(box, tmp_path, [{**row, "is_public": True} for row in items[:40]])
        words = ("plan", source, "--rate", "100000/s", "--exit-code")
        loud = await bulkrepo(*words, cwd=tmp_path, box=box)
        box.repositories.clear()
        todo = await bulkrepo(*words, cwd=tmp_path, box=box)
        await run("create", [source], box, tmp_path)
        nothing = await bulkrepo(*words, "-q", cwd=tmp_path, box=box)

    lines = loud.out.splitlines()
    assert loud.code == 1
    assert lines[0] == "60 rows: 20 to create; 0 there as wanted"
    assert lines[1].startswith("!! 40 repositories are PUBLIC and should be private")
    assert len(lines) <= 25
    assert todo.code == 10
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "")
    assert not (tmp_path / "bulkrepo.db").exists()


async def test_verifying_proves_each_row_and_changes_nothing(tmp_path: Path) -> None:
    """From a list, a report, or the ledger of the run."""
    items = rows(6, namespace="team")
    source = write(tmp_path / "list.ndjson", items)
    ledger = tmp_path / "l.db"
    async with Sandbox(Box(token=TOKEN, organizations=("team",))) as box:
        await run("create", [source], box, tmp_path, ledger=str(ledger))
        (tmp_path / "report.jsonl").rename(tmp_path / "first.jsonl")
        del box.repositories["team", "app/00000"]
        box.repositories["team", "app/00001"].is_public = True
        box.requests.clear()
        kept = contents(ledger)
        found = [
            await run("verify", sources, box, tmp_path, ledger=str(ledger))
            for sources in ([source], [str(tmp_path / "first.jsonl")], [])
        ]
        unchanged = contents(ledger) == kept
        methods = asked(box)

    for result, proof in found:
        assert result.exit_code == 1
        assert [item["outcome"] for item in proof] == [
            "failed",
            "differs",
            *["exists"] * 4,
        ]
        assert all(item["evidence"] for item in proof)
    assert set(methods) == {"GET"}
    assert unchanged


async def test_undo_keeps_what_others_use_by_now(tmp_path: Path) -> None:
    """An image, or a repository made anew; and what it did not create at all."""
    items = rows(5, namespace="team")
    ledger = str(tmp_path / "l.db")
    async with Sandbox(Box(token=TOKEN, organizations=("team",))) as box:
        await seeded(box, tmp_path, items[:1])
        source = write(tmp_path / "list.ndjson", items)
        await run("create", [source], box, tmp_path, ledger=ledger)
        box.repositories["team", "app/00001"].num_images = 1
        box.repositories["team", "app/00002"].created += 3600
        known = settings(box, tmp_path, ledger=ledger)
        dry = await library.undo(settings=known, dry_run=True)
        before = held(box)
        real = await library.undo(settings=known)
        found = read(tmp_path / "report.jsonl")
        with pytest.raises(library.SettingsError, match="nothing is left"):
            await library.undo(9, settings=known)
        again = await library.undo(settings=known)

    kept = {item["repository"]: item["reason"] for item in found if item["reason"]}
    assert dry.summary.counts == {"kept": 2, "to_remove": 2}
    assert before == set(names(items))
    assert real.summary.counts == {"kept": 2, "removed": 2}
    assert "1 image" in kept["app/00001"]
    assert "anew" in kept["app/00002"]
    assert again.summary.counts == {"kept": 2}
    assert held(box) == {f"team/app/0000{n}" for n in (0, 1, 2)}


async def test_a_retry_works_on_what_did_not_succeed(tmp_path: Path) -> None:
    """From a report or the ledger; a list that says nothing of outcomes is refused."""
    items = rows(4, namespace="team") + rows(4, namespace="late")
    source = write(tmp_path / "list.ndjson", items)
    ledger = str(tmp_path / "l.db")
    async with Sandbox(Box(token=TOKEN, organizations=("team",))) as box:
        await run("create", [source], box, tmp_path, ledger=ledger)
        first = str((tmp_path / "report.jsonl").rename(tmp_path / "first.jsonl"))
        reported, by_report = await run("retry", [first], box, tmp_path)
        wish: dict[str, Any] = {"create_organizations": True}
        result, by_ledger = await run("retry", [], box, tmp_path, ledger=ledger, **wish)
        nothing, _ = await run("retry", [], box, tmp_path, ledger=ledger)
        with pytest.raises(library.InputError, match="is no report"):
            await run("retry", [source], box, tmp_path)

    assert [item["line"] for item in by_report] == [5, 6, 7, 8]
    assert reported.exit_code == 1
    assert result.summary.counts == {"created": 4}
    assert [(item["source"], item["line"]) for item in by_ledger] == [
        (source, line) for line in (5, 6, 7, 8)
    ]
    assert (nothing.exit_code, nothing.summary.total) == (0, 0)


async def test_a_survey_that_is_interrupted_misreports_nothing(tmp_path: Path) -> None:
    """The deadline ends it; the same command goes on."""
    items = rows(30, namespace="team")
    source = write(tmp_path / "list.ndjson", items)
    known: dict[str, Any] = {"ledger": str(tmp_path / "l.db")}
    async with Sandbox(replace(ANYTHING, latency=0.3)) as slow:
        stopped, cut = await run(
            "create", [source], slow, tmp_path, deadline=0.4, **known
        )
    async with Sandbox(ANYTHING) as box:
        result, _ = await run("create", [source], box, tmp_path)

    assert stopped.exit_code == 3
    assert {item["outcome"] for item in cut} <= {"not_attempted", "created"}
    assert result.summary.counts == {"created": 30}


async def test_nothing_private_is_ever_made_public(tmp_path: Path) -> None:
    """Neither by a post nor by a change: only a row's own word does that."""
    items = rows(10, namespace="team")
    source = write(tmp_path / "list.ndjson", items)
    async with Sandbox(Box(token=TOKEN, organizations=("team",))) as box:
        await seeded(box, tmp_path, [{**row, "is_public": True} for row in items[:5]])
        await run("create", [source], box, tmp_path, on_differs="update")

    assert not any(found.is_public for found in box.repositories.values())
    assert json.loads((tmp_path / "report.jsonl").read_text().splitlines()[0])[
        "differences"
    ] == {"is_public": [False, True]}
