"""Reports as bytes: every exporter, whatever the rows hold."""

import csv
import html
import io
import json
import re
import tracemalloc
import unicodedata
from collections.abc import Iterator
from itertools import repeat

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bulkrepo.core.csv_cells import csv_line, harmless, plain
from bulkrepo.core.encoding import BATCH
from bulkrepo.core.errors import SettingsError
from bulkrepo.core.outcomes import Item, Verdict
from bulkrepo.core.results import Reason, RunInfo, Summary
from bulkrepo.core.rows import Problem
from bulkrepo.reports import EXPORTERS, by_suffix
from bulkrepo.reports.json_report import COLUMNS

INFO = RunInfo(
    id=7,
    command="create",
    state="finished",
    lists=("team.csv",),
    endpoint="https://swr-api.cn-north-4.myhuaweicloud.com",
    started_at="2026-01-02T03:04:05Z",
    finished_at="2026-01-02T03:04:09Z",
    requests=3,
    throttled=1,
    version="0.1.0",
    folder="/srv",
)
CREATED = Item(
    source="team.csv",
    line=2,
    namespace="team-a",
    repository="web/api",
    is_public=False,
    category="linux",
    outcome=Verdict.CREATED,
    status=201,
    attempts=1,
    elapsed_ms=12.5,
    endpoint=INFO.endpoint,
)
EXISTS = Item(source="team.csv", line=3, repository="old", outcome=Verdict.EXISTS)
INVALID = Item(
    source="team.csv",
    line=4,
    namespace="team-a",
    repository="My_App",
    is_public="maybe",
    outcome=Verdict.INVALID,
    problems=(Problem("repository", "case", "uppercase M, A", got="My_App"),),
)
DIFFERS = Item(
    source="team.csv",
    line=5,
    namespace="team-a",
    repository="db",
    outcome=Verdict.DIFFERS,
    differences={"is_public": [False, True]},
)
ITEMS = [CREATED, EXISTS, INVALID, DIFFERS]
SUMMARY = Summary(
    total=4,
    counts={"created": 1, "exists": 1, "invalid": 1, "differs": 1},
    reasons=(
        Reason(
            outcome=Verdict.INVALID,
            count=1,
            code=None,
            message="uppercase",
            example="team.csv:4",
        ),
    ),
)
ROWS = [name for name in EXPORTERS if name != "prom"]
"""The formats that tell of each row."""

HOSTILE = [
    '=HYPERLINK("http://x","y")',
    "+1|2`code`",
    "-1\r\n@here",
    "\t<script>alert(1)</script>",
    "\x1b[2J\x00\u202e\u2028",
    "\ud800 half",
    "`` ``` \\| \\` [a](b) **c**",
    "",
    " ",
]

texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    [text for text in HOSTILE if "\ud800" not in text]
)
maybe = st.none() | texts.filter(bool)
items = st.builds(
    Item,
    source=texts,
    line=st.integers(0, 10**7),
    namespace=maybe,
    repository=maybe,
    # What is no boolean: a sheet has no other type for those that are.
    is_public=st.none()
    | st.booleans()
    | texts.filter(bool).filter(lambda text: text.lower() not in ("true", "false")),
    category=maybe,
    description=maybe,
    outcome=st.sampled_from(Verdict),
    certain=st.booleans(),
    differences=st.none()
    | st.dictionaries(
        texts, st.lists(maybe | st.booleans(), min_size=2, max_size=2), min_size=1
    ),
    problems=st.lists(
        st.builds(Problem, field=texts, rule=texts, message=texts), max_size=2
    ).map(tuple),
    status=st.none() | st.integers(100, 599),
    code=maybe,
    message=maybe,
    request_id=maybe,
    reason=maybe,
    evidence=maybe,
    attempts=st.integers(0, 99),
    started_at=maybe,
    elapsed_ms=st.none() | st.floats(0, 1e9),
    endpoint=st.none() | st.just(INFO.endpoint),
)


def export(name: str, rows: list[Item]) -> bytes:
    """Everything that the exporter *name* says about *rows*."""
    return b"".join(EXPORTERS[name](INFO, SUMMARY, rows))


