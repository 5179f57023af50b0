"""What is said before and proven after a run, held against what create does."""

import asyncio
import random
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bulkrepo import api
from bulkrepo.sandbox import Settings as Box
from tests.support.boxes import (
    ANYTHING,
    REAL,
    TOKEN,
    bulkrepo,
    held,
    names,
    rows,
    write,
)
from tests.support.registry import Asked, Watched, seed, settings, stock, told

OURS = Box(token=TOKEN, organizations=("team-a", "team-b"))

NAMESPACES = st.sampled_from(["team-a", "team-b", "nowhere", "Bad"])
ROW = st.fixed_dictionaries(
    {
        "namespace": NAMESPACES,
        "repository": st.sampled_from(["one", "two", "three/x", "four", "No!"]),
        "is_public": st.sampled_from([True, False, False, "maybe"]),
    },
    optional={
        "category": st.sampled_from(["linux", "database", "nonsense"]),
        "description": st.sampled_from(["", "words"]),
    },
)
THERE = st.lists(
    st.fixed_dictionaries(
        {
            "namespace": st.sampled_from(["team-a", "team-b"]),
            "repository": st.sampled_from(["one", "two", "three/x", "four"]),
            "is_public": st.booleans(),
            "category": st.sampled_from(["linux", "database"]),
            "description": st.sampled_from(["", "words"]),
        }
    ),
    max_size=6,
    unique_by=lambda item: (item["namespace"], item["repository"]),
)
COMES_TO = {"to_create": "created", "to_update": "updated"}


@examples(max_examples=25, deadline=None)
@given(
    wanted=st.lists(ROW, min_size=1, max_size=10),
    there=THERE,
    options=st.fixed_dictionaries(
        {
            "on_differs": st.sampled_from(["fail", "ignore", "update"]),
            "survey": st.sampled_from(["auto", "always", "never"]),
            "create_organizations": st.booleans(),
        }
    ),
)
def test_create_does_what_plan_says(
    wanted: list[dict[str, Any]], there: list[dict[str, Any]], options: dict[str, Any]
) -> None:
    """Row by row, and plan changes nothing to find out."""

    async def run(folder: Path) -> None:
        source = write(folder / "list.ndjson", wanted)
        async with Watched(OURS) as box:
            seed(box, there)
            before = stock(box)
            known = settings(box, folder, **options)
            plan = await api.plan([source], settings=known)
            planned = told(folder)
            assert {asked.method for asked in box.asked} <= {"GET"}
            assert stock(box) == before
            result = await api.create([source], settings=known)
            done = told(folder)

        assert set(plan.organizations) == set(result.organizations)
        for said, did in zip(planned, done, strict=True):
            outcome = said["outcome"]
            if did["namespace"] == "nowhere" and not options["create_organizations"]:
                good = ("failed", "not_attempted", "to_create", "invalid", "duplicate")
                assert outcome in good
                assert did["outcome"] in good
                continue
            assert did["outcome"] == COMES_TO.get(outcome, outcome)
            assert did["differences"] == said["differences"]

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


@pytest.mark.parametrize(
    ("item", "options", "code"),
    [
        pytest.param({}, ["--exit-code"], 0, id="nothing"),
        pytest.param({"repository": "new"}, ["--exit-code"], 10, id="to-create"),
        pytest.param({"repository": "Bad"}, ["--exit-code"], 1, id="invalid"),
        pytest.param({"repository": "Bad"}, [], 1, id="a-fault"),
        pytest.param({"category": "arm"}, ["--exit-code"], 10, id="differs"),
        pytest.param({"category": "arm"}, [], 0, id="no-fault"),
        pytest.param(
            {"category": "arm"},
            ["--exit-code", "--on-differs", "ignore"],
            0,
            id="ignored",
        ),
    ],
)
async def test_plan_tells_a_script_whether_there_is_something_to_do(
    tmp_path: Path, item: dict[str, Any], options: list[str], code: int
) -> None:
    """With --exit-code; and what it prints fits a screen."""
    items = rows(30)
    source = write(tmp_path / "list.ndjson", [*items[1:], items[0] | item])
    async with Watched(OURS) as box:
        seed(box, items)
        ended = await bulkrepo("plan", source, *options, cwd=tmp_path, box=box)

    assert ended.code == code
    assert 0 < len(ended.out.splitlines()) <= 25
    assert {asked.method for asked in box.asked} == {"GET"}
    assert [path.name for path in tmp_path.iterdir()] == ["list.ndjson"]


