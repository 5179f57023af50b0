"""Spreadsheets as lists and as listings: cells as people mean them, or a reason."""

import datetime as dt
import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import openpyxl
import pytest
from click.testing import CliRunner, Result
from hypothesis import assume, given
from hypothesis import strategies as st
from openpyxl.styles import Font

from bulkrepo.cli.main import cli
from bulkrepo.core.errors import BulkrepoError, InputError
from bulkrepo.core.rows import FIELDS, Reported, Row
from bulkrepo.inputs import reader, xlsx_cells, xlsx_format, xlsx_merged_cells
from bulkrepo.sandbox import Sandbox
from tests.cli.test_import import table
from tests.support.boxes import ANYTHING, bulkrepo
from tests.support.workbooks import HEAD, raw, save, text, workbook


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(data: bytes, name: str = "team.xlsx") -> list[Row]:
    """Read a list."""
    return list(reader.read_from(io.BytesIO(data), name=name, format=None))


def fields(row: Row) -> tuple[object, ...]:
    """Give what a row says."""
    return tuple(getattr(row, field) for field in FIELDS)


def faults(row: Row) -> list[tuple[str, str | None]]:
    """Give the rule and the place of each fault."""
    return [(fault.rule, fault.path) for fault in row.faults]


def run(*words: str) -> Result:
    """Run the command in this process; a refusal is raised."""
    result = CliRunner().invoke(cli, words)
    if isinstance(result.exception, BulkrepoError):
        raise result.exception
    return result


def test_a_sheet_is_a_list() -> None:
    """Headings as in CSV, empty rows passed over, lines as the program shows them."""
    data = workbook(
        Team=[
            [],
            ["Organization", "Repository Name", "Private?", "Type", "Description"],
            ["team-a", "web/api", True, "linux", "Gateway"],
            [None, "  ", None],
            ["team-a", "db", "no", None, None],
            ["team-a", "  "],
        ]
    )

    assert [(row.line, fields(row)) for row in rows(data)] == [
        (3, ("team-a", "web/api", False, "linux", "Gateway")),
        (5, ("team-a", "db", "yes", None, None)),
        (6, ("team-a", None, None, None, None)),
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1, "1"),
        (1.0, "1"),
        (1.5, "1.5"),
        (0.1 + 0.2, "0.3"),
        (20260102, "20260102"),
        ("1.10", "1.10"),
        ("007", "007"),
        ("<b> & é", "<b> & é"),
    ],
)
def test_a_number_is_the_text_that_a_program_shows(value: object, said: str) -> None:
    """A name that is a number is no `1.0`; text stays what it is."""
    (row,) = rows(workbook(S=[["name"], [value]]))

    assert (row.repository, row.faults) == (said, ())


@pytest.mark.parametrize(
    ("xml", "rule"),
    [
        ('<c r="A2" t="e"><v>#REF!</v></c>', "cell-error"),
        ('<c r="A2"><f>B2&amp;"x"</f></c>', "formula"),
        ('<c r="A2"><f>B2&amp;"x"</f><v/></c>', "formula"),
        ('<c r="A2"><f t="shared" si="0"/><v></v></c>', "formula"),
        ('<c r="A2" t="str"><f>B2&amp;"x"</f><v>team/x</v></c>', None),
        ('<c r="A2" t="str"><f>IF(B2="","","x")</f><v></v></c>', None),
        ('<c r="A2"><f>1+1</f><v>2</v></c>', None),
    ],
)
def test_a_formula_is_its_value_or_a_fault(xml: str, rule: str | None) -> None:
    """One that was never computed is not blank; one that says nothing is."""
    data = raw([HEAD, f'<row r="2">{xml}{text("B2", "no")}</row>'])
    (row,) = rows(data)

    assert faults(row) == ([(rule, "Sheet1!A2")] if rule else [])


def styled(
    rows_: Sequence[Sequence[object]],
    *,
    formats: Mapping[str, str] = MappingProxyType({}),
    struck: Sequence[str] = (),
    hidden: Sequence[int] = (),
) -> bytes:
    """Write a sheet with number formats, cells struck through, and hidden rows."""
    book = openpyxl.load_workbook(io.BytesIO(workbook(S=rows_)))
    for place, number_format in formats.items():
        book["S"][place].number_format = number_format
    for place in struck:
        book["S"][place].font = Font(strike=True)
    for line in hidden:
        book["S"].row_dimensions[line].hidden = True
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


