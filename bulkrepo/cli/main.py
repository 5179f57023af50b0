"""
Wiring. Turns argv into api calls, and errors into exit codes.

Commands import heavy modules themselves, so `bulkrepo --help` answers at once.
"""

import errno
import sys
from contextlib import suppress
from typing import Any, BinaryIO

import click

from bulkrepo.cli import options
from bulkrepo.core import stdio
from bulkrepo.core.errors import BulkrepoError, SettingsError

_RUN = click.IntRange(1, 2**63 - 1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bulkrepo")
def cli() -> None:
    """Create container image repositories in SWR in bulk; report on every row."""


@cli.command()
@options.lists
@options.rows
@options.where
@options.writing
@options.pacing
@click.option("--strict", is_flag=True, help="On any fault, send nothing, exit 2.")
@options.reporting("LIST.report.jsonl")
@options.remembering
@click.option("--fresh", is_flag=True, help="Do not continue an interrupted run.")
@options.logging
def create(lists: tuple[str, ...], **given: Any) -> None:
    """
    Create the repositories that the LISTs name.

    A LIST is a CSV, JSON, NDJSON, text or .xlsx file; - is stdin.
    """
    _run("create", lists, given)


@cli.command()
@options.lists
@options.rows
@options.where
@options.writing
@options.pacing
@options.reporting("none")
@click.option(
    "--exit-code", is_flag=True, help="Exit 10 when there is something to do."
)
@options.logging
def plan(lists: tuple[str, ...], **given: Any) -> None:
    """Show what create would do, on one screen (read only)."""
    _run("plan", lists, given)


@cli.command()
@click.argument("lists", nargs=-1, metavar="[LIST]...")
@options.rows
@options.where
@options.surveying
@options.pacing
@options.reporting("LIST.verify.jsonl")
@options.remembering
@options.logging
def verify(lists: tuple[str, ...], **given: Any) -> None:
    """
    Prove that every repository exists as wanted (read only).

    A LIST may be a report. Without one, verify checks the ledger's last run.
    """
    _run("verify", lists, given)


@cli.command()
@click.argument("lists", nargs=-1, metavar="[REPORT]...")
@click.option("--run", type=_RUN, help="Run of the ledger.  [default: the last one]")
@options.where
@options.writing
@options.pacing
@options.reporting("REPORT.retry.jsonl")
@options.remembering
@options.logging
def retry(lists: tuple[str, ...], **given: Any) -> None:
    """
    Retry only what did not succeed.

    Without a REPORT, retry takes the ledger's last run.
    """
    if lists and given["run"] is not None:
        raise SettingsError("give a REPORT or --run, not both")
    _run("retry", lists, given)


@cli.command()
@click.argument("run", type=_RUN, required=False)
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@options.where
@options.pacing
@options.reporting("undo.report.jsonl")
@options.remembering
@options.logging
def undo(**given: Any) -> None:
    """
    Remove what a run certainly created, unless it holds an image.

    RUN is a number (default: the last run that created anything). Each repository is
    read first: one that somebody recreated or pushed to stays.
    """
    _run("undo", (), given)


def _run(command: str, lists: tuple[str, ...], given: dict[str, Any]) -> None:
    from bulkrepo.cli import run_command  # noqa: PLC0415 - see the module
    from bulkrepo.cli.typed_command import typed  # noqa: PLC0415

    sys.exit(run_command.run(typed(cli, command, lists), lists, given))


def _stdin(lists: tuple[str, ...]) -> BinaryIO | None:
    return sys.stdin.buffer if "-" in lists else None


@cli.command()
@options.lists
@options.rows
@click.option("--fix", "fixed", type=click.Path(), help="Write a corrected list here.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(allow_dash=True),
    help="Report of the faulty rows; formats as for create.",
)
@click.option("-q", "--quiet", is_flag=True, help="Report only problems.")
def validate(lists: tuple[str, ...], **given: Any) -> None:
    """
    Find every fault in every row, without a network.

    Each is shown with its file:line:column.
    """
    from bulkrepo.cli import validate  # noqa: PLC0415
    from bulkrepo.runs.settings import InputSettings  # noqa: PLC0415

    fixed, quiet = given.pop("fixed"), given.pop("quiet")
    given["reports"] = tuple(given["reports"])
    settings = InputSettings(stdin=_stdin(lists), **given)
    sys.exit(validate.run(lists, settings=settings, fixed=fixed, quiet=quiet))


@cli.command("import")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@options.mapping
@options.registry
@click.option("--partial", is_flag=True, help="Accept an incomplete listing.")
@click.option("-q", "--quiet", is_flag=True, help="Report only problems.")
def import_(sources: tuple[str, ...], **given: Any) -> None:
    """
    Turn another registry's listing into a list for create.

    A SOURCE is a saved listing or a registry's URL; - is stdin. Several SOURCEs are
    pages of one listing.
    """
    from bulkrepo.migration import importer  # noqa: PLC0415
    from bulkrepo.migration.mapping import MappingRules  # noqa: PLC0415

    names = ("namespace", "template", "strip", "legalize", "profile")
    rules = MappingRules(**{name: given.pop(name) for name in names})
    sys.exit(importer.run(sources, rules=rules, stdin=_stdin(sources), **given))


@cli.command()
@click.argument("tool", type=click.Choice(options.COPIERS))
@click.argument("maps", nargs=-1, required=True, metavar="MAP...")
@options.copying
@click.option("--run", type=_RUN, help="Run of the ledger.  [default: latest outcomes]")
@click.option("--partial", is_flag=True, help="Exit 0 even if some are left out.")
@click.option("-q", "--quiet", is_flag=True, help="Report only problems.")
def handover(tool: str, maps: tuple[str, ...], **given: Any) -> None:
    """
    Write the file that TOOL needs to copy the images.

    A MAP is the file that import wrote beside its list. A repository that the ledger
    does not have as found or created is left out, and named.
    """
    from bulkrepo.migration import handover  # noqa: PLC0415

    if given.pop("no_ledger"):
        if given["ledger"] is not None:
            raise SettingsError("give --ledger or --no-ledger, not both")
    else:
        given["ledger"] = given["ledger"] or "bulkrepo.db"
    sys.exit(handover.run(tool, maps, **given))


@cli.command()
@click.argument("run", type=_RUN, required=False)
@click.option("--ledger", type=click.Path(), default="bulkrepo.db", show_default=True)
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(allow_dash=True),
    default=("-",),
    show_default=True,
    help="Format by suffix: .jsonl .json .csv .md .html .xml (JUnit) .prom; - is"
    " stdout as JSON Lines.",
)
def report(run: int | None, ledger: str, reports: tuple[str, ...]) -> None:
    """
    Write a run's report again, from the ledger.

    RUN is a number (default: the last run).
    """
    from bulkrepo.runs.reporting import again  # noqa: PLC0415

    again(ledger, run, reports)


