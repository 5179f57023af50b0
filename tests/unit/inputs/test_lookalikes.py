"""Names that are hardly meant or lost, lines of totals, headings once more."""

import io

import pytest

from bulkrepo.core.rows import Defaults, Problem, Rejected, RepoSpec
from bulkrepo.inputs import checking, reader, rules
from bulkrepo.inputs.suspects import SuspectCounter, find_suspects

GIVEN = Defaults(namespace="team", is_public=False)


def find(text: str, *, defaults: Defaults = GIVEN) -> list[Problem]:
    """Return the problems and suspicions of the last row of a table."""
    stream = io.BytesIO(text.encode())
    row = list(reader.read_from(stream, name="l.csv", format="csv"))[-1]
    found = rules.check(row, defaults=defaults)
    if isinstance(found, Rejected):
        return list(checking.placed(found).problems)
    return list(find_suspects(row, found))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("12", "digits"),
        ("20260301", "digits"),
        ("2026-03-01", "date"),
        ("1.3.2026", "date"),
        ("01/03/2026", "date"),
        ("12.0", "decimal"),
        ("null", "nothing"),
        ("n/a", "nothing"),
        ("nan", "nothing"),
        ("latest", "tag"),
        ("v2", "tag"),
        ("3.19", "tag"),
        ("v1.2.3-alpine", "tag"),
        ("quay.example.com/team/app", "host"),
        ("localhost/app", "host"),
        ("app", None),
        ("app-2", None),
        ("python3.11", None),
        ("base/jre-17", None),
        ("web.v2", None),
        ("nullable", None),
        ("3/app", None),
        ("team.a/b1", None),
        ("2026-03", None),
    ],
)
def test_an_odd_name_is_suspect(name: str, rule: str | None) -> None:
    """It is legal, so it may be meant: its row is valid."""
    found = find(f"name,type\n{name},linux\n")

    assert [(each.rule, each.suspect) for each in found] == (
        [] if rule is None else [(rule, True)]
    )


def test_the_organization_in_a_name_is_no_part_of_it() -> None:
    """What is created is judged, and not what the row says."""
    paths = Defaults(namespace_from_path=True, is_public=False)

    assert [p.rule for p in find("name,type\nteam/7,linux\n", defaults=paths)] == [
        "digits"
    ]
    assert not find("name,type\nteam.eu/7a,linux\n", defaults=paths)


@pytest.mark.parametrize(
    "name",
    ["5-May", "5-May-26", "Sep-02", "1.20E+09", "3E8", "#REF!", "#N/A", "NaN", "NULL"],
)
def test_a_name_that_a_program_spoiled_gets_no_suggestion(name: str) -> None:
    """Nobody can know the name that it was; correcting its case would not give it."""
    (problem,) = find(f"name,type\n{name},linux\n")

    assert (problem.rule, problem.hint, problem.got) == ("spoiled", None, name)
    assert problem.rule not in rules.MECHANICAL


@pytest.mark.parametrize(
    "row",
    [
        "Total,12,,",
        "total,12,0,",
        ",Sum,4,",
        "合计,,,",
        "Grand Total:,,,7",
        "Gesamt,,,",
        "t,app,,\n,25,,",
    ],
)
def test_a_line_of_totals_is_a_fault(row: str) -> None:
    """A word for it and only numbers, or a number alone below a row that has more."""
    (problem,) = find(f"org,name,public,description\n{row}\n")

    assert (problem.rule, problem.hint) == ("total", None)


@pytest.mark.parametrize(
    "row", ["org,name,public,", "Org,NAME,Public,", ",name,public,"]
)
def test_a_heading_once_more_is_a_fault(row: str) -> None:
    """As in the middle of lists that were put one behind the other."""
    (problem,) = find(f"org,name,public,description\n{row}\n")

    assert (problem.rule, problem.hint) == ("heading", None)


def test_one_word_of_a_heading_may_be_a_name() -> None:
    """A repository may be called `name`."""
    assert not find("name,type\nname,linux\nname,\n")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("name,type\ntotal,\n", id="a name alone"),
        pytest.param("name,type\nsum,linux\n", id="with a category"),
        pytest.param("org,name\ntotal,app\n", id="as organization"),
        pytest.param("name,description\napp,total\n", id="as description"),
    ],
)
def test_a_word_for_a_total_may_be_a_name(text: str) -> None:
    """If the row says anything else than numbers, or nothing else at all."""
    assert not find(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("name,type\n7,\n", id="first"),
        pytest.param("name,type\napp,\n7,\n", id="as bare as the row above"),
        pytest.param("name,type\napp,linux\n7,linux\n", id="with a category"),
    ],
)
def test_a_number_may_be_a_name(text: str) -> None:
    """If its row says as much as the one above."""
    assert [problem.rule for problem in find(text)] == ["digits"]


def test_json_has_no_line_of_totals() -> None:
    """A program wrote it."""
    text = b'{"org": "total", "name": "b12"}'
    (row,) = reader.read_from(io.BytesIO(text), name="l.ndjson", format=None)

    assert isinstance(rules.check(row, defaults=GIVEN), RepoSpec)


def test_odd_names_are_counted_with_what_readers_found_odd() -> None:
    """The same sentence for each row of one kind."""
    text = b"name\n7\n8\napp\n"
    suspects = SuspectCounter()
    for row in reader.read_from(io.BytesIO(text), name="l.txt", format=None):
        found = rules.check(row, defaults=GIVEN)
        assert isinstance(found, RepoSpec)
        suspects.add(row, found)
    said = list(suspects.sentences(3))

    assert suspects.rows == 2
    assert [line.rpartition(" [")[2] for line in said] == [
        "heading] (first: l.txt:1)",
        "digits] (first: l.txt:2)",
    ]