ADVICE = "format the cell as text and type the name"


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (7, "General", None),
        (7, "0", None),
        (7, "@", None),
        (1.5, "0.0", None),
        (123, "000", None),
        (42, "0000", "shown as 0042 (format 0000)"),
        (2.5, "0.00", "shown as 2.50 (format 0.00)"),
        (2.5, "0", "shown as 2 (format 0)"),
        (5, '"r"0', 'shown as r5 (format "r"0)'),
        (5, '0"-rc"', 'shown as 5-rc (format 0"-rc")'),
        (0.25, "0%", "shown as 25% (format 0%)"),
        (1000, "#,##0", "shown in the format #,##0"),
        (1e20, "General", "shown in the format General"),
    ],
)
def test_a_number_as_a_name_is_what_the_sheet_shows(
    value: float, number_format: str, shown: str | None
) -> None:
    """What a person has typed is gone where the sheet shows something else."""
    data = styled([["org", "name"], ["team", value]], formats={"B2": number_format})
    (row,) = rows(data)

    assert [(fault.path, fault.message) for fault in row.faults] == (
        [("S!B2", f"is the number {value}, {shown}: {ADVICE}")] if shown else []
    )


@given(st.integers(0, 10**9), st.integers(1, 9))
def test_leading_zeros_are_shown(number: int, width: int) -> None:
    """A number that has all its digits is its own name."""
    found = xlsx_cells.taken_as_name(number, "0" * width)

    if len(str(number)) >= width:
        assert found == str(number)
    else:
        assert isinstance(found, xlsx_cells.InvalidCell)
        assert f"shown as {number:0{width}} (" in found.message


def test_a_number_elsewhere_may_be_shown_as_one_likes() -> None:
    """A description is no name."""
    data = styled([["name", "description"], ["a", 7]], formats={"B2": "000"})

    assert [(row.description, row.faults) for row in rows(data)] == [("7", ())]


def test_the_carriage_return_of_a_line_end_disappears() -> None:
    """Where a line feed follows, in headings too; nothing else is unescaped."""
    data = workbook(
        S=[
            ["Repository_x000D_\nName", "Description"],
            ["a", "one_x000D_\ntwo _x0041_ _x000D_ three"],
        ]
    )

    assert [(row.repository, row.description) for row in rows(data)] == [
        ("a", "one\ntwo _x0041_ _x000D_ three")
    ]


NOT_MEANT = styled(
    [["org", "name", "public"], *(["team", f"r{n}", n > 3] for n in range(2, 7))],
    hidden=[3, 5],
    struck=["A6", "B6", "C2"],
)


def test_rows_hidden_or_struck_through_are_suspect() -> None:
    """By a filter or by hand; what is struck is the name."""
    assert [
        [(p.rule, p.path, p.suspect) for p in row.faults] for row in rows(NOT_MEANT)
    ] == [
        [],
        [("hidden-row", "S!3", True)],
        [],
        [("hidden-row", "S!5", True)],
        [("struck-row", "S!A6", True)],
    ]


async def test_suspect_rows_are_said_and_created(here: Path) -> None:
    """In all commands, with their number, their first place and what is public."""
    name = save(here, NOT_MEANT)
    told = [
        f"{count} of 5 rows, 1 of them public: row is {how} (first: team.xlsx:{where})"
        for count, how, where in (
            (2, "hidden in the sheet [hidden-row]", "3: S!3"),
            (1, "struck through in the sheet [struck-row]", "6: S!A6"),
        )
    ]
    created = await bulkrepo("create", name, "--sandbox", cwd=here)
    planned = await bulkrepo("plan", name, "--sandbox", cwd=here)
    valid = run("validate", name)
    fixed = run("validate", name, "--fix", "fixed.csv")

    assert (created.code, planned.code, valid.exit_code, fixed.exit_code) == (0,) * 4
    assert [e["reason"] for e in created.events("rows.suspected")] == told
    assert planned.out.splitlines()[2:4] == told
    assert valid.stderr.splitlines() == [*told, "5 rows: 5 valid"]
    notes = [line.partition(" [")[0] for line in valid.stdout.splitlines()]
    assert notes == [
        "team.xlsx:3: note: S!3: is hidden in the sheet",
        "team.xlsx:5: note: S!5: is hidden in the sheet",
        "team.xlsx:6: note: S!A6: is struck through in the sheet",
    ]
    assert fixed.stdout == valid.stdout


