"""Tables as text: what a quote may hold, and which lines a record has."""

import io

import pytest

from bulkrepo.core.rows import Defaults, Problem, Rejected
from bulkrepo.inputs import checking, reader, rules

GIVEN = Defaults(namespace="team", is_public=False)
LOST = "a quote is opened in it and closed too late"


def faults(text: str, name: str = "l.csv") -> list[tuple[int, list[Problem]]]:
    """Return line and placed problems of each faulty row."""
    found = [
        (row, rules.check(row, defaults=GIVEN))
        for row in reader.read_from(io.BytesIO(text.encode()), name=name, format=None)
    ]
    return [
        (row.line, list(checking.placed(each).problems))
        for row, each in found
        if isinstance(each, Rejected)
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            'name,description\na,"x\nb,y\nc,z"\nd,w\n',
            f"holds 2 lines that look like rows: {LOST} (lines 2 to 4)",
            id="in the last cell",
        ),
        pytest.param(
            'name;description\r\n"a;x\r\n"b";y\r\nc;z\r\n',
            f"holds a line that looks like a row: {LOST} (lines 2 to 3)",
            id="in the name",
        ),
        pytest.param(
            'name,description,,\na,"x,,\nb,y",,\n',
            f"holds a line that looks like a row: {LOST} (lines 2 to 3)",
            id="empty columns",
        ),
        pytest.param(
            'name\ttype\na\t"x\nb\t"y" z\n',
            f"holds a line that looks like a row: {LOST} (lines 2 to 3)",
            id="broken as well",
        ),
        pytest.param(
            'name,description\na,"x\ny" z\n',
            "has text behind a closing quote; inside a value a quote is written twice"
            " (lines 2 to 3)",
            id="broken, and no row in it",
        ),
    ],
)
def test_rows_inside_of_a_quote_are_a_fault(text: str, message: str) -> None:
    """They would be lost without a word; the fault names first and last line."""
    ((line, (problem,)),) = faults(text)

    assert (line, problem.line, problem.rule) == (2, 2, "quotes")
    assert problem.message == message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("one\ntwo", id="prose"),
        pytest.param("a, b, c\nd", id="more cells than columns"),
        pytest.param("Not A Name, though\nx", id="no legal name"),
        pytest.param("\n\n\n", id="blank lines"),
    ],
)
def test_text_over_several_lines_is_a_value(text: str) -> None:
    """Not every line inside a quote is a row."""
    assert not faults(f'name,description\na,"{text}"\n')


def test_a_fault_in_a_record_over_several_lines_names_them_all() -> None:
    """The line of the cell at fault is where it is shown."""
    ((line, (problem,)),) = faults('name,description,type\na,"x\n\ny",win\n')

    assert (line, problem.line, problem.column) == (2, 4, 4)
    assert problem.message.endswith("(lines 2 to 4)")


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_long_cell_is_read(quote: str) -> None:
    """In quotes or without: longer than the csv module's own limit."""
    assert not faults(f"name,description\na,{quote}{'x' * 200_000}{quote}\nb,y\n")