async def test_plan_says_first_what_is_open_to_everybody(tmp_path: Path) -> None:
    """Many other rows differ for harmless reasons; this is what must not be missed."""
    items = [item | {"description": "words"} for item in rows(40)]
    found = [item | {"description": "other"} for item in items]
    found[33]["is_public"] = True
    source = write(tmp_path / "list.ndjson", items)
    async with Watched(OURS) as box:
        seed(box, found)
        ended = await bulkrepo("plan", source, cwd=tmp_path, box=box)

    loud = [line for line in ended.out.splitlines() if "public" in line.lower()]
    lines = [line for line in ended.out.splitlines() if line.strip()]
    assert loud
    assert loud[0] in lines[:2]
    assert "34" in loud[0] + lines[1]


@pytest.mark.parametrize("kind", ["list", "report", "ledger"])
async def test_verify_proves_and_changes_nothing(tmp_path: Path, kind: str) -> None:
    """What is missing failed, what differs differs, each with what was seen."""
    source = write(tmp_path / "list.ndjson", rows(6))
    path = tmp_path / "l.db"
    past = tmp_path / "past.jsonl"
    async with Watched(OURS) as box:
        known = settings(box, tmp_path, ledger=str(path), reports=(str(past),))
        await api.create([source], settings=known)
        box._gateway.state.remove(("team-a", "app/00001"))
        box.repositories["team-a", "app/00002"].is_public = True
        before, asked = stock(box), len(box.asked)
        with closing(sqlite3.connect(path)) as ledger:
            dump = list(ledger.iterdump())
        known = settings(box, tmp_path, ledger=str(path))
        sources = {"list": [source], "report": [str(past)], "ledger": []}[kind]
        result = await api.verify(sources, settings=known)
        found = told(tmp_path)
        await api.plan([source], settings=known)
        with closing(sqlite3.connect(path)) as ledger:
            assert list(ledger.iterdump()) == dump
        assert stock(box) == before

    assert {one.method for one in box.asked[asked:]} == {"GET"}
    assert [item["outcome"] for item in found] == [
        *("exists", "failed", "differs", "exists", "exists", "exists")
    ]
    assert found[1]["evidence"] == "read: it is not there"
    assert found[2]["differences"] == {"is_public": [False, True]}
    assert "shown by SWR, created 20" in found[0]["evidence"]
    assert result.exit_code == 1


# Organizations


def _unseen(asked: Asked) -> web.Response | None:
    """Answer for another account's organization as for one that is not there."""
    if asked != ("GET", "/v2/manage/namespaces/elsewhere", None):
        return None
    code = "SVCSTG.SWR.4040058"
    return web.json_response({"errors": [{"errorCode": code}]}, status=404)


async def test_missing_organizations_are_created_once(tmp_path: Path) -> None:
    """One name is another account's: its rows say so, all others are created."""
    spaces = ("team-a", "new-one", "elsewhere", "new-two")
    items = [item for name in spaces for item in rows(4, namespace=name)]
    source = write(tmp_path / "list.ndjson", items)
    box = Box(token=TOKEN, organizations=("team-a",), taken=("elsewhere",))
    async with Watched(box, before=_unseen) as found:
        known = settings(found, tmp_path, create_organizations=True)
        plan = await api.plan([source], settings=known)
        assert found.count("POST") == 0
        result = await api.create([source], settings=known)
        there = held(found)

    lost = [item for item in told(tmp_path) if item["namespace"] == "elsewhere"]
    sent = Counter(
        asked.body["namespace"]
        for asked in found.asked
        if asked.method == "POST" and "namespace" in asked.body
    )
    assert set(plan.organizations) >= {"new-one", "new-two"}
    assert result.organizations == ("new-one", "new-two")
    assert sent == {"new-one": 1, "elsewhere": 1, "new-two": 1}
    assert [item["outcome"] for item in lost] == ["not_attempted"] * 4
    assert all("another account" in item["reason"] for item in lost)
    assert there == {name for name in names(items) if "elsewhere" not in name}
    assert result.exit_code == 1


