"""Wiring. One run in the foreground: where to, who as, signals, bar and summary."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any, Self

from bulkrepo import api, descriptors, signin, terminal
from bulkrepo.auth import Auth
from bulkrepo.logs import LogControl, configure
from bulkrepo.model import Event, Progressed, Result, SettingsError, Started, Verdict
from bulkrepo.settings import MEMORY, Settings, duration


def create(lists: Sequence[str], options: dict[str, Any]) -> int:
    """Run the main job with the command line's *options*; give the exit code."""
    factory = None
    try:
        import uvloop  # noqa: PLC0415 - where the platform has it

        factory = uvloop.new_event_loop
    except ImportError:
        pass
    # This process does one thing, and makes few cycles: looking for them after every
    # 700 new objects, as Python would, costs a twentieth of a run.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(_create(lists, options))


async def _create(lists: Sequence[str], options: dict[str, Any]) -> int:
    """Run the main job; give the exit code."""
    quiet = options["quiet"]
    if options["ledger"] is None:
        options["ledger"] = MEMORY if options["sandbox"] else "bulkrepo.db"
    options["reports"] = _reports(lists, options)
    control = api.Control()
    log = configure(
        log_format=options["log_format"],
        log_file=options["log_file"],
        verbosity=options["verbose"],
        quiet=quiet,
    )
    async with AsyncExitStack() as stack:
        stack.callback(log.close)
        endpoint, credential = await signin.where(stack, options, log)
        settings = _settings(lists, options, endpoint, credential)
        descriptors.allow(settings.concurrency)
        _on_signals(control, (signal.SIGINT, signal.SIGTERM))
        shown = stack.enter_context(_Shown(log, quiet=quiet))
        result = await api.create(
            lists, settings=settings, on_event=shown.on_event, control=control
        )
    unchanged = not result.summary.counts.get(Verdict.CREATED) and not result.exit_code
    console = options["log_format"] == "console" or (
        options["log_format"] == "auto" and sys.stderr.isatty()
    )
    _conclude(result, settings, console=console and not (quiet and unchanged))
    # As for a report: that it could not be written outweighs a row that failed.
    return 4 if log.failed and result.exit_code in {0, 1} else result.exit_code


def _settings(
    lists: Sequence[str], options: dict[str, Any], endpoint: str, credential: Auth
) -> Settings:
    deadline, workers = options["deadline"], options["concurrency"]
    if workers != "auto" and not (workers.isdecimal() and int(workers)):
        raise SettingsError(f"--concurrency {workers}: write auto or a number")
    return Settings(
        endpoint=endpoint,
        credential=credential,
        namespace=options["namespace"],
        visibility=options["visibility"],
        category=options["category"],
        namespace_from_path=options["namespace_from_path"],
        grammar=options["grammar"],
        format=options["format"],
        stdin=sys.stdin.buffer if "-" in lists else None,
        rate=options["rate"],
        concurrency=64 if workers == "auto" else int(workers),
        max_attempts=options["max_attempts"],
        patience=duration(options["patience"]),
        deadline=None if deadline is None else duration(deadline),
        max_failures=options["max_failures"],
        timeout=duration(options["timeout"]),
        cacert=options["cacert"] or os.environ.get("OS_CACERT"),
        strict=options["strict"],
        on_differs=options["on_differs"],
        ledger=options["ledger"],
        fresh=options["fresh"],
        reports=options["reports"],
    )


def _reports(lists: Sequence[str], options: dict[str, Any]) -> tuple[str, ...]:
    """Give where reports go; no file that is written may be another one of the run."""
    reports = tuple(dict.fromkeys(options["reports"])) or (_default_report(lists[0]),)
    taken: dict[str, str] = {}
    for option, paths in (
        ("LIST", lists),
        ("--ledger", [options["ledger"]]),
        ("--log-file", [options["log_file"]]),
        ("--report", reports),
    ):
        for path in paths:
            if path in (None, "-", MEMORY) or _is_device(path):
                continue
            other = taken.setdefault(os.path.realpath(path), option)
            if other != option:
                raise SettingsError(
                    f"{option} {path} would overwrite what {other} names: "
                    "give it another name"
                )
    return reports


def _is_device(path: str) -> bool:
    return Path(path).exists() and not Path(path).is_file()


def _default_report(source: str) -> str:
    if source == "-":
        return "stdin.report.jsonl"
    path = Path(source)
    # Beside a file; what comes out of a pipe such as /dev/fd/63 has no such place.
    folder = path.parent if path.is_file() else Path()
    return str(folder / f"{path.stem}.report.jsonl")


def _on_signals(control: api.Control, numbers: tuple[int, ...]) -> None:
    """First signal: stop tidily. Second: at once, as if killed."""
    loop = asyncio.get_running_loop()
    seen, last = 0, float("-inf")

    def on(number: int) -> None:
        nonlocal seen, last
        now = loop.time()
        if seen and now - last < 0.5:
            return  # sent to us and to our group, as `timeout` does
        seen, last = seen + 1, now
        name = signal.Signals(number).name
        if seen == 1 and not control.sending:
            # The lists are being read, perhaps from a pipe that never ends.
            os.write(2, f"bulkrepo: interrupted by {name}; nothing was sent\n".encode())
            os._exit(128 + number)
        elif seen == 1:
            if os.isatty(2):
                os.write(
                    2,
                    b"\r\x1b[Kstopping: what is in flight is finished; "
                    b"once more ends it at once\n",
                )
            control.stop(f"interrupted by {name}", exit_code=128 + number)
        else:
            if os.isatty(2):
                os.write(2, b"\r\x1b[K\x1b[?25h")  # the bar hid the cursor
            os.write(
                2,
                f"bulkrepo: ended at once by {name}; the same command goes on "
                "where this one was\n".encode(),
            )
            os._exit(128 + number)

    for number in numbers:
        loop.add_signal_handler(number, on, number)


class _Shown:
    """What is shown while a run goes on: rows are the log's business, not the bar's."""

    def __init__(self, log: LogControl, *, quiet: bool) -> None:
        self._log, self._quiet = log, quiet
        self._stack = ExitStack()
        self._progress: terminal.Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def on_event(self, event: Event) -> None:
        """Draw the bar, and let the log reach its file."""
        if isinstance(event, Started):
            self._progress = self._stack.enter_context(
                terminal.Progress(
                    total=event.total, terminal=sys.stderr.isatty(), quiet=self._quiet
                )
            )
        elif isinstance(event, Progressed) and self._progress is not None:
            throttled = event.throttled
            self._progress.update(
                done=event.done,
                failed=event.failed,
                rate=event.rate,
                waiting=event.waiting
                or (f"{throttled} throttled" if throttled else None),
            )
            self._log.flush()


def _conclude(result: Result, settings: Settings, *, console: bool) -> None:
    """Print what could not be written, and to a person a summary."""
    for line in result.unwritten:
        sys.stderr.write(f"bulkrepo: {line}\n")
    if console:
        text = terminal.summary(
            result.run,
            result.summary,
            reports=[path for path in settings.reports if path != "-"],
            ledger=None if settings.ledger == MEMORY else settings.ledger,
            lists=list(result.run.lists),
        )
        sys.stderr.write(text + "\n")
