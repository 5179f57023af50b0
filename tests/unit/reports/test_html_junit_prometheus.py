"""Reports for browsers, build servers and Prometheus: their own readers take them."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bulkrepo.core.outcomes import SUCCESSES, Item, Verdict
from bulkrepo.core.results import Summary
from bulkrepo.reports import EXPORTERS
from tests.unit.reports.test_reports import (
    CREATED,
    DIFFERS,
    INFO,
    INVALID,
    ITEMS,
    items,
)

LATE = Item(
    source="team.csv",
    line=6,
    namespace="team-a",
    repository="late",
    outcome=Verdict.NOT_ATTEMPTED,
    reason="the deadline is over",
)


def counted(rows: list[Item]) -> Summary:
    """Give the numbers of a run that has *rows*."""
    counts = dict.fromkeys(Verdict, 0)
    for row in rows:
        counts[row.outcome] += 1
    found = {str(verdict): number for verdict, number in counts.items() if number}
    return Summary(total=len(rows), counts=found)


def export(name: str, rows: list[Item]) -> str:
    """Everything that the exporter *name* says about *rows*."""
    return b"".join(EXPORTERS[name](INFO, counted(rows), rows)).decode()


# HTML


class Page(HTMLParser):
    """Reads a page strictly: what is opened is closed, in the same order."""

    VOID = frozenset({"meta"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Demand that it is the one to be closed."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Take a cell's text."""
        if self._open and self._open[-1] in {"td", "th"}:
            self.rows[-1][-1] += data


def test_a_page_says_what_the_one_in_markdown_says() -> None:
    """The run, its numbers, and the rows with which there is something to do."""
    rows = Page(export("html", ITEMS)).rows

    assert ["Run", "7, finished"] in rows
    assert ["created", "1"] in rows
    assert rows[-3:] == [
        ["team.csv:2", "team-a/web/api", "private", "created", ""],
        [
            *("team.csv:4", "team-a/My_App", "maybe", "invalid"),
            "repository: uppercase M, A [case]",
        ],
        [
            *("team.csv:5", "team-a/db", "", "differs"),
            "is_public: wanted private, found public",
        ],
    ]


@pytest.mark.parametrize("kind", ["html", "md", "xml"])
def test_a_refusal_without_words_shows_its_status(kind: str) -> None:
    """No row that failed is without a reason."""
    item = structs.replace(
        ITEMS[0], outcome=Verdict.FAILED, status=422, code=None, message=None
    )

    assert "answered 422" in export(kind, [item])


@given(st.lists(items, max_size=5))
def test_a_page_runs_nothing_and_loads_nothing(rows: list[Item]) -> None:
    """Whatever a list or a server says is text, and all of it is read."""
    page = Page(export("html", rows))

    assert page.tags <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p"),
        *("main", "table", "thead", "tbody", "tr", "td", "th"),
    }
    assert page.attributes <= {"lang", "charset", "name", "content", "http-equiv"}
    assert "default-src 'none'" in export("html", [])


def test_a_page_says_so_when_nothing_happened() -> None:
    """It is no table without rows."""
    assert "Nothing was created" in export("html", [])


# JUnit


def suite_of(text: str) -> ET.Element:
    """Read the one suite of a report."""
    suite = ET.fromstring(text).find("testsuite")  # noqa: S314 - our own words
    assert suite is not None
    return suite


@given(st.lists(items, max_size=5))
def test_junit_has_a_case_for_each_row(rows: list[Item]) -> None:
    """The suite's numbers are those of its cases, whatever the rows hold."""
    suite = suite_of(export("xml", rows))
    cases = suite.findall("testcase")
    wrong = [row for row in rows if row.outcome not in SUCCESSES]

    assert int(suite.attrib["tests"]) == len(cases) == len(rows)
    assert int(suite.attrib["failures"]) == len(suite.findall("*/failure"))
    assert int(suite.attrib["errors"]) == len(suite.findall("*/error"))
    assert len(suite.findall("*/*")) - len(suite.findall("properties/*")) == len(wrong)
    assert all(case.attrib["name"] for case in cases)


