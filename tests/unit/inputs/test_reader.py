"""Lists of every format as rows, and where in them a fault stands."""

import csv
import hashlib
import io
import json
import re
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.csv_cells import harmless
from bulkrepo.core.errors import InputError
from bulkrepo.core.json_scanner import LONGEST
from bulkrepo.core.rows import FIELDS, Problem, Row
from bulkrepo.inputs import csv_format, locations, reader


def rows(data: bytes | str, name: str = "list.csv") -> list[Row]:
    """Return the rows of *data* under a file's name."""
    raw = data.encode() if isinstance(data, str) else data
    return list(reader.read_from(io.BytesIO(raw), name=name, format=None))


def fields(row: Row) -> tuple[object, ...]:
    """Return the five fields."""
    return tuple(getattr(row, field) for field in FIELDS)


def refused(data: bytes | str, name: str = "list.csv") -> str:
    """Return why a list cannot be used."""
    with pytest.raises(InputError) as caught:
        rows(data, name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        pytest.param("a.CSV", "[", "csv", id="suffix in capitals"),
        pytest.param("a.tsv", "", "csv", id="tsv"),
        pytest.param("a.json", "", "json", id="json"),
        pytest.param("a.report.jsonl", "", "ndjson", id="jsonl"),
        pytest.param("a.ndjson", "", "ndjson", id="ndjson"),
        pytest.param("a.txt", "[", "text", id="txt"),
        pytest.param("-", '\n ["a"]', "json", id="array"),
        pytest.param("-", '{\n "repositories": [', "json", id="wrapped"),
        pytest.param("-", '{"run": {}}', "json", id="report"),
        pytest.param("-", '{"name": "a"}\n', "ndjson", id="object a line"),
        pytest.param("-", 'x;"Repository Name"\n', "csv", id="header"),
        pytest.param("-", "name\n", "csv", id="header of one column"),
        pytest.param("-", "web/api\n", "text", id="names"),
        pytest.param("-", "", "text", id="nothing"),
        pytest.param("a.yaml", "[", "yaml", id="yaml"),
        pytest.param("A.YML", "name\n", "yaml", id="yml"),
        pytest.param("-", "# ours\n- a\n", "yaml", id="items of YAML"),
        pytest.param("a.txt", "\ufeff---\na: b\n", "yaml", id="YAML named txt"),
    ],
)
def test_guess(name: str, head: str, expected: str) -> None:
    """The suffix decides; without one, the first characters."""
    assert reader.guess(name, head) == expected


def test_a_page_on_standard_input_is_no_list() -> None:
    """It has no suffix that would tell."""
    with pytest.raises(InputError, match=r"-: a page.*Of a report, give the \.jsonl"):
        reader.guess("-", "\ufeff\n<!DOCTYPE html>")


@pytest.mark.parametrize("suffix", [".md", ".markdown", ".html", ".XML", ".prom"])
def test_a_report_that_others_read_is_no_list(suffix: str) -> None:
    """Read as names, one a line, it would be many faults, and none of them the one."""
    with pytest.raises(InputError, match=r"Of a report, give the \.jsonl"):
        reader.guess(f"team.report{suffix}", "<")


@pytest.mark.parametrize(
    ("header", "cell", "expected"),
    [
        pytest.param("organization", "t", ("namespace", "t"), id="organization"),
        pytest.param(" ORG ", "t", ("namespace", "t"), id="org"),
        pytest.param("Repository Name", "a", ("repository", "a"), id="with a blank"),
        pytest.param("repository-name", "a", ("repository", "a"), id="with a hyphen"),
        pytest.param("Repo", "a", ("repository", "a"), id="repo"),
        pytest.param("Public?", "yes", ("is_public", "yes"), id="with a question mark"),
        pytest.param("isPublic", "yes", ("is_public", "yes"), id="camel case"),
        pytest.param(
            "visibility", "private", ("is_public", "private"), id="visibility"
        ),
        pytest.param("private", "Yes", ("is_public", "no"), id="private inverts"),
        pytest.param("private", "0", ("is_public", "1"), id="private 0"),
        pytest.param("private", "public", ("is_public", "public"), id="a word's sense"),
        pytest.param("type", "linux", ("category", "linux"), id="type"),
    ],
)
def test_headers_have_aliases(
    header: str, cell: str, expected: tuple[str, str]
) -> None:
    """Columns are known by the names that people give them."""
    column = header if expected[0] != "repository" else f"{header},description"
    text = f"{column}\n{cell}\n"
    row = rows(text)[0]

    assert not row.faults
    assert getattr(row, expected[0]) == expected[1]


