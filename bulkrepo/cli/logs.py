"""
Edge. Logging: events with data on standard error and in a file, without secrets.

Each event takes one path through `LogControl`: dropped if no sink wants it, masked,
rendered once, handed to the sinks. A sink that fails is not used again and never stops
a run. Get a logger in a constructor (`structlog.get_logger()`), not at import: it keeps
the configuration of its first use.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import msgspec
import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import format_exc_info

from bulkrepo.cli.log_file import LogFile
from bulkrepo.core.redaction import Redactor
from bulkrepo.core.surrogates import clean_value
from bulkrepo.core.text import escape

ROW_EVENTS = frozenset({"repository.settled"})
"""Events logged once per row; the summary says the same in fewer lines."""

_LEVELS = {name.lower(): n for name, n in logging.getLevelNamesMapping().items()}
"""structlog's methods -> severity."""
_NEVER = logging.CRITICAL + 1
_HEAD = ("timestamp", "level", "event")
"""What each event begins with: our own words."""
_ENCODER = msgspec.json.Encoder(enc_hook=str)


def configure(
    *,
    log_format: str = "auto",
    log_file: str | None = None,
    verbosity: int = 0,
    quiet: bool = False,
    stderr: TextIO | None = None,
) -> "LogControl":
    """
    Configure structlog for this process and return its control.

    *log_format* is `auto`, `console` or `json`; *verbosity* counts `-v`. May be called
    again; the last call counts.

    Raises `SettingsError` if *log_file* cannot be opened.
    """
    stream = sys.stderr if stderr is None else stderr
    terminal = _isatty(stream)
    console = log_format == "console" or (log_format == "auto" and terminal)
    run, row = _thresholds(verbosity=verbosity, quiet=quiet, terminal=terminal)
    file_level = logging.DEBUG if verbosity > 1 else logging.INFO
    control = LogControl(
        stream,
        file=LogFile(log_file) if log_file else None,
        console=_console(colors=terminal) if console else None,
        run_level=run,
        row_level=row,
        file_level=file_level if log_file else _NEVER,
    )
    floor = min(run, row, file_level if log_file else run)
    structlog.configure(
        processors=[format_exc_info, control],
        wrapper_class=structlog.make_filtering_bound_logger(floor),
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return control


def current() -> "LogControl | None":
    """Return the control from the last `configure`, while it is in force."""
    chain = structlog.get_config()["processors"]
    return next((part for part in chain if isinstance(part, LogControl)), None)


class LogControl:
    """
    The end of structlog's chain: decides who sees an event, and shows it.

    Several threads may log; the other methods belong to the thread that set it up.

    *failed* says which sink could not be written to and why, None if all could.
    """

    failed: str | None = None

    def __init__(
        self,
        stream: TextIO,
        *,
        file: LogFile | None,
        console: ConsoleRenderer | None,
        run_level: int,
        row_level: int,
        file_level: int,
    ) -> None:
        self._stream: TextIO | None = stream
        self._show: Callable[[str], object] | None = None
        self._file = file
        self._path = escape(file.path) if file is not None else ""
        self._console = console
        self._run_level = run_level
        self._row_level = row_level
        self._file_level = file_level
        self._redactor = Redactor()
        self._moment = self._second = 0
        self._stamp = self._now_text = ""

    def hide(self, secret: str) -> None:
        """Show `***` in place of *secret* from now on."""
        self._redactor.hide(secret)

    def divert(self, show: Callable[[str], object] | None) -> None:
        """Send output for standard error to *show*, as while a bar is drawn there."""
        self._show = show

    def flush(self) -> None:
        """Write buffered events to the file."""
        if self._file is not None:
            try:
                self._file.flush()
            except OSError as error:
                self._lose_file(error)

    def close(self) -> None:
        """Flush and close the file; standard error stays in use."""
        file, self._file, self._file_level = self._file, None, _NEVER
        if file is not None:
            try:
                file.close()
            except OSError as error:
                self._lose_file(error)

    def __call__(
        self, _logger: Any, method: str, event: MutableMapping[str, Any]
    ) -> str:
        """Take one event, as structlog's last processor; nothing is passed on."""
        level = _LEVELS.get(method, logging.INFO)
        about_row = event["event"] in ROW_EVENTS
        shown = level >= (self._row_level if about_row else self._run_level)
        filed = level >= self._file_level
        if not (shown or filed):
            return ""
        told = _headed(event, method, self._now())
        self._redactor.simplify(told)
        line = _json(told)
        # What the service says of a row is concealed where it comes in, and looking for
        # all encodings of a secret would cost as much as all else.
        if self._redactor.found(line, encoded=not about_row):
            facts = {name: told[name] for name in told if name not in _HEAD}
            told |= self._redactor.scrub(facts)
            line = _json(told)
        if filed:
            self._append(line, level)
        if shown:
            self._say(method, told, line)
        return ""

    def _now(self) -> str:
        """Return the time, RFC 3339 in UTC with milliseconds, each formatted once."""
        moment = int(time.time() * 1000)
        if moment != self._moment:
            self._moment = moment
            second, fraction = divmod(moment, 1000)
            if second != self._second:
                self._second = second
                self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._now_text = f"{self._stamp}.{fraction:03d}Z"
        return self._now_text

    def _append(self, line: bytes, level: int) -> None:
        if self._file is not None:
            try:
                self._file.write(line)
                if level >= logging.WARNING:
                    self._file.flush()
            except OSError as error:
                self._lose_file(error)

    def _lose_file(self, error: OSError) -> None:
        file, self._file, self._file_level = self._file, None, _NEVER
        if file is not None:
            file.abandon()
        if self.failed is None:
            self.failed = (
                f"{self._path}: the log file cannot be written "
                f"({error.strerror or error}); the run continues without it"
            )
            self(None, "error", {"event": "log_file.failed", "reason": self.failed})

    def _say(self, method: str, event: dict[str, Any], line: bytes) -> None:
        if self._console is None:
            text = line.decode()
        else:
            text = f"{self._console(None, method, _printable(event))}\n"
        try:
            if self._show is not None:
                self._show(text)
            elif self._stream is not None:
                self._stream.write(text)
                self._stream.flush()
        except (OSError, ValueError):  # closed, or its reader has gone
            self._stream = None


def _thresholds(*, verbosity: int, quiet: bool, terminal: bool) -> tuple[int, int]:
    """Return the lowest levels shown on stderr: for run events, and for row events."""
    if verbosity > 1 and not quiet:
        return logging.DEBUG, logging.DEBUG
    if verbosity == 1 and not quiet:
        return logging.INFO, logging.INFO
    if terminal:  # the summary gives the outcome and groups failures
        return logging.ERROR, logging.ERROR
    if quiet:
        return logging.WARNING, logging.ERROR
    return logging.INFO, logging.WARNING


def _isatty(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False


def _console(*, colors: bool) -> ConsoleRenderer:
    return ConsoleRenderer(
        colors=colors and not os.environ.get("NO_COLOR"),
        exception_formatter=plain_traceback,
        sort_keys=False,
    )


def _headed(event: MutableMapping[str, Any], level: str, at: str) -> dict[str, Any]:
    """Return *event* with time, level and name first."""
    for taken in ("timestamp", "level"):  # a fact of that name gets a `_`
        if taken in event:
            free = f"{taken}_"
            while free in event:
                free += "_"
            event[free] = event.pop(taken)
    return {"timestamp": at, "level": level, "event": event["event"], **event}


def _json(event: dict[str, Any]) -> bytes:
    """Return *event* as one line."""
    try:
        return _ENCODER.encode(event) + b"\n"
    except UnicodeEncodeError:  # a lone surrogate, as in some file names
        return _ENCODER.encode(clean_value(event)) + b"\n"


def _printable(event: dict[str, Any]) -> dict[str, Any]:
    """Return *event* as text without control characters for a terminal."""
    shown: dict[str, Any] = {}
    for name, value in event.items():
        text = value if isinstance(value, str) else _ENCODER.encode(value).decode()
        lines = text.split("\n") if name == "exception" else [text]
        shown[escape(name)] = "\n".join(map(escape, lines))
    return shown
