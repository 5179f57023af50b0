"""Wiring. Options that several commands share, each worded once."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

REGISTRIES = ("distribution", "harbor", "gitlab", "quay", "dockerhub")
"""Registry products that can be listed live."""

_FORMATS = click.Choice(["csv", "json", "ndjson", "text", "yaml", "xlsx"])


def stack(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Add *options* to a command; help shows them in this order."""

    def on(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return on


def lists(command: F) -> F:
    """Add the LIST arguments."""
    return click.argument("lists", nargs=-1, required=True, metavar="LIST...")(command)


def rows(command: F) -> F:
    """Add the options for reading lists."""
    return stack(
        click.option("-n", "--namespace", help="Organization for rows without one."),
        click.option(
            "--visibility",
            type=click.Choice(["private", "public"]),
            help="For rows that give none; without it such a row is a fault.",
        ),
        click.option("--category", help="For rows without one, e.g. linux."),
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
        click.option("--format", type=_FORMATS, help="Format.  [default: guessed]"),
    )(command)


def mapping(command: F) -> F:
    """Add the options for mapping another registry's names to SWR names."""
    return stack(
        click.option("-n", "--namespace", help="Organization to put the names into."),
        click.option(
            "--map",
            "template",
            default="path",
            show_default=True,
            help="path: keep the path, in the organization of -n. first: the first "
            "segment is the organization. host: keep the host as a segment. Or a "
            "template such as {namespace}/mirror/{path}, made of {namespace} {host} "
            "{path} {first} {rest} {last}.",
        ),
        click.option(
            "--strip", default="", metavar="PREFIX", help="Drop this from each path."
        ),
        click.option(
            "--legalize", is_flag=True, help="Change names that break SWR's rules."
        ),
        click.option(
            "--exceptions",
            type=click.Path(),
            metavar="CSV",
            help="Columns source,target give whole targets; blank: skip the name.",
        ),
        click.option(
            "--grammar",
            "profile",
            type=click.Choice(["strict", "docker"]),
            default="strict",
            show_default=True,
            help="docker leaves runs of hyphens to the server.",
        ),
        click.option(
            "--output",
            type=click.Path(),
            help="List to write: .csv, .json, .ndjson.  [default: SOURCE.swr.csv]",
        ),
        click.option(
            "--map-file",
            type=click.Path(),
            help="Map to write, as CSV.  [default: the list's name with .map.csv]",
        ),
    )(command)


def registry(command: F) -> F:
    """Add the options for querying another registry."""
    return stack(
        click.option(
            "--registry",
            type=click.Choice(REGISTRIES),
            help="Product at the URL.  [default: detected]",
        ),
        click.option(
            "--cacert", type=click.Path(), help="CA certificates to trust for the URL."
        ),
    )(command)


def logging(command: F) -> F:
    """Add the options for logging."""
    return stack(
        click.option(
            "--log-format",
            type=click.Choice(["auto", "console", "json"]),
            default="auto",
            show_default=True,
            help="Log on stderr; auto: console on a terminal, JSON elsewhere.",
        ),
        click.option("--log-file", type=click.Path(), help="Append a JSON log here."),
        click.option("-v", "--verbose", count=True, help="Log more; -vv: everything."),
        click.option("-q", "--quiet", is_flag=True, help="Report only problems."),
    )(command)


def pacing(command: F) -> F:
    """Add the options for rate, retries and limits of a run."""
    return stack(
        click.option(
            "--rate",
            default="auto",
            show_default=True,
            help="Requests allowed: auto, or such as 20/s, 60/m, 200/5m.",
        ),
        click.option(
            "--concurrency",
            default="auto",
            show_default=True,
            help="Requests in flight at once: auto (at most 64) or a number.",
        ),
        click.option(
            "--max-attempts",
            type=click.IntRange(1),
            default=5,
            show_default=True,
            help="Tries per request while the service is healthy.",
        ),
        click.option(
            "--patience",
            metavar="DURATION",
            default="10m",
            show_default=True,
            help="Stop the run after this long without any success.",
        ),
        click.option(
            "--timeout",
            metavar="DURATION",
            default="30s",
            show_default=True,
            help="Time allowed for one request.",
        ),
        click.option(
            "--deadline",
            metavar="DURATION",
            help="Stop cleanly after this long, such as 90s, 10m or 1h30m.",
        ),
        click.option(
            "--max-failures",
            type=click.IntRange(1),
            help="Stop cleanly after this many failed rows.",
        ),
    )(command)


_SURVEY = click.option(
    "--survey",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="List organizations first; auto: if that takes fewer requests.",
)


def surveying(command: F) -> F:
    """Add the option for listing organizations first."""
    return _SURVEY(command)


def writing(command: F) -> F:
    """Add the options for existing repositories and missing organizations."""
    return stack(
        click.option(
            "--on-differs",
            type=click.Choice(["fail", "ignore", "update"]),
            default="fail",
            show_default=True,
            help="What to do if a repository exists with other attributes.",
        ),
        click.option(
            "--create-organizations",
            is_flag=True,
            help="Create missing organizations first.",
        ),
        _SURVEY,
    )(command)


def reporting(default: str) -> Callable[[F], F]:
    """Add `--report`; *default* names the report written without it."""
    return click.option(
        "--report",
        "reports",
        multiple=True,
        type=click.Path(allow_dash=True),
        help="Report to write (repeatable); format by suffix: .jsonl .json .csv .md"
        " .html .xml (JUnit) .prom; - is stdout as JSON Lines.  "
        f"[default: {default}]",
    )


def remembering(command: F) -> F:
    """Add `--ledger`."""
    return click.option(
        "--ledger",
        type=click.Path(),
        help="File for the run's memory.  [default: bulkrepo.db; none with --sandbox]",
    )(command)


def where(command: F) -> F:
    """Add the options for the endpoint and the credential."""
    return stack(
        click.option(
            "--region", help="Region to use, such as eu-de.  [env: HW_REGION_NAME]"
        ),
        click.option("--endpoint", help="https://swr-api....  [env: SWR_ENDPOINT]"),
        click.option("--iam-endpoint", help="https://iam....  [env: SWR_IAM_ENDPOINT]"),
        click.option(
            "--auth",
            type=click.Choice(["token", "aksk", "password", "cloud"]),
            help="Sign in this way.  [default: the first credential found]",
        ),
        click.option(
            "--token-file",
            type=click.Path(),
            help="File with an IAM token; read again when refused.",
        ),
        click.option(
            "--cacert", type=click.Path(), help="CA bundle.  [env: OS_CACERT]"
        ),
        click.option(
            "--sandbox",
            is_flag=True,
            help="Use a built-in SWR, gone at the end.",
        ),
    )(command)


def identities(command: F) -> F:
    """Add the sandbox's keys, rights and organizations."""

    def names(*words: str, text: str) -> Callable[[F], F]:
        return click.option(*words, multiple=True, metavar="NAME", help=text)

    return stack(
        click.option("--access-key", default="SANDBOXACCESSKEY", show_default=True),
        click.option("--secret-key", default="sandbox-secret-key", show_default=True),
        click.option("--security-token", help="Makes the access key a temporary one."),
        click.option("--project-id", default="0123456789abcdef" * 2, show_default=True),
        names("--readonly", "--forbid", "forbidden", text="One you may only read."),
        names("--unlisted", text="One whose repositories may not be listed."),
        names("--taken", text="One of another account."),
        click.option(
            "--discreet", is_flag=True, help="Answer 403 for missing ones as well."
        ),
        click.option(
            "--organization-quota",
            type=int,
            default=5,
            show_default=True,
            help="Organizations you may have; without --organization, any number.",
        ),
        click.option(
            "--images",
            multiple=True,
            metavar="ORG/REPO",
            help="Repository that exists and holds an image.",
        ),
    )(command)


def faults(command: F) -> F:
    """Add the sandbox's faults."""
    share = click.FloatRange(0, 1)
    shares = {
        "error-rate": "Share of creates answered with 500.",
        "error-commits": "Share of those carried out all the same.",
        "drop-before": "Share of creates dropped before anything is done.",
        "drop-after": "Share carried out, then dropped without an answer.",
        "late-rate": "Share dropped without an answer, carried out later (--late-by).",
        "busy-rate": "Share answered with 409 busy.",
        "html-rate": "Share of all requests answered with a proxy's 502 page.",
    }
    return stack(
        *(
            click.option(f"--{name}", type=share, default=0.0, help=text)
            for name, text in shares.items()
        ),
        click.option(
            "--late-by",
            type=float,
            default=5.0,
            show_default=True,
            help="Longest delay of a late create, in seconds.",
        ),
        click.option("--latency", type=float, default=0.0, help="Seconds per request."),
        click.option("--jitter", type=float, default=0.0, help="Up to this many more."),
        click.option("--limit", help="Throttle above this rate, such as 20/1s."),
        click.option(
            "--throttle-status",
            type=click.Choice(["429", "403"]),
            default="429",
            show_default=True,
        ),
        click.option(
            "--throttle-text/--no-throttle-text",
            default=True,
            help="Whether a throttled answer names the limit.",
        ),
        click.option("--retry-after", type=click.Choice(["seconds", "date"])),
        click.option("--token-lifetime", type=float, help="Seconds."),
        click.option("--quota", type=int, help="Repositories per organization."),
        click.option(
            "--vanish", type=int, default=0, help="Delete so many after each list page."
        ),
        click.option(
            "--appear", type=int, default=0, help="Create so many after each list page."
        ),
        click.option("--seed", type=int, default=0, help="Seed of the faults."),
    )(command)


COPIERS = ("skopeo", "regsync", "image-syncer", "image-migrator")
"""Tools that copy images."""


def copying(command: F) -> F:
    """Add the options for where images are copied from and to."""
    return stack(
        click.option(
            "--from",
            "registry",
            metavar="HOST[/PATH]",
            help="Registry to pull from, for sources without a host.",
        ),
        click.option(
            "--hosts/--no-hosts",
            default=None,
            help="With --from: is a first segment such as ghcr.io a host?",
        ),
        click.option(
            "--to",
            metavar="HOST",
            help="Registry to push to.  [default: the ledger's region's]",
        ),
        click.option(
            "--output",
            type=click.Path(allow_dash=True),
            help="File to write; - is stdout.  [default: named after MAP and TOOL]",
        ),
        click.option("--ledger", type=click.Path(), help="[default: bulkrepo.db]"),
        click.option("--no-ledger", is_flag=True, help="Assume the whole map exists."),
    )(command)
