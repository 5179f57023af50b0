"""Lists of every format as rows, or why they are none."""

import hashlib
import io
import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.errors import InputError
from bulkrepo.core.json_scanner import LONGEST
from bulkrepo.core.rows import FIELDS, Problem
from bulkrepo.inputs import locations, reader
from tests.support.lists import fields, rows


def refused(data: bytes | str, name: str = "list.csv") -> str:
    """Return why a list cannot be used."""
    with pytest.raises(InputError) as caught:
        rows(data, name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        pytest.param("a.CSV", "x", "csv", id="suffix in capitals"),
        pytest.param("a.tsv", "", "csv", id="tsv"),
        pytest.param("a.json", "", "json", id="json"),
        pytest.param("a.report.jsonl", "", "ndjson", id="jsonl"),
        pytest.param("a.ndjson", "", "ndjson", id="ndjson"),
        pytest.param("a.txt", "x,y", "text", id="txt"),
        pytest.param("a.txt", "[", "json", id="txt that is JSON"),
        pytest.param("a.csv", "{}", "ndjson", id="csv that is JSON"),
        pytest.param("a.txt", "x\tVisibility\n", "csv", id="txt that is a table"),
        pytest.param("a.txt", "repo\nweb", "csv", id="txt with a heading"),
        pytest.param("a.jsonl", "repo", "ndjson", id="no JSON at all"),
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
    """The first characters decide; between formats of one kind, the suffix."""
    assert reader.guess(name, head) == expected


def test_a_page_on_standard_input_is_no_list() -> None:
    """It has no suffix that would tell."""
    with pytest.raises(InputError, match=r"-: a page.*Of a report, give the \.jsonl"):
        reader.guess("-", "\ufeff\n<!DOCTYPE html>")


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
        pytest.param('na"me\n', "a.csv", "no known column", id="quote in a heading"),
        pytest.param(
            '\n"name\n' + "a\n" * 9, "a.csv", "a.csv:2: a quote", id="open on top"
        ),
        pytest.param(
            'x,"name' + "\na" * 600_000, "a.csv", "1,048,576", id="open far on top"
        ),
        pytest.param(
            'name\n"' + "\na" * 600_000, "a.csv", "a.csv:2: a quote", id="open far"
        ),
        pytest.param("name" + ",x" * 17_000, "a.csv", "is 16,384", id="too wide"),
        pytest.param("a" * 1_048_577, "a.txt", "a.txt:1: the line has", id="long"),
        pytest.param(
            "name\na\n" + "a" * 1_048_577, "a.csv", "a.csv:3: the line has", id="wide"
        ),
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
            "name,org\na,b,c\n",
            "a.csv",
            [("surplus-cell", 2, 5, None, None)],
            id="more",
        ),
        pytest.param(
            'name,org\na,"b"c\n',
            "a.csv",
            [("quotes", None, None, None, None)],
            id="quotes",
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
    ("text", "expected"),
    [
        pytest.param(
            "name,descripton,is_public\na,x,no\nb,y,no\n",
            ("unknown-column", 1, 6, "description"),
            id="misspelt",
        ),
        pytest.param(
            'name,"is\npublic",org,organization\na,no,t,u\n',
            ("same-field", 2, 13, None),
            id="over two lines",
        ),
        pytest.param(
            "org,name,organization\nt,a,u\n",
            ("same-field", 1, 10, None),
            id="two columns, one field",
        ),
        pytest.param(
            "name,description,descripton\na,b,c\n",
            ("unknown-column", 1, 18, None),
            id="misspelt, but there already",
        ),
    ],
)
def test_faults_of_a_heading_are_no_fault_of_a_row(
    text: str, expected: tuple[object, ...]
) -> None:
    """They are the list's, and its rows all share them."""
    found = rows(text)
    (fault,) = found[0].layout.problems if found[0].layout else ()

    assert (fault.rule, fault.line, fault.column, fault.hint) == expected
    assert not any(row.faults for row in found)
    assert len({id(row.layout) for row in found}) == 1


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
    ("value", "expected"),
    [
        (True, False),
        (1, 0),
        ("no", "yes"),
        (5, "private: 5"),
        ("on", "private: on"),
        ("", None),
        (None, None),
    ],
)
def test_private_inverts_json_values(value: object, expected: object) -> None:
    """In JSON `private` is the opposite of `is_public` too; nonsense keeps its key."""
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
