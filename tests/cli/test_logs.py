"""Events reach the sinks they are for, as data, and without secrets."""

import ast
import io
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.cli import logs
from bulkrepo.core import loggers
from bulkrepo.core.errors import SettingsError
from bulkrepo.core.outcomes import Verdict
from bulkrepo.runs import progress
from tests.support.boxes import ANY_TEXT
from tests.support.secrets import ENCODERS
from tests.unit.core.test_redaction import SECRET_NAMES


class Screen(io.StringIO):
    """A standard error that may be a terminal, and may break."""

    def __init__(self, *, terminal: bool = False, broken: bool = False) -> None:
        super().__init__()
        self.terminal = terminal
        self.broken = broken

    def isatty(self) -> bool:
        """Say what was asked for."""
        return self.terminal

    def write(self, text: str) -> int:
        """Keep *text*, or fail as a closed pipe does."""
        if self.broken:
            raise BrokenPipeError
        return super().write(text)

    def events(self) -> list[dict[str, Any]]:
        """Read back what was written as JSON lines."""
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Leave no set-up behind."""
    yield
    structlog.reset_defaults()


def tell() -> None:
    """Log one event of each sort."""
    log = structlog.get_logger()
    log.debug("request.retried")
    log.info("run.started")
    log.info("repository.settled", outcome="created")
    log.warning("repository.settled", outcome="failed")
    log.warning("organization.stopped")
    log.error("run.stopped")


def fail(text: str) -> None:
    """Raise, so that there is a trace to tell."""
    raise ValueError(text)


SORTS = ["debug", "info", "row", "failure", "warning", "error"]


@pytest.mark.parametrize(
    ("options", "terminal", "shown"),
    [
        pytest.param({}, False, "info failure warning error", id="plain"),
        pytest.param({}, True, "error", id="plain on a terminal"),
        pytest.param({"verbosity": 1}, False, "info row failure warning error", id="v"),
        pytest.param({"verbosity": 1}, True, "info row failure warning error", id="vt"),
        pytest.param({"verbosity": 2}, True, " ".join(SORTS), id="vv"),
        pytest.param({"quiet": True}, False, "warning error", id="q"),
        pytest.param({"quiet": True, "verbosity": 2}, True, "error", id="qvv"),
    ],
)
def test_standard_error_shows_what_was_asked_for(
    options: dict[str, Any],
    terminal: bool,  # noqa: FBT001 - a column of the table
    shown: str,
) -> None:
    """Verbosity and the kind of stream decide which events a person sees."""
    screen = Screen(terminal=terminal)
    logs.configure(log_format="json", stderr=screen, **options)

    tell()

    sorts = {
        ("request.retried", "debug"): "debug",
        ("run.started", "info"): "info",
        ("repository.settled", "info"): "row",
        ("repository.settled", "warning"): "failure",
        ("organization.stopped", "warning"): "warning",
        ("run.stopped", "error"): "error",
    }
    seen = [sorts[event["event"], event["level"]] for event in screen.events()]
    assert seen == shown.split()


@pytest.mark.parametrize(("verbosity", "count"), [(0, 5), (1, 5), (2, 6)])
def test_file_has_everything(tmp_path: Path, verbosity: int, count: int) -> None:
    """The file holds all events, debug only with -vv, even where -q silences."""
    path = tmp_path / "run.log"
    path_text = str(path)
    control = logs.configure(
        log_file=path_text, verbosity=verbosity, quiet=True, stderr=Screen()
    )

    tell()
    control.close()

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == count
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_file_is_appended_to(tmp_path: Path) -> None:
    """A second run goes behind the first, with a logger of its own."""
    path = tmp_path / "run.log"
    for name in ("one.done", "two.done"):
        control = logs.configure(log_file=str(path), stderr=Screen())
        structlog.get_logger().info(name)
        control.close()

    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == [
        "one.done",
        "two.done",
    ]


def test_file_is_written_when_it_matters(tmp_path: Path) -> None:
    """Ordinary events wait; a flush, a warning or a full buffer writes them."""
    path = tmp_path / "run.log"
    control = logs.configure(log_file=str(path), quiet=True, stderr=Screen())
    log = structlog.get_logger()

    log.info("a.done")
    assert path.stat().st_size == 0
    control.flush()
    assert len(path.read_bytes().splitlines()) == 1
    log.warning("b.done")
    assert len(path.read_bytes().splitlines()) == 2
    log.info("c.done", text="x" * 100_000)
    assert len(path.read_bytes().splitlines()) == 3
    control.close()
    control.close()
    control.flush()
    log.info("d.done")
    assert len(path.read_bytes().splitlines()) == 3


def test_line_is_an_event_with_data() -> None:
    """Time, level and name come first; the rest follows as it was given."""
    screen = Screen()
    logs.configure(stderr=screen)

    structlog.get_logger().info("a.done", n=1, x=None, level="mine", timestamp=2)
    structlog.get_logger().info("b.done")

    first, second = screen.getvalue().splitlines()
    stamp = r'\{"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"'
    assert re.fullmatch(
        stamp + r',"level":"info","event":"a.done",'
        r'"n":1,"x":null,"timestamp_":2,"level_":"mine"\}',
        first,
    )
    assert re.fullmatch(stamp + r',"level":"info","event":"b.done"\}', second)


def test_exception_is_told_with_its_trace() -> None:
    """The trace of an exception is text in the event."""
    screen = Screen()
    logs.configure(stderr=screen)
    try:
        fail("broken")
    except ValueError:
        structlog.get_logger().exception("bug.found")

    (event,) = screen.events()
    assert event["level"] == "error"
    assert event["exception"].endswith("ValueError: broken")


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("value", ["\ud800", b"\xff", {1: {2}}, float("nan"), 2**70])
def test_odd_values_are_told(log_format: str, value: object) -> None:
    """No value is too odd for a log: a run does not end because of one."""
    screen = Screen()
    logs.configure(log_format=log_format, stderr=screen)

    structlog.get_logger().info("a.done", value=value)

    assert "a.done" in screen.getvalue()
    screen.getvalue().encode()


LEVELS = ["debug", "info", "warning", "error", "critical", "exception"]


def _told_in(tree: ast.AST) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the event and the names of the facts of each call that logs."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(args=[ast.Constant(value=str(event))], keywords=facts) if (
                re.fullmatch(r"[a-z_]+\.[a-z_]+", event) and facts
            ):
                given = [fact.arg for fact in facts]
                names = frozenset(name for name in given if name is not None)
                yield event, names | set(progress._TOLD if None in given else ())


EVENTS = [
    told
    for path in sorted(Path(logs.__file__).parents[1].rglob("*.py"))
    for told in _told_in(ast.parse(path.read_text(encoding="utf-8")))
]
"""Each event of the package, with the names of its facts."""


def test_all_events_are_found() -> None:
    """The tests that go through them go through these, too."""
    found = {event: facts for event, facts in EVENTS if event != "repository.settled"}

    assert found["request.failed"] == {"method", "path", "status", "code"}
    assert found["run.finished"] >= {"counts", "exit_code"}
    assert len(found) > 10


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("level", LEVELS)
def test_each_event_is_told_at_each_level(level: str, log_format: str) -> None:
    """No fact of ours has a name that means something on the way."""
    screen = Screen()
    logs.configure(log_format=log_format, stderr=screen, verbosity=2)

    for event, facts in EVENTS:
        getattr(structlog.get_logger(), level)(event, **dict.fromkeys(facts, "here"))
        told = screen.getvalue().splitlines()[-1]
        assert event in told
        assert told.count("here") == len(facts)


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "name",
    [
        *("method", "name", "args", "kw", "level", "timestamp", "timestamp_", "msg"),
        *("logger", "logger_name", "log_level", "stack", "stack_info", "exception"),
        *("exc_info", "context", "processors", "positional_args", "message", "extra"),
    ],
)
def test_no_name_of_a_fact_collides(name: str, level: str, log_format: str) -> None:
    """Whatever structlog, logging or we call something ourselves."""
    screen = Screen()
    logs.configure(log_format=log_format, stderr=screen, verbosity=2)
    log = structlog.get_logger()

    getattr(log, level)("a.done", **{name: "here"}, last=1)
    getattr(log.bind(**{name: "here"}), level)("b.done", last=1)

    told = screen.getvalue()
    assert told.index("a.done") < told.index("b.done")
    # It is how a program says which exception it means.
    assert told.count("here") == (0 if name == "exc_info" else 2)


def test_a_fact_named_as_the_head_is_kept_beside_it() -> None:
    """And beside one that has the name it would be given."""
    screen = Screen()
    logs.configure(stderr=screen)

    structlog.get_logger().info("a.done", level=1, level_=2, level__=3)

    (event,) = screen.events()
    assert event["level"] == "info"
    assert {event[f"level{'_' * n}"] for n in (1, 2, 3)} == {1, 2, 3}


@given(st.dictionaries(ANY_TEXT, ANY_TEXT), st.sampled_from(["json", "console"]))
def test_any_text_is_told(facts: dict[str, str], log_format: str) -> None:
    """As a name and as a value, halves of characters included."""
    screen = Screen()
    logs.configure(log_format=log_format, stderr=screen)

    structlog.get_logger().bind(**facts).info("a.done")

    assert "a.done" in screen.getvalue()
    screen.getvalue().encode()


@pytest.mark.parametrize("level", LEVELS[:-1])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"wrapper_class": structlog.BoundLogger},
        {
            "wrapper_class": structlog.stdlib.BoundLogger,
            "logger_factory": structlog.stdlib.LoggerFactory(),
            "processors": [
                structlog.stdlib.add_log_level,
                structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
            ],
        },
    ],
    ids=["defaults", "generic", "stdlib"],
)
def test_the_events_reach_a_program_with_a_log_of_its_own(
    settings: dict[str, Any], level: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As it has set it up, by structlog or by way of the standard library."""
    caplog.set_level("DEBUG")
    structlog.configure(**settings)

    for event, facts in EVENTS:
        getattr(loggers.logger(), level)(event, **dict.fromkeys(facts, "here"))


