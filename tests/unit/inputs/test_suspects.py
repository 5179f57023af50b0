"""Rows that are legal and hardly meant: said, and faults only where one wants it."""

from bulkrepo.core.rows import Layout, Problem, Rejected, RepoSpec, Row
from bulkrepo.inputs import rules
from bulkrepo.inputs.suspects import SuspectCounter

ODD = Problem("repository", "odd", "is odd", suspect=True)
LAYOUT = Layout("csv", columns={"namespace": 0, "repository": 1, "is_public": 2})


def row(line: int, *faults: Problem, public: str = "no") -> Row:
    """Make a row with what its reader found."""
    values = ("team", f"app-{line}", public, None, None)
    raw = f"team,app-{line},{public}\n"
    return Row("l.csv", line, *values, faults=faults, raw=raw, layout=LAYOUT)


def test_a_suspect_row_is_valid() -> None:
    """With a fault beside it, it is not, and then the fault comes first."""
    bad = Problem("namespace", "bad", "is bad")

    assert rules.check(row(2, ODD)) == RepoSpec("team", "app-2", is_public=False)
    faulty = row(2, ODD, bad)
    assert rules.check(faulty) == Rejected(faulty, (bad, ODD))


def test_suspects_are_said_by_kind_with_number_and_first_place() -> None:
    """And how many of them are to be public."""
    counted = SuspectCounter()
    row_odd = Problem("row", "hid", "is hidden", line=3, path="S!A3", suspect=True)
    for each in (row(2), row(3, ODD, row_odd, public="yes"), row(4, ODD)):
        spec = rules.check(each)
        assert isinstance(spec, RepoSpec)
        counted.add(each, spec)

    assert counted.rows == 2
    assert list(counted.sentences(5)) == [
        "2 of 5 rows, 1 of them public: repository is odd [odd] (first: l.csv:3)",
        "1 of 5 rows, 1 of them public: row is hidden [hid] (first: l.csv:3: S!A3)",
    ]
