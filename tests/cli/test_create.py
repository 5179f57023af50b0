"""The main job, from lists to reports: through the library and the command line."""

import asyncio
import csv
import io
import json
import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

import bulkrepo as library
from bulkrepo import Event, Result, Settings
from bulkrepo.cli.main import main
from bulkrepo.core.errors import InputError, LedgerError, SettingsError
from bulkrepo.core.results import Progressed, Settled, Started
from bulkrepo.runs import reporting
from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from tests.support.boxes import (
    ANYTHING,
    SAMPLES,
    TOKEN,
    Bell,
    Ended,
    begin,
    bulkrepo,
    end,
    environment,
    held,
    names,
    outcomes,
    read,
    rows,
    write,
)
from tests.support.forked import Process

OFFICIAL = str(SAMPLES / "official-images.json")
MISTAKES = str(SAMPLES / "with-mistakes.csv")


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    """Give a well-behaved sandbox in which every organization exists."""
    async with Sandbox(ANYTHING) as found:
        yield found


async def create(
    box: Sandbox, sources: Sequence[str], tmp_path: Path, **options: Any
) -> tuple[Result, list[dict[str, Any]]]:
    """Create through the library; give the result, and the report's rows."""
    report = tmp_path / "report.jsonl"
    options = {"rate": "100000/s", "credential": box.settings.token} | options
    result = await library.create(
        sources,
        settings=Settings(endpoint=box.url, reports=(str(report),), **options),
    )
    return result, read(report)


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
    settings = Settings(endpoint="https://swr.invalid", credential="x", ledger=ledger)

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


# Outcomes


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
        result, found = await create(box, [source], tmp_path, credential="stale")
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


# The command line: lists in