async def test_suspect_rows_are_faults_under_strict(here: Path) -> None:
    """Nothing is sent; without the option the same list is then worked through."""
    words = ("create", save(here, NOT_MEANT), "--ledger", "l.db", "--report", "r.csv")
    async with Sandbox(ANYTHING) as box:
        refused = await bulkrepo(*words, "--strict", cwd=here, box=box)
        sent = len(box.repositories)
        done = await bulkrepo(*words, cwd=here, box=box)

    assert (refused.code, sent, done.code) == (2, 0, 0)
    assert {line["outcome"] for line in table(here / "r.csv")} == {"created"}
    (finished,) = refused.events("run.finished")
    assert finished["stopped"] == (
        "3 rows are suspect, and --strict is set: nothing was sent"
    )


def test_what_is_suspect_beside_a_fault_is_no_fault(here: Path) -> None:
    """It is told, is left alone by a correction, and does not come back by a report."""
    data = styled([["org", "name"], ["team", "App"], ["team", "x y!"]], hidden=[2, 3])
    words = ("validate", save(here, data), "--visibility", "private")
    checked = run(*words, "--report", "r.csv")
    run(*words, "--fix", "fixed.csv")

    assert checked.stderr.endswith("2 rows: 0 valid, 2 at fault, 3 problems\n")
    assert [line["repository"] for line in table(here / "fixed.csv")] == ["app", "x y!"]
    again = run("validate", "r.csv", "--visibility", "private")
    assert "hidden" not in again.stdout


def test_a_workbook_whose_formats_are_lost_is_refused() -> None:
    """A date could not be told from a number."""
    cells = '<c r="A2" s="4"><v>46000</v></c>'
    with pytest.raises(InputError, match="formats of its cells are not found"):
        rows(raw([HEAD, f'<row r="2">{cells}{text("B2", "no")}</row>']))


@pytest.mark.parametrize("value", [dt.date(2026, 1, 2), dt.time(1, 2), dt.timedelta(1)])
def test_a_date_is_no_name(value: object) -> None:
    """The program took something for a date, and what it was is gone."""
    (row,) = rows(workbook(S=[["public", "name"], ["no", value]]))

    assert faults(row) == [("date", "S!B2")]


def test_faults_have_the_place_of_their_cell(here: Path) -> None:
    """As the program shows it, so that it can be typed where one jumps to a cell."""
    name = save(
        here,
        workbook(Team_1=[["name", "is_public", "nam"], ["My_App", "maybe", 1, "x"]]),
    )
    result = run("validate", name, "-n", "team")

    assert result.exit_code == 1
    assert [line.partition(" [")[0] for line in result.stdout.splitlines()] == [
        "team.xlsx:1: Team_1!C1: is not a known column or key",
        "team.xlsx:2: Team_1!D2: is one more than the 3 columns of the header",
        "team.xlsx:2: Team_1!A2: has uppercase letters: M, A",
        f"team.xlsx:2: Team_1!B2: {BOOLEAN}",
    ]


BOOLEAN = (
    'wants true or false, yes or no, y or n, 1 or 0, public or private, not "maybe"'
)


def joined(rows_: Sequence[Sequence[object]], *places: str) -> bytes:
    """Write a sheet in which these ranges of cells are merged."""
    book = openpyxl.load_workbook(io.BytesIO(workbook(S=rows_)))
    for place in places:
        book["S"].merge_cells(place)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


TEAM: list[list[object]] = [
    ["Organization", "Repo", "Visibility"],
    ["team-a", "a", "private"],
    [None, "b", None],
    ["team-b", "c", "public"],
]


@pytest.mark.parametrize(
    ("places", "wanted"),
    [
        ([], [[], [], []]),
        (["A2:A3"], [[], [("merged-cell", "S!A3")], []]),
        (["C2:C3"], [[], [("merged-cell", "S!C3")], []]),
        (["A2:A3", "C2:C3"], [[], [("merged-cell", f"S!{c}3") for c in "AC"], []]),
        (["A4:B4"], [[], [], [("merged-cell", "S!B4")]]),
        (["B3:XFD3"], [[], [("merged-cell", "S!C3")], []]),
        (["D2:E9", "A5:C9"], [[], [], []]),
    ],
)
def test_a_merged_cell_has_no_value(
    places: list[str], wanted: list[list[tuple[str, str]]]
) -> None:
    """Neither blank nor that of its first one: only people can say which is meant."""
    found = rows(joined(TEAM, *places))

    assert [faults(row) for row in found] == wanted