async def test_a_quota_of_organizations_stops_only_those_beyond_it(
    tmp_path: Path,
) -> None:
    """The first fit in; the rows of the others say that the quota is used up."""
    spaces = ("team-a", "new-one", "new-two")
    items = [item for name in spaces for item in rows(3, namespace=name)]
    source = write(tmp_path / "list.ndjson", items)
    box = Box(token=TOKEN, organizations=("team-a",), organization_quota=2)
    async with Watched(box) as found:
        result = await api.create(
            [source], settings=settings(found, tmp_path, create_organizations=True)
        )

    lost = told(tmp_path)[6:]
    assert result.summary.counts == {"created": 6, "not_attempted": 3}
    assert all("no more organizations" in item["reason"] for item in lost)


async def test_an_organization_whose_reply_is_lost_is_ours(tmp_path: Path) -> None:
    """A 500 after the organization was created: it is read, and its rows go on."""

    def lost(asked: Asked) -> web.Response | None:
        founding = asked.method == "POST" and "namespace" in asked.body
        return web.Response(status=500) if founding else None

    source = write(tmp_path / "list.ndjson", rows(3, namespace="new-one"))
    async with Watched(OURS, after=lost) as box:
        result = await api.create(
            [source], settings=settings(box, tmp_path, create_organizations=True)
        )

    assert result.summary.counts == {"created": 3}


DISCREET = Box(
    token=TOKEN, organizations=("team-a",), taken=("elsewhere",), discreet=True
)


@pytest.mark.parametrize(
    "spaces", [("new", "elsewhere"), ("elsewhere", "team-a", "new")]
)
async def test_an_organization_that_may_not_be_read_is_created_if_it_may(
    tmp_path: Path, spaces: tuple[str, ...]
) -> None:
    """A 403 may hide that it is missing; only the creation tells, and plan says so."""
    items = [item for name in spaces for item in rows(9, namespace=name)]
    source = write(tmp_path / "list.ndjson", items)
    async with Watched(DISCREET) as box:
        known = settings(box, tmp_path, create_organizations=True, concurrency=1)
        plan = await api.plan([source], settings=known)
        foretold = told(tmp_path)
        looks = {asked.method for asked in box.asked}
        result = await api.create([source], settings=known)
        there = held(box)

    outcome = {item["namespace"]: item["outcome"] for item in foretold}
    assert looks == {"GET"}
    assert plan.exit_code == 1
    assert outcome["new"] == outcome["elsewhere"] == "not_attempted"
    assert outcome.get("team-a") in (None, "to_create")
    hidden = [item for item in foretold if item["outcome"] == "not_attempted"]
    assert all("create will try" in item["reason"] for item in hidden)
    lost = [item for item in told(tmp_path) if item["outcome"] != "created"]
    assert names(lost) == names(rows(9, namespace="elsewhere"))
    assert (lost[0]["outcome"], lost[0]["status"]) == ("failed", 403)
    assert all(
        "taken, apparently by another account" in item["reason"] for item in lost[4:]
    )
    assert there == set(names(items)) - set(names(lost))
    assert (result.organizations, result.exit_code) == (("new",), 1)


async def test_an_organization_of_ours_that_may_not_be_read_is_written_to(
    tmp_path: Path,
) -> None:
    """That its name is taken says nothing against us; its rows do not stop."""

    def unread(asked: Asked) -> web.Response | None:
        if asked.method != "GET" or "/repos/" in asked.path:
            return None
        error = {"errorCode": "SVCSTG.SWR.4037017", "errorMessage": "no permission"}
        return web.json_response({"errors": [error]}, status=403)

    source = write(tmp_path / "list.ndjson", rows(4))
    async with Watched(OURS, before=unread) as box:
        known = settings(box, tmp_path, create_organizations=True)
        result = await api.create([source], settings=known)

    assert result.summary.counts == {"created": 4}
    assert (result.organizations, result.exit_code) == ((), 0)


