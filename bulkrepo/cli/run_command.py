"""Wiring. One run in the foreground: endpoint, credential, signals, bar, summary."""

import asyncio
import gc
import re
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, Self

from bulkrepo import api
from bulkrepo.cli import progress, summary
from bulkrepo.cli.durations import duration
from bulkrepo.cli.logs import LogControl, configure
from bulkrepo.cli.next_command import CommandLine, find_next_command
from bulkrepo.cli.signals import stop_on_signals
from bulkrepo.core import loggers, stdio
from bulkrepo.core.errors import SettingsError
from bulkrepo.core.outcomes import PLANNED, Verdict
from bulkrepo.core.paths import names_descriptor, refuse_overwriting
from bulkrepo.core.results import Event, Progressed, Result, Started
from bulkrepo.runs import file_limits, sign_in
from bulkrepo.runs.control import Control
from bulkrepo.runs.settings import MEMORY, Settings
from bulkrepo.swr.auth.protocol import Auth

_PLANS = frozenset({"plan", "verify"})
_CHANGES = (Verdict.CREATED, Verdict.UPDATED, Verdict.REMOVED)


def run(typed: CommandLine, lists: Sequence[str], options: dict[str, Any]) -> int:
    """Run the command that was *typed* with *options*; return the exit code."""
    file_limits.allow(1)
    file_limits.bounded(1)  # an event loop would fail without a word that helps
    factory = None
    try:
        import uvloop  # noqa: PLC0415 - where the platform has it

        factory = uvloop.new_event_loop
    except ImportError:
        pass
    # A run creates few reference cycles: looking for them after every 700 new objects,
    # Python's default, costs 5% of its time.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(_run(typed, lists, options))


async def _run(
    typed: CommandLine, lists: Sequence[str], options: dict[str, Any]
) -> int:
    command, quiet = typed.command, options["quiet"]
    if options.get("ledger") is None:
        memory = options["sandbox"] or command == "plan"
        options["ledger"] = MEMORY if memory else "bulkrepo.db"
    options["reports"] = _reports(command, lists, options)
    control = Control()
    log = configure(
        log_format=options["log_format"],
        log_file=options["log_file"],
        verbosity=options["verbose"],
        quiet=quiet,
    )
    async with AsyncExitStack() as stack:
        stack.callback(log.close)
        endpoint, credential = await sign_in.where(stack, options, log.hide)
        settings = _settings(lists, options, endpoint, credential)
        file_limits.allow(settings.concurrency)
        kept = settings.ledger != MEMORY and command not in _PLANS
        stop_on_signals(control, kept=kept)
        shown = stack.enter_context(ProgressDisplay(log, quiet=quiet))
        work = partial(_COMMANDS[command], lists, options)
        result = await work(settings=settings, on_event=shown.on_event, control=control)
        counts, code = result.summary.counts, result.exit_code
        following = find_next_command(
            result.run,
            result.summary,
            typed=typed,
            reports=settings.reports,
            kept=settings.ledger != MEMORY,
            ignore=settings.on_differs == "ignore",
            exit_code=code,
        )
        if code and following:  # for those who read only the log
            loggers.logger().warning("run.advised", next=following)
    unchanged = not any(counts.get(verdict) for verdict in _CHANGES) and not code
    console = options["log_format"] == "console" or (
        options["log_format"] == "auto" and sys.stderr.isatty()
    )
    if command == "plan":
        planned = any(counts.get(verdict) for verdict in PLANNED) or (
            settings.on_differs != "ignore" and counts.get(Verdict.DIFFERS, 0) > 0
        )
        quiet = quiet and not (code or planned)
        _show_plan(result, settings, following, quiet=quiet)
        if options["exit_code"] and planned and not code:
            return 10
    else:
        console = console and not (quiet and unchanged)
        _conclude(result, settings, following, console=console)
    # As with reports, a log file that cannot be written outweighs a failed row.
    return 4 if log.failed and code in {0, 1} else code


def _create(lists: Sequence[str], _: dict[str, Any], **known: Any) -> Awaitable[Result]:
    return api.create(lists, **known)


def _plan(lists: Sequence[str], _: dict[str, Any], **known: Any) -> Awaitable[Result]:
    return api.plan(lists, **known)


def _verify(lists: Sequence[str], _: dict[str, Any], **known: Any) -> Awaitable[Result]:
    return api.verify(lists, **known)