def test_the_official_images_are_created_in_a_sandbox(tmp_path: Path) -> None:
    """The demonstration of the README needs no account."""
    report = tmp_path / "out.json"
    done = subprocess.run(
        (
            *(sys.executable, "-m", "bulkrepo", "create", OFFICIAL, "--sandbox"),
            *("--report", str(report), "-v", "--rate", "100000/s"),
        ),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(report.read_text())

    assert found["summary"]["counts"] == {"created": 145}
    assert [item["outcome"] for item in found["items"]] == ["created"] * 145
    assert done.stdout == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json"]


async def test_the_same_list_again_changes_nothing_and_says_nothing(
    tmp_path: Path, box: Sandbox
) -> None:
    """A nightly run is silent with -q once everything is there."""
    words = ("create", OFFICIAL, "--report", "r.jsonl", "-q", "--rate", "100000/s")
    first = await bulkrepo(*words, cwd=tmp_path, box=box)
    second = await bulkrepo(*words, cwd=tmp_path, box=box)
    page = box.page()

    assert (first.code, second.code) == (0, 0)
    assert (second.out, second.err) == ("", "")
    assert outcomes(tmp_path / "r.jsonl") == ["exists"] * 145
    assert page["duplicate_commits"] == 0
    assert page["repositories"] == 145


async def test_two_lists_and_standard_input_are_one_list(
    tmp_path: Path, box: Sandbox
) -> None:
    """Rows come in the order of the lists, each with its source."""
    write(tmp_path / "a.ndjson", rows(2))
    write(tmp_path / "b.ndjson", rows(3))
    extra = json.dumps({"namespace": "z", "repository": "z", "is_public": "no"})
    done = await bulkrepo(
        "create",
        *("a.ndjson", "-", "b.ndjson", "--format", "ndjson"),
        cwd=tmp_path,
        box=box,
        stdin=extra.encode(),
    )
    found = read(tmp_path / "a.report.jsonl")

    assert done.code == 0
    assert [(item["source"], item["line"], item["outcome"]) for item in found] == [
        ("a.ndjson", 1, "created"),
        ("a.ndjson", 2, "created"),
        ("-", 1, "created"),
        ("b.ndjson", 1, "duplicate"),
        ("b.ndjson", 2, "duplicate"),
        ("b.ndjson", 3, "created"),
    ]


async def test_standard_input_alone_gets_a_report_of_its_own_name(
    tmp_path: Path, box: Sandbox
) -> None:
    """`-` reads CSV by its content; the report is `stdin.report.jsonl`."""
    done = await bulkrepo(
        *("create", "-", "-n", "team", "--visibility", "private"),
        cwd=tmp_path,
        box=box,
        stdin=b"repository\nweb/api\nweb/app\n",
    )

    assert done.code == 0
    assert outcomes(tmp_path / "stdin.report.jsonl") == ["created"] * 2
    assert held(box) == {"team/web/api", "team/web/app"}


def test_a_list_whose_name_is_no_text_is_a_list(tmp_path: Path) -> None:
    """A file's name is bytes; what is no UTF-8 in it is shown as `?`."""
    name = os.fsdecode(b"caf\xe9.ndjson")
    try:
        source = write(tmp_path / name, [*rows(1), *rows(1), {"repository": "Bad"}])
    except OSError:
        pytest.skip("the file system wants UTF-8")
    done = subprocess.run(
        (sys.executable, "-m", "bulkrepo", "create", source, "--sandbox", "-v"),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
    )
    found = read(tmp_path / os.fsdecode(b"caf\xe9.report.jsonl"))

    assert done.returncode == 1, done.stderr
    assert [(Path(item["source"]).name, item["outcome"]) for item in found] == [
        ("caf\ufffd.ndjson", "created"),
        ("caf\ufffd.ndjson", "duplicate"),
        ("caf\ufffd.ndjson", "invalid"),
    ]


async def test_a_list_with_mistakes_sends_its_good_rows_and_no_other(
    tmp_path: Path, box: Sandbox
) -> None:
    """Exit 1; what is invalid says all that is wrong and never left."""
    done = await bulkrepo(
        "create", MISTAKES, "--report", "r.jsonl", cwd=tmp_path, box=box
    )
    found = read(tmp_path / "r.jsonl")
    wrong = [item for item in found if item["outcome"] == "invalid"]
    good = [item for item in found if item["outcome"] == "created"]

    assert done.code == 1
    assert good
    assert wrong
    assert all(item["problems"] and item["attempts"] == 0 for item in wrong)
    assert held(box) == set(names(good))
    assert box.requests["create"] == len(good)


async def test_strict_with_a_fault_sends_nothing(tmp_path: Path, box: Sandbox) -> None:
    """Exit 2, a report of every row, and not one request."""
    done = await bulkrepo(
        *("create", MISTAKES, "--strict", "--report", "r.jsonl"), cwd=tmp_path, box=box
    )

    assert done.code == 2
    assert sum(box.requests.values()) == 0
    assert set(outcomes(tmp_path / "r.jsonl")) <= {
        "invalid",
        "not_attempted",
        "duplicate",
    }


async def test_strict_then_mended_is_done(tmp_path: Path, box: Sandbox) -> None:
    """The mended list is a new run; nothing of the refused one is in its way."""
    items = rows(3)
    source = write(tmp_path / "list.ndjson", [*items, {"repository": "Bad"}])
    refused = await bulkrepo("create", source, "--strict", cwd=tmp_path, box=box)
    write(tmp_path / "list.ndjson", items)
    done = await bulkrepo("create", source, "--strict", cwd=tmp_path, box=box)

    assert (refused.code, done.code) == (2, 0)
    assert outcomes(tmp_path / "list.report.jsonl") == ["created"] * 3


# Exit codes


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["create"], 2, "LIST", id="no list"),
        pytest.param(["create", "none.csv"], 2, "none.csv", id="no such list"),
        pytest.param(["create", "."], 2, ".", id="a directory"),
        pytest.param(["create", "l.ndjson", "--rate", "fast"], 2, "--rate", id="rate"),
        pytest.param(
            ["create", "l.ndjson", "--deadline", "soon"], 2, "soon", id="deadline"
        ),
        pytest.param(
            ["create", "l.ndjson", "--report", "r.docx"], 2, "r.docx", id="suffix"
        ),
        pytest.param(
            ["create", "l.ndjson", "--report", "l.ndjson"],
            2,
            "overwrite",
            id="report over list",
        ),
        pytest.param(
            ["create", "l.ndjson", "--ledger", "l.ndjson"],
            2,
            "--ledger l.ndjson would overwrite the file of LIST",
            id="list as ledger",
        ),
        pytest.param(
            ["create", "l.ndjson", "--ledger", "."], 4, "--ledger", id="folder ledger"
        ),
        pytest.param(
            ["create", "l.ndjson", "--ledger", "no/x.db"],
            4,
            "--ledger",
            id="ledger nowhere",
        ),
        pytest.param(
            ["create", "l.ndjson", "--token-file", "no"],
            2,
            "--token-file",
            id="token file",
        ),
        pytest.param(
            ["create", "l.ndjson", "--cacert", "no.pem"], 2, "--cacert", id="cacert"
        ),
        pytest.param(
            ["create", "l.ndjson", "--endpoint", "http://example.com"],
            2,
            "https://",
            id="plain http",
        ),
        pytest.param(
            ["create", "l.ndjson", "--log-file", "no/log"],
            2,
            "--log-file",
            id="log file",
        ),
        pytest.param(["report"], 2, "bulkrepo.db", id="no ledger to report"),
        pytest.param(["create", "l.ndjson", "l.ndjson"], 2, "twice", id="list twice"),
    ],
)
def test_what_cannot_work_is_said_in_one_line_and_sends_nothing(  # noqa: PLR0917
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said: str,
) -> None:
    """A mistake of the user's has its exit code, its advice, and no traceback."""
    write(tmp_path / "l.ndjson", rows(1))
    before = (tmp_path / "l.ndjson").read_bytes()
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        for name in set(os.environ) - set(environment()):
            monkeypatch.delenv(name)
        monkeypatch.setenv(
            "SWR_ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}"
        )
        monkeypatch.setenv("SWR_TOKEN", TOKEN)
        monkeypatch.setattr(sys, "argv", ["bulkrepo", *words])
        with pytest.raises(SystemExit) as end_of_it:
            main()
        with pytest.raises(BlockingIOError):  # nobody called
            server.accept()
    structlog.reset_defaults()
    out, err = capfd.readouterr()

    assert end_of_it.value.code == code, err
    assert said in err
    assert "Traceback" not in err
    assert out == ""
    assert (tmp_path / "l.ndjson").read_bytes() == before