def from_csv(cells: dict[str, str]) -> Item:
    """One row of a CSV report as the item that it was made from."""
    bare: dict[str, object] = {k: plain(v) for k, v in cells.items() if v != ""}
    for name in ("differences", "problems"):
        if name in bare:
            bare[name] = json.loads(str(bare[name]))
    for name in ("line", "status", "attempts", "elapsed_ms"):
        if name in bare:
            bare[name] = json.loads(str(bare[name]))
    for name in ("is_public", "certain"):
        if bare.get(name) in ("true", "false"):
            bare[name] = bare[name] == "true"
    return msgspec.convert({"source": "", **bare}, Item)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("out.jsonl", "jsonl"),
        ("out.ndjson", "jsonl"),
        ("a.b/OUT.JSON", "json"),
        ("r.csv", "csv"),
        ("r.md", "md"),
        ("r.markdown", "md"),
        ("r.html", "html"),
        ("TEST-r.xml", "xml"),
        ("r.prom", "prom"),
        ("-", "jsonl"),
    ],
)
def test_suffix_chooses_the_format(path: str, name: str) -> None:
    """The end of a file's name says what to write, and every answer is served."""
    assert by_suffix(path) == name
    assert name in EXPORTERS


@pytest.mark.parametrize("path", ["report", "report.docx", ".csv", "csv", "a\x1b.x"])
def test_suffix_is_refused_with_those_that_are_known(path: str) -> None:
    """A suffix that nobody serves is a wrong option, and the message lists the rest."""
    with pytest.raises(
        SettingsError, match=r"not a report format; known: \.jsonl"
    ) as caught:
        by_suffix(path)

    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ROWS)
def test_exporter_reads_no_more_than_a_chunk_ahead(name: str) -> None:
    """Rows are read when they are wanted: at most one batch before a chunk comes."""
    taken = 0

    def rows() -> Iterator[Item]:
        nonlocal taken
        for item in repeat(CREATED, 10 * BATCH):
            taken += 1
            yield item

    seen = b""
    for chunk in EXPORTERS[name](INFO, SUMMARY, rows()):
        seen += chunk
        told = len(re.findall(rb"web/api", seen))
        assert taken - told <= BATCH

    assert taken == 10 * BATCH


@pytest.mark.parametrize("name", ROWS)
def test_exporter_keeps_its_memory_small(name: str) -> None:
    """Twenty thousand rows take no more memory than a few chunks do."""
    tracemalloc.start()
    size = sum(map(len, EXPORTERS[name](INFO, SUMMARY, repeat(CREATED, 20_000))))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size > 1_000_000
    assert peak < 1_000_000


@pytest.mark.parametrize("name", EXPORTERS)
@pytest.mark.parametrize("text", HOSTILE)
def test_exporter_survives_hostile_text(name: str, text: str) -> None:
    """Whatever a list or a server says, a report comes out, in UTF-8."""
    item = Item(
        source=text,
        line=1,
        namespace=text,
        repository=text,
        is_public=text,
        description=text,
        outcome=Verdict.FAILED,
        message=text,
        differences={text: [text, {text: [text]}]},
        problems=(Problem(text, text, text, got=text),),
    )
    info = msgspec.structs.replace(INFO, lists=(text,), stopped=text)
    reason = Reason(
        outcome=Verdict.FAILED, count=1, code=text, message=text, example=text
    )
    summary = msgspec.structs.replace(SUMMARY, reasons=(reason,))

    b"".join(EXPORTERS[name](info, summary, [item] * 2)).decode()


@pytest.mark.parametrize("name", EXPORTERS)
def test_exporter_can_tell_of_nothing(name: str) -> None:
    """A run without rows has a report as well."""
    assert export(name, []).endswith(b"\n") or name == "jsonl"


def test_jsonl_has_every_key_in_order() -> None:
    """Each line has all keys of the format in its order, null where nothing is."""
    lines = export("jsonl", ITEMS).splitlines()

    assert [list(json.loads(line)) for line in lines] == [list(COLUMNS)] * 4
    assert json.loads(lines[1])["description"] is None


