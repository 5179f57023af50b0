"""What a person sees: progress while a run goes on, and a summary after it."""

import io
import json
import os
import pty
import termios
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.cli import logs
from bulkrepo.cli import progress as display
from bulkrepo.cli.progress import Progress, status
from bulkrepo.cli.summary import render_summary
from bulkrepo.core.outcomes import Verdict
from bulkrepo.core.results import Reason, RunInfo, Summary

INFO = RunInfo(
    id=1,
    command="create",
    state="finished",
    lists=("team.csv",),
    endpoint="https://swr-api.cn-north-4.myhuaweicloud.com",
    started_at="2026-01-02T03:04:05Z",
)
STOPPED = msgspec.structs.replace(INFO, state="stopped", stopped="the deadline is over")


class Clock:
    """A clock that a test turns."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time that was set."""
        return self.now


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Leave no set-up behind."""
    yield
    structlog.reset_defaults()


def reason(count: int = 1, **told: Any) -> Reason:
    """Make a reason of failed rows."""
    plain = {"code": None, "message": "no", "example": "team.csv:7"}
    return Reason(**{"outcome": Verdict.FAILED, "count": count, **plain, **told})


def of(
    *, uncertain: int = 0, reasons: tuple[Reason, ...] = (), **counts: int
) -> Summary:
    """Make a summary whose total is that of its counts."""
    return Summary(
        total=sum(counts.values()), counts=counts, uncertain=uncertain, reasons=reasons
    )


@pytest.mark.parametrize(
    ("info", "numbers", "options", "text"),
    [
        pytest.param(
            INFO,
            of(created=140, exists=5),
            {"reports": ["team.report.jsonl"]},
            "145 of 145 rows succeeded\n"
            "  created        140\n"
            "  exists           5\n"
            "report: team.report.jsonl\n"
            "next: nothing to do",
            id="all good",
        ),
        pytest.param(
            INFO,
            of(exists=1),
            {"reports": ["-"]},
            "1 of 1 row succeeded\n"
            "  exists         1\n"
            "report: standard output\n"
            "next: nothing to do",
            id="one row, nothing to do",
        ),
        pytest.param(
            INFO,
            of(
                created=9,
                failed=2,
                invalid=1,
                reasons=(
                    reason(2, code="SVCSTG.SWR.4000097", message="quota"),
                    reason(
                        outcome=Verdict.INVALID, message="uppercase M", example="a:2"
                    ),
                ),
            ),
            {
                "reports": ["a", "b", "c", "d", "e", "f"],
                "command": "bulkrepo validate team.csv",
            },
            "9 of 12 rows succeeded, 3 did not\n"
            "  created        9\n"
            "  invalid        1\n"
            "  failed         2\n"
            "why:\n"
            "  2  failed         SVCSTG.SWR.4000097: quota (first: team.csv:7)\n"
            "  1  invalid        uppercase M (first: a:2)\n"
            "report: a, b, c, d, and 2 more\n"
            "next: bulkrepo validate team.csv",
            id="faults and refusals",
        ),
        pytest.param(
            STOPPED,
            of(created=3, not_attempted=4, uncertain=1),
            {"command": "bulkrepo create './-x y.csv' --ledger other.db"},
            "3 of 7 rows succeeded, 4 did not; 1 is not certain\n"
            "stopped: the deadline is over\n"
            "  created        3\n"
            "  not_attempted  4\n"
            "next: bulkrepo create './-x y.csv' --ledger other.db",
            id="stopped",
        ),
        pytest.param(
            INFO,
            of(created=1, differs=2, reasons=(reason(outcome=Verdict.DIFFERS),)),
            {"ignore": True},
            "3 of 3 rows succeeded\n"
            "  created        1\n"
            "  differs        2\n"
            "next: nothing to do",
            id="what differs is ignored",
        ),
        pytest.param(
            msgspec.structs.replace(STOPPED, stopped="so many words " * 8),
            of(failed=1, reasons=(reason(message="words and more words " * 4),)),
            {"width": 60},
            "0 of 1 row succeeded, 1 did not\n"
            "stopped: so many words so many words so many words so many\n"
            "  words so many words so many words so many words so many\n"
            "  words\n"
            "  failed         1\n"
            "why:\n"
            "  1  failed         words and more words words and more\n"
            "                    words words and more words words and\n"
            "                    more words  (first: team.csv:7)\n"
            "next: nothing to do",
            id="narrow",
        ),
        pytest.param(
            INFO,
            msgspec.structs.replace(of(created=3), opened=2, opened_example="a:2"),
            {},
            "3 of 3 rows succeeded\n"
            "2 repositories are now PUBLIC, as wanted (first: a:2)\n"
            "  created        3\n"
            "next: nothing to do",
            id="made public",
        ),
        pytest.param(
            INFO,
            of(),
            {},
            "no rows\nnext: nothing to do",
            id="no rows",
        ),
        pytest.param(
            INFO,
            Summary(total=5, counts={"created": 3, "removed": 0}, uncertain=2),
            {},
            "3 of 5 rows succeeded, 2 without an outcome; 2 are not certain\n"
            "  created        3\n"
            "next: nothing to do",
            id="unsettled and uncertain",
        ),
    ],
)
def test_summary_tells_the_run(
    info: RunInfo, numbers: Summary, options: dict[str, Any], text: str
) -> None:
    """Numbers, reasons, the report and the next command, in this order."""
    told = {"reports": [], **options}

    assert render_summary(info, numbers, **told) == text


@given(
    counts=st.dictionaries(
        st.sampled_from([*Verdict]) | st.text(max_size=9), st.integers(0, 10**7)
    ),
    reasons=st.lists(
        st.builds(
            Reason,
            outcome=st.sampled_from(Verdict),
            count=st.integers(1, 10**7),
            code=st.none() | st.text(),
            message=st.text() | st.just("long " * 500),
            example=st.text(),
        ),
        max_size=20,
    ),
    names=st.lists(st.text(), max_size=20),
    stopped=st.none() | st.text() | st.just("word " * 200),
    width=st.integers(40, 160),
)
def test_summary_is_one_screen_of_plain_text(
    counts: dict[str, int],
    reasons: list[Reason],
    names: list[str],
    stopped: str | None,
    width: int,
) -> None:
    """Whatever happened: at most 25 lines, nothing raw, and a command at the end."""
    info = msgspec.structs.replace(INFO, stopped=stopped)
    numbers = Summary(
        total=sum(counts.values()),
        counts={str(name): number for name, number in counts.items()},
        reasons=tuple(reasons),
    )

    lines = render_summary(info, numbers, reports=names, width=width).split("\n")

    assert len(lines) <= 25
    assert not [char for char in "".join(lines) if char < " " or char == "\u202e"]
    assert lines[-1] == "next: nothing to do"
    assert all(len(line) <= width for line in lines[:-1] if line[:7] != "report:")
    assert all(len(line) <= 160 for line in lines[:-1])


def test_summary_leaves_room_for_a_long_command() -> None:
    """What the terminal breaks counts as it is seen: the beginning stays on screen."""
    reason = Reason(
        outcome=Verdict.FAILED, count=1, code="C", message="why " * 20, example="x"
    )
    numbers = msgspec.structs.replace(of(failed=60), reasons=(reason,) * 20)
    command = "bulkrepo create list.csv" + " --report some-report.md" * 30

    text = render_summary(INFO, numbers, reports=["r" * 150], command=command, width=80)

    assert sum(-(-len(line) // 80) for line in text.split("\n")) <= 25
    assert text.endswith(f"\nnext: {command}")
    assert "more reasons\n" in text


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((40, 145, 1, 12.5, None), "40/145  12.5/s  1 failed  9s left"),
        ((0, 145, 0, 0.0, None), "0/145"),
        ((5, None, 0, 2.0, None), "5  2.0/s"),
        ((0, 1000, 0, 10.0, "throttled"), "0/1000  10.0/s  throttled  1m40s left"),
        ((0, 9000, 0, 1.0, "a\x1b"), "0/9000  1.0/s  a\\x1b  2h30m left"),
        ((9, 9, 0, 1.0, None), "9/9  1.0/s"),
    ],
)
def test_status_is_short(numbers: tuple[Any, ...], text: str) -> None:
    """Beside the bar stands what is known, and nothing else."""
    names = ("done", "total", "failed", "rate", "waiting")

    assert status(**dict(zip(names, numbers, strict=True))) == text


def test_progress_tells_at_most_every_ten_seconds() -> None:
    """Away from a terminal an hour of updates is 360 events."""
    stderr, clock = io.StringIO(), Clock()
    logs.configure(stderr=stderr)

    with Progress(total=36_000, terminal=False, clock=clock) as progress:
        for done in range(36_000):
            clock.now = done / 10
            progress.update(done=done, failed=1, rate=10.04, waiting="throttled")

    events = [json.loads(line) for line in stderr.getvalue().splitlines()]
    assert len(events) == 359
    assert {event["event"] for event in events} == {"run.progressed"}
    assert events[0] | {"timestamp": ""} == {
        "timestamp": "",
        "level": "info",
        "event": "run.progressed",
        "done": 100,
        "total": 36_000,
        "failed": 1,
        "rate": 10.0,
        "left_s": 3576,
        "waiting": "throttled",
    }


@pytest.mark.parametrize("shown_on", ["a terminal", "a pipe"])
def test_progress_is_silent_when_asked_to_be(shown_on: str) -> None:
    """With -q neither a bar nor an event is there."""
    stderr, clock = io.StringIO(), Clock()
    logs.configure(stderr=stderr)

    with Progress(
        total=10,
        terminal=shown_on == "a terminal",
        quiet=True,
        stderr=stderr,
        clock=clock,
    ) as progress:
        clock.now = 100.0
        progress.update(done=5)

    assert stderr.getvalue() == ""


@pytest.mark.parametrize("total", [145, None])
def test_progress_draws_a_bar_with_log_lines_above(total: int | None) -> None:
    """On a terminal numbers stand beside a bar, and log lines do not break it."""
    stderr, clock = io.StringIO(), Clock()
    logs.configure(log_format="console", stderr=stderr)

    with Progress(total=total, terminal=True, stderr=stderr, clock=clock) as progress:
        progress.update(done=1)
        clock.now = 1.0
        progress.update(done=40, failed=2, rate=12.5, waiting="[red]throttled[/red]")
        structlog.get_logger().warning("organization.stopped", namespace="team-a")
    structlog.get_logger().warning("run.stopped")

    shown = stderr.getvalue()
    assert "40" in shown
    assert "2 failed" in shown
    assert "[red]throttled[/red]" in shown
    assert "organization.stopped" in shown
    assert "run.stopped" in shown.splitlines()[-1]


def test_progress_draws_without_logging() -> None:
    """A bar needs no set-up of logs, and may end before it has anything to show."""
    stderr = io.StringIO()

    with Progress(total=1, terminal=True, stderr=stderr, clock=Clock()):
        pass

    assert "\x1b" in stderr.getvalue()


def test_a_stream_that_is_no_terminal_has_long_lines() -> None:
    """Whatever the terminal of others is like."""
    assert display.width(io.StringIO()) == 160
    with open(os.devnull, "w", encoding="ascii") as nowhere:  # noqa: PTH123
        assert display.width(nowhere) == 160


@pytest.mark.parametrize(("columns", "width"), [(0, 160), (20, 40), (80, 80)])
def test_lines_fit_the_terminal(columns: int, width: int) -> None:
    """One that says nothing of its size, or is absurdly narrow, is none to fit."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    with os.fdopen(ours), os.fdopen(theirs, "w") as stream:
        assert display.width(stream) == width