async def test_a_report_that_cannot_be_written_is_exit_4_and_can_be_had_later(
    tmp_path: Path, box: Sandbox
) -> None:
    """The work is done and kept; the other report is written all the same."""
    (tmp_path / "full.jsonl").symlink_to("/dev/full")  # whose suffix says nothing
    source = write(tmp_path / "list.ndjson", rows(3))
    done = await bulkrepo(
        *("create", source, "--report", "full.jsonl", "--report", "good.csv"),
        *("--log-file", "log"),
        cwd=tmp_path,
        box=box,
    )
    again = await bulkrepo("report", cwd=tmp_path)
    finished = read(tmp_path / "log")[-1]

    assert done.code == 4
    assert "full.jsonl" in done.err
    assert "Traceback" not in done.err
    assert len(box.repositories) == 3
    found = list(csv.DictReader(io.StringIO((tmp_path / "good.csv").read_text())))
    assert [item["outcome"] for item in found] == ["created"] * 3
    assert again.out.count('"created"') == 3
    assert (finished["event"], finished["reports"]) == ("run.finished", ["good.csv"])


@pytest.mark.parametrize("report", ["nowhere/r.jsonl", "folder.csv"])
async def test_a_report_that_has_no_place_is_told_before_anything_is_sent(
    tmp_path: Path, box: Sandbox, report: str
) -> None:
    """It is sorry news after the last row of a long run."""
    (tmp_path / "folder.csv").mkdir()
    source = write(tmp_path / "list.ndjson", rows(3))
    done = await bulkrepo("create", source, "--report", report, cwd=tmp_path, box=box)

    assert done.code == 4
    assert report in done.err
    assert "nothing was sent" in done.err
    assert sum(box.requests.values()) == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--ledger", "same.jsonl", "--report", "same.jsonl"),
        ("--log-file", "same.jsonl", "--report", "./same.jsonl"),
        ("--log-file", "bulkrepo.db"),
        ("--log-file", "list.ndjson"),
        ("--log-file", "link.ndjson"),
        ("--log-file", "list.report.jsonl"),
    ],
)
async def test_no_file_of_a_run_is_written_over_another(
    tmp_path: Path, box: Sandbox, words: tuple[str, ...]
) -> None:
    """Whatever name it goes by; and nothing is opened before that is known."""
    source = write(tmp_path / "list.ndjson", rows(3))
    (tmp_path / "link.ndjson").symlink_to("list.ndjson")
    before = sorted(tmp_path.iterdir())
    done = await bulkrepo("create", source, *words, cwd=tmp_path, box=box)

    assert done.code == 2
    assert "would overwrite" in done.err
    assert sorted(tmp_path.iterdir()) == before
    assert read(tmp_path / "list.ndjson") == rows(3)


async def test_a_ledger_that_vanishes_ends_the_run(tmp_path: Path) -> None:
    """What is written to a file without a name is lost: no more is sent."""
    source = write(tmp_path / "list.ndjson", rows(2000))
    bell = Bell(100, hold=True)
    async with Sandbox(slow(ANYTHING), sleep=bell) as box:
        process = await begin(
            *("create", source, "--rate", "100000/s"), cwd=tmp_path, box=box
        )
        await bell.rung.wait()
        for path in tmp_path.glob("bulkrepo.db*"):
            path.unlink()
        bell.release()
        done = await end(process)
        sent = sum(box.requests.values())
        words = ("create", source, "--rate", "100000/s")
        again = await bulkrepo(*words, cwd=tmp_path, box=box)

    assert done.code == 4
    assert "the ledger bulkrepo.db was removed or replaced" in done.err
    assert sent < 2000
    assert again.code == 0


