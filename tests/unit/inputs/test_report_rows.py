"""A report is a list again, with the faults that it told."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.csv_cells import harmless
from bulkrepo.core.errors import InputError
from bulkrepo.inputs import locations, reader
from tests.support.lists import fields, rows


@pytest.mark.parametrize("suffix", [".md", ".markdown", ".html", ".XML", ".prom"])
def test_a_report_that_others_read_is_no_list(suffix: str) -> None:
    """Read as names, one a line, it would be many faults, and none of them the one."""
    with pytest.raises(InputError, match=r"Of a report, give the \.jsonl"):
        reader.guess(f"team.report{suffix}", "<")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param(
            "source,line,namespace,repository,is_public,outcome,message,request_id\n"
            'a.csv,2,t,\'=a,true,failed,"no, never",x\n',
            "r.csv",
            id="csv",
        ),
        pytest.param(
            '{"source":"a.csv","line":2,"namespace":"t","repository":"=a",'
            '"is_public":"true","outcome":"failed","problems":[{"x":1}]}',
            "r.jsonl",
            id="jsonl",
        ),
        pytest.param(
            '{"run":{"id":1,"lists":["a"]},"summary":{"total":1},"items":[{"line":2,'
            '"namespace":"t","repository":"=a","is_public":"true","outcome":"failed",'
            '"differences":{"a":[1,{"b":2}]}}]}',
            "r.json",
            id="json",
        ),
    ],
)
def test_a_report_is_a_list(text: str, name: str) -> None:
    """What a report says about the past is passed over; its apostrophes are undone."""
    (row,) = rows(text, name)

    assert not row.faults
    assert fields(row) == ("t", "=a", "true", None, None)


@given(text=st.text(alphabet="'=+-@ab", min_size=1))
def test_a_report_gives_back_what_it_disarmed(text: str) -> None:
    """Reading undoes what writing did against formulas, however odd the text."""
    (row,) = rows(f"name,outcome,description\na,failed,{harmless(text)}\n")

    assert row.description == text


SURPLUS = {"field": "cell", "rule": "surplus-cell", "message": "is one more"}
QUOTES = {"field": "record", "rule": "quotes", "message": "has text behind"}
UPPER = {"field": "repository", "rule": "uppercase", "message": "has uppercase"}
NOTE = {"field": "repository", "rule": "trimmed", "message": "is", "note": True}
TELLS = "tells of a fault that the row itself does not show: "
AGAIN = {
    "field": "Problems",
    "rule": "reported-invalid",
    "message": f"{TELLS}cell is one more",
}
UNREADABLE = "what it says cannot be read"


def reported(kind: str, outcome: object, problems: object) -> tuple[str, str]:
    """Return a report of one row, as text, and its name."""
    item = {"Problems": problems, "name": "a", "public": "no", "outcome": outcome}
    match kind:
        case "csv":
            text = io.StringIO(newline="")
            table = csv.writer(text)
            if not isinstance(problems, str | None):
                item["Problems"] = json.dumps(problems)
            table.writerows([item.keys(), item.values()])
            return text.getvalue(), "r.csv"
        case "json":
            return json.dumps({"run": {}, "items": [item]}), "r.json"
        case _:
            return json.dumps(item), "r.jsonl"


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl"])
@pytest.mark.parametrize(
    ("outcome", "problems", "says"),
    [
        pytest.param("invalid", [SURPLUS], "cell is one more", id="lost"),
        pytest.param(
            *("invalid", [UPPER, SURPLUS, QUOTES]),
            "cell is one more; record has text behind",
            id="lost and shown",
        ),
        pytest.param(
            "invalid", [QUOTES | {"line": 3, "path": None}], "record has", id="placed"
        ),
        pytest.param("invalid", [AGAIN], "cell is one more", id="a report's report"),
        pytest.param(
            "invalid", [UPPER | {"rule": "type"}], "repository has", id="number as text"
        ),
        pytest.param(" Invalid ", [SURPLUS], "cell is", id="case and blanks"),
        pytest.param("invalid", json.dumps([SURPLUS]), "cell is", id="text of JSON"),
        pytest.param("invalid", [UPPER], None, id="shown"),
        pytest.param("invalid", [UPPER | {"rule": "conflict"}], None, id="conflict"),
        pytest.param("invalid", [NOTE], None, id="note"),
        pytest.param("invalid", [], None, id="none"),
        pytest.param("invalid", " ", None, id="removed"),
        pytest.param("invalid", None, None, id="null"),
        pytest.param("", [SURPLUS], None, id="outcome removed"),
        pytest.param(None, [SURPLUS], None, id="outcome null"),
        pytest.param("failed", [SURPLUS], None, id="failed"),
        pytest.param("invalid", '[{"field":"ce', UNREADABLE, id="cut off"),
        pytest.param("invalid", [{"x": 1}], UNREADABLE, id="no rule"),
        pytest.param("invalid", [[1]], UNREADABLE, id="no object"),
        pytest.param("invalid", [[[[], 1]]], UNREADABLE, id="no pairs"),
        pytest.param("invalid", {"a": [1]}, UNREADABLE, id="no array"),
        pytest.param("invalid", "[" * 9999, UNREADABLE, id="deep"),
    ],
)
def test_a_report_keeps_the_faults_that_its_fields_lost(
    kind: str, outcome: object, problems: object, says: str | None
) -> None:
    """A row that only its reader refused is no good row for being in a report."""
    (row,) = rows(*reported(kind, outcome, problems))

    assert fields(row) == (None, "a", "no", None, None)
    if says is None:
        assert row.faults == ()
        return
    (fault,) = row.faults
    assert fault.rule == "reported-invalid"
    assert fault.message.startswith(TELLS + says)
    assert fault.message.count(TELLS) == 1
    assert fault.hint == "mend the row and remove its outcome and problems"


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("csv", (2, 1, None)),
        ("json", (None, None, "$.items[0].Problems")),
        ("jsonl", (1, None, "$.Problems")),
    ],
)
def test_the_fault_of_a_report_stands_at_its_problems(
    kind: str, place: tuple[int | None, int | None, str | None]
) -> None:
    """The place is that of the cell or key that tells of the fault."""
    (row,) = rows(*reported(kind, "invalid", [SURPLUS]))
    found = locations.place(row, row.faults[0])

    assert (found.line, found.column, found.path) == place


def test_half_a_character_in_a_reported_problem_is_no_matter() -> None:
    """What a report's fault says can be written."""
    text = json.dumps([SURPLUS | {"message": "\ud800", "field": "\udc00"}])
    (row,) = rows(f'{{"name":"a","outcome":"invalid","problems":{text}}}', "r.jsonl")

    assert row.faults[0].message.encode()


def test_problems_without_an_outcome_are_an_unknown_column() -> None:
    """It is the outcome that makes a report, and a report may lack problems."""
    (row,) = rows(json.dumps({"name": "a", "problems": [SURPLUS]}), "r.jsonl")
    assert [fault.rule for fault in row.faults] == ["unknown-column"]
    (row,) = rows("name,outcome\na,invalid\n")
    assert not row.faults


def test_result_columns_need_an_outcome() -> None:
    """Without an outcome, `message` is just an unknown column."""
    layout = rows("name,message\na,b\n")[0].layout

    assert layout is not None
    assert layout.problems
