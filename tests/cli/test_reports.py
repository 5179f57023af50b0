"""Reports of every format, at every place, and as lists."""

import asyncio
import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bulkrepo.core.errors import SettingsError
from bulkrepo.runs import reporting
from bulkrepo.sandbox import Sandbox
from tests.support.boxes import bulkrepo, end, environment, outcomes, read, rows, write
from tests.support.creates import MISTAKES, create


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
