"""Where in a list a fault stands."""

import csv
import io
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.rows import Problem
from bulkrepo.inputs import csv_format, locations
from tests.support.lists import rows

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
        csv_format.CellPosition(0, 1),
        csv_format.CellPosition(0, 3),
        csv_format.CellPosition(0, 4),
    ]