@pytest.mark.parametrize("terminal", [False, True])
def test_console_gives_nothing_raw_to_a_terminal(
    terminal: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Control and direction characters from outside are written out."""
    screen = Screen(terminal=terminal)
    logs.configure(log_format="console", stderr=screen)
    hostile = "a\x1b[2J\r\n\u202eb"
    try:
        fail(hostile)
    except ValueError:
        structlog.get_logger().exception(hostile, text=hostile, deep=[{hostile: 1}])

    bare = re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue())
    assert bare.replace("\n", "").isprintable()
    assert "\\x1b[2J\\x0d" in bare
    assert "Traceback" in bare
    assert ("\x1b[" in screen.getvalue()) is terminal


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_secrets_reach_neither_sink(tmp_path: Path, name: str, log_format: str) -> None:
    """No secret is shown: by its key at any depth, or by its value anywhere."""
    screen, path = Screen(), tmp_path / "run.log"
    control = logs.configure(
        log_format=log_format, log_file=str(path), stderr=screen, verbosity=2
    )
    known = 'p"ä\\ss\nwort'
    control.hide(known)
    log = structlog.get_logger().bind(**{name: "burning"})
    log.info("a.done", **{name.upper(): "burning"})
    log.debug(
        "b.done", request={"headers": {name: ["burning"]}, "l": [(name, "burning")]}
    )
    log.warning("c.done", said=f"it is {known}!", deep=[{"deeper": known}], raw=known)
    try:
        fail(known)
    except ValueError:
        log.exception("d.done", error=ValueError(known))
    control.close()

    for told in (screen.getvalue(), path.read_text()):
        assert "burning" not in told
        assert "ss\\nwort" not in told
        assert "ss\\x0awort" not in told
        assert known not in told
        assert "***" in told


@pytest.mark.parametrize(
    "secret",
    [
        "t",
        "e",
        "1",
        "run",
        "created",
        "info",
        "event",
        "repository",
        "finished",
        "rows",
    ],
)
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_our_own_words_are_readable_whatever_the_secret_is(
    tmp_path: Path, secret: str, log_format: str
) -> None:
    """Who watches for an event finds it; only a value that is the secret is hidden."""

    def told(name: str, *secrets: str) -> list[dict[str, object]]:
        path = tmp_path / name
        control = logs.configure(
            log_format=log_format, log_file=str(path), stderr=Screen()
        )
        for each in secrets:
            control.hide(each)
        log = structlog.get_logger()
        log.info("run.finished", state="finished", rows=1, counts={"created": 1})
        log.warning("repository.settled", outcome=Verdict.CREATED, reason="a web page")
        log.warning("run.advised", next="bulkrepo create rows.csv: one repository")
        control.close()
        lines = map(json.loads, path.read_text().splitlines())
        return [{n: v for n, v in line.items() if n != "timestamp"} for line in lines]

    assert told("with.log", secret) == told("without.log")


def test_a_value_that_is_a_short_secret_is_hidden(tmp_path: Path) -> None:
    """Even if it is a common word."""
    control = logs.configure(log_file=str(tmp_path / "x.log"), stderr=Screen())
    control.hide("pass")
    structlog.get_logger().info("a.done", said="pass", also=["pass", "a passage"])
    control.close()
    line = json.loads((tmp_path / "x.log").read_text())

    assert (line["said"], line["also"]) == ("***", ["***", "a passage"])


@pytest.mark.parametrize("encode", ENCODERS.values(), ids=ENCODERS)
def test_an_encoded_secret_is_hidden(
    tmp_path: Path, encode: Callable[[str], str]
) -> None:
    """As it stands in a header, a URL or a dump."""
    control = logs.configure(log_file=str(tmp_path / "x.log"), stderr=Screen())
    control.hide(secret := "S3cret/of mine")
    structlog.get_logger().info("a.done", header=f"X-Auth: {encode(secret)}")
    control.close()

    assert encode(secret) not in (tmp_path / "x.log").read_text()


def test_full_disk_is_said_once_and_the_run_goes_on() -> None:
    """A log that cannot be written is one event, and the control remembers."""
    screen = Screen()
    control = logs.configure(log_file="/dev/full", quiet=True, stderr=screen)
    log = structlog.get_logger()

    assert control.failed is None
    for _ in range(3):
        log.warning("a.done")
    control.flush()
    control.close()

    names = [event["event"] for event in screen.events()]
    assert sorted(names) == ["a.done", "a.done", "a.done", "log_file.failed"]
    assert str(control.failed).startswith(
        "/dev/full: the log file cannot be written (No"
    )


@pytest.mark.parametrize("last", ["flush", "close"])
def test_full_disk_is_found_at_the_end_as_well(last: str) -> None:
    """What was kept back until the end and cannot be written is told then."""
    screen = Screen()
    control = logs.configure(log_file="/dev/full", quiet=True, stderr=screen)
    structlog.get_logger().info("a.done")

    getattr(control, last)()

    assert control.failed is not None
    assert [event["event"] for event in screen.events()] == ["log_file.failed"]


def test_broken_standard_error_is_left_alone() -> None:
    """A reader of standard error that went away ends no run."""
    screen = Screen(broken=True)
    control = logs.configure(stderr=screen)
    log = structlog.get_logger()

    log.warning("a.done")
    screen.broken = False
    log.warning("b.done")

    assert screen.getvalue() == ""
    assert control.failed is None


def test_closed_standard_error_is_no_terminal() -> None:
    """A stream that was closed before is not asked twice."""
    screen = io.StringIO()
    screen.close()
    logs.configure(stderr=screen)

    structlog.get_logger().warning("a.done")


def test_file_that_cannot_be_opened_is_a_wrong_option(tmp_path: Path) -> None:
    """The message names the file, the reason, and the option."""
    with pytest.raises(SettingsError, match="--log-file") as caught:
        logs.configure(log_file=str(tmp_path), stderr=Screen())

    assert str(tmp_path) in str(caught.value)


def test_configure_may_be_called_again() -> None:
    """The last set-up holds for every logger taken after it."""
    first, second = Screen(), Screen()
    logs.configure(stderr=first)
    structlog.get_logger().info("a.done")
    control = logs.configure(stderr=second)
    structlog.get_logger().info("b.done")

    assert [event["event"] for event in first.events()] == ["a.done"]
    assert [event["event"] for event in second.events()] == ["b.done"]
    assert logs.current() is control
    structlog.reset_defaults()
    assert logs.current() is None


def test_diverted_lines_go_where_they_are_asked_to() -> None:
    """While a bar is drawn, it is the bar that shows the lines."""
    screen, above = Screen(), list[str]()
    control = logs.configure(stderr=screen)
    control.divert(above.append)
    structlog.get_logger().info("a.done")
    control.divert(None)
    structlog.get_logger().info("b.done")

    assert [json.loads(line)["event"] for line in above] == ["a.done"]
    assert [event["event"] for event in screen.events()] == ["b.done"]


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR keeps a terminal plain."""
    monkeypatch.setitem(os.environ, "NO_COLOR", "1")
    screen = Screen(terminal=True)
    logs.configure(stderr=screen)

    structlog.get_logger().error("a.done")

    assert "a.done" in screen.getvalue()
    assert "\x1b" not in screen.getvalue()