LISTS = {
    "csv": ("list.csv", "org,name,public,type\nt,a/b,no,linux\n"),
    "semicolon": ("list.csv", "org;name;public;type\nt;a/b;no;linux\n"),
    "tab": ("list.tsv", "org\tname\tpublic\ttype\nt\ta/b\tno\tlinux\n"),
    "crlf": ("list.csv", "org,name,public,type\r\nt,a/b,no,linux\r\n"),
    "no last newline": ("list.csv", "org,name,public,type\nt,a/b,no,linux"),
    "blank lines": ("list.csv", "\n\norg,name,public,type\n\nt,a/b,no,linux\n ,,\n\n"),
    "empty columns": ("list.csv", "org,name,public,type,,\nt,a/b,no,linux,,\n"),
    "short rows": (
        "list.csv",
        "org,name,public,type,description\nt,a/b,no,linux\n",
    ),
    "told to Excel": ("list.csv", "sep=;\norg;name;public;type\nt;a/b;no;linux\n"),
    "json": ("list.json", '[{"org":"t","name":"a/b","public":"no","type":"linux"}]'),
    "wrapped": (
        "list.json",
        '{"defaults":{"org":"t","public":"no","type":"linux"},"repositories":["a/b"]}',
    ),
    "yaml": (
        "list.yaml",
        "- org: t\n  name: a/b\n  public: no\n  type: linux\n",
    ),
    "yaml wrapped": (
        "list.yml",
        "defaults: {org: t, public: no, type: linux}\nrepositories:\n- a/b\n",
    ),
    "ndjson": ("x.ndjson", '\n{"org":"t","name":"a/b","public":"no","type":"linux"}\n'),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "le", "be"])
@pytest.mark.parametrize("kind", LISTS)
def test_formats_and_encodings_say_the_same(kind: str, encoding: str) -> None:
    """A row is the same row in every format and every encoding."""
    name, text = LISTS[kind]
    if encoding in {"le", "be"}:
        data = f"\ufeff{text}".encode(f"utf-16-{encoding}")
    else:
        data = text.encode(encoding)

    assert [fields(row) for row in rows(data, name)] == [
        ("t", "a/b", "no", "linux", None)
    ]
    assert not rows(data, name)[0].faults


def test_text_is_a_name_a_line() -> None:
    """Comments and blank lines say nothing; a hash inside a name is no comment."""
    found = rows("# all\n\n  web/api  # the gateway\nb#c\r\n\t\n", "list.txt")

    assert [(row.line, row.repository) for row in found] == [(3, "web/api"), (4, "b#c")]


