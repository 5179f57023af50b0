"""Rows of JSON: what cannot be read is a fault of its row, and none is endless."""

import io
import json
from typing import Any

import pytest

from bulkrepo.core.json_scanner import LONGEST
from bulkrepo.core.rows import Defaults, Problem, Rejected, RepoSpec, Row
from bulkrepo.core.text import brief
from bulkrepo.inputs import checking, reader, rules
from bulkrepo.inputs.validation import validate

PRIVATE = Defaults(namespace="team", is_public=False)


def rows(text: str, kind: str) -> list[Row]:
    """Return the rows of *text*."""
    stream = io.BytesIO(text.encode())
    return list(reader.read_from(stream, name="x", format=kind))


def faults(row: Row) -> list[tuple[str, str, str | None]]:
    """Return field, rule and value of each fault of *row*."""
    found = rules.check(row, defaults=PRIVATE)
    assert isinstance(found, Rejected)
    return [(p.field, p.rule, p.got) for p in found.problems]


def written(elements: list[str], kind: str) -> str:
    """Return *elements* in a format."""
    if kind == "json":
        return f"[{','.join(elements)}]"
    return "".join(f"{each}\n" for each in elements)


LONG_NUMBER = ("description", "type", brief("1" * 5000))


@pytest.mark.parametrize("kind", ["json", "ndjson"])
@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (
            r'{"name":"a","description":"x\ud83d"}',
            ("description", "unicode", "x\ufffd"),
        ),
        (
            r'{"name":"a","description":"\ud83dA"}',
            ("description", "unicode", "\ufffdA"),
        ),
        (r'{"name":"a","description":"\ude00"}', ("description", "unicode", "\ufffd")),
        (r'{"name":"a","\ud83d":1}', ("\ufffd", "unknown-column", "\ufffd")),
        ('{"name":1.10}', ("repository", "type", "1.10")),
        ('{"name":1e999999999999999999999}', ("repository", "type", f"1e{'9' * 21}")),
        ('{"name":%s}' % ("1" * 200), ("repository", "type", "1" * 200)),
        ('{"name":"a","description":%s}' % ("1" * 5000), LONG_NUMBER),
        ('{"name":"a","public":1e400}', ("is_public", "boolean", "1e400")),
        ('{"name":"a","private":-0.0}', ("is_public", "boolean", "private: -0.0")),
        ('{"name":["a"]}', ("repository", "type", "[]")),
        ('{"name":"a","description":{"a":1}}', ("description", "type", "{}")),
        ("1e999999999999999999999", ("record", "type", None)),
        ('{"x":' * 9999 + "1" + "}" * 9999, ("record", "json", None)),
        ('"%s"' % ("a" * LONGEST), ("record", "json", None)),
    ],
)
def test_a_value_that_is_none_is_a_fault_of_its_row(
    kind: str, element: str, expected: tuple[str, str, str | None]
) -> None:
    """It alone, with what is written; the rows around it are read."""
    before, row, behind = rows(written(['"b"', element, '"c"'], kind), kind)

    assert faults(row) == [expected]
    for each in (before, behind):
        assert isinstance(rules.check(each, defaults=PRIVATE), RepoSpec)


def test_a_long_line_is_not_held() -> None:
    """Its beginning tells enough; the last one may have no end."""
    long = '{"name":"' + "a" * 3 * LONGEST
    found = rows(f'"a"\n{long}"}}\r\n"b"\n{long}', "ndjson")

    assert [row.line for row in found] == [1, 2, 3, 4]
    assert [row.repository for row in found] == ["a", None, "b", None]
    assert max(len(row.raw or "") for row in found) < 10


@pytest.mark.parametrize("kind", ["json", "ndjson", "yaml"])
def test_of_many_faulty_keys_some_are_told_and_the_others_counted(kind: str) -> None:
    """A known key is read wherever it stands."""
    record = {f"k{number}": 1 for number in range(5000)} | {"name": "a"}
    (row,) = rows(json.dumps([record] if kind != "ndjson" else record), kind)

    assert row.repository == "a"
    found = rules.check(row, defaults=PRIVATE)
    assert isinstance(found, Rejected)
    found = checking.placed(found)
    assert len(found.problems) == 21
    assert found.problems[-1].message == "has 4980 more problems"


def test_an_endless_key_is_cut() -> None:
    """In all that is told of it."""
    (row,) = rows(json.dumps([{"k" * 100_000: 1}]), "json")

    assert len(str(row.faults)) < 3000


def told(records: list[dict[str, Any]]) -> list[str]:
    """Return what is said of a list."""
    found: list[Problem] = []
    validate(
        ["-"],
        format="json",
        defaults=PRIVATE,
        profile="strict",
        stdin=io.BytesIO(json.dumps(records).encode()),
        on_problem=lambda _, problem: found.append(problem),
    )
    return [f"{problem.path} {problem.rule}" for problem in found]


def test_an_unknown_key_is_said_once() -> None:
    """Where it stands first, and each row that has it is at fault."""
    records = [{"name": f"a{n}", "owner": "x", "cost": n} for n in range(50)]
    records += [{"name": "B", "owner": "x"}]

    assert told(records) == [
        "$[0].owner unknown-column",
        "$[0].cost unknown-column",
        "$[50].name uppercase",
    ]


def test_a_key_given_twice_is_one_fault() -> None:
    """Of its row, however often it stands there."""
    (row,) = rows('{"x":1,"x":2,"name":"a","name":"b","name":"c"}', "ndjson")

    assert [(fault.field, fault.rule) for fault in row.faults] == [
        ("x", "unknown-column"),
        ("name", "same-field"),
    ]
