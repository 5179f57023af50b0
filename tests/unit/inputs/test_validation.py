"""Whole lists: every fault in its place, duplicates found, faults mended."""

import io
import json
import os
import re
import stat
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.cli import validate
from bulkrepo.core.duplicates import DuplicateFinder
from bulkrepo.core.errors import InputError, LedgerError, SettingsError
from bulkrepo.core.rows import Defaults, Problem, Rejected, RepoSpec
from bulkrepo.inputs import checking, fixing, validation
from bulkrepo.runs.settings import InputSettings
from bulkrepo.sandbox import Sandbox
from tests.support.boxes import ANYTHING, SAMPLES, bulkrepo, read

HEADER = "namespace,repository,is_public,category,description\n"

Save = Callable[[str, str], str]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Save a list under a name and give its path."""

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return str(path)

    return write


def run(
    *sources: str, defaults: Defaults | None = None, stdin: bytes | None = None
) -> tuple[validation.ListCounts, list[tuple[str, Problem]], list[Rejected]]:
    """Validate and return the count, what was reported, and the faulty rows."""
    reported: list[tuple[str, Problem]] = []
    rejected: list[Rejected] = []
    count = validation.validate(
        sources,
        format=None,
        defaults=defaults or Defaults(),
        profile="strict",
        stdin=None if stdin is None else io.BytesIO(stdin),
        on_problem=lambda source, problem: reported.append((source, problem)),
        on_rejected=rejected.append,
    )
    return count, reported, rejected


MISTAKES = [
    (3, 8, "uppercase"),
    (4, 8, "blanks"),
    (5, 8, "character"),
    (6, 8, "start"),
    (7, 8, "end"),
    (8, 8, "separators"),
    (9, 8, "separators"),
    (10, 8, "length"),
    (11, 8, "required"),
    (12, 1, "required"),
    (13, 1, "start"),
    (14, 1, "uppercase"),
    (14, 1, "end"),
    (15, 18, "boolean"),
    (16, 18, "boolean"),
    (17, 19, "required"),
    (18, 21, "category"),
    (19, 22, "category"),
    (20, 34, "surplus-cell"),
    (21, 8, "character"),
    (22, 1, "quotes"),
    (23, 10, "trimmed"),
    (24, 8, "uppercase"),
    (24, 8, "start"),
    (24, 8, "end"),
    (24, 8, "separators"),
    (24, 19, "boolean"),
    (24, 27, "category"),
    (28, 8, "blanks"),
    (26, 8, "duplicate"),
    (27, 8, "conflict"),
]


def test_with_mistakes_reports_every_fault_in_its_place() -> None:
    """The sample of all mistakes gives exactly these places and rules."""
    count, reported, rejected = run(str(SAMPLES / "with-mistakes.csv"))

    assert [(p.line, p.column, p.rule) for _, p in reported] == MISTAKES
    assert count == validation.ListCounts(
        rows=27, valid=3, faulty=23, duplicates=1, notes=2, problems=29
    )
    assert len(rejected) == count.faulty


FORMS = r"""{"namespace": "t", "repository": 5, "is_public": false}
{"namespace": "t", "repository": "a", "is_public": 1, "description": "\ud800"}
{"namespace": "t", "repository": "b", "is_public": false, "category": ["linux"]}
{"namespace": "t", "repository": "c", "is_public": false, "name": "c"}
{"namespace": "t", "repository": "d", "is_public": 1.0, "description": {"a": 1}}
{"namespace": "t", "repository": "e", "private": "yes", "labels": {"a": [1]}}
[1]
{"namespace": "t", "repository": "good", "is_public": false}"""


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv"])
@pytest.mark.parametrize("form", ["mistakes", "json", "ndjson"])
async def test_a_report_has_the_same_rows_invalid_as_its_list(
    save: Save, tmp_path: Path, form: str, suffix: str
) -> None:
    """Fed back, and its report again, nothing that was refused looks legal."""
    match form:
        case "mistakes":
            source, lost = str(SAMPLES / "with-mistakes.csv"), 2
        case "json":  # whose parser has no half characters
            text = FORMS.replace(r"\ud800", "x").replace("\n", ",")
            source, lost = save("forms.json", f"[{text}]"), 6
        case _:
            source, lost = save("forms.jsonl", f'{FORMS}\n{{"a":\n"x" y\n'), 9
    seen: list[set[int]] = []
    async with Sandbox(ANYTHING) as box:
        for number in range(3):
            report = tmp_path / f"{number}{suffix}"
            ended = await bulkrepo(
                *("create", source, "--report", str(report), "--rate", "100000/s"),
                *("--report", str(report.with_suffix(".jsonl"))),
                cwd=tmp_path,
                box=box,
            )
            items = read(report.with_suffix(".jsonl"))
            seen.append({n for n, i in enumerate(items) if i["outcome"] == "invalid"})
            assert ended.code == 1
            source = str(report)
            if number == 0:
                kept = set(box.repositories)

    assert set(box.repositories) == kept
    assert seen == [seen[0]] * 3
    count, problems, rejected = run(source)
    assert count.faulty == len(rejected) == len(seen[0])
    assert sum(p.rule == "reported-invalid" for _, p in problems) == lost


def test_a_person_may_mend_a_report(save: Save) -> None:
    """A name is judged anew; what is lost is believed mended once it is removed."""
    upper = '[{"field":"repository","rule":"uppercase","message":"m"}]'
    surplus = '[{"field":"cell","rule":"surplus-cell","message":"m"}]'
    line = '{"namespace":"t","repository":"%s","is_public":"no",%s}\n'
    said = f'"outcome":"invalid","problems":{upper}'
    lost = f'"outcome":"invalid","problems":{surplus}'
    path = save(
        "r.jsonl",
        line % ("A", said)
        + line % ("mended", said)
        + line % ("c", lost)
        + line % ("d", '"outcome":null,"problems":null'),
    )
    count, reported, _ = run(path)

    assert (count.valid, count.faulty) == (2, 2)
    assert [(p.line, p.path, p.rule) for _, p in reported] == [
        (1, "$.repository", "uppercase"),
        (3, "$.problems", "reported-invalid"),
    ]


@pytest.mark.parametrize(
    ("name", "rows"),
    [("onboarding.csv", 25), ("official-images.json", 145), ("nightly.ndjson", 40)],
)
def test_samples_are_valid(name: str, rows: int) -> None:
    """The other samples hold nothing worth a word."""
    count, reported, _ = run(str(SAMPLES / name))

    assert not reported
    assert count == validation.ListCounts(rows=rows, valid=rows)


def test_a_fault_of_the_heading_is_told_once_and_rows_are_checked(save: Save) -> None:
    """It is none of its rows', which may have faults of their own."""
    rows = "".join(f"t,a{n},no,x\n" for n in range(50))
    count, reported, rejected = run(
        save("a.csv", f"org,name,public,descripton\n{rows}t,B,no,x\n")
    )

    assert [(p.line, p.column, p.rule) for _, p in reported] == [
        (1, 17, "unknown-column"),
        (52, 3, "uppercase"),
    ]
    assert count == validation.ListCounts(
        rows=51, valid=50, faulty=1, problems=2, headings=1
    )
    assert [(each.row.line, len(each.problems)) for each in rejected] == [
        (1, 1),
        (52, 1),
    ]