def test_a_heading_over_two_rows_is_one() -> None:
    """What it covers below is no row."""
    data = joined([["Repo", "Public"], [], ["a", "no"]], "A1:A2", "B1:B2")

    assert [(r.repository, r.faults) for r in rows(data)] == [("a", ())]


def test_a_merged_cell_is_no_listing(here: Path) -> None:
    """Where it stands in a column that counts; of the others nothing does."""
    head: list[list[object]] = [["Owner", "Image"], ["ann", "a"], ["bob", "b"]]
    with pytest.raises(InputError, match="S!B3: is merged with S!B2"):
        run("import", save(here, joined(head, "B2:B3")), "-n", "m")
    run("import", save(here, joined(head, "A2:A3")), "-n", "m")

    assert [r["repository"] for r in table(here / "team.swr.csv")] == ["a", "b"]


places = st.builds(
    lambda top, left, down, right: xlsx_merged_cells.CellRange(
        top, left, top + down, left + right
    ),
    *(st.integers(1, 9), st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)),
)


@given(st.lists(places, max_size=4), st.lists(st.integers(1, 12), unique=True))
def test_covered_is_what_a_range_holds_but_for_its_first_cell(
    given_: list[xlsx_merged_cells.CellRange], lines: list[int]
) -> None:
    """Of the lines that there are; no program writes ranges that overlap."""
    cells = [
        {(r, c) for r in range(m.top, m.bottom + 1) for c in range(m.left, m.right + 1)}
        for m in given_
    ]
    assume(sum(map(len, cells)) == len(set[tuple[int, int]]().union(*cells)))
    firsts = {(m.top, m.left) for m in given_}
    lines = sorted(lines)
    seen = xlsx_merged_cells.covered(given_, lines, width=3)

    assert {
        (line, c) for line, found in zip(lines, seen, strict=True) for c in found
    } == {
        (line, column)
        for line, column in set[tuple[int, int]]().union(*cells) - firsts
        if line in lines and column < 3
    }


def test_columns_are_lettered_as_programs_do() -> None:
    """Beyond Z there are two letters, and then three."""
    assert [xlsx_format.cell("S", n, 1) for n in (0, 25, 26, 51, 701, 702, 16383)] == [
        "S!A1",
        "S!Z1",
        "S!AA1",
        "S!AZ1",
        "S!ZZ1",
        "S!AAA1",
        "S!XFD1",
    ]


def test_the_sheet_with_the_columns_is_read() -> None:
    """Whichever it is; what is hidden does not count."""
    one = [["name"], ["a"]]

    (row,) = rows(workbook(Readme=[["How to fill this in"]], _Old=one, Team=one))
    assert row.layout is not None
    assert row.layout.prefix == "Team"
    with pytest.raises(InputError, match='"Jan", "Feb" all have columns'):
        rows(workbook(Jan=one, Feb=one))
    with pytest.raises(InputError, match="no visible sheet names a known column"):
        rows(workbook(Readme=[["How to fill this in"]], _Team=one))
    with pytest.raises(InputError, match="has no rows"):
        rows(workbook(Team=[["name"]]))


def test_the_digest_sees_every_byte_of_a_pipe() -> None:
    """A run knows its list again by that; and a pipe cannot be read backwards."""
    data = workbook(S=[["name"], ["a"]])
    digest = hashlib.sha256()
    found = reader.read_from(io.BytesIO(data), name="-", format=None, digest=digest)

    assert [row.repository for row in found] == ["a"]
    assert digest.hexdigest() == hashlib.sha256(data).hexdigest()


def _many() -> bytes:
    """Write a sheet whose rows are formatted, as where a whole column was painted."""
    empty = (f'<row r="{n}" s="1"><c r="A{n}" s="0"/></row>' for n in range(3, 20_000))
    return raw([HEAD, f'<row r="2">{text("A2", "a")}{text("B2", "no")}</row>', *empty])