def test_blanks_around_are_trimmed_with_a_note() -> None:
    """A trimmed value is said to be trimmed; a blank cell says nothing."""
    row = rows("org,name,description\nt, web\u00a0,   \n")[0]

    assert fields(row) == ("t", "web", None, None, None)
    assert row.notes == ("repository: blanks around the value are trimmed",)


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        pytest.param("", "a.csv", "has no rows", id="empty"),
        pytest.param("org,name\n\n", "a.csv", "has no rows", id="header only"),
        pytest.param("# x\n", "a.txt", "has no rows", id="comments only"),
        pytest.param("[]", "a.json", "has no rows", id="empty array"),
        pytest.param("web\napi\n", "a.csv", "--format text", id="no header"),
        pytest.param('name\n"a\n', "a.csv", "a.csv:2: a quote", id="open quote"),
        pytest.param('na"me\n', "a.csv", "no known column", id="open quote on top"),
        pytest.param('name\n"' + "a" * 200_000, "a.csv", "never closed", id="huge"),
        pytest.param("x" * 200_000, "a.csv", "no known column", id="huge header"),
        pytest.param('{"a', "a.json", "a.json:1:2: ", id="cut at once"),
        pytest.param('{"items":[],"items":[]}', "a.json", "occurs twice", id="twice"),
        pytest.param('{"defaults":[]}', "a.json", "not an array", id="array"),
        pytest.param(b"name\nx\n\xff\n", "a.csv", "line 3, byte 8", id="bad byte"),
        pytest.param("name\na".encode("utf-32"), "a.csv", "utf-32", id="utf-32"),
        pytest.param(
            "name\na".encode("utf-16-le"), "a.csv", "byte order mark", id="no mark"
        ),
        pytest.param('[{"name": "a"}, ', "a.json", "a.json:1:17: ", id="cut JSON"),
        pytest.param(
            '{"name": "a"}', "a.json", r"put the object in \[ \]", id="object"
        ),
        pytest.param('{"repositorys": []}', "a.json", r'"repositories"\?', id="typo"),
        pytest.param('{"defaults": {}}', "a.json", 'no "repositories"', id="no list"),
        pytest.param(
            '{"repositories": {}}', "a.json", "must be an array", id="no array"
        ),
        pytest.param(
            '{"repositories": ["a"], "defaults": {}}', "a.json", "before", id="late"
        ),
        pytest.param(
            '{"defaults": {"orgg": "x"}, "items": ["a"]}',
            "a.json",
            r'"org"\?',
            id="key",
        ),
        pytest.param('"a"', "a.json", "wanted an array", id="scalar"),
        pytest.param(" <html>", "a.json", "is a web page", id="page"),
        pytest.param(" \n", "a.json", "has no rows", id="blank JSON"),
        pytest.param("[NaN]", "a.json", "1:2: .*NaN is no value", id="NaN"),
        pytest.param('\n ["a"]\n', "a.jsonl", ":2: .*--format json", id="array"),
        pytest.param("# x\n", "a.yaml", "has no rows", id="comment of YAML"),
        pytest.param("a\nb\n", "a.yaml", "wanted an array, got text", id="no YAML"),
        pytest.param("[a", "a.yaml", "a.yaml:.*is not valid YAML", id="cut YAML"),
        pytest.param("- a\n--- []\n", "a.yaml", ":2:1: begins another", id="second"),
        pytest.param("- &x a\n- *x\n", "a.yaml", ":2:3: refers to", id="alias"),
        pytest.param("- !!int 7\n", "a.yaml", ":1:3: has a tag", id="tag"),
        pytest.param("- [a]: b\n", "a.yaml", ":1:3: has a key that", id="odd key"),
        pytest.param("- a: " + "[" * 600 + "]" * 600, "a.yaml", "too deep", id="deep"),
        pytest.param(b"- a\n- \xff\n", "a.yaml", "line 2, byte 7", id="YAML's bytes"),
        pytest.param("- " + "a" * LONGEST + "b", "a.yml", "characters", id="long YAML"),
        pytest.param('["a"] ["b"]', "a.json", "1:7: there is more", id="two"),
    ],
)
def test_an_unusable_list_says_why(data: bytes | str, name: str, says: str) -> None:
    """What stops a run says what is wrong and what to do."""
    assert re.search(says, refused(data, name))


@pytest.mark.parametrize("what", ["missing", "directory"])
def test_an_unreadable_path_says_why(tmp_path: Path, what: str) -> None:
    """A path that cannot be opened is the list's fault, not a bug."""
    path = tmp_path if what == "directory" else tmp_path / "none.csv"

    with pytest.raises(InputError, match="cannot be read"):
        list(reader.read(str(path), format=None))