@pytest.mark.parametrize("create", [True, False])
async def test_an_organization_that_may_be_neither_read_nor_created_fails_its_rows(
    tmp_path: Path, *, create: bool
) -> None:
    """With the 403 of a few of them; without the option nothing else is tried."""

    def refused(asked: Asked) -> web.Response | None:
        if asked.method != "POST" or "namespace" not in asked.body:
            return None
        error = {"errorCode": "SVCSTG.SWR.4030170", "errorMessage": "not you"}
        return web.json_response({"errors": [error]}, status=403)

    source = write(tmp_path / "list.ndjson", rows(40, namespace="new"))
    async with Watched(DISCREET, before=refused) as box:
        known = settings(box, tmp_path, create_organizations=create, concurrency=1)
        result = await api.create([source], settings=known)

    found = told(tmp_path)
    founded = [asked for asked in box.asked if "namespace" in (asked.body or ())]
    assert len(founded) == int(create)
    assert result.summary.counts.keys() == {"failed", "not_attempted"}
    assert found[0]["code"] == "SVCSTG.SWR.4037017"
    assert "no permission" in found[-1]["reason"]


# Nothing is made public that nobody wanted public

PUBLIC: tuple[Any, ...] = (True, "true", "YES", "y", "1", "Public")
NOT: tuple[Any, ...] = (
    False,
    "false",
    "no",
    "0",
    "private",
    "",
    None,
    "maybe",
    "truee",
    "on",
    "2",
    [],
)


async def _never_public(folder: Path, lists: int) -> None:
    """Give *lists* lists, 500 a run, to a registry that holds half of their rows."""
    chance = random.Random(lists)
    for start in range(0, lists, 500):
        sources, wanted, there = [], set(), []
        for number in range(start, start + 500):
            items: list[dict[str, Any]] = rows(chance.randint(1, 4))
            for item in items:
                item["repository"] = f"l{number}/{item['repository']}"
                item["is_public"] = chance.choice(PUBLIC + NOT * 2)
                if chance.random() < 0.5:
                    there.append(item | {"is_public": chance.random() < 0.5})
                if item["is_public"] in PUBLIC and item["is_public"] is not False:
                    wanted.add(item["repository"])
                elif chance.random() < 0.3:
                    del item["is_public"]
            sources.append(write(folder / f"{number}.ndjson", items))
        async with Watched(OURS) as box:
            seed(box, there)
            await api.create(
                sources, settings=settings(box, folder, on_differs="update")
            )
        sent = {"POST": set[str](), "PATCH": set[str]()}
        for method, path, body in box.asked:
            if body and body["is_public"] is not False:
                name = body.get("repository") or path.split("/")[-1].replace("$", "/")
                sent[method].add(name)
        assert sent["POST"] | sent["PATCH"] <= wanted
        assert sent["POST"]
        assert sent["PATCH"]


@pytest.mark.real
async def test_only_a_row_that_says_public_is_sent_as_public(tmp_path: Path) -> None:
    """By POST and by PATCH, over lists that say something else, or nothing."""
    await _never_public(tmp_path, 100_000 if REAL else 2000)


# What a plan says that is not all well

TWO = Box(token=TOKEN, organizations=("team-a",), forbidden=("ro",))


@pytest.mark.parametrize(
    ("item", "options", "head", "following"),
    [
        pytest.param(
            {"repository": "Bad"},
            [],
            "1 row: 1 invalid; 0 there as wanted\n",
            "bulkrepo validate list.ndjson",
            id="a fault",
        ),
        pytest.param(
            {"namespace": "nowhere"},
            [],
            "1 row: 1 could not be planned; 0 there as wanted\n",
            "bulkrepo plan list.ndjson --create-organizations",
            id="no organization",
        ),
        pytest.param(
            {"namespace": "ro"},
            [],
            "1 row: 1 could not be planned; 0 there as wanted\n",
            "bulkrepo whoami",
            id="read only",
        ),
        pytest.param(
            {},
            ["--token-file", "token"],
            "1 row: 1 could not be planned; 0 there as wanted\n"
            "stopped: SWR refuses the credential from token (401 ",
            "bulkrepo whoami --token-file token",
            id="a bad token",
        ),
        pytest.param(
            {"repository": "new", "is_public": True},
            ["--visibility", "private"],
            "1 row: 1 to create; 0 there as wanted\n"
            "1 repository would be created PUBLIC, as wanted (first: list.ndjson:1)\n",
            "bulkrepo create list.ndjson --visibility private",
            id="public by the list",
        ),
        pytest.param(
            {"is_public": True},
            [],
            "1 row: 1 not as wanted; 0 there as wanted\n"
            "!! 1 repository is private, which --on-differs update would make PUBLIC "
            "(first: list.ndjson:1)\n",
            "bulkrepo plan list.ndjson --on-differs update",
            id="private",
        ),
        pytest.param(
            {"is_public": True},
            ["--on-differs", "update"],
            "1 row: 1 to update; 0 there as wanted\n"
            "!! 1 repository is private and would become PUBLIC "
            "(first: list.ndjson:1)\n",
            "bulkrepo create list.ndjson --on-differs update",
            id="published",
        ),
        pytest.param(
            {"is_public": True},
            ["--on-differs", "ignore"],
            "1 row: nothing to do; 0 there as wanted\n",
            "nothing to do",
            id="left alone",
        ),
    ],
)
async def test_plan_says_what_could_not_be_planned_and_what_would_be_published(
    tmp_path: Path,
    item: dict[str, Any],
    options: list[str],
    head: str,
    following: str,
) -> None:
    """In the first lines, and in the last how to find out, with the same options."""
    write(tmp_path / "list.ndjson", [rows(1)[0] | item])
    (tmp_path / "token").write_text("a-dead-token")
    async with Watched(TWO) as box:
        seed(box, rows(1))
        ended = await bulkrepo("plan", "list.ndjson", *options, cwd=tmp_path, box=box)

    assert ended.out.startswith(head)
    assert ended.out.endswith(f"\nnext: {following}\n")