async def test_a_ledger_whose_disk_is_full_stops_the_run_with_exit_4(
    tmp_path: Path, box: Sandbox
) -> None:
    """No traceback, and what was said to be created is there."""
    source = write(tmp_path / "list.ndjson", rows(3000))
    limited = f"ulimit -f 600; exec {sys.executable} -m bulkrepo create {source}"
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", f"{limited} --rate 100000/s --report r.jsonl"),
        cwd=tmp_path,
        env=environment(box),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    done = await end(process)
    again = await bulkrepo(
        *("create", source, "--rate", "100000/s", "--report", "r.jsonl"),
        cwd=tmp_path,
        box=box,
    )

    assert done.code == 4, done.err
    assert "Traceback" not in done.err
    assert "the ledger bulkrepo.db cannot be used" in done.err
    assert again.code == 0
    assert outcomes(tmp_path / "r.jsonl") == ["created"] * 3000


async def test_an_endpoint_where_nobody_listens_is_exit_3(tmp_path: Path) -> None:
    """The very first contact says what to check; no row used up a try."""
    source = write(tmp_path / "list.ndjson", rows(3))
    async with Sandbox(ANYTHING) as box:
        pass
    done = await bulkrepo("create", source, cwd=tmp_path, box=box)

    assert done.code == 3
    assert "cannot be reached" in done.err
    assert outcomes(tmp_path / "list.report.jsonl") == ["not_attempted"] * 3


async def test_a_wrong_endpoint_settles_no_row(box: Sandbox, tmp_path: Path) -> None:
    """The same list at the right one goes on with the row that was asked about."""
    source = write(tmp_path / "list.ndjson", rows(3))
    ledger = str(tmp_path / "l.db")
    async with TestServer(web.Application()) as other:
        wrong = await library.create(
            [source],
            settings=Settings(
                endpoint=str(other.make_url("")), credential=TOKEN, ledger=ledger
            ),
        )
    result, found = await create(box, [source], tmp_path, ledger=ledger)

    assert (wrong.exit_code, wrong.summary.counts) == (3, {"not_attempted": 3})
    assert result.exit_code == 0
    assert [item["outcome"] for item in found] == ["created"] * 3


async def test_a_deadline_ends_the_run_tidily(tmp_path: Path) -> None:
    """Exit 3, a report of every row, and the same command continues."""
    source = write(tmp_path / "list.ndjson", rows(60))
    async with Sandbox(ANYTHING) as box:
        words = ("create", source, "--rate", "10/s", "--report", "r.jsonl")
        done = await bulkrepo(*words, "--deadline", "1s", cwd=tmp_path, box=box)
        early = Counter(outcomes(tmp_path / "r.jsonl"))
        words = ("create", source, "--rate", "100000/s", "--report", "r.jsonl")
        rest = await bulkrepo(*words, cwd=tmp_path, box=box)

    assert done.code == 3
    assert "deadline" in done.err
    assert set(early) == {"created", "not_attempted"}
    assert early.total() == 60
    assert rest.code == 0
    assert outcomes(tmp_path / "r.jsonl") == ["created"] * 60


async def test_a_request_may_take_as_long_as_it_is_given(tmp_path: Path) -> None:
    """`--timeout 1s` gives up after a second, and the row is not sure."""
    source = write(tmp_path / "list.ndjson", rows(1))

    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        done = await bulkrepo(
            *("create", source, "--timeout", "1s", "--patience", "3s"),
            cwd=tmp_path,
            SWR_ENDPOINT=str(server.make_url("")).rstrip("/"),
            SWR_TOKEN="any-token",
        )
    item = json.loads((tmp_path / "list.report.jsonl").read_text())

    assert done.code == 3
    assert item["outcome"] == "not_attempted"
    assert 2 <= item["attempts"] <= 3
    assert not item["certain"]


async def test_too_many_failures_end_the_run(tmp_path: Path) -> None:
    """`--max-failures 3` is exit 3 at the third."""
    source = write(
        tmp_path / "list.ndjson",
        [{**item, "repository": f"a--{i}"} for i, item in enumerate(rows(500))],
    )
    async with Sandbox(ANYTHING) as box:
        done = await bulkrepo(
            *("create", source, "--grammar", "docker", "--max-failures", "3"),
            *("--concurrency", "1", "--rate", "100000/s"),
            cwd=tmp_path,
            box=box,
        )
    found = Counter(outcomes(tmp_path / "list.report.jsonl"))

    assert done.code == 3
    assert found == {"failed": 3, "not_attempted": 497}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("when", [5, 20])
async def test_a_rate_holds_across_processes(
    tmp_path: Path, number: signal.Signals, when: int
) -> None:
    """Ended or killed, what it sent counts: twenty an hour are twenty, and no more."""
    source = write(tmp_path / "list.ndjson", rows(60))
    words = ("create", source, "--rate", "20/1h", "--deadline", "0.6s")
    bell = Bell(when, hold=True)
    async with Sandbox(slow(ANYTHING), sleep=bell) as box:
        process = await begin(*words, cwd=tmp_path, box=box)
        await bell.rung.wait()
        os.kill(process.pid, number)
        bell.release()
        await end(process)
        await bulkrepo(*words, cwd=tmp_path, box=box)

    assert when <= bell.count <= 20