def test_columns_are_those_that_are_promised() -> None:
    """Programs read reports: a column is not renamed or moved without notice."""
    assert (
        ", ".join(COLUMNS)
        == "source, line, namespace, repository, is_public, category, description, "
        "outcome, certain, differences, problems, status, code, message, request_id, "
        "reason, evidence, attempts, started_at, elapsed_ms, endpoint"
    )


@given(st.lists(items, max_size=5))
def test_jsonl_round_trips(rows: list[Item]) -> None:
    """A report in JSON Lines holds exactly the rows."""
    lines = export("jsonl", rows).splitlines()

    assert [msgspec.json.decode(line, type=Item) for line in lines] == rows


@given(st.lists(items, max_size=5))
def test_json_says_what_jsonl_says(rows: list[Item]) -> None:
    """The items of a JSON report are the lines of one in JSON Lines."""
    report = json.loads(export("json", rows))
    lines = [json.loads(line) for line in export("jsonl", rows).splitlines()]

    assert list(report) == ["run", "summary", "items"]
    assert report["items"] == lines
    assert msgspec.convert(report["run"], RunInfo) == INFO
    assert msgspec.convert(report["summary"], Summary) == SUMMARY


def test_json_joins_its_chunks() -> None:
    """Where one chunk ends and the next begins, the array goes on."""
    rows = [CREATED] * (2 * BATCH + 1)

    assert len(json.loads(export("json", rows))["items"]) == len(rows)


TOLD = ("code", "message", "request_id", "reason", "evidence")


def shown(item: Item) -> Item:
    """Give *item* with control characters written out where servers spoke."""

    def plain(char: str) -> str:
        acted_on = unicodedata.category(char) == "Cc" and char not in "\t\n"
        return f"\\x{ord(char):02x}" if acted_on else char

    told = {name: getattr(item, name) for name in TOLD}
    return structs.replace(
        item,
        **{name: text and "".join(map(plain, text)) for name, text in told.items()},
    )


def test_csv_keeps_control_characters_for_who_wrote_them() -> None:
    """A list's field comes back the same; a server's text moves no cursor."""
    item = structs.replace(CREATED, description="a\x1bb\x07", message="a\x1bb\x9bm\n")
    (cells,) = csv.DictReader(io.StringIO(export("csv", [item]).decode(), newline=""))

    assert (cells["description"], cells["message"]) == (
        "a\x1bb\x07",
        "a\\x1bb\\x9bm\n",
    )


@given(st.lists(items, max_size=5))
def test_csv_round_trips(rows: list[Item]) -> None:
    """A CSV report, read by the standard library, holds the rows and no other data."""
    text = export("csv", rows).decode()
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)

    assert [from_csv(cells) for cells in reader] == list(map(shown, rows))
    assert tuple(reader.fieldnames or ()) == COLUMNS


@given(st.lists(items, max_size=5))
def test_csv_runs_nothing(rows: list[Item]) -> None:
    """No cell starts with what a spreadsheet takes for a formula."""
    text = export("csv", rows).decode()

    for row in csv.reader(io.StringIO(text, newline="")):
        assert not [cell for cell in row if cell.startswith(tuple("=+-@\t\r"))]


def test_csv_is_in_the_dialect_of_the_rfc() -> None:
    """Lines end in CRLF, booleans are words, and nothing is an empty cell."""
    head, row, end = export("csv", [CREATED]).decode().split("\r\n")

    assert head == ",".join(COLUMNS)
    assert row == (
        "team.csv,2,team-a,web/api,false,linux,,created,true,,,201,,,,,,1,,12.5,"
        + INFO.endpoint
    )
    assert end == ""


@given(st.text())
def test_harmless_is_taken_back_by_armed(text: str) -> None:
    """Disarming loses nothing, not even for text that looks disarmed."""
    assert plain(harmless(text)) == text