def test_a_column_that_a_list_lacks_is_told_once(save: Save) -> None:
    """Its rows are faulty, as they say nothing, and need not say so one by one."""
    path = save("a.csv", "name,type\na,linux\nb,lang\n")
    count, reported, _ = run(path)

    assert [(p.line, p.field, p.rule) for _, p in reported] == [
        (1, "namespace", "required"),
        (1, "is_public", "required"),
    ]
    assert (count.headings, count.faulty) == (1, 2)
    given = Defaults(namespace="t", is_public=False)
    assert run(path, defaults=given)[0] == validation.ListCounts(rows=2, valid=2)


def test_rows_meet_across_lists(save: Save) -> None:
    """An equal row is counted once; a different one is a fault that names the first."""
    one = save("one.csv", f"{HEADER}t,a,no,,\nt,b,no,,\n")
    two = save("two.ndjson", '{"org":"t","name":"a","public":false}\n'
               '{"org":"t","name":"b","public":true,"type":"lang"}\n')  # fmt: skip
    count, reported, rejected = run(one, two)

    assert [(s, p.rule, p.note, p.line) for s, p in reported] == [
        (two, "duplicate", True, 1),
        (two, "conflict", False, 2),
    ]
    assert f"{one}:3" in reported[1][1].message
    assert "is_public, category" in reported[1][1].message
    assert (count.valid, count.duplicates, count.faulty) == (2, 1, 1)
    assert [each.row.line for each in rejected] == [2]


def test_standard_input_is_read_again(save: Save) -> None:
    """Duplicates are found in a pipe as in a file."""
    count, reported, _ = run("-", stdin=f"{HEADER}t,a,no,,\nt,a,yes,,\n".encode())

    assert [(s, p.line, p.rule) for s, p in reported] == [("-", 3, "conflict")]
    assert count.rows == 2


