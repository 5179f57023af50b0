"""The events that the log of a run tells."""

from collections import Counter
from pathlib import Path

from bulkrepo.sandbox import Sandbox
from tests.support.boxes import bulkrepo, read, write
from tests.support.creates import MISTAKES


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