def test_a_digest_sees_every_byte() -> None:
    """The digest is that of the file, mark and comments included."""
    data = "\ufeffname\r\na\r\n".encode()
    digest = hashlib.sha256()
    list(reader.read("-", format="csv", stdin=io.BytesIO(data), digest=digest))

    assert digest.digest() == hashlib.sha256(data).digest()


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        pytest.param(
            "name,descripton,is_public\na,x,no\nb,y,no\n",
            "a.csv",
            [("unknown-column", 1, 6, None, "description")] * 2,
            id="one misspelt column, every row",
        ),
        pytest.param(
            'name,"is\npublic",org,organization\na,no,t,u\n',
            "a.tsv",
            [("same-field", 2, 13, None, None)],
            id="a header over two lines",
        ),
        pytest.param(
            "org,name,organization\nt,a,u\n",
            "a.csv",
            [("same-field", 1, 10, None, None)],
            id="two columns, one field",
        ),
        pytest.param(
            "name,description,descripton\na,b,c\n",
            "a.csv",
            [("unknown-column", 1, 18, None, None)],
            id="misspelt, but there already",
        ),
        pytest.param(
            "name,org\na,b,c\n",
            "a.csv",
            [("surplus-cell", 2, 5, None, None)],
            id="more",
        ),
        pytest.param(
            'name,org\na,"b"c\n', "a.csv", [("quotes", 2, 1, None, None)], id="quotes"
        ),
        pytest.param(
            '{"name":"a","foo bar":1}\n{\n[]\n',
            "a.ndjson",
            [
                ("unknown-column", 1, None, '$["foo bar"]', None),
                ("json", 2, 2, None, None),
                ("type", 3, None, "$", None),
            ],
            id="ndjson",
        ),
        pytest.param(
            '[{"name":"a","name":"b"},7,{"naem":"c"}]',
            "a.json",
            [
                ("same-field", None, None, "$[0].name", None),
                ("type", None, None, "$[1]", None),
                ("unknown-column", None, None, "$[2].naem", "name"),
            ],
            id="json",
        ),
        pytest.param(
            '{"name":"a\\ud800"}',
            "a.ndjson",
            [("unicode", None, None, None, None)],
            id="half a character",
        ),
    ],
)
def test_readers_find_faults_of_form(
    text: str, name: str, expected: list[tuple[object, ...]]
) -> None:
    """Names of columns and the form of records are judged where they are read."""
    found = [
        (fault.rule, fault.line, fault.column, fault.path, fault.hint)
        for row in rows(text, name)
        for fault in row.faults
    ]

    assert found == expected


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
    assert rows("name,message\na,b\n")[0].faults


text_cells = st.lists(st.sampled_from([*'ab é,;\t"\n公', "\r\n"]), max_size=8).map(
    lambda parts: f"x{''.join(parts)}y"
)