async def test_what_was_learnt_outlives_a_kill(tmp_path: Path) -> None:
    """It is kept at the start, every ten seconds, and at the end."""
    source = write(tmp_path / "list.ndjson", rows(100))
    async with Sandbox(ANYTHING) as box:
        done = await bulkrepo("create", source, cwd=tmp_path, box=box)
    with sqlite3.connect(tmp_path / "bulkrepo.db") as db:
        meta = dict(db.execute("SELECT key, value FROM meta"))
    db.close()

    assert done.code == 0
    assert json.loads(meta["rate"])["rate"] > 10
    assert json.loads(meta["sent"])["ended"]


async def test_a_second_run_on_the_same_ledger_is_exit_75(tmp_path: Path) -> None:
    """It names the process that holds it, and the first run is undisturbed."""
    source = write(tmp_path / "list.ndjson", rows(20))
    bell = Bell(5, hold=True)
    async with Sandbox(slow(ANYTHING), sleep=bell) as box:
        first = await begin("create", source, cwd=tmp_path, box=box)
        await bell.rung.wait()
        second = await bulkrepo("create", source, cwd=tmp_path, box=box)
        bell.release()
        done = await end(first)

    assert second.code == 75
    assert str(first.pid) in second.err
    assert done.code == 0
    assert outcomes(tmp_path / "list.report.jsonl") == ["created"] * 20


def slow(settings: Box) -> Box:
    """Give settings whose sandbox asks its bell before each request."""
    return Box(
        token=settings.token,
        any_organization=settings.any_organization,
        latency=0.001,
    )