def test_a_pipe_given_as_a_path_is_read_again() -> None:
    """`<(command)` of a shell is a path that can be read only once."""
    reader, writer = os.pipe()
    os.write(writer, f'["t/a", "t/a"]{" " * 9}'.encode())
    os.close(writer)
    defaults = Defaults(is_public=False, namespace_from_path=True)
    count, _, _ = run(f"/dev/fd/{reader}", defaults=defaults)
    os.close(reader)

    assert (count.rows, count.duplicates) == (2, 1)


def test_standard_input_twice_is_refused() -> None:
    """It can be read only once."""
    with pytest.raises(InputError, match="only once"):
        run("-", "-", stdin=b"a\n")


names = st.text(alphabet="ab", min_size=1, max_size=2)


@given(rows=st.lists(st.tuples(names, st.booleans()), min_size=1, max_size=30))
def test_duplicates_agree_with_a_dictionary(rows: list[tuple[str, bool]]) -> None:
    """The count of what is said twice is that of the plainest way to find it."""
    text = "\n".join(
        json.dumps({"org": "t", "name": name, "public": public})
        for name, public in rows
    )
    count, _, _ = run("-", stdin=text.encode())
    first: dict[str, bool] = {}
    met = [first.setdefault(name, public) == public for name, public in rows]

    assert count.rows == len(rows)
    assert count.faulty == met.count(False)
    assert count.valid == len(first)


@given(values=st.lists(st.integers(-8, 8) | st.integers(-(2**63), 2**63 - 1)))
@pytest.mark.parametrize("held", [1, 1 << 16])
def test_spool_finds_what_was_added_twice(held: int, values: list[int]) -> None:
    """On disk or in memory, the repeated are found."""
    with ExitStack() as stack:
        spool = DuplicateFinder(stack, held=held)
        for value in values:
            spool.add(value)
            spool.settle()

        assert spool.repeated() == {v for v in values if values.count(v) > 1}


def test_checked_yields_every_row_in_order(save: Save) -> None:
    """Each row comes with what it wants or all it breaks, in place."""
    path = save("a.csv", f"{HEADER}t,a,no,,\nt,B,no,,\n")
    found = list(
        checking.checked([path], format=None, defaults=Defaults(), profile="strict")
    )

    assert [row.line for row, _ in found] == [2, 3]
    assert isinstance(found[0][1], RepoSpec)
    assert isinstance(found[1][1], Rejected)
    assert [(p.line, p.column) for p in found[1][1].problems] == [(3, 3)]


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        pytest.param(
            Problem("repository", "uppercase", "is bad", hint="a", line=2, column=3),
            'l.csv:2:3: repository: is bad [uppercase] (try "a")',
            id="csv",
        ),
        pytest.param(
            Problem("is_public", "required", "is blank", path="$[3].is_public"),
            "l.csv: $[3].is_public: is blank [required]",
            id="json",
        ),
        pytest.param(
            Problem("a", "trimmed", "is trimmed", line=4, path="$.a", note=True),
            "l.csv:4: note: $.a: is trimmed [trimmed]",
            id="ndjson note",
        ),
        pytest.param(
            Problem("k" * 999, "unknown", "is not known", line=2),
            f"l.csv:2: {'k' * 255}… (999 characters): is not known [unknown]",
            id="long",
        ),
        pytest.param(
            Problem("\x1b[31m", "r", "x\n"), "l.csv: \\x1b[31m: x\\x0a [r]", id="escape"
        ),
    ],
)
def test_render(problem: Problem, expected: str) -> None:
    """A fault is one line, as compilers print it, and harmless to a terminal."""
    assert validation.render("l.csv", problem) == expected


PUBLIC = Defaults(is_public=True)
MESSY = """Organization,Repository Name,Public?,Type,Descripton
Team-A,My_App,on,Linux,  padded
team-a,ok,No,linux,kept
team-a,nginx:1,no,lang,a tag
team-a,Ok,no,,would collide
team-a,web..api,,Databse,half
"""
MENDED = [
    ["team-a", "my_app", "true", "linux", "padded"],
    ["team-a", "ok", "No", "linux", "kept"],
    ["team-a", "nginx:1", "no", "lang", "a tag"],
    ["team-a", "Ok", "no", None, "would collide"],
    ["team-a", "web.api", None, "database", "half"],
]


