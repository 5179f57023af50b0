"""Whole runs against a registry that is not empty: what is asked, and what is left."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bulkrepo import api
from bulkrepo.sandbox import Settings as Box
from tests.support.boxes import TOKEN, bulkrepo, held, names, rows, write
from tests.support.registry import CUT, Asked, Watched, seed, settings, stock, told

OURS = Box(token=TOKEN, organizations=("team-a", "team-b", "team-c"))

# What it costs


@pytest.mark.parametrize(("missing", "organizations"), [(0, 1), (100, 1), (100, 20)])
async def test_a_survey_costs_a_page_a_thousand_rows(
    tmp_path: Path, missing: int, organizations: int
) -> None:
    """Ten thousand rows are known after eleven requests; only the missing are sent."""
    each = 10_000 // organizations
    items = [
        item
        for number in range(organizations)
        for item in rows(each, namespace=f"team{number}")
    ]
    gone = items[:: len(items) // missing] if missing else []
    there = [item for item in items if item not in gone] if gone else items
    async with Watched(Box(token=TOKEN)) as box:
        seed(box, there)
        result = await api.create(
            [write(tmp_path / "list.ndjson", items)], settings=settings(box, tmp_path)
        )

    assert result.exit_code == 0
    assert box.count("POST") == missing
    # One more for each organization; of many, one request says which there are.
    assert box.count("GET") <= (11 if organizations == 1 else 1 + organizations)
    assert Counter(result.summary.counts) == Counter(
        created=missing, exists=10_000 - missing
    )
    outcome = dict.fromkeys(names(gone), "created")
    for item in told(tmp_path):
        (name,) = names([item])
        assert item["outcome"] == outcome.get(name, "exists")
        assert item["certain"]


async def test_a_nightly_run_that_changes_nothing_is_silent(tmp_path: Path) -> None:
    """A cron job with -q that found all as wanted sends no mail."""
    items = rows(10_000)
    source = write(tmp_path / "list.ndjson", items)
    async with Watched(Box(token=TOKEN)) as box:
        seed(box, items)
        ended = await bulkrepo(
            *("create", source, "-q", "--rate", "100000/s"), cwd=tmp_path, box=box
        )

    assert ended == (0, "", "")
    assert box.count("POST") == 0
    assert box.count("GET") <= 11


# What differs

WANTED: list[dict[str, Any]] = [
    {"namespace": "team-a", "repository": "same", "is_public": False},
    {"namespace": "team-a", "repository": "open", "is_public": False},
    {"namespace": "team-a", "repository": "kind", "is_public": True}
    | {"category": "linux"},
    {"namespace": "team-a", "repository": "text", "is_public": False}
    | {"description": "new words"},
    {"namespace": "team-a", "repository": "both", "is_public": False}
    | {"category": "lang", "description": "mine"},
]
FOUND: list[dict[str, Any]] = [
    WANTED[0] | {"category": "arm", "description": "nobody asked"},
    WANTED[1] | {"is_public": True},
    WANTED[2] | {"category": "database"},
    WANTED[3] | {"description": "old words"},
    WANTED[4] | {"is_public": True, "category": "lang", "description": "left over"},
]
DIFFERENCES = [
    None,
    {"is_public": [False, True]},
    {"category": ["linux", "database"]},
    {"description": ["new words", "old words"]},
    {"is_public": [False, True], "description": ["mine", "left over"]},
]


@pytest.mark.parametrize("survey", ["auto", "never"])
@pytest.mark.parametrize("on_differs", ["fail", "ignore"])
async def test_what_differs_is_left_alone(
    tmp_path: Path, on_differs: str, survey: str
) -> None:
    """Old and new values are told, and nothing is changed."""
    async with Watched(OURS) as box:
        seed(box, FOUND)
        before = stock(box)
        result = await api.create(
            [write(tmp_path / "list.ndjson", WANTED)],
            settings=settings(box, tmp_path, on_differs=on_differs, survey=survey),
        )
        after = stock(box)

    found = told(tmp_path)
    assert [item["outcome"] for item in found] == ["exists", *["differs"] * 4]
    assert [item["differences"] for item in found] == DIFFERENCES
    assert result.exit_code == (1 if on_differs == "fail" else 0)
    assert after == before
    assert box.count("PATCH") == 0
    assert box.count("POST") == (0 if survey == "auto" else 5)


@pytest.mark.parametrize("survey", ["auto", "never"])
async def test_an_update_changes_what_differs_and_nothing_else(
    tmp_path: Path, survey: str
) -> None:
    """PATCH says is_public always, as SWR wants; fields that a row lacks stay."""
    async with Watched(OURS) as box:
        seed(box, FOUND)
        before = stock(box)
        result = await api.create(
            [write(tmp_path / "list.ndjson", WANTED)],
            settings=settings(box, tmp_path, on_differs="update", survey=survey),
        )
        after = stock(box)

    found = told(tmp_path)
    sent = {asked.path: asked.body for asked in box.asked if asked.method == "PATCH"}
    assert [item["outcome"] for item in found] == ["exists", *["updated"] * 4]
    assert [item["differences"] for item in found] == DIFFERENCES
    assert result.exit_code == 0
    assert len(sent) == box.count("PATCH") == 4
    assert [body.get("is_public") for _, body in sorted(sent.items())] == [
        False,
        True,
        False,
        False,
    ]
    assert after["team-a", "same"] == before["team-a", "same"]
    assert [after["team-a", item["repository"]][1:4] for item in WANTED[1:]] == [
        (False, "other", ""),
        (True, "linux", ""),
        (False, "other", "new words"),
        (False, "lang", "mine"),
    ]


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("always", [True, False])
async def test_an_update_whose_reply_is_lost_is_read(
    tmp_path: Path, *, committed: bool, always: bool
) -> None:
    """What SWR shows afterwards decides, not the 500."""
    broken: Counter[str] = Counter()

    def lost(asked: Asked) -> web.Response | None:
        if asked.method != "PATCH" or "kind" not in asked.path:
            return None
        broken[asked.path] += 1
        return web.Response(status=500) if always or broken.total() == 1 else None

    async with Watched(OURS) as box:
        seed(box, FOUND)
        setattr(box, "after" if committed else "before", lost)
        result = await api.create(
            [write(tmp_path / "list.ndjson", WANTED)],
            settings=settings(box, tmp_path, on_differs="update", max_attempts=2),
        )
        category = box.repositories["team-a", "kind"].category

    found = told(tmp_path)
    good = committed or not always
    assert found[2]["outcome"] == ("updated" if good else "failed")
    assert category == ("linux" if good else "database")
    assert [item["outcome"] for item in found[3:]] == ["updated"] * 2
    assert [item["differences"] for item in found] == DIFFERENCES
    assert result.exit_code == int(not good)
    # One that was carried out is found so, and not sent again.
    assert broken.total() == 2 - committed


@pytest.mark.parametrize("committed", [True, False])
async def test_what_somebody_changes_after_a_lost_update_is_left_alone(
    tmp_path: Path, *, committed: bool
) -> None:
    """Theirs came last, for all that is known: it is told, and not overwritten."""

    def lost(asked: Asked) -> web.Response | None:
        if asked.method != "PATCH" or "kind" not in asked.path:
            return None
        box.repositories["team-a", "kind"].category = "windows"
        return web.Response(status=CUT if committed else 502)

    async with Watched(OURS) as box:
        seed(box, FOUND)
        setattr(box, "after" if committed else "before", lost)
        result = await api.create(
            [write(tmp_path / "list.ndjson", WANTED)],
            settings=settings(box, tmp_path, on_differs="update"),
        )
        category = box.repositories["team-a", "kind"].category

    found = told(tmp_path)[2]
    assert category == "windows"
    assert found["outcome"] == "differs"
    assert found["differences"] == {"category": ["linux", "windows"]}
    assert "somebody else changed it" in found["evidence"]
    assert result.summary.counts == {"exists": 1, "updated": 3, "differs": 1}
    assert box.count("PATCH") == 4


async def test_an_update_that_is_refused_fails_its_row_only(tmp_path: Path) -> None:
    """A 403 for one repository says nothing about the next one."""
    body = {"errors": [{"errorCode": "SVCSTG.SWR.4037017", "errorMessage": "no"}]}

    def refused(asked: Asked) -> web.Response | None:
        if asked.method == "PATCH" and "kind" in asked.path:
            return web.json_response(body, status=403)
        return None

    new = {"namespace": "team-a", "repository": "zebra", "is_public": False}
    async with Watched(OURS, before=refused) as box:
        seed(box, FOUND)
        result = await api.create(
            [write(tmp_path / "list.ndjson", [*WANTED, new])],
            settings=settings(box, tmp_path, on_differs="update"),
        )

    found = told(tmp_path)
    assert [item["outcome"] for item in found] == [
        *("exists", "updated", "failed", "updated", "updated", "created")
    ]
    assert found[2]["code"] == "SVCSTG.SWR.4037017"
    assert found[2]["status"] == 403
    assert result.exit_code == 1


# Lists that cannot be had, or do not hold still


BAD: dict[str, Any] = {
    "500": {"status": 500},
    "502-html": {
        "status": 502,
        "text": "<html>bad gateway",
        "content_type": "text/html",
    },
    "html": {"text": "<html><body>hello</body></html>", "content_type": "text/html"},
    "garbage": {"body": b"\x00\xff\xfe!!", "content_type": "application/json"},
    "truncated": {"text": '[{"name": "app/00000", "namespace": "team-a", "is_pu'},
    "empty": {"body": b""},
    "object": {"text": '{"repositories": 3}', "content_type": "application/json"},
    "null": {"text": "null", "content_type": "application/json"},
    "403": {"status": 403},
    "404": {"status": 404},
}


@pytest.mark.parametrize("answer", BAD)
async def test_without_a_list_rows_are_asked_for_one_by_one(
    tmp_path: Path, hasty: None, answer: str
) -> None:
    """A list is worth two tries, no patience, one line, and no wrong word."""

    def bad(asked: Asked) -> web.Response | None:
        listing = asked.method == "GET" and "manage/repos?" in asked.path
        return web.Response(**BAD[answer]) if listing else None

    items = [*rows(6), *rows(6, namespace="team-b"), *rows(6, namespace="team-c")]
    source = write(tmp_path / "list.ndjson", items)
    async with Watched(OURS, before=bad) as box:
        seed(box, items[::3])
        with capture_logs() as logs:
            result = await api.create([source], settings=settings(box, tmp_path))
        there = held(box)

    found = told(tmp_path)
    assert [item["outcome"] for item in found] == ["exists", "created", "created"] * 6
    assert all(item["certain"] for item in found)
    assert result.exit_code == 0
    assert there == set(names(items))
    assert [log["event"] for log in logs].count("survey.refused") == 1
    assert 3 <= sum("manage/repos?" in asked.path for asked in box.asked) <= 6


async def test_an_organization_that_may_not_be_listed_is_worked_on(
    tmp_path: Path,
) -> None:
    """The account may create there, and that is enough."""
    items = [*rows(5, namespace="hidden"), *rows(5)]
    async with Watched(
        Box(token=TOKEN, organizations=("team-a",), unlisted=("hidden",))
    ) as box:
        seed(box, items[::2])
        result = await api.create(
            [write(tmp_path / "list.ndjson", items)], settings=settings(box, tmp_path)
        )

    assert result.summary.counts == Counter(exists=5, created=5)
    assert box.count("POST") == 5 + 3


@pytest.mark.parametrize(("vanish", "appear"), [(7, 0), (0, 7), (50, 50), (300, 0)])
async def test_a_list_that_moves_while_it_is_read_misleads_nobody(
    tmp_path: Path, vanish: int, appear: int
) -> None:
    """Whatever others did meanwhile, in the end all that was wanted is told truly."""
    items = rows(5000)
    there = items[::2]
    async with Watched(
        Box(token=TOKEN, organizations=("team-a",), vanish=vanish, appear=appear)
    ) as box:
        seed(box, there)
        result = await api.create(
            [write(tmp_path / "list.ndjson", items)], settings=settings(box, tmp_path)
        )
        left = held(box)

    found = told(tmp_path)
    before = set(names(there))
    assert result.exit_code == 0
    for item in found:
        (name,) = names([item])
        if item["outcome"] == "created":
            assert name in left
        else:
            assert item["outcome"] == "exists"
            assert name in before  # what vanished after it was shown was there
    assert {name for name in names(items) if name not in before} <= left
    assert box.count("GET") <= 5000 / 1000 + 12 + vanish * 12
    assert box.count("POST") <= 5000