# Interruptions


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)],
)
async def test_a_signal_ends_tidily_and_the_same_command_continues(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """What is in flight is finished, every row is reported, the rest is done later."""
    items = rows(800)
    source = write(tmp_path / "list.ndjson", items)
    words = ("create", source, "--report", "r.jsonl", "--rate", "100000/s")
    bell = Bell(300, hold=True)
    async with Sandbox(slow(ANYTHING), sleep=bell) as box:
        process = await begin(*words, cwd=tmp_path, box=box)
        await bell.rung.wait()
        process.send_signal(number)
        bell.release()
        done = await end(process)
        first = read(tmp_path / "r.jsonl")
        there = held(box)
        again = await bulkrepo(*words, cwd=tmp_path, box=box)
        second = read(tmp_path / "r.jsonl")
        page = box.page()

    assert done.code == code, done.err
    assert names(first) == names(second) == names(items)
    made = [item for item in first if item["outcome"] == "created"]
    rest = [item for item in first if item["outcome"] != "created"]
    assert 290 <= len(made) < 800
    assert set(names(made)) == there
    assert {item["outcome"] for item in rest} == {"not_attempted"}
    assert {item["reason"] for item in rest} == {f"interrupted by {number.name}"}
    assert again.code == 0
    assert [item["outcome"] for item in second] == ["created"] * 800
    assert all(item["certain"] for item in second)
    by_name = dict(zip(names(second), second, strict=True))
    assert all(by_name[f"{i['namespace']}/{i['repository']}"] == i for i in made)
    assert page["duplicate_commits"] == 0
    assert page["repositories"] == 800


async def test_a_second_signal_ends_at_once_and_loses_nothing(tmp_path: Path) -> None:
    """Answers that never come are not waited for; the next run finds out."""
    source = write(tmp_path / "list.ndjson", rows(200))
    words = ("create", source, "--report", "r.jsonl", "--rate", "100000/s")
    bell = Bell(100, hold=True)
    async with Sandbox(slow(ANYTHING), sleep=bell) as box:
        process = await begin(*words, cwd=tmp_path, box=box)
        await bell.rung.wait()
        done = await _insist(process)
        bell.release()
        again = await bulkrepo(*words, cwd=tmp_path, box=box)
        page = box.page()

    assert done.code == 130
    assert "the same command continues this run" in done.err
    assert again.code == 0, again.err
    assert outcomes(tmp_path / "r.jsonl") == ["created"] * 200
    assert page["duplicate_commits"] == 0
    assert page["repositories"] == 200


async def test_what_no_ledger_knows_begins_anew(tmp_path: Path) -> None:
    """And a plan that is ended at once says so."""
    source = write(tmp_path / "list.ndjson", rows(20))
    bell = Bell(1, hold=True)
    async with Sandbox(slow(ANYTHING), sleep=bell) as box:
        process = await begin("plan", source, cwd=tmp_path, box=box)
        await bell.rung.wait()
        done = await _insist(process)
        bell.release()

    assert done.code == 130
    assert "the same command starts over" in done.err


async def _insist(process: Process) -> Ended:
    """Interrupt a process until it is gone: two signals at once may arrive as one."""
    for _ in range(600):
        if process.returncode is not None:
            break
        # Not by `send_signal`, which may take the exit status away from asyncio.
        with suppress(ProcessLookupError):  # gone, and asyncio not yet told
            os.kill(process.pid, signal.SIGINT)
        await asyncio.sleep(0.01)
    return await end(process)


# Credentials and secrets


async def test_a_token_file_is_read_again_when_the_token_is_refused(
    tmp_path: Path,
) -> None:
    """In the middle of a run, once for all workers; no row notices."""
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    source = write(tmp_path / "list.ndjson", rows(400))
    bell = Bell(100, hold=True)
    settings = Box(token=TOKEN, any_organization=True, latency=0.001)
    async with Sandbox(settings, sleep=bell) as box:
        process = await begin(
            *("create", source, "--token-file", "token", "--rate", "100000/s"),
            *("--endpoint", box.url, "--log-file", "log"),
            cwd=tmp_path,
        )
        await bell.rung.wait()
        tokens = box._gateway.state.tokens
        tokens["second-" + TOKEN] = tokens.pop(TOKEN)
        token.write_text("second-" + TOKEN)
        bell.release()
        done = await end(process)

    assert done.code == 0, done.err
    found = read(tmp_path / "list.report.jsonl")
    assert {item["outcome"] for item in found} == {"created"}
    assert TOKEN not in found_anywhere(tmp_path, done, but=token)


async def test_a_token_file_that_vanished_stops_the_run(tmp_path: Path) -> None:
    """A 401 with nothing new to read is exit 2 or 3, with the file's name; no bug."""
    token = tmp_path / "token"
    token.write_text(TOKEN)
    source = write(tmp_path / "list.ndjson", rows(400))
    bell = Bell(100, hold=True)
    async with Sandbox(slow(ANYTHING), sleep=bell) as box:
        process = await begin(
            *("create", source, "--token-file", "token", "--rate", "100000/s"),
            *("--endpoint", box.url),
            cwd=tmp_path,
        )
        await bell.rung.wait()
        box._gateway.state.tokens.clear()
        token.unlink()
        bell.release()
        done = await end(process)
        there = held(box)

    assert done.code == 3, done.err
    assert "token" in done.err
    assert "Traceback" not in done.err
    found = read(tmp_path / "list.report.jsonl")
    assert len(found) == 400
    made = [item for item in found if item["outcome"] == "created"]
    assert set(names(made)) == there


def found_anywhere(folder: Path, done: Ended, *, but: Path | None = None) -> str:
    """Give all that a run wrote, as one text."""
    files = [path for path in folder.rglob("*") if path.is_file() and path != but]
    content = [path.read_bytes().decode("latin-1") for path in files]
    return "\n".join([done.out, done.err, *content])


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(ANYTHING, id="all goes well"),
        pytest.param(Box(token="another"), id="refused"),
        pytest.param(Box(token=TOKEN), id="no organization"),
    ],
)
async def test_no_secret_is_written_anywhere(tmp_path: Path, settings: Box) -> None:
    """Not on either stream, in the log file, in a report or in the ledger."""
    source = write(tmp_path / "list.ndjson", rows(5))
    reports = ("r.jsonl", "r.json", "r.csv", "r.md")
    async with Sandbox(settings) as box:
        done = await bulkrepo(
            *("create", source, "-vv", "--log-file", "log"),
            *(word for name in reports for word in ("--report", name)),
            cwd=tmp_path,
            box=box,
            SWR_TOKEN=TOKEN,
        )
    text = found_anywhere(tmp_path, done)

    assert "app/00000" in text
    assert (tmp_path / "bulkrepo.db").exists()
    assert TOKEN not in text
    assert "encoded_authorization_message" not in text


async def test_a_token_that_the_service_quotes_is_written_nowhere(
    tmp_path: Path,
) -> None:
    """A proxy in its way may show what it was sent, whole or cut."""

    async def answer(request: web.Request) -> web.Response:
        token = request.headers["X-Auth-Token"]
        found = {"errorCode": "X.1", "errorMessage": f"{token}; {token[:20]}..."}
        return web.json_response({"errors": [found]}, status=400)

    token = "a-token-of-a-good-length-that-is-quoted"
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    source = write(tmp_path / "list.ndjson", rows(3))
    async with TestServer(app) as server:
        done = await bulkrepo(
            *("create", source, "-vv", "--log-file", "log", "--report", "r.csv"),
            cwd=tmp_path,
            SWR_ENDPOINT=str(server.make_url("")).rstrip("/"),
            SWR_TOKEN=token,
        )
    text = found_anywhere(tmp_path, done)

    assert done.code == 1, done.err
    assert "X.1" in text
    assert token[:12] not in text


# Reports and logs