def test_junit_says_which_row_and_why() -> None:
    """What a build server shows is enough to find the row."""
    suite = suite_of(export("xml", [CREATED, INVALID, LATE]))
    created, invalid, late = suite.findall("testcase")
    (failure,), (error,) = invalid, late

    assert suite.attrib["time"] == "4.000"
    assert created.attrib == {
        "classname": "team-a",
        "name": "web/api",
        "time": "0.013",
    }
    assert len(created) == 0
    assert (failure.tag, failure.attrib["type"]) == ("failure", "invalid")
    assert failure.text == "team.csv:4: invalid: repository: uppercase M, A [case]"
    assert (error.tag, error.attrib["message"]) == ("error", "the deadline is over")


def test_junit_counts_what_has_no_outcome_yet() -> None:
    """A run that was killed: its rows are there, as not attempted."""
    text = b"".join(EXPORTERS["xml"](INFO, Summary(total=2, counts={}), [LATE, LATE]))
    suite = suite_of(text.decode())

    assert (suite.attrib["tests"], suite.attrib["errors"]) == ("2", "2")


# Prometheus

_SAMPLE = re.compile(
    r'bulkrepo_[a-z_]+\{([a-z_]+="([^"\\\n]|\\[\\"n])*",?)+\} [0-9.e+]+'
)


@pytest.mark.parametrize("name", ["team.csv", 'a"b\\c\n\x1b.csv', "\ud800"])
def test_prometheus_reads_every_line(name: str) -> None:
    """The text format, however a list is called; each family is described once."""
    info = structs.replace(INFO, lists=(name,))
    text = b"".join(EXPORTERS["prom"](info, counted(ITEMS), ITEMS)).decode()
    samples = [line for line in text.splitlines() if not line.startswith("# ")]
    types = re.findall(r"^# TYPE (\w+) gauge$", text, re.MULTILINE)

    assert text.endswith("\n")
    assert all(map(_SAMPLE.fullmatch, samples))
    assert len(types) == len(set(types))
    assert {line.partition("{")[0] for line in samples} == set(types)


def test_list_paths_are_absolute_where_the_folder_is_known() -> None:
    """Jobs in two folders may have lists of one name; standard input has no path."""
    info = structs.replace(INFO, lists=("a.csv", "/var/b.csv", "-"))

    assert info.list_paths == ("/srv/a.csv", "/var/b.csv", "-")
    assert structs.replace(info, folder=None).list_paths == info.lists


@pytest.mark.parametrize("kind", ["html", "xml", "prom", "jsonl", "json", "csv", "md"])
def test_reports_of_two_places_differ(kind: str) -> None:
    """Each says its place where programs tell reports apart, and never wrongly."""
    row = structs.replace(CREATED, endpoint="https://other.example")
    info = structs.replace(INFO, endpoint="https://other.example")
    text = b"".join(EXPORTERS[kind](info, counted([row]), [row])).decode()
    text = text.replace("&#8203;", "")  # which keeps a forge from making a link

    assert "https://other.example" in text
    assert INFO.endpoint not in text
    if kind == "html":
        (title,) = re.findall("<title>(.*)</title>", text)
        assert "at https://other.example" in title
    if kind == "xml":
        assert suite_of(text).attrib["name"] == (
            "bulkrepo create at https://other.example: team.csv"
        )


def test_prometheus_has_every_outcome_and_when_it_ended() -> None:
    """A series that vanished could not raise an alert; the age of a run does."""
    text = export("prom", [CREATED, DIFFERS])
    labels = (
        'command="create",lists="team.csv",list_path="/srv/team.csv",'
        f'endpoint="{INFO.endpoint}"'
    )

    for verdict in Verdict:
        number = int(verdict in {CREATED.outcome, DIFFERS.outcome})
        assert f'bulkrepo_rows{{{labels},outcome="{verdict}"}} {number}\n' in text
    assert f"bulkrepo_failures{{{labels}}} 1\n" in text
    assert f"bulkrepo_finished_timestamp_seconds{{{labels}}} 1767323049.0\n" in text
