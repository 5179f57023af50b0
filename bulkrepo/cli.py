"""
Wiring. argv to api, errors to exit codes.

Heavy imports stand inside the commands: `bulkrepo --help` answers at once.
"""

import os
import sys
from typing import Any, BinaryIO

import click

from bulkrepo.model import BulkrepoError, SettingsError
from bulkrepo.options import faults, identities, logging, rows, where


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bulkrepo")
def cli() -> None:
    """Create container image repositories in bulk in SWR; account for every row."""


@cli.command()
@rows
@where
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
@click.option(
    "--timeout",
    default="30s",
    show_default=True,
    help="How long one request may take.",
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
@logging
def create(lists: tuple[str, ...], **options: Any) -> None:
    """Create what the lists name. A LIST is CSV, JSON, NDJSON or text; - is stdin."""
    from bulkrepo import foreground  # noqa: PLC0415 - see the module

    sys.exit(foreground.create(lists, options))


def _stdin(lists: tuple[str, ...]) -> BinaryIO | None:
    return sys.stdin.buffer if "-" in lists else None


@cli.command()
@rows
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
@click.argument("run", type=click.IntRange(1, 2**63 - 1), required=False)
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
    from bulkrepo.reports import again  # noqa: PLC0415

    again(ledger, run, reports)


@cli.command()
@where
@click.option(
    "--patience",
    default="1m",
    show_default=True,
    help="How long an outage is waited out.",
)
def whoami(**options: Any) -> None:
    """Say who we are signed in as, where, and what we may do in which organization."""
    import asyncio  # noqa: PLC0415

    from bulkrepo import whoami  # noqa: PLC0415

    sys.exit(asyncio.run(whoami.run(options)))


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8099, show_default=True)
@click.option("--token", default="sandbox-token", show_default=True)
@click.option(
    "--organization",
    "organizations",
    multiple=True,
    help="One that exists; without any, all do.",
)
@identities
@faults
def sandbox(host: str, port: int, **options: Any) -> None:
    """Run an SWR and IAM on localhost, for trying things out; Ctrl-C ends it."""
    import asyncio  # noqa: PLC0415
    from contextlib import suppress  # noqa: PLC0415

    from bulkrepo.sandbox import Settings, serve  # noqa: PLC0415

    options["throttle_status"] = int(options["throttle_status"])
    options["any_organization"] = not options["organizations"]
    try:
        settings = Settings(**options)
    except ValueError as error:
        raise SettingsError(str(error)) from error

    def ready(url: str) -> None:
        click.echo(f"export SWR_ENDPOINT={url} SWR_TOKEN={settings.token}")
        keys = (
            f"HW_ACCESS_KEY={settings.access_key} HW_SECRET_KEY={settings.secret_key}"
        )
        if settings.security_token:
            keys += f" HW_SECURITY_TOKEN={settings.security_token}"
        click.echo(f"# or sign: export SWR_ENDPOINT={url} {keys}", err=True)
        click.echo(f"# state: {url}/sandbox/state", err=True)

    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(serve(settings, host=host, port=port, ready=ready))
    except OSError as error:
        raise SettingsError(f"--port {port}: {error.strerror or error}") from error


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