async def test_reports_come_in_every_format_and_again(
    tmp_path: Path, box: Sandbox
) -> None:
    """Each tells of every row; `bulkrepo report` gives the same once more."""
    done = await bulkrepo(
        *("create", MISTAKES, "--report", "r.jsonl", "--report", "r.json"),
        *("--report", "r.csv", "--report", "r.md"),
        cwd=tmp_path,
        box=box,
    )
    again = await bulkrepo("report", cwd=tmp_path)
    written = await bulkrepo("report", "--report", "again.json", cwd=tmp_path)
    items = read(tmp_path / "r.jsonl")
    whole = json.loads((tmp_path / "r.json").read_text())
    table = list(csv.DictReader(io.StringIO((tmp_path / "r.csv").read_text())))

    assert done.code == 1
    assert (again.code, written.code) == (0, 0)
    assert again.out == (tmp_path / "r.jsonl").read_text()
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "r.json").read_bytes()
    assert whole["items"] == items
    assert whole["summary"]["total"] == len(items) == len(table)
    assert [row["outcome"] for row in table] == [item["outcome"] for item in items]
    assert "invalid" in (tmp_path / "r.md").read_text()


async def test_a_report_that_is_written_again_spares_the_lists(
    tmp_path: Path, box: Sandbox
) -> None:
    """And the ledger that it is read from."""
    source, path = write(tmp_path / "list.ndjson", rows(2)), tmp_path / "run.db"
    await create(box, [source], tmp_path, ledger=str(path))

    for target in (source, str(path)):
        with pytest.raises(SettingsError, match="would overwrite"):
            reporting.again(str(path), None, [target])
    assert read(tmp_path / "list.ndjson") == rows(2)


@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv"])
async def test_a_report_is_a_list(tmp_path: Path, box: Sandbox, suffix: str) -> None:
    """Its rows, given to `create`, are the rows it tells of."""
    good = rows(2)
    good[1] |= {"category": "linux", "description": "=1+1, und ü\nzwei"}
    bad: list[dict[str, Any]] = [
        {**good[0], "is_public": "maybe"},
        {**good[0], "repository": "Bad"},
        {"repository": "b"},
    ]
    source = write(tmp_path / "list.ndjson", [*good, *bad, good[0]])
    report = f"r.{suffix}"
    await create(box, [source], tmp_path)
    words = ("create", "--report")
    first = await bulkrepo(
        *("create", source, "--report", report, "--report", "r.jsonl"),
        cwd=tmp_path,
        box=box,
    )
    done = await bulkrepo(*words, "s.jsonl", report, cwd=tmp_path, box=box)
    told, again = read(tmp_path / "r.jsonl"), read(tmp_path / "s.jsonl")

    assert (first.code, done.code) == (1, 1)
    assert [item["outcome"] for item in again] == [
        *("exists", "exists", "invalid", "invalid", "invalid", "duplicate")
    ]
    for field in ("namespace", "repository", "category", "outcome", "differences"):
        assert [item[field] for item in again] == [item[field] for item in told]


async def test_a_list_out_of_a_pipe_has_its_report_here(
    tmp_path: Path, box: Sandbox
) -> None:
    """`create <(...)` does not try to write beside /dev/fd/63."""
    write(tmp_path / "list.ndjson", rows(2))
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", f"{sys.executable} -m bulkrepo create <(cat list.ndjson)"),
        cwd=tmp_path,
        env=environment(box),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    done = await end(process)
    (report,) = tmp_path.glob("*.report.jsonl")

    assert done.code == 0, done.err
    assert outcomes(report) == ["created"] * 2


async def test_a_report_on_standard_output_is_alone_there(
    tmp_path: Path, box: Sandbox
) -> None:
    """`--report -` is JSON Lines and nothing else, logs go to stderr."""
    source = write(tmp_path / "list.ndjson", rows(5))
    done = await bulkrepo(
        "create", source, "--report", "-", "-v", cwd=tmp_path, box=box
    )

    found = [json.loads(line) for line in done.out.splitlines()]
    assert [item["outcome"] for item in found] == ["created"] * 5
    assert not (tmp_path / "list.report.jsonl").exists()


async def test_the_log_has_one_line_a_row_and_every_line_is_json(
    tmp_path: Path, box: Sandbox
) -> None:
    """`repository.settled` once for each row of the lists, whatever became of it."""
    done = await bulkrepo(
        *("create", MISTAKES, "--report", "r.jsonl", "--log-file", "log", "-v"),
        cwd=tmp_path,
        box=box,
    )
    items = read(tmp_path / "r.jsonl")
    logged = read(tmp_path / "log")

    for events in (done.events(), logged):
        settled = [line for line in events if line["event"] == "repository.settled"]
        assert Counter(line["outcome"] for line in settled) == Counter(
            item["outcome"] for item in items
        )
        *earlier, finished, advised = events
        assert "run.finished" not in [line["event"] for line in earlier]
        assert finished["event"] == "run.finished"
        assert finished["exit_code"] == done.code
        assert advised["event"] == "run.advised"
        assert advised["next"] == f"bulkrepo validate {MISTAKES}"