@pytest.mark.parametrize("suffix", [".csv", ".json", ".ndjson", ".jsonl"])
def test_fix_mends_what_is_mechanical(save: Save, tmp_path: Path, suffix: str) -> None:
    """What has one legal form gets it; the rest stays and is reported."""
    left: list[Problem] = []
    out = tmp_path / f"out{suffix}"
    fixed = fixing.fix(
        [save("in.csv", MESSY)],
        out,
        format=None,
        defaults=Defaults(),
        profile="strict",
        on_problem=lambda _, problem: left.append(problem),
    )
    rows = [
        row
        for row, _ in checking.checked(
            [str(out)], format=None, defaults=Defaults(), profile="strict"
        )
    ]

    assert [
        [r.namespace, r.repository, r.is_public, r.category, r.description]
        for r in rows
    ] == MENDED
    assert [(p.line, p.rule) for p in left] == [
        (4, "character"),
        (5, "uppercase"),
        (5, "collision"),
        (6, "required"),
    ]
    assert (fixed.rows, fixed.left) == (5, 4)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert not any(row.faults for row in rows)


def test_fix_gives_a_name_its_organization(save: Save, tmp_path: Path) -> None:
    """A mended first segment moves to its own field; later reading agrees."""
    out = tmp_path / "out.ndjson"
    defaults = Defaults(is_public=False, namespace_from_path=True)
    fixing.fix(
        [save("a.txt", "Team/My_App\n")],
        out,
        format=None,
        defaults=defaults,
        profile="strict",
    )

    assert json.loads(out.read_text()) == {"namespace": "team", "repository": "my_app"}
    assert run(str(out), defaults=defaults)[0].valid == 1


@pytest.mark.parametrize(
    ("text", "out", "says"),
    [
        pytest.param(
            "name,zzz\na,b\n", "o.csv", 'in.csv:1: "zzz" is not', id="unknown column"
        ),
        pytest.param("name\na,b\n", "o.csv", "2:3: cell", id="a cell too many"),
        pytest.param(
            "name,outcome,problems\na,invalid,?\n",
            "o.csv",
            "2:11: problems tells of",
            id="what a report lost",
        ),
        pytest.param(
            '[{"name":2.50}]',
            "o.csv",
            r"in.csv:\$\[0\].name: repository must be text",
            id="a number",
        ),
        pytest.param("name\na\n", "o.xml", "ends in one of", id="no such format"),
        pytest.param("name\na\n", "no/o.csv", "cannot be written", id="no folder"),
    ],
)
def test_fix_writes_nothing_where_something_would_be_lost(
    save: Save, tmp_path: Path, text: str, out: str, says: str
) -> None:
    """What a corrected list cannot hold is not dropped silently."""
    source = save("in.csv", text)
    with pytest.raises(InputError, match=says):
        fixing.fix(
            [source],
            tmp_path / out,
            format=None,
            defaults=Defaults(),
            profile="strict",
        )

    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("suffix", [".csv", ".json"])
@pytest.mark.parametrize(
    "text",
    [
        *(f"org,name,private\nt,a,{said}\n" for said in ("T", "on", "是", "ja", "2")),
        *(
            f'[{{"org":"t","name":"a","private":{said}}}]'
            for said in ('"on"', "1.0", "1e0", "2", "[]", "{}")
        ),
        '{"defaults":{"private":"T"},"repositories":[{"org":"t","name":"a"}]}',
    ],
)
def test_fix_never_turns_the_sense_of_private(
    save: Save, tmp_path: Path, text: str, suffix: str
) -> None:
    """Its column becomes `is_public`, where such a word would mean the opposite."""
    out = tmp_path / f"out{suffix}"
    fixed = fixing.fix(
        [save("in.csv", text)], out, format=None, defaults=PUBLIC, profile="strict"
    )
    _, problems, _ = run(str(out), defaults=PUBLIC)

    assert (fixed.fixed, fixed.left) == (0, 1)
    assert [(p.field, p.rule, p.hint) for _, p in problems] == [
        ("is_public", "boolean", None)
    ]
    assert "private: " in out.read_text()


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_fix_keeps_numbers_as_they_are_written(
    save: Save, tmp_path: Path, suffix: str
) -> None:
    """A fault that is left is the same one in the corrected list."""
    out = tmp_path / f"out{suffix}"
    text = '[{"org":"t","name":"a","public":1.50},{"org":"t","name":"b","public":1e9}]'
    source = save("in.json", text)
    fixing.fix([source], out, format=None, defaults=Defaults(), profile="strict")
    first, again = (
        [(p.field, p.rule, p.got) for _, p in run(path)[1]]
        for path in (source, str(out))
    )

    assert again == first
    assert [got for *_, got in first] == ["1.50", "1e9"]


