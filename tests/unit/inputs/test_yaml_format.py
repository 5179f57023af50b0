"""YAML says what JSON says, by the same rules; no word is taken for another."""

import io
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkrepo.core.errors import InputError
from bulkrepo.core.rows import Defaults, Rejected, RepoSpec, Row
from bulkrepo.inputs import reader, rules

Told = list[RepoSpec | list[tuple[str, str, str | None]]] | str


def rows(text: str, kind: str) -> list[Row]:
    """Return the rows of *text*."""
    stream = io.BytesIO(text.encode())
    return list(reader.read_from(stream, name="x", format=kind))


def told(text: str, kind: str) -> Told:
    """Return what a list wants, or the faults of its rows, or why it is refused."""
    defaults = Defaults(namespace="team", is_public=True)
    try:
        checked = [rules.check(row, defaults=defaults) for row in rows(text, kind)]
    except InputError as error:
        return str(error)
    return [
        [(p.field, p.rule, p.got) for p in each.problems]
        if isinstance(each, Rejected)
        else each
        for each in checked
    ]


def block(value: object) -> str:
    """Return *value* as people write YAML."""
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text


def flow(value: object) -> str:
    """Return *value* in YAML's short form."""
    text: str = yaml.safe_dump(value, sort_keys=False, default_flow_style=True)
    return text


NAMES: list[Any] = ["pay", "web/api"]
OBJECTS: list[Any] = [
    {"name": "pay", "private": True},
    {"organization": "other", "repository": "web", "is_public": "no"},
    {"repo": "app", "visibility": "private", "description": "a: b"},
    "plain",
]
FAULTY: list[Any] = [
    {"name": "pay", "owner": "x", "is_public": "on"},
    {"name": "Pay", "descripton": "x"},
    {"name": True, "category": False, "description": ["a"]},
    {"name": None, "public": {}},
    {},
    [],
    True,
    None,
    "UP",
    {"private": True, "is_public": True, "name": "a"},
    {"outcome": "invalid", "problems": [{"x": {"y": []}}], "name": "a"},
]
RECORDS = [NAMES, OBJECTS, FAULTY, [], ["a", {"name": "b"}]]
DEFAULTS: list[Any] = [
    {"visibility": "private"},
    {"namespace": "other", "private": True, "type": "linux"},
    {"is_public": "on"},
    {"is_publik": False},
    {"description": None},
    {},
    [],
    None,
    "private",
]
BESIDE: list[tuple[str, Any]] = [
    ("is_public", False),
    ("visibility", "private"),
    ("private", True),
    ("namespace", "other"),
    ("default", {"visibility": "private"}),
    ("next", None),
    ("run", {"id": 1}),
    ("summary", []),
    ("items", ["c"]),
    ("", "x"),
    ("true", "x"),
]


def envelopes() -> Iterator[object]:
    """Yield every shape that a list has or might have."""
    yield from RECORDS
    yield from ("a", True, None, {}, {"name": "a"}, {"repositories": {"a": "b"}})
    for key in ("repositories", "items", "repos", "Repositories"):
        yield from ({key: records} for records in RECORDS)
    for records, defaults in itertools.product(RECORDS[:3], DEFAULTS):
        yield {"defaults": defaults, "repositories": records}
        yield {"repositories": records, "defaults": defaults}
        yield {"defaults": defaults}
    for records, (key, value) in itertools.product(RECORDS[:2], BESIDE):
        yield {key: value, "repositories": records}
        yield {"repositories": records, key: value}
        yield {"defaults": {"private": True}, key: value, "repositories": records}


@pytest.mark.parametrize("dump", [block, flow, json.dumps])
def test_every_envelope_is_read_or_refused_as_in_json(dump: Any) -> None:
    """The same rows, the same faults, the same words."""
    read = 0
    for value in envelopes():
        wanted = told(json.dumps(value), "json")
        read += isinstance(wanted, list)

        assert told(dump(value), "yaml") == wanted, value
    assert read > 40


