"""Which rows of a report a retry takes, and where it may go."""

import json
from pathlib import Path

import pytest

from bulkrepo.core.errors import InputError
from bulkrepo.core.outcomes import Item, Verdict
from bulkrepo.core.results import RunInfo, Summary
from bulkrepo.core.rows import Defaults, RepoSpec
from bulkrepo.inputs.checking import checked
from bulkrepo.reports import EXPORTERS, SUFFIXES
from tests.support.workbooks import workbook

HERE = "https://swr-api.eu-de.otc.t-systems.com"
INFO = RunInfo(
    id=1, command="create", state="finished", lists=("l",), endpoint=HERE, started_at=""
)
ROWS = [
    Item("l", n, "team", name, is_public=False, outcome=outcome, endpoint=HERE)
    for n, (name, outcome) in enumerate(
        [("a", Verdict.CREATED), ("b", Verdict.FAILED), ("c", Verdict.NOT_ATTEMPTED)]
    )
]
LISTS = sorted(set(SUFFIXES) & {".jsonl", ".ndjson", ".csv"})


def saved(folder: Path, suffix: str) -> str:
    """Write a report, or one that went through a spreadsheet."""
    path = folder / f"r{suffix}"
    if suffix == ".xlsx":
        names = ["namespace", "repository", "is_public", "outcome", "endpoint"]
        cells = [[getattr(row, name) for name in names] for row in ROWS]
        path.write_bytes(workbook(S=[names, *cells]))
    else:
        chunks = EXPORTERS[SUFFIXES[suffix]](INFO, Summary(total=0, counts={}), ROWS)
        path.write_bytes(b"".join(chunks))
    return str(path)


def taken(path: str, *, at: str) -> list[str]:
    """Give the names of the rows that a retry at the endpoint *at* takes."""
    rows = checked(
        [path], format=None, defaults=Defaults(), profile="strict", retry_at=at
    )
    return [spec.repository for _, spec in rows if isinstance(spec, RepoSpec)]


@pytest.mark.parametrize("suffix", [*LISTS, ".xlsx"])
def test_retry_takes_what_did_not_succeed(tmp_path: Path, suffix: str) -> None:
    """At the endpoint that the report is about."""
    assert taken(saved(tmp_path, suffix), at=HERE) == ["b", "c"]


@pytest.mark.parametrize("suffix", [*LISTS, ".xlsx"])
def test_retry_refuses_a_report_of_another_endpoint(
    tmp_path: Path, suffix: str
) -> None:
    """It names both, and what to type."""
    path = saved(tmp_path, suffix)

    with pytest.raises(InputError) as refused:
        taken(path, at="https://swr-api.eu-nl.otc.t-systems.com")

    said = str(refused.value)
    assert f"a report of {HERE}" in said
    assert "https://swr-api.eu-nl.otc.t-systems.com" in said
    assert f"bulkrepo retry {path} --endpoint {HERE}" in said


def test_retry_takes_a_report_that_names_no_endpoint(tmp_path: Path) -> None:
    """Those of before do not."""
    path = tmp_path / "old.jsonl"
    row = {"namespace": "team", "repository": "a", "is_public": False}
    path.write_text(json.dumps(row | {"outcome": "failed"}) + "\n")

    assert taken(str(path), at=HERE) == ["a"]
