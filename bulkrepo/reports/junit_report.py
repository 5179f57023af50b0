"""Pure. A report as JUnit XML, for build servers: one test case a row."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from bulkrepo.core.encoding import batches, utf8
from bulkrepo.core.outcomes import SUCCESSES, Item, Verdict
from bulkrepo.core.results import RunInfo, Summary
from bulkrepo.reports import wording
from bulkrepo.reports.html_report import inert


def junit(info: RunInfo, summary: Summary, items: Iterable[Item]) -> Iterator[bytes]:
    """
    Yield a suite of all rows, as Jenkins' junit-10.xsd describes it.

    A row that did not succeed is a failure; one that was not attempted, an error.
    """
    late = summary.counts.get(Verdict.NOT_ATTEMPTED, 0)
    without = summary.total - sum(summary.counts.values())  # an outcome, as yet
    suite = {
        "name": f"{wording.job(info)}: {', '.join(info.lists)}",
        "tests": summary.total,
        "failures": summary.failures - late,
        "errors": late + without,
        "time": f"{_seconds(info):.3f}",
        "timestamp": info.started_at[:19],  # UTC; the schema has no zone
    }
    properties = "".join(
        f"<property{_attributes({'name': name, 'value': value})}/>\n"
        for name, value in wording.facts(info, summary)
    )
    yield utf8(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<testsuites>\n<testsuite{_attributes(suite)}>\n"
        f"<properties>\n{properties}</properties>\n"
    )
    for batch in batches(map(_case, items)):
        yield utf8("".join(batch))
    yield b"</testsuite>\n</testsuites>\n"


def _case(item: Item) -> str:
    told = wording.row(item)
    case = {
        "classname": item.namespace or item.source,
        "name": item.repository or told.place,
        "time": f"{(item.elapsed_ms or 0) / 1000:.3f}",
    }
    head = f"<testcase{_attributes(case)}"
    if item.outcome in SUCCESSES:
        return f"{head}/>\n"
    tag = "error" if item.outcome is Verdict.NOT_ATTEMPTED else "failure"
    fault = {"type": item.outcome, "message": told.why}
    text = inert(f"{told.place}: {told.outcome}: {told.why}")
    return f"{head}>\n<{tag}{_attributes(fault)}>{text}</{tag}>\n</testcase>\n"


def _seconds(info: RunInfo) -> float:
    if info.finished_at is None:
        return 0.0
    begin, end = map(datetime.fromisoformat, (info.started_at, info.finished_at))
    return max(0.0, (end - begin).total_seconds())


def _attributes(values: Mapping[str, object]) -> str:
    return "".join(f' {name}="{inert(str(value))}"' for name, value in values.items())
