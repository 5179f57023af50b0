"""
Wiring. argv to api, errors to exit codes.

Heavy imports stand inside the commands: `bulkrepo --help` answers at once.
"""

import os
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self, TypeVar

import click

from bulkrepo.model import BulkrepoError, SettingsError

if TYPE_CHECKING:
    from bulkrepo.auth import Auth
    from bulkrepo.logs import LogControl
    from bulkrepo.model import Event, Result

F = TypeVar("F", bound=Callable[..., Any])

_FORMATS = click.Choice(["csv", "json", "ndjson", "text"])


def _stack(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Put *options* on a command, shown in this order."""

    def on(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return on


def _rows(command: F) -> F:
    """Give a command what decides how lists are read."""
    return _stack(
        click.argument("lists", nargs=-1, required=True, metavar="LIST..."),
        click.option("-n", "--namespace", help="Organization of rows that name none."),
        click.option(
            "--visibility",
            type=click.Choice(["private", "public"]),
            help="For rows that do not say; without it such a row is a fault.",
        ),
        click.option("--category", help="For rows that do not say."),
        click.option(
            "--namespace-from-path",
            is_flag=True,
            help="Read a name such as team/app as organization and repository.",
        ),
        click.option(
            "--grammar",
            type=click.Choice(["strict", "docker"]),
            default="strict",
            show_default=True,
            help="docker leaves runs of hyphens to the server.",
        ),
        click.option("--format", type=_FORMATS, help="Instead of guessing."),
    )(command)


def _logging(command: F) -> F:
    """Give a command what decides how it talks."""
    return _stack(
        click.option(
            "--log-format",
            type=click.Choice(["auto", "console", "json"]),
            default="auto",
            show_default=True,
            help="Of the log on stderr: for people on a terminal, JSON elsewhere.",
        ),
        click.option("--log-file", type=click.Path(), help="Append a JSON log here."),
        click.option("-v", "--verbose", count=True, help="Say more; twice: all."),
        click.option("-q", "--quiet", is_flag=True, help="Say only what is wrong."),
    )(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bulkrepo")
def cli() -> None:
    """Create container image repositories in bulk in SWR; account for every row."""


@cli.command()
@_rows
@click.option("--region", help="Where; gives the endpoint.  [env: HW_REGION_NAME]")
@click.option("--endpoint", help="https://swr-api....  [env: SWR_ENDPOINT]")
@click.option(
    "--token-file", type=click.Path(), help="IAM token; read again when refused."
)
@click.option(
    "--sandbox", is_flag=True, help="Against an SWR of our own, gone at the end."
)
@click.option(
    "--rate",
    default="auto",
    show_default=True,
    help="Requests allowed: auto, or 20/s, 60/m, 200/5m.",
)
@click.option(
    "--concurrency",
    default="auto",
    show_default=True,
    help="Requests in flight: auto (at most 64) or a number.",
)
@click.option(
    "--max-attempts",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Tries for one request while the service is healthy.",
)
@click.option(
    "--patience",
    default="10m",
    show_default=True,
    help="How long an outage is waited out.",
)
@click.option("--deadline", help="Stop tidily after this long.")
@click.option(
    "--max-failures", type=click.IntRange(1), help="Stop after so many failed rows."
)
@click.option("--strict", is_flag=True, help="Any fault in the lists: send nothing.")
@click.option(
    "--on-differs",
    type=click.Choice(["fail", "ignore"]),
    default="fail",
    show_default=True,
    help="A repository that exists with other attributes.",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(allow_dash=True),
    help="Per-row report; format by suffix: .jsonl .json .csv .md; - is stdout.  "
    "[default: LIST.report.jsonl]",
)
@click.option(
    "--ledger",
    type=click.Path(),
    help="The run's memory.  [default: bulkrepo.db; none with --sandbox]",
)
@click.option("--fresh", is_flag=True, help="Do not continue an interrupted run.")
@click.option("--cacert", type=click.Path(), help="CA bundle.  [env: OS_CACERT]")
@_logging
def create(lists: tuple[str, ...], **options: Any) -> None:
    """Create what the lists name. A LIST is CSV, JSON, NDJSON or text; - is stdin."""
    import asyncio  # noqa: PLC0415 - see the module

    factory = None
    try:
        import uvloop  # noqa: PLC0415 - where the platform has it

        factory = uvloop.new_event_loop
    except ImportError:
        pass
    with asyncio.Runner(loop_factory=factory) as runner:
        code = runner.run(_create(lists, options))
    sys.exit(code)


async def _create(lists: tuple[str, ...], options: dict[str, Any]) -> int:
    """Run the main job; give the exit code."""
    import signal  # noqa: PLC0415

    from bulkrepo import api, logs, terminal  # noqa: PLC0415

    quiet = options["quiet"]
    control = api.Control()
    log = logs.configure(
        log_format=options["log_format"],
        log_file=options["log_file"],
        verbosity=options["verbose"],
        quiet=quiet,
    )
    async with AsyncExitStack() as stack:
        stack.callback(log.close)
        endpoint, credential = await _where(stack, options)
        for secret in credential.secrets():
            log.hide(secret)
        settings = _settings(lists, options, endpoint, credential)
        _on_signals(control, (signal.SIGINT, signal.SIGTERM))
        shown = stack.enter_context(_Shown(log, quiet=quiet, terminal=terminal))
        result = await api.create(
            lists, settings=settings, on_event=shown.on_event, control=control
        )
    _conclude(
        result, settings_ledger=options["ledger"], reports=settings.reports, quiet=quiet
    )
    return result.exit_code or (4 if log.failed else 0)


def _settings(
    lists: tuple[str, ...], options: dict[str, Any], endpoint: str, credential: "Auth"
) -> Any:
    from bulkrepo.settings import MEMORY, Settings, duration  # noqa: PLC0415

    deadline, workers = options["deadline"], options["concurrency"]
    if workers != "auto" and not (workers.isdecimal() and int(workers)):
        raise SettingsError(f"--concurrency {workers}: write auto or a number")
    if options["ledger"] is None:
        options["ledger"] = MEMORY if options["sandbox"] else "bulkrepo.db"
    return Settings(
        endpoint=endpoint,
        credential=credential,
        namespace=options["namespace"],
        visibility=options["visibility"],
        category=options["category"],
        namespace_from_path=options["namespace_from_path"],
        grammar=options["grammar"],
        format=options["format"],
        stdin=_stdin(lists),
        rate=options["rate"],
        concurrency=64 if workers == "auto" else int(workers),
        max_attempts=options["max_attempts"],
        patience=duration(options["patience"]),
        deadline=None if deadline is None else duration(deadline),
        max_failures=options["max_failures"],
        cacert=options["cacert"] or os.environ.get("OS_CACERT"),
        strict=options["strict"],
        on_differs=options["on_differs"],
        ledger=options["ledger"],
        fresh=options["fresh"],
        reports=options["reports"] or (_default_report(lists[0]),),
    )


async def _where(stack: AsyncExitStack, options: dict[str, Any]) -> tuple[str, "Auth"]:
    """Give endpoint and credential: of the sandbox, or from options and environment."""
    from bulkrepo import auth, endpoints  # noqa: PLC0415

    if options["sandbox"]:
        from bulkrepo.sandbox import Sandbox  # noqa: PLC0415
        from bulkrepo.sandbox import Settings as Faults  # noqa: PLC0415

        box = await stack.enter_async_context(Sandbox(Faults(any_organization=True)))
        return box.url, auth.Token("the sandbox", lambda: box.settings.token)
    environment = os.environ
    endpoint = options["endpoint"]
    region = options["region"]
    if endpoint is None and region is None:
        endpoint = environment.get("SWR_ENDPOINT")
        region = environment.get("HW_REGION_NAME") or environment.get("OS_REGION_NAME")
    if endpoint is None and region is None:
        raise SettingsError(
            "where? Give --region or --endpoint, or set HW_REGION_NAME or SWR_ENDPOINT "
            "(to try things out without an account, add --sandbox)"
        )
    if endpoint is None:
        endpoint = endpoints.of_region(region)
    return endpoints.checked(endpoint), auth.choose(
        environment, token_file=options["token_file"], read_file=_read_file
    )


def _stdin(lists: tuple[str, ...]) -> BinaryIO | None:
    return sys.stdin.buffer if "-" in lists else None


def _read_file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a token"
        raise SettingsError(f"--token-file {path}: {why}") from error


def _default_report(source: str) -> str:
    if source == "-":
        return "stdin.report.jsonl"
    path = Path(source)
    stem = path.name.removesuffix(path.suffix).removesuffix(".report")
    return str(path.with_name(f"{stem}.report.jsonl"))


def _on_signals(control: Any, numbers: tuple[int, ...]) -> None:
    """First signal: stop tidily. Second: at once, as if killed."""
    import asyncio  # noqa: PLC0415
    import signal  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    seen = 0

    def on(number: int) -> None:
        nonlocal seen
        seen += 1
        name = signal.Signals(number).name
        if seen == 1:
            control.stop(f"interrupted by {name}", exit_code=128 + number)
        else:
            os.write(2, b"\n\x1b[?25h" if os.isatty(2) else b"\n")
            os._exit(128 + number)

    for number in numbers:
        loop.add_signal_handler(number, on, number)


class _Shown:
    """What a person sees while a run goes on."""

    def __init__(self, log: "LogControl", *, quiet: bool, terminal: Any) -> None:
        self._log, self._quiet, self._terminal = log, quiet, terminal
        self._progress: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.__exit__(None, None, None)

    def on_event(self, event: "Event") -> None:
        """Draw the bar; rows are the log's business."""
        from bulkrepo.model import Progressed, Started  # noqa: PLC0415

        if isinstance(event, Progressed):
            if self._progress is not None:
                self._progress.update(
                    done=event.done,
                    failed=event.failed,
                    rate=event.allowed,
                    waiting=f"{event.throttled} throttled" if event.throttled else None,
                )
            self._log.flush()
        elif isinstance(event, Started) and not self._quiet:
            self._progress = self._terminal.Progress(
                total=event.total, terminal=sys.stderr.isatty()
            )
            self._progress.__enter__()


def _conclude(
    result: "Result", *, settings_ledger: str, reports: tuple[str, ...], quiet: bool
) -> None:
    """Print the summary, to a person or when something is wrong."""
    from bulkrepo import terminal  # noqa: PLC0415
    from bulkrepo.settings import MEMORY  # noqa: PLC0415

    for line in result.unwritten:
        click.echo(f"bulkrepo: {line}", err=True)
    changed = result.summary.counts.get("created", 0)
    if quiet and not changed and not result.exit_code:
        return
    if sys.stderr.isatty() or result.exit_code:
        text = terminal.summary(
            result.run,
            result.summary,
            reports=[path for path in reports if path != "-"],
            ledger=None if settings_ledger == MEMORY else settings_ledger,
            lists=list(result.run.lists),
        )
        click.echo(text, err=True)


@cli.command()
@_rows
@click.option("--fix", "fixed", type=click.Path(), help="Write a corrected list here.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(allow_dash=True),
    help="Faulty rows as a report; format by suffix.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say only what is wrong.")
def validate(lists: tuple[str, ...], **options: Any) -> None:
    """Find every fault of every row, at file:line:column; send nothing."""
    from bulkrepo import check  # noqa: PLC0415
    from bulkrepo.settings import Reading  # noqa: PLC0415

    fixed, quiet = options.pop("fixed"), options.pop("quiet")
    options["reports"] = tuple(options["reports"])
    settings = Reading(stdin=_stdin(lists), **options)
    sys.exit(check.run(lists, settings=settings, fixed=fixed, quiet=quiet))


@cli.command()
@click.argument("run", type=int, required=False)
@click.option("--ledger", type=click.Path(), default="bulkrepo.db", show_default=True)
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(allow_dash=True),
    default=("-",),
    show_default=True,
    help="Format by suffix: .jsonl .json .csv .md; - is stdout as JSON Lines.",
)
def report(run: int | None, ledger: str, reports: tuple[str, ...]) -> None:
    """Write a run's report again, from the ledger (default: the last run's)."""
    from bulkrepo import api  # noqa: PLC0415

    sys.exit(api.report_again(ledger, run, reports))


def main() -> None:
    """Run the command line: a mistake of the user's in one line, a bug in full."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BulkrepoError as error:
        click.echo(f"bulkrepo: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(141)
    except Exception:  # noqa: BLE001 - a bug: its trace, and the code that says so
        import traceback  # noqa: PLC0415

        traceback.print_exc()
        click.echo("bulkrepo: this is a bug; the ledger has what was done", err=True)
        sys.exit(70)