def test_formatted_rows_are_no_rows() -> None:
    """Nor is a cell far away a reason to hold all that would be between."""
    corner = f'<row r="1048576">{text("XFD1048576", "x")}</row>'

    assert len(rows(_many())) == 1
    assert [row.line for row in rows(raw([HEAD, corner]))] == [1_048_576]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"name\na\n", "is no .xlsx that can be read"),
        (workbook(S=[["name"], ["a"]])[:-40], "is no .xlsx that can be read"),
        (b"PK\x03\x04" + bytes(200), "is no .xlsx that can be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password, or an old .xls"),
        (raw([HEAD], declared=1 << 30), "when it is unpacked"),
        (raw([HEAD, "<row><c>"]), "is no .xlsx that can be read"),
        (raw([HEAD, '<row r="9999999"><c/></row>']), "more rows than a sheet can have"),
        (raw([HEAD, '<row r="2"><c r="A2" t="s"><v>9</v></c></row>']), "is no .xlsx"),
        (raw(["<row>&bomb;</row>"]), "is no .xlsx that can be read"),
        (
            raw([HEAD, "<row>" + "<c/>" * 16_385 + "</row>"]),
            "columns .* in row 2: save",
        ),
    ],
)
def test_what_is_no_spreadsheet_is_refused(data: bytes, why: str) -> None:
    """In a line, with what to do."""
    with pytest.raises(InputError, match=why):
        rows(data)


async def test_create_takes_a_spreadsheet(here: Path) -> None:
    """What people have is what they give."""
    data = workbook(
        Team=[
            ["org", "name", "visibility"],
            ["team", "a", "private"],
            ["team", 1, "no"],
        ]
    )
    words = ("create", save(here, data), "--sandbox", "--report", "r.csv", "-q")

    assert (await bulkrepo(*words, cwd=here)).code == 0
    assert [(line["repository"], line["line"]) for line in table(here / "r.csv")] == [
        ("a", "2"),
        ("1", "3"),
    ]


def test_a_report_that_went_through_a_spreadsheet_is_a_list() -> None:
    """With its outcomes, and without the apostrophes that kept its cells harmless."""
    data = workbook(
        S=[["name", "description", "outcome"], ["a", "'=x", "created"], ["b", "", ""]]
    )

    assert [(r.description, r.reported) for r in rows(data)] == [
        ("=x", Reported("created")),
        (None, Reported("")),
    ]


def test_a_spreadsheet_is_a_listing(here: Path) -> None:
    """As an admin keeps it: images with host and tag, columns of their own."""
    data = workbook(
        Images=[
            ["Owner", "Image", "Private", "Description"],
            ["ann", "ghcr.io/team/app:v1", "yes", "The app"],
            ["bob", "team/web", False, None],
            ["bob", "team/db", None, None],
            ["bob", None, True, "nothing"],
            ["cid", "team/x", "internal", None],
        ]
    )
    result = run("import", save(here, data), "-n", "m")

    assert [tuple(line.values()) for line in table(here / "team.swr.csv")] == [
        ("m", "team/app", "false", "", "The app"),
        ("m", "team/web", "true", "", ""),
        ("m", "team/db", "", "", ""),
        ("m", "team/x", "", "", ""),
    ]
    assert result.stderr.splitlines()[:3] == [
        "a spreadsheet: 5 records, 4 repositories",
        "  1 skipped: has no name (first: (no name))",
        "  1 visibility private: internal, which SWR does not have: left blank",
    ]


def test_rows_of_a_listing_that_nobody_sees_are_said(here: Path) -> None:
    """They are taken, as everything else."""
    data = styled([["image"], ["a"], ["b"], ["c"]], hidden=[2], struck=["A4"])
    result = run("import", save(here, data), "-n", "m")

    assert [line["repository"] for line in table(here / "team.swr.csv")] == list("abc")
    assert (
        "  2 hidden or struck through in the sheet: taken too"
        in result.stderr.splitlines()
    )


def test_an_organization_stands_in_front_of_its_names(here: Path) -> None:
    """So that `--map first` gives it back."""
    data = workbook(
        S=[["org", "repo"], ["team", "a/b"]] + [["t", f"x{n}"] for n in range(4500)]
    )
    run("import", save(here, data), "--map", "first", "-q")
    found = table(here / "team.swr.csv")

    assert (found[0]["namespace"], found[0]["repository"]) == ("team", "a/b")
    assert len(found) == 4501


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (workbook(S=[["image"], [dt.date(2026, 1, 2)]]), "S!A2: is a date or time"),
        (workbook(S=[["name", "image"], ["a", "b"]]), "2 columns that mean repository"),
        (workbook(S=[["visibility"], ["private"]]), "known are image, repository"),
        (styled([["image"], [8]], formats={"A2": "00"}), "S!A2: is the number 8, show"),
    ],
)
def test_a_listing_that_says_nothing_clear_is_refused(
    here: Path, data: bytes, why: str
) -> None:
    """And nothing is written."""
    with pytest.raises(InputError, match=why):
        run("import", save(here, data), "-n", "m")

    assert [path.name for path in here.iterdir()] == ["team.xlsx"]