@given(
    table=st.lists(st.tuples(text_cells, text_cells), min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_csv_round_trip_and_places(
    table: list[tuple[str, str]],
    delimiter: str,
    encoding: str,
    quoting: Literal[0, 1],
    end: str,
) -> None:
    """Whatever writes the table, the cells come back, and places point at them."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(
        buffer,
        delimiter=delimiter,
        quoting=quoting,
        lineterminator=end,
    )
    writer.writerow(["name", "description"])
    writer.writerows(table)
    found = rows(buffer.getvalue().encode(encoding))
    lines = list(io.StringIO(buffer.getvalue(), newline=""))

    assert [(row.repository, row.description) for row in found] == table
    for row in found:
        for field in ("repository", "description"):
            value = str(getattr(row, field))
            problem = locations.place(row, Problem(field, "r", "m", got=value))
            assert problem.line is not None
            assert problem.column is not None
            rest = lines[problem.line - 1][problem.column - 1 :]
            first = value.splitlines()[0][:1]
            assert rest.startswith((first, f'"{first}'))


@pytest.mark.parametrize(
    ("text", "name", "field", "expected"),
    [
        pytest.param(
            "org,name\nt,  A\n", "a.csv", "repository", (2, 5, None), id="csv"
        ),
        pytest.param(
            "org,name\nt\n", "a.csv", "repository", (2, 2, None), id="no cell"
        ),
        pytest.param("org\nt\n", "a.csv", "is_public", (2, 1, None), id="no column"),
        pytest.param(
            'org,name\n"a\nb",c\n', "a.csv", "repository", (3, 4, None), id="2"
        ),
        pytest.param("  A # x\n", "a.txt", "repository", (1, 3, None), id="text"),
        pytest.param(
            '{"repo":"A"}', "a.jsonl", "repository", (1, None, "$.repo"), id="n"
        ),
        pytest.param('["A"]', "a.json", "repository", (None, None, "$[0]"), id="names"),
        pytest.param(
            '{"repositories":[{"a b":1,"Repository Name":"A"}]}',
            "a.json",
            "repository",
            (None, None, '$.repositories[0]["Repository Name"]'),
            id="key with a blank",
        ),
        pytest.param(
            '{"defaults":{"type":"x"},"items":["A"]}',
            "a.json",
            "category",
            (None, None, "$.defaults.type"),
            id="from the defaults",
        ),
    ],
)
def test_place(
    text: str,
    name: str,
    field: str,
    expected: tuple[int | None, int | None, str | None],
) -> None:
    """A place is where the field is, or where it would be."""
    problem = locations.place(rows(text, name)[0], Problem(field, "r", "m", got="A"))

    assert (problem.line, problem.column, problem.path) == expected


def test_places_end_with_the_end() -> None:
    """One place more than cells: where a missing one would stand."""
    assert csv_format.places("a,b\r\n", delimiter=",") == [
        csv_format.Place(0, 1),
        csv_format.Place(0, 3),
        csv_format.Place(0, 4),
    ]


@pytest.mark.parametrize("kind", reader.READERS)
def test_readers_stream(kind: str) -> None:
    """No reader waits for the end of a list before it gives the first row."""
    line = {
        "csv": "name\n" + "a\n" * 100_000,
        "json": "[" + '"a",' * 100_000,
        "ndjson": '"a"\n' * 100_000,
        "text": "a\n" * 100_000,
        "yaml": "- a\n" * 100_000,
    }[kind]
    stream = io.BytesIO(line.encode())
    first = next(reader.read_from(stream, name="x", format=kind))

    assert first.repository == "a"
    assert stream.tell() < len(line)


@pytest.mark.parametrize(
    ("value", "expected"), [(True, False), (1, 0), ("no", "yes"), (5, 5), (None, None)]
)
def test_private_inverts_json_values(value: object, expected: object) -> None:
    """In JSON `private` is the opposite of `is_public` too; nonsense stays."""
    (row,) = rows(json.dumps([{"name": "a", "private": value}]), "a.json")

    assert row.is_public == expected
    assert type(row.is_public) is type(expected)


def test_no_standard_input_is_said() -> None:
    """A program without standard input gets a reason."""
    with pytest.raises(InputError, match="no standard input"):
        list(reader.read("-", format=None))


def test_json_numbers_do_not_become_names() -> None:
    """JSON values keep their type until the grammar judges them."""
    (row,) = rows(
        json.dumps([{"name": 5, "public": 1, "description": {"a": 1}}]), "a.json"
    )

    assert fields(row) == (None, 5, 1, None, {})


pieces = st.lists(
    st.sampled_from(
        [
            *"\"{}[]:,;\t\n\r '#=\\\0\ufeffé",
            *("name", "org", "private", "true", "null", "1.5e9", "defaults", "\r\n"),
            *('"name":', '"\\ud800"', '"items":'),
        ]
    ),
    max_size=30,
).map("".join)


@pytest.mark.parametrize("kind", reader.READERS)
@given(text=pieces, data=st.binary(max_size=20))
def test_whatever_comes_is_rows_or_a_reason(kind: str, text: str, data: bytes) -> None:
    """No input ends in anything but rows or an `InputError`; all of it is text."""
    start = {"csv": "name,org\n", "json": "[", "ndjson": "", "text": "", "yaml": "- "}[
        kind
    ]
    for raw in (f"{start}{text}".encode(), text.encode(), start.encode() + data):
        try:
            found = list(
                reader.read_from(io.BytesIO(raw), name="x", format=kind),
            )
        except InputError:
            continue
        for row in found:
            for field in FIELDS:
                locations.place(row, Problem(field, "r", "m"))
            msgspec.json.encode([fields(row), row.faults])