async def test_the_log_says_what_to_do_about_a_row(
    tmp_path: Path, box: Sandbox
) -> None:
    """Which field, what is wrong with it, which rule, and what would be right."""
    row = {"namespace": "team-a", "repository": "My_App", "is_public": "x"}
    done = await bulkrepo(
        "create", write(tmp_path / "team.ndjson", [row]), cwd=tmp_path, box=box
    )
    (told,) = done.events("repository.settled")

    assert told["problems"] == [
        '$.repository: has uppercase letters: M, A [uppercase] (try "my_app")',
        (
            "$.is_public: wants true or false, yes or no, y or n, 1 or 0, public or"
            ' private, not "x" [boolean]'
        ),
    ]


async def test_the_log_says_what_became_public(tmp_path: Path, box: Sandbox) -> None:
    """As a screen does: what is open and should not be, and what is as wanted."""
    rows = [
        {"namespace": "a", "repository": name, "is_public": name == "open"}
        for name in ("open", "shut")
    ]
    listed = write(tmp_path / "l.ndjson", rows)
    first = await bulkrepo("create", listed, cwd=tmp_path, box=box)
    private = [row | {"is_public": False} for row in rows]
    write(tmp_path / "l.ndjson", private)
    second = await bulkrepo("create", listed, cwd=tmp_path, box=box)
    numbers = [
        (line["exposed"], line["opened"])
        for done in (first, second)
        for line in done.events("run.finished")
    ]

    assert numbers == [(0, 1), (1, 0)]


async def test_quiet_still_says_what_is_wrong(tmp_path: Path, box: Sandbox) -> None:
    """-q is no gag: a failed row is on stderr, in JSON where nobody watches."""
    done = await bulkrepo(
        "create", MISTAKES, "-q", "--report", "r.md", cwd=tmp_path, box=box
    )

    assert done.code == 1
    assert done.out == ""
    assert done.events("run.finished")[0]["counts"]["invalid"] > 0


# Help


@pytest.mark.parametrize(
    "words", [[], ["create"], ["validate"], ["report"], ["sandbox"]]
)
async def test_help_is_there_for_every_command(
    tmp_path: Path, words: list[str]
) -> None:
    """It needs no environment and no network."""
    done = await bulkrepo(*words, "--help", cwd=tmp_path)

    assert done.code == 0
    assert done.out.startswith("Usage: ")


def test_help_imports_nothing_heavy() -> None:
    """`bulkrepo --help` answers at once."""
    unmeasured = {
        name: value
        for name, value in environment().items()
        if not name.startswith("COVERAGE")  # which imports much
    }
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bulkrepo", "--help"],
        env=unmeasured,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    heavy = {name for name in imported if re.match("(aiohttp|rich|sqlite3)$", name)}

    assert "click" in imported
    assert heavy == set()


async def test_report_and_retry_find_the_run_that_was_continued(
    tmp_path: Path,
) -> None:
    """Although another list's run has a higher number."""
    first = write(tmp_path / "a.ndjson", rows(3))
    other = write(tmp_path / "b.ndjson", rows(2, namespace="team-b"))
    async with Sandbox(ANYTHING) as box:
        stopped = await bulkrepo(
            *("create", first, "--max-failures", "1", "--survey", "never"),
            cwd=tmp_path,
            box=box,
            SWR_TOKEN="dead-token",
        )
        done = await bulkrepo("create", other, cwd=tmp_path, box=box)
        again = await bulkrepo("create", first, cwd=tmp_path, box=box)
        told = await bulkrepo("report", cwd=tmp_path)

    assert (stopped.code, done.code, again.code, told.code) == (3, 0, 0, 0)
    assert names(map(json.loads, told.out.splitlines())) == names(rows(3))


async def test_the_next_command_works_when_it_is_typed(tmp_path: Path) -> None:
    """It goes on with the same run, and writes the same report."""
    (tmp_path / "a b.txt").write_text("one\ntwo\n")
    options = ("-n", "team-a", "--visibility", "private", "--grammar", "docker")
    kept = ("--rate", "50/s", "--report", "r.jsonl", "--ledger", "o.db")
    words = ("create", "a b.txt", *options, *kept, "--log-format", "console")
    async with Sandbox(ANYTHING) as box:
        stopped = await bulkrepo(*words, cwd=tmp_path, box=box, SWR_TOKEN="dead-token")
        last = stopped.err.splitlines()[-1]
        typed = shlex.split(last.removeprefix("next: bulkrepo "))
        done = await bulkrepo(*typed, cwd=tmp_path, box=box)

    assert stopped.code == 3
    assert typed == ["create", "a b.txt", *options, *kept]
    assert done.code == 0, done.err
    assert done.events("run.started")[0]["resumed"]
    assert outcomes(tmp_path / "r.jsonl") == ["created"] * 2
