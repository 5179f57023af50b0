"""
Wiring. argv to api, errors to exit codes.

Heavy imports stand inside the commands: `bulkrepo --help` answers at once.
"""

import errno
import sys
from contextlib import suppress
from typing import Any, BinaryIO

import click

from bulkrepo import migrating, options, standard
from bulkrepo.model import BulkrepoError, SettingsError

_RUN = click.IntRange(1, 2**63 - 1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bulkrepo")
def cli() -> None:
    """Create container image repositories in bulk in SWR; account for every row."""


@cli.command()
@options.lists
@options.rows
@options.where
@options.writing
@options.pacing
@click.option("--strict", is_flag=True, help="Any fault: send nothing, exit 2.")
@options.reporting("LIST.report.jsonl")
@options.remembering
@click.option("--fresh", is_flag=True, help="Do not continue an interrupted run.")
@options.logging
def create(lists: tuple[str, ...], **given: Any) -> None:
    """Create what the lists name: CSV, JSON, NDJSON, text, .xlsx; - is stdin."""
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
    """Say what create would do, on one screen; read only."""
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
    Prove that everything is there and as wanted; read only.

    Without a LIST (a report is one): the rows of the ledger's last run.
    """
    _run("verify", lists, given)


@cli.command()
@click.argument("lists", nargs=-1, metavar="[REPORT]...")
@click.option("--run", type=_RUN, help="Of the ledger, instead of the last one.")
@options.where
@options.writing
@options.pacing
@options.reporting("REPORT.retry.jsonl")
@options.remembering
@options.logging
def retry(lists: tuple[str, ...], **given: Any) -> None:
    """
    Try again what did not succeed, and nothing else.

    Without a REPORT: what did not succeed in the ledger's last run.
    """
    if lists and given["run"] is not None:
        raise SettingsError("give a REPORT or --run, not both")
    _run("retry", lists, given)


@cli.command()
@click.argument("run", type=_RUN, required=False)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@options.where
@options.pacing
@options.reporting("undo.report.jsonl")
@options.remembering
@options.logging
def undo(**given: Any) -> None:
    """
    Remove what a run certainly created and that holds no image.

    RUN is a number (default: the last run that created anything). A repository is
    looked at again first: one that somebody made anew, or pushed to, stays.
    """
    _run("undo", (), given)


def _run(command: str, lists: tuple[str, ...], given: dict[str, Any]) -> None:
    from bulkrepo import foreground  # noqa: PLC0415 - see the module
    from bulkrepo.retyping import typed  # noqa: PLC0415

    sys.exit(foreground.run(typed(cli, command, lists), lists, given))


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
    help="Faulty rows as a report; formats as for create.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say only what is wrong.")
def validate(lists: tuple[str, ...], **given: Any) -> None:
    """Find every fault of every row, at file:line:column; send nothing."""
    from bulkrepo import check  # noqa: PLC0415
    from bulkrepo.settings import Reading  # noqa: PLC0415

    fixed, quiet = given.pop("fixed"), given.pop("quiet")
    given["reports"] = tuple(given["reports"])
    settings = Reading(stdin=_stdin(lists), **given)
    sys.exit(check.run(lists, settings=settings, fixed=fixed, quiet=quiet))


@cli.command("import")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@options.mapping
@options.registry
@click.option("--partial", is_flag=True, help="Take a listing that is not whole.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what is wrong.")
def import_(sources: tuple[str, ...], **given: Any) -> None:
    """
    Make a list for create of another registry's listing, saved or live.

    A SOURCE is a file, or the URL of a registry; - is stdin. Several are pages of one
    listing.
    """
    from bulkrepo import importing  # noqa: PLC0415
    from bulkrepo.mapping import Rules  # noqa: PLC0415

    names = ("namespace", "template", "strip", "legalize", "profile")
    rules = Rules(**{name: given.pop(name) for name in names})
    sys.exit(importing.run(sources, rules=rules, stdin=_stdin(sources), **given))


@cli.command()
@click.argument("tool", type=click.Choice(migrating.COPIERS))
@click.argument("maps", nargs=-1, required=True, metavar="MAP...")
@migrating.copying
@click.option("--run", type=_RUN, help="Of the ledger, instead of what it knows last.")
@click.option("--partial", is_flag=True, help="Exit 0 although some are left out.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what is wrong.")
def handover(tool: str, maps: tuple[str, ...], **given: Any) -> None:
    """
    Write what TOOL needs to copy the images of the repositories that are there.

    A MAP is what import wrote beside its list. What create did not find or make, says
    the ledger, is left out and named.
    """
    from bulkrepo import handover  # noqa: PLC0415

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
    """Write a run's report again, from the ledger (default: the last run's)."""
    from bulkrepo.reports import again  # noqa: PLC0415

    again(ledger, run, reports)


@cli.command()
@options.where
@click.option(
    "--patience",
    metavar="DURATION",
    default="1m",
    show_default=True,
    help="How long an outage is waited out.",
)
def whoami(**given: Any) -> None:
    """Say who we are signed in as, where, and what we may do in which organization."""
    import asyncio  # noqa: PLC0415

    from bulkrepo import whoami  # noqa: PLC0415

    sys.exit(asyncio.run(whoami.run(given)))


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
@options.identities
@options.faults
def sandbox(host: str, port: int, **given: Any) -> None:
    """Run an SWR and IAM on localhost, for trying things out; Ctrl-C ends it."""
    import asyncio  # noqa: PLC0415

    from bulkrepo.report import say  # noqa: PLC0415
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
        click.echo(f"# or sign: export SWR_ENDPOINT={url} {keys}", err=True)
        click.echo(f"# state: {url}/sandbox/state", err=True)

    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(serve(settings, host=host, port=port, ready=ready))
    except OSError as error:
        raise SettingsError(f"--port {port}: {error.strerror or error}") from error


def _refused(error: OSError) -> str | None:
    """Say what the system refuses, and what to do; None: what no system would."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG | errno.EIO | errno.EBADF:
            why = "the standard output, or a temporary file (TMPDIR), cannot be written"
        case errno.EMFILE | errno.ENFILE:
            why = "this process may have too few files open: allow more (ulimit -n 256)"
        case errno.ENOENT if error.filename is None:
            why = "the working directory is gone, or there is none for temporary files"
        case _:
            return None
    return f"{why} ({error.strerror})"


def main() -> None:
    """Run the command line: a mistake of the user's in one line, a bug in full."""
    with standard.streams():
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
        standard.let_go()
        sys.exit(141)
    except Exception as error:  # noqa: BLE001 - a bug: its trace, and a code for it
        why = _refused(error) if isinstance(error, OSError) else None
        if why is not None:
            click.echo(f"bulkrepo: {why}", err=True)
            standard.let_go()
            sys.exit(4)
        import traceback  # noqa: PLC0415

        traceback.print_exc()
        click.echo("bulkrepo: this is a bug; the ledger has what was done", err=True)
        sys.exit(70)