def _retry(
    lists: Sequence[str], options: dict[str, Any], **known: Any
) -> Awaitable[Result]:
    return api.retry(lists, run=options["run"], **known)


def _undo(_: Sequence[str], options: dict[str, Any], **known: Any) -> Awaitable[Result]:
    return api.undo(options["run"], dry_run=options["dry_run"], **known)


_COMMANDS: Mapping[str, Callable[..., Awaitable[Result]]] = {
    "create": _create,
    "plan": _plan,
    "verify": _verify,
    "retry": _retry,
    "undo": _undo,
}

_AS_THEY_ARE = frozenset(
    {
        *("namespace", "visibility", "category", "namespace_from_path", "grammar"),
        *("format", "rate", "max_attempts", "max_failures", "strict", "on_differs"),
        *("create_organizations", "survey", "ledger", "fresh", "reports"),
    }
)
"""Options that are settings of the same name."""


def _settings(
    lists: Sequence[str], options: dict[str, Any], endpoint: str, credential: Auth
) -> Settings:
    deadline, workers = options["deadline"], options["concurrency"]
    if workers != "auto" and not re.fullmatch(r"0*[1-9]\d{0,8}", workers, re.ASCII):
        raise SettingsError(f"--concurrency {workers}: give auto or a number from 1")
    return Settings(
        endpoint=endpoint,
        credential=credential,
        stdin=sys.stdin.buffer if "-" in lists else None,
        concurrency=64 if workers == "auto" else int(workers),
        patience=duration(options["patience"], "--patience "),
        deadline=None if deadline is None else duration(deadline, "--deadline "),
        timeout=duration(options["timeout"], "--timeout "),
        cacert=options["cacert"],
        **{name: options[name] for name in _AS_THEY_ARE & options.keys()},
    )


def _reports(
    command: str, lists: Sequence[str], options: dict[str, Any]
) -> tuple[str, ...]:
    """Return the report paths; refuse a file that the run also uses otherwise."""
    reports = tuple(dict.fromkeys(options["reports"]))
    if not reports and command != "plan":
        reports = (_default_report(command, lists),)
    ledger = options["ledger"]
    refuse_overwriting(
        {
            "LIST": lists,
            "--ledger": [None if ledger == MEMORY else ledger],
            "--log-file": [options["log_file"]],
            "--report": reports,
        }
    )
    return reports


_SUFFIXES = {"create": ".report.jsonl"}


def _default_report(command: str, lists: Sequence[str]) -> str:
    suffix = _SUFFIXES.get(command, f".{command}.jsonl")
    if not lists:
        return f"{command}.report.jsonl"
    source = lists[0]
    if source == "-":
        return f"stdin{suffix}"
    path = Path(source)
    # Beside the list, unless it is a pipe or an open file such as /dev/fd/63.
    beside = path.is_file() and not names_descriptor(path)
    folder = path.parent if beside else Path()
    return str(folder / f"{path.stem}{suffix}")


class ProgressDisplay:
    """Shows the progress of a run; single rows are left to the log."""

    def __init__(self, log: LogControl, *, quiet: bool) -> None:
        self._log, self._quiet = log, quiet
        self._stack = ExitStack()
        self._progress: progress.Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def on_event(self, event: Event) -> None:
        """Update the bar, and flush the log file."""
        if isinstance(event, Started):
            self._progress = self._stack.enter_context(
                progress.Progress(
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


def _conclude(
    result: Result, settings: Settings, command: str, *, console: bool
) -> None:
    """Print which reports could not be written and, on a console, the summary."""
    text = "".join(f"bulkrepo: {line}\n" for line in result.unwritten)
    if console:
        text += summary.render_summary(
            result.run,
            result.summary,
            reports=[path for path in settings.reports if path != "-"],
            command=command,
            ignore=settings.on_differs == "ignore",
            suspects=result.suspects,
            width=progress.width(sys.stderr),
        )
        text += "\n"
    with suppress(OSError):  # the exit code tells the outcome as well
        sys.stderr.write(text)


def _show_plan(
    result: Result, settings: Settings, command: str, *, quiet: bool
) -> None:
    """Print the plan on stdout."""
    _conclude(result, settings, command, console=False)
    if not quiet and "-" not in settings.reports:
        text = summary.render_plan(
            result.run,
            result.summary,
            reports=list(settings.reports),
            organizations=result.organizations,
            command=command,
            ignore=settings.on_differs == "ignore",
            suspects=result.suspects,
            width=progress.width(sys.stdout),
        )
        stdio.say(text + "\n")