@cli.command()
@options.where
@click.option(
    "--patience",
    metavar="DURATION",
    default="1m",
    show_default=True,
    help="How long to wait out an outage.",
)
def whoami(**given: Any) -> None:
    """
    Show who you are signed in as, where, and your rights.

    The rights are listed by organization.
    """
    import asyncio  # noqa: PLC0415

    from bulkrepo.cli import whoami  # noqa: PLC0415

    sys.exit(asyncio.run(whoami.run(given)))


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8099, show_default=True)
@click.option("--token", default="sandbox-token", show_default=True)
@click.option(
    "--organization",
    "organizations",
    multiple=True,
    help="Organization that exists; without any, all do.",
)
@options.identities
@options.faults
def sandbox(host: str, port: int, **given: Any) -> None:
    """
    Run an SWR and IAM on localhost, for trying things out.

    Ctrl-C stops it.
    """
    import asyncio  # noqa: PLC0415

    from bulkrepo.core.stdio import say  # noqa: PLC0415
    from bulkrepo.sandbox import Settings, serve  # noqa: PLC0415

    given["throttle_status"] = int(given["throttle_status"])
    given["any_organization"] = not given["organizations"]
    try:
        settings = Settings(**given)
    except ValueError as error:
        raise SettingsError(str(error)) from error

    def ready(url: str) -> None:
        say(f"export SWR_ENDPOINT={url} SWR_TOKEN={settings.token}\n")
        keys = (
            f"HW_ACCESS_KEY={settings.access_key} HW_SECRET_KEY={settings.secret_key}"
        )
        if settings.security_token:
            keys += f" HW_SECURITY_TOKEN={settings.security_token}"
        click.echo(f"# or with a key: export SWR_ENDPOINT={url} {keys}", err=True)
        click.echo(f"# state: {url}/sandbox/state", err=True)

    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(serve(settings, host=host, port=port, ready=ready))
    except OSError as error:
        raise SettingsError(f"--port {port}: {error.strerror or error}") from error


def _refused(error: OSError) -> str | None:
    """Say what the system refuses and what to do; None if it is a bug instead."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG | errno.EIO | errno.EBADF:
            why = "standard output or a temporary file (TMPDIR) cannot be written"
        case errno.EMFILE | errno.ENFILE:
            why = "too many open files: raise the limit (ulimit -n 256)"
        case errno.ENOENT if error.filename is None:
            why = "the working directory is gone, or no temporary directory can be used"
        case _:
            return None
    return f"{why} ({error.strerror})"


def main() -> None:
    """Run the command line; show a user's mistake in one line, a bug in full."""
    with stdio.streams():
        _main()


def _main() -> None:
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
        stdio.let_go()
        sys.exit(141)
    except Exception as error:  # noqa: BLE001 - a bug: its trace, and a code for it
        why = _refused(error) if isinstance(error, OSError) else None
        if why is not None:
            click.echo(f"bulkrepo: {why}", err=True)
            stdio.let_go()
            sys.exit(4)
        import traceback  # noqa: PLC0415

        traceback.print_exc()
        click.echo(
            "bulkrepo: this is a bug: please report it with the lines above; the "
            "ledger has what was done",
            err=True,
        )
        sys.exit(70)