def test_markdown_is_a_page_to_paste() -> None:
    """The page has the run, the numbers, the reasons, and the rows worth a look."""
    assert export("md", ITEMS).decode() == (
        "# bulkrepo create at https:&#8203;//swr-api.cn-north-4.myhuaweicloud.com: "
        "2 of 4 rows succeeded, 1 differs\n\n"
        "| Fact | Value |\n| --- | --- |\n"
        "| Run | 7, finished |\n"
        "| Lists | team.csv |\n"
        "| Endpoint | https:&#8203;//swr-api.cn-north-4.myhuaweicloud.com |\n"
        "| Pull address | swr.cn-north-4.myhuaweicloud.com/NAMESPACE/REPOSITORY |\n"
        "| Started | 2026-01-02T03:04:05Z |\n"
        "| Finished | 2026-01-02T03:04:09Z |\n"
        "| Requests | 3, 1 of them throttled |\n"
        "| bulkrepo | 0.1.0 |\n\n"
        "## Outcomes\n\n"
        "| Outcome | Rows |\n| --- | --- |\n"
        "| created | 1 |\n| exists | 1 |\n| invalid | 1 |\n| differs | 1 |\n\n"
        "## Reasons\n\n"
        "| Rows | Outcome | Why | First row |\n| --- | --- | --- | --- |\n"
        "| 1 | invalid | uppercase | team.csv:4 |\n\n"
        "## Rows\n\n"
        "| Row | Repository | Visibility | Outcome | Why |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| team.csv:2 | `team-a/web/api` | private | created |  |\n"
        "| team.csv:4 | team-a/My\\_App | maybe | invalid |"
        " repository: uppercase M, A \\[case\\] |\n"
        "| team.csv:5 | `team-a/db` |  | differs | "
        "is\\_public: wanted private, found public |\n"
    )


@pytest.mark.parametrize(
    "live",
    [
        "@someone",
        "@group/team",
        "mail me@mail.example",
        "see https://page.example/x",
        "FTP://files.example",
        "WWW.page.example",
        "<http://page.example>",
        "[x](//page.example)",
    ],
)
def test_markdown_makes_no_link_or_mention_of_what_was_said(live: str) -> None:
    """Forges do, of plain text, also where it is escaped."""
    said = msgspec.structs.replace(EXISTS, certain=False, evidence=live)
    page = export("md", [said]).decode()

    shown = html.unescape(page.split("exists, not certain | ")[1])
    assert re.search(r"@\w|\w://|www\.|(?<!\\)[\[\]]", shown, re.IGNORECASE) is None
    assert live in shown.replace("\u200b", "").replace("\\", "")


def test_markdown_lists_what_is_not_certain() -> None:
    """A success that may not be one is shown with its evidence."""
    unsure = msgspec.structs.replace(EXISTS, certain=False, evidence="may not be read")

    assert (
        "| exists, not certain | may not be read |" in export("md", [unsure]).decode()
    )


def test_markdown_says_so_when_nothing_happened() -> None:
    """Where every row was there as wanted, there is no empty table."""
    page = export("md", [EXISTS]).decode()

    assert page.endswith("Nothing was created, changed or refused.\n")


@given(st.lists(items, max_size=4))
def test_markdown_keeps_its_table(rows: list[Item]) -> None:
    """Text from outside adds no line, no column and no HTML to the table."""
    rows = [msgspec.structs.replace(row, outcome=Verdict.FAILED) for row in rows]
    page = export("md", rows).decode()
    table = page.partition("## Rows\n\n")[2]

    assert len(table.splitlines()) == (len(rows) + 2 if rows else 0)
    for line in table.splitlines():
        bare = re.sub(r"\\[^\w]", "", line)
        assert bare.count("|") == 6
        assert not re.search(r"[<>\x00-\x1f]", bare)


cells = st.text(alphabet=st.sampled_from("ab,;\"\r\n\t'=\u00e9 \u2028"), max_size=4)


@given(st.lists(cells, min_size=2, max_size=5))
def test_a_line_of_csv_is_what_the_csv_module_writes(row: list[str]) -> None:
    """Whether or not it had to be asked."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\r\n").writerow(row)

    assert csv_line(row) == file.getvalue()
