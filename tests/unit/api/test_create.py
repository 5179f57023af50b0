"""Create by the library: callbacks, events, and every outcome."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import bulkrepo as library
from bulkrepo import Event, Settings
from bulkrepo.core.errors import InputError, LedgerError, SettingsError
from bulkrepo.core.results import Progressed, Settled, Started
from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from tests.support.boxes import ANYTHING, TOKEN, held, names, read, rows, write
from tests.support.creates import create


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        ([], "no list"),
        ("team.csv", r"'team.csv': give a list"),
        ([b"x"], "as text"),
        (None, "None: give a list"),
        ((name for name in ["team.csv"]), "give a list"),
        ({"team.csv"}, "give a list"),
    ],
)
async def test_a_program_that_names_no_list_is_told(
    tmp_path: Path, sources: Any, why: str
) -> None:
    """An empty list is refused here as well, and no ledger is left."""
    ledger = str(tmp_path / "run.db")
    settings = Settings(
        endpoint="https://swr.invalid", credential="any-token", ledger=ledger
    )

    for command in (library.create, library.plan):
        with pytest.raises(InputError, match=why):
            await command(sources, settings=settings)
    assert list(tmp_path.iterdir()) == []


async def test_a_callback_that_would_have_to_be_awaited_is_refused(
    tmp_path: Path, box: Sandbox
) -> None:
    """It would never be called, and nobody would know."""

    async def told(_: Event) -> None: ...

    listed = write(tmp_path / "l.ndjson", [{"namespace": "a", "repository": "b"}])
    settings = Settings(
        endpoint=box.url, credential=box.settings.token, visibility="private"
    )
    with pytest.raises(SettingsError, match="plain function"):
        await library.create([listed], settings=settings, on_event=told)  # type: ignore[arg-type]
    assert not box.requests.total()


@pytest.mark.parametrize("kind", [Started, Settled, Progressed])
async def test_what_a_callback_raises_stops_the_run_and_is_raised(
    tmp_path: Path, box: Sandbox, kind: type[Event]
) -> None:
    """Itself, in no group; the report tells what had been done, and the ledger too."""

    def told(event: Event) -> None:
        if isinstance(event, kind):
            raise KeyError(kind.__name__)

    wanted = [{"namespace": "a", "repository": f"r{n}"} for n in range(300)]
    listed = write(tmp_path / "l.ndjson", wanted)
    report = tmp_path / "r.jsonl"
    settings = Settings(
        endpoint=box.url,
        credential=box.settings.token,
        visibility="private",
        rate="500/s",
        ledger=str(tmp_path / "run.db"),
        reports=(str(report),),
    )
    with pytest.raises(KeyError, match=kind.__name__):
        await library.create([listed], settings=settings, on_event=told)

    if kind is Started:
        assert not box.requests.total()
    else:
        found = Counter(item["outcome"] for item in read(report))
        assert found["not_attempted"] > 0
        assert found["created"] == len(held(box))
    result = await library.create([listed], settings=settings)
    assert result.summary.counts == {"created": 300}


async def test_every_outcome_is_told_by_the_report(tmp_path: Path) -> None:
    """201, 400, 403, 404 and 409 become what they mean, each row exactly one."""
    there = {"is_public": False, "category": "linux", "description": "kept"}
    items: list[dict[str, Any]] = [
        {"namespace": "team", "repository": "new", "is_public": True},
        {"namespace": "team", "repository": "same", **there},
        {"namespace": "team", "repository": "other", **there},
        {"namespace": "team", "repository": "new", "is_public": True},
        {"namespace": "team", "repository": "new", "is_public": False},
        {"namespace": "team", "repository": "Bad", "is_public": True},
        {"namespace": "team", "repository": "two--hyphens", "is_public": True},
        {"namespace": "nowhere", "repository": "one", "is_public": True},
        {"namespace": "theirs", "repository": "one", "is_public": True},
    ]
    source = write(tmp_path / "list.ndjson", items)
    settings = Box(token=TOKEN, organizations=("team",), forbidden=("theirs",))
    async with Sandbox(settings) as box:
        first = [items[1], {**items[2], "category": "database"}]
        await create(box, [write(tmp_path / "first.ndjson", first)], tmp_path)
        before = box.requests["create"]
        result, found = await create(
            box, [source], tmp_path, grammar="docker", survey="never"
        )
        sent = box.requests["create"] - before

    assert [item["outcome"] for item in found] == [
        "created",
        "exists",
        "differs",
        "duplicate",
        "invalid",
        "invalid",
        "failed",
        "failed",
        "failed",
    ]
    assert [item["status"] for item in found] == [
        201,
        409,
        409,
        *[None] * 3,
        400,
        404,
        403,
    ]
    assert found[2]["differences"] == {"category": ["linux", "database"]}
    assert [item["code"] for item in found[6:]] == [
        "SVCSTG.SWR.4001029",
        "SVCSTG.SWR.4040058",
        "SVCSTG.SWR.4037017",
    ]
    assert [item["attempts"] for item in found] == [1, 2, 2, 0, 0, 0, 1, 1, 1]
    assert all(item["request_id"] for item in found if item["status"])
    assert [item["line"] for item in found] == list(range(1, 10))
    assert all(item["certain"] for item in found)
    assert sent == 6
    assert result.exit_code == 1
    assert result.summary.total == 9
    assert result.run.state == "finished"


async def test_only_the_first_rows_of_a_missing_organization_are_sent(
    tmp_path: Path,
) -> None:
    """An organization stops alone; what is left of it says why, the others go on."""
    mixed = rows(300, namespace="nowhere") + rows(300, namespace="team")
    source = write(tmp_path / "list.ndjson", mixed)
    settings = Box(token=TOKEN, organizations=("team",))
    async with Sandbox(settings) as box:
        _, found = await create(box, [source], tmp_path, survey="never")
        sent = box.page()["create_attempts"]

    assert {item["outcome"] for item in found[300:]} == {"created"}
    lost = Counter(item["outcome"] for item in found[:300])
    assert set(lost) == {"failed", "not_attempted"}
    assert lost["failed"] <= 64
    assert isinstance(sent, dict)
    assert {sent.get(name, 0) for name in names(mixed)} == {0, 1}
    reasons = {item["reason"] for item in found if item["outcome"] == "not_attempted"}
    assert reasons == {"the organization does not exist (SVCSTG.SWR.4040058)"}


@pytest.mark.parametrize(
    ("faults", "wanted"),
    [
        pytest.param(
            {"error_rate": 0.4}, {("created", 201), ("failed", 500)}, id="500"
        ),
        pytest.param(
            {"error_rate": 0.4, "error_commits": 1.0},
            {("created", 201), ("created", 500)},
            id="500, and done all the same",
        ),
        pytest.param(
            {"busy_rate": 0.4}, {("created", 201), ("failed", 409)}, id="409 busy"
        ),
        pytest.param(
            {"quota": 5},
            {("created", 201), ("failed", 400), ("not_attempted", None)},
            id="400 quota",
        ),
    ],
)
async def test_what_does_not_go_well_is_told_with_its_last_answer(
    tmp_path: Path,
    hasty: None,
    faults: dict[str, Any],
    wanted: set[tuple[str, int | None]],
) -> None:
    """Tries end; a row that was carried out all the same is found by reading."""
    source = write(tmp_path / "list.ndjson", rows(400))
    settings = Box(token=TOKEN, any_organization=True, **faults)
    async with Sandbox(settings) as box:
        result, found = await create(
            box, [source], tmp_path, max_attempts=1, concurrency=8
        )
        there = held(box)

    told = {(item["outcome"], item["status"]) for item in found}
    # Where it is not known whose fault a try was, another one follows, and finds it.
    assert told - {("created", 409)} == wanted
    made = [item for item in found if item["outcome"] == "created"]
    assert set(names(made)) == there
    assert all(item["certain"] == (item["status"] == 201) for item in made)
    assert result.exit_code == int(len(made) < 400)


async def test_a_dead_credential_stops_the_run_before_anything_is_created(
    tmp_path: Path,
) -> None:
    """One request finds it out; no row is blamed."""
    source = write(tmp_path / "list.ndjson", rows(100))
    async with Sandbox(ANYTHING) as box:
        result, found = await create(box, [source], tmp_path, credential="stale-token")
        assert sum(box.requests.values()) == 1

    assert result.exit_code == 3
    assert {item["outcome"] for item in found} == {"not_attempted"}
    assert "the token given" in (result.run.stopped or "")
    assert result.run.state == "stopped"


async def test_differing_repositories_may_be_ignored(
    tmp_path: Path, box: Sandbox
) -> None:
    """`--on-differs ignore` reports them the same, and does not fail for them."""
    items = rows(1)
    source = write(tmp_path / "list.ndjson", items)
    await create(box, [source], tmp_path)
    source = write(tmp_path / "list.ndjson", [{**items[0], "is_public": True}])
    strict, _ = await create(box, [source], tmp_path)
    easy, found = await create(box, [source], tmp_path, on_differs="ignore")

    assert (strict.exit_code, easy.exit_code) == (1, 0)
    assert found[0]["outcome"] == "differs"
    assert found[0]["differences"] == {"is_public": [True, False]}


async def test_events_tell_of_every_row_that_is_worked_on(
    tmp_path: Path, box: Sandbox
) -> None:
    """`on_event` hears the start once, then every row."""
    heard: list[Event] = []
    source = write(tmp_path / "list.ndjson", rows(20))
    await library.create(
        [source],
        settings=Settings(endpoint=box.url, credential=TOKEN),
        on_event=heard.append,
    )

    assert isinstance(heard[0], Started)
    assert sum(isinstance(event, Settled) for event in heard) == 20


async def test_the_library_prints_nothing(
    tmp_path: Path, box: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whose program has not set structlog up wants no log of ours."""
    await create(box, [write(tmp_path / "list.ndjson", rows(2))], tmp_path)

    assert capfd.readouterr() == ("", "")


async def test_a_ledger_that_is_none_is_an_error_of_ours_for_the_library(
    tmp_path: Path, box: Sandbox
) -> None:
    """A LedgerError arrives as itself, in no group."""
    (tmp_path / "x.db").write_text("no ledger at all" * 100)
    source = write(tmp_path / "list.ndjson", rows(1))
    with pytest.raises(LedgerError, match="not a ledger"):
        await create(box, [source], tmp_path, ledger=str(tmp_path / "x.db"))