async def test_what_create_makes_public_is_counted(tmp_path: Path) -> None:
    """By creating it or by changing it; what was public before is not."""
    public = [{**item, "is_public": True} for item in rows(3)]
    source = write(tmp_path / "list.ndjson", [*rows(1, namespace="b"), *public])
    async with Watched(ANYTHING) as box:
        seed(box, [rows(2)[1], public[2]])
        known = settings(box, tmp_path, on_differs="update")
        result = await api.create([source], settings=known)
        again = await api.create([source], settings=known)

    assert result.exit_code == 0
    assert result.summary.opened == 2
    assert result.summary.opened_example == f"{source}:2"
    assert again.summary.opened == 0


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("more", [(), ("team-a", "team-b")])
async def test_plan_knows_where_nothing_may_be_created(
    tmp_path: Path, count: int, more: tuple[str, ...]
) -> None:
    """As create does, which is told so; what is there may be read all the same."""
    items = [item for name in ("ro", *more) for item in rows(count, namespace=name)]
    there = {"namespace": "ro", "repository": "there", "is_public": False}
    source = write(tmp_path / "list.ndjson", [*items, there])
    box = Box(token=TOKEN, organizations=("team-a", "team-b"), forbidden=("ro",))
    async with Watched(box) as found:
        seed(found, [there])
        known = settings(found, tmp_path)
        result = await api.plan([source], settings=known)
        foretold = told(tmp_path)
        done = await api.create([source], settings=known)

    outcomes = [item["outcome"] for item in foretold]
    assert outcomes[:count] == ["failed"] * count
    assert all("may only be read" in item["reason"] for item in foretold[:count])
    assert outcomes[count:-1] == ["to_create"] * len(items[count:])
    assert outcomes[-1] == "exists"
    assert (result.exit_code, done.exit_code) == (1, 1)
    assert done.summary.counts.get("created", 0) == len(items[count:])


async def test_what_an_organization_lacks_that_is_not_there_is_certain(
    tmp_path: Path,
) -> None:
    """By plan and by verify, and nothing was sent."""
    source = write(tmp_path / "list.ndjson", rows(2, namespace="nowhere"))
    async with Watched(OURS) as box:
        for survey in ("auto", "never"):
            for look in (api.plan, api.verify):
                known = settings(box, tmp_path, survey=survey)
                result = await look([source], settings=known)
                assert result.summary.failures == 2
                assert result.summary.uncertain == 0


async def test_a_plan_does_not_end_where_rows_differ(tmp_path: Path) -> None:
    """They are what it is to show: `--max-failures` counts rows it could not plan."""
    items = rows(5)
    async with Watched(OURS) as box:
        seed(box, [{**item, "is_public": not item["is_public"]} for item in items])
        source = write(tmp_path / "list.ndjson", items)
        done = await bulkrepo(
            *("plan", source, "--max-failures", "1"), cwd=tmp_path, box=box
        )

    assert done.code == 0
    assert "5 not as wanted" in done.out