@pytest.mark.parametrize(
    ("object_in_json", "object_in_yaml"),
    [
        ('{"name":"a","name":"b"}', "{name: a, name: b}"),
        ('{"name":"a","x":1,"x":2}', "{name: a, x: 1, x: 2}"),
        ('{"name":"a","org":"b","namespace":"c"}', "{name: a, org: b, namespace: c}"),
        ('{"name":"a","x":{"y":1,"y":2}}', "{name: a, x: {y: 1, y: 2}}"),
    ],
)
def test_a_key_that_stands_twice_is_as_in_json(
    object_in_json: str, object_in_yaml: str
) -> None:
    """In rows, in defaults, and on top."""
    for text in ("[%s]", '{"defaults":%s,"repositories":["a"]}'):
        assert told(text % object_in_yaml, "yaml") == told(
            text % object_in_json, "json"
        )
    twice = '{"repositories":["a"],"repositories":["b"]}'
    assert (
        told(twice, "yaml") == told(twice, "json") == 'x: "repositories" occurs twice'
    )


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))
values = (
    st.none() | st.booleans() | texts | st.sampled_from(["no", "on", "1.10", "0x1f"])
)
keys = st.sampled_from(["name", "org", "public", "private", "type", "description", "x"])
records = st.lists(texts | st.dictionaries(keys, values, max_size=4), max_size=4)


@settings(deadline=None)
@given(records, st.sampled_from([block, flow]))
def test_any_records_are_as_in_json(given_records: list[Any], dump: Any) -> None:
    """Text that would be a number or a truth is quoted by whoever writes YAML."""
    assert told(dump(given_records), "yaml") == told(json.dumps(given_records), "json")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        *((name, name) for name in ("1.10", "007", "7", "1e3", "0x1f", "1_000", "0o7")),
        *((name, name) for name in ("no", "yes", "on", "off", "y", "n", "nan")),
        *((name, name) for name in ("2024-01-02", "12:30:45", "1.", "~a", "=", "<<")),
        ("'null'", "null"),
        ('"true"', "true"),
        ("! true", "true"),
        ("!!str null", "null"),
        ("a  # b", "a"),
        ("a#b", "a#b"),
        ("&x a", "a"),
        ("'it''s'", "it's"),
        (">-\n    a\n    b", "a b"),
    ],
)
def test_a_name_is_the_word_that_stands_there(written: str, name: str) -> None:
    """In a record, and alone."""
    assert [row.repository for row in rows(f"- name: {written}\n", "yaml")] == [name]
    assert [row.repository for row in rows(f"- {written}\n", "yaml")] == [name]


@pytest.mark.parametrize(
    ("written", "public"),
    [
        *((word, True) for word in ("true", "True", "TRUE", "yes", "Yes", "y", "1")),
        *((word, False) for word in ("false", "False", "no", "NO", "n", "0")),
        *((f"'{word}'", True) for word in ("true", "yes")),
        *((word, None) for word in ("on", "off", "On", "t", "internal", "2", "1.0")),
        *((word, None) for word in ("~", "null", "", "''", "[]", "{}", "- true")),
        ("no  # really", False),
    ],
)
def test_visibility_is_never_other_than_written(
    written: str,
    public: bool | None,  # noqa: FBT001 - a row of the table
) -> None:
    """What is no word for it is a fault, as it is in every format."""
    for key, inverted in (("is_public", False), ("private", True)):
        text = f"- name: a\n  namespace: t\n  {key}: {written}\n"
        if written.startswith("-"):
            text = text.replace(" - ", "\n  - ")
        (row,) = rows(text, "yaml")
        found = rules.check(row)

        if public is None:
            assert isinstance(found, Rejected)
            assert [problem.field for problem in found.problems] == ["is_public"]
        else:
            assert isinstance(found, RepoSpec)
            assert found.is_public is (public is not inverted)


def test_a_row_has_the_line_on_which_it_begins() -> None:
    """Whatever is in it, and in front of it."""
    text = """\
# ours
%s
defaults:
  namespace: t
repositories:

  # the first
  - a
  - name: b
    x: [[1], [2],
        3]
  -
    name: c
  - {name: d,
     y: 1}
  - "e
    e"
"""
    found = rows(text % "---", "yaml")

    assert [row.line for row in found] == [8, 9, 13, 14, 16]
    assert [fault.line for row in found for fault in row.faults] == [9, 14]
    assert [fault.path for row in found for fault in row.faults] == ["$.x", "$.y"]


@settings(deadline=None)
@given(st.lists(st.sampled_from([*"- :[]{}&*!|>'\"%#?,\n\t", "a", "name: ", "---\n"])))
def test_whatever_is_written_is_rows_or_a_reason(pieces: list[str]) -> None:
    """And quotes nothing of what could be a secret."""
    text = "".join([*pieces, "hunter2"])
    told_rows = told(text, "yaml")

    if isinstance(told_rows, str) and "not valid" in told_rows:
        assert "hunter2" not in told_rows