def test_fix_may_replace_its_own_source(save: Save) -> None:
    """The corrected list takes the place of the list in one step."""
    path = save("in.csv", "org,name,public\nt,A,no\n")
    fixing.fix([path], Path(path), format=None, defaults=Defaults(), profile="strict")

    assert run(path)[0] == validation.ListCounts(rows=1, valid=1)


# The command.


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"reports": ("./in.csv",)},
            "--report ./in.csv would overwrite the file of LIST",
        ),
        ({"fixed": "in.csv"}, "--fix in.csv would overwrite the file of LIST"),
        (
            {"fixed": "out.csv", "reports": ("out.csv",)},
            "--report out.csv would overwrite the file of --fix",
        ),
    ],
)
def test_a_list_is_not_written_over(
    save: Save,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    said: str,
) -> None:
    """Not by a report, nor by its own corrected copy; nothing else is written."""
    save("in.csv", MESSY)
    monkeypatch.chdir(tmp_path)
    fixed, reports = options.get("fixed"), options.get("reports", ())
    settings = InputSettings(reports=reports)

    with pytest.raises(SettingsError, match=re.escape(said)):
        validate.run(["in.csv"], settings=settings, fixed=fixed, quiet=False)

    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    assert (tmp_path / "in.csv").read_text() == MESSY


def test_what_is_left_after_mending_is_in_the_report(
    save: Save, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it stands in the corrected list; the count tells rows from faults."""
    report, out = tmp_path / "r.jsonl", str(tmp_path / "out.csv")
    settings = InputSettings(reports=(str(report),))
    code = validate.run(
        [save("in.csv", MESSY)], settings=settings, fixed=out, quiet=False
    )
    items = [json.loads(line) for line in report.read_text().splitlines()]

    assert code == 1
    assert [(item["line"], item["repository"]) for item in items] == [
        (4, "nginx:1"),
        (5, "Ok"),
        (6, "web.api"),
    ]
    assert [p["rule"] for item in items for p in item["problems"]] == [
        *("character", "uppercase", "collision", "required"),
    ]
    assert capsys.readouterr().err == (
        f"{out}: 5 rows written; 8 faults mended, 4 left\n"
    )


def test_a_report_that_has_no_place_is_in_no_ledger(save: Save, tmp_path: Path) -> None:
    """Nothing is promised that only a run keeps."""
    settings = InputSettings(reports=(str(tmp_path / "no" / "r.jsonl"),))

    with pytest.raises(LedgerError, match=r"written \(No such file or directory\)$"):
        validate.run([save("l.csv", MESSY)], settings=settings, fixed=None, quiet=True)


def test_of_one_row_twenty_problems_are_said_and_of_more_the_number(
    save: Save,
) -> None:
    """A row cannot make a report as long as it likes."""
    keys = ",".join(f'"key{number}": 1' for number in range(50))
    path = save("l.json", f'[{{"org": "t", "name": "a", "public": false, {keys}}}]')
    count, reported, rejected = run(path)

    assert [len(reported), len(rejected[0].problems)] == [21, 21]
    assert reported[-1][1].rule == "more"
    assert reported[-1][1].message == "has 30 more problems"
    assert count.faulty == 1


def test_of_all_problems_ten_thousand_are_printed_and_of_more_the_number(
    save: Save, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report has them all."""
    path = save("l.csv", "org,name,public\n" + "t,A,no\n" * 10_003)
    report = tmp_path / "r.jsonl"
    settings = InputSettings(reports=(str(report),))
    code = validate.run([path], settings=settings, fixed=None, quiet=False)
    *lines, last = capsys.readouterr().out.splitlines()

    assert code == 1
    assert len(lines) == 10_000
    assert last == "3 more lines: --report FILE has all"
    assert len(report.read_text().splitlines()) == 10_003


def test_a_heading_at_fault_is_in_the_report(
    save: Save, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a row of its own, at its line; the rows below have their own faults."""
    path = save("l.csv", "\norg,name,public,x,y\nt,a,no,,\nt,B,no,,\n")
    report = tmp_path / "r.json"
    settings = InputSettings(reports=(str(report),))
    code = validate.run([path], settings=settings, fixed=None, quiet=False)
    found = json.loads(report.read_text())
    said = capsys.readouterr()

    assert code == 1
    assert [(item["line"], len(item["problems"])) for item in found["items"]] == [
        (2, 2),
        (4, 1),
    ]
    assert found["summary"]["counts"] == {"invalid": 2}
    assert len(said.out.splitlines()) == 3
    assert said.err == (
        "2 rows: 1 valid, the heading is at fault, so that nothing can be sent, "
        "1 at fault, 3 problems\n"
    )
