"""What cannot work, or ends early, is said by its exit code."""

import asyncio
import csv
import io
import json
import os
import socket
import sys
from collections import Counter
from pathlib import Path

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

import bulkrepo as library
from bulkrepo import Settings
from bulkrepo.cli.main import main
from bulkrepo.sandbox import Sandbox
from tests.support.boxes import (
    ANYTHING,
    TOKEN,
    Bell,
    begin,
    bulkrepo,
    end,
    environment,
    outcomes,
    read,
    rows,
    write,
)
from tests.support.creates import create, slow


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
