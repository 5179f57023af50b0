"""Create by the command line: from lists of any kind to repositories."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bulkrepo.sandbox import Sandbox
from tests.support.boxes import (
    ANYTHING,
    SAMPLES,
    bulkrepo,
    environment,
    held,
    names,
    outcomes,
    read,
    rows,
    write,
)
from tests.support.creates import MISTAKES

OFFICIAL = str(SAMPLES / "official-images.json")


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
