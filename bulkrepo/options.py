"""Wiring. Options that several commands have, worded once."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

REGISTRIES = ("distribution", "harbor", "gitlab", "quay", "dockerhub")
"""Products that list themselves."""

_FORMATS = click.Choice(["csv", "json", "ndjson", "text", "xlsx"])


def stack(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Put *options* on a command, shown in this order."""

    def on(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return on


def lists(command: F) -> F:
    """Give a command its lists."""
    return click.argument("lists", nargs=-1, required=True, metavar="LIST...")(command)


def rows(command: F) -> F:
    """Give a command what decides how lists are read."""
    return stack(
        click.option("-n", "--namespace", help="Organization of rows that name none."),
        click.option(
            "--visibility",
            type=click.Choice(["private", "public"]),
            help="For rows that do not say; without it such a row is a fault.",
        ),
        click.option("--category", help="For rows that do not say, such as linux."),
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


def mapping(command: F) -> F:
    """Give a command what decides how names elsewhere become names in SWR."""
    return stack(
        click.option("-n", "--namespace", help="Organization that the names go into."),
        click.option(
            "--map",
            "template",
            default="path",
            show_default=True,
            help="path keeps the path in the organization of -n; first makes the "
            "first segment the organization; host keeps the host as a segment; or a "
            "template such as {namespace}/mirror/{path}, of {namespace} {host} {path} "
            "{first} {rest} {last}.",
        ),
        click.option(
            "--strip", default="", metavar="PREFIX", help="Off the front of each path."
        ),
        click.option(
            "--legalize", is_flag=True, help="Alter names that break SWR's rules."
        ),
        click.option(
            "--exceptions",
            type=click.Path(),
            metavar="CSV",
            help="Columns source,target: the whole target; blank leaves one out.",
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
            help="The list; .csv, .json or .ndjson.  [default: SOURCE.swr.csv]",
        ),
        click.option(
            "--map-file",
            type=click.Path(),
            help="The map, as CSV.  [default: the list's name with .map.csv]",
        ),
    )(command)


def registry(command: F) -> F:
    """Give a command what decides how a registry elsewhere is asked."""
    return stack(
        click.option(
            "--registry",
            type=click.Choice(REGISTRIES),
            help="What answers at the URL.  [default: found out]",
        ),
        click.option(
            "--cacert", type=click.Path(), help="CA certificates to trust at the URL."
        ),
    )(command)


def logging(command: F) -> F:
    """Give a command what decides how it talks."""
    return stack(
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


def pacing(command: F) -> F:
    """Give a command what decides how hard it tries."""
    return stack(
        click.option(
            "--rate",
            default="auto",
            show_default=True,
            help="Requests allowed: auto, or 20/s, 60/m, 200/5m.",
        ),
        click.option(
            "--concurrency",
            default="auto",
            show_default=True,
            help="Requests in flight: auto (at most 64) or a number.",
        ),
        click.option(
            "--max-attempts",
            type=click.IntRange(1),
            default=5,
            show_default=True,
            help="Tries for one request while the service is healthy.",
        ),
        click.option(
            "--patience",
            metavar="DURATION",
            default="10m",
            show_default=True,
            help="How long nothing at all may succeed, before the run stops.",
        ),
        click.option(
            "--timeout",
            metavar="DURATION",
            default="30s",
            show_default=True,
            help="How long one request may take.",
        ),
        click.option(
            "--deadline",
            metavar="DURATION",
            help="Stop tidily after this long, such as 90s, 10m or 1h30m.",
        ),
        click.option(
            "--max-failures",
            type=click.IntRange(1),
            help="Stop after so many failed rows.",
        ),
    )(command)


_SURVEY = click.option(
    "--survey",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="List organizations first: auto, where that costs fewer requests.",
)


def surveying(command: F) -> F:
    """Give a command what decides whether organizations are listed first."""
    return _SURVEY(command)


def writing(command: F) -> F:
    """Give a command what decides what is made of what is there, and of what is not."""
    return stack(
        click.option(
            "--on-differs",
            type=click.Choice(["fail", "ignore", "update"]),
            default="fail",
            show_default=True,
            help="A repository that exists with other attributes.",
        ),
        click.option(
            "--create-organizations",
            is_flag=True,
            help="Create missing organizations first.",
        ),
        _SURVEY,
    )(command)


def reporting(default: str) -> Callable[[F], F]:
    """Give a command its reports; *default* says which is written without."""
    return click.option(
        "--report",
        "reports",
        multiple=True,
        type=click.Path(allow_dash=True),
        help="Report, may be given several times; format by suffix: .jsonl .json .csv"
        " .md .html .xml (JUnit) .prom; - is stdout as JSON Lines.  "
        f"[default: {default}]",
    )


def remembering(command: F) -> F:
    """Give a command its ledger."""
    return click.option(
        "--ledger",
        type=click.Path(),
        help="The run's memory.  [default: bulkrepo.db; none with --sandbox]",
    )(command)


def where(command: F) -> F:
    """Give a command what decides whom it talks to, and who as."""
    return stack(
        click.option(
            "--region", help="Such as eu-de; its endpoint.  [env: HW_REGION_NAME]"
        ),
        click.option("--endpoint", help="https://swr-api....  [env: SWR_ENDPOINT]"),
        click.option("--iam-endpoint", help="https://iam....  [env: SWR_IAM_ENDPOINT]"),
        click.option(
            "--auth",
            type=click.Choice(["token", "aksk", "password", "cloud"]),
            help="Sign in this way, instead of the first that is there.",
        ),
        click.option(
            "--token-file",
            type=click.Path(),
            help="IAM token; read again when refused.",
        ),
        click.option(
            "--cacert", type=click.Path(), help="CA bundle.  [env: OS_CACERT]"
        ),
        click.option(
            "--sandbox",
            is_flag=True,
            help="Against an SWR of our own, gone at the end.",
        ),
    )(command)


def identities(command: F) -> F:
    """Give the sandbox whom it knows, and what belongs to whom."""

    def names(*words: str, text: str) -> Callable[[F], F]:
        return click.option(*words, multiple=True, metavar="NAME", help=text)

    return stack(
        click.option("--access-key", default="SANDBOXACCESSKEY", show_default=True),
        click.option("--secret-key", default="sandbox-secret-key", show_default=True),
        click.option("--security-token", help="Makes the access key a temporary one."),
        click.option("--project-id", default="0123456789abcdef" * 2, show_default=True),
        names("--readonly", "--forbid", "forbidden", text="One that we only read in."),
        names("--unlisted", text="One whose repositories may not be listed."),
        names("--taken", text="One of another account's."),
        click.option(
            "--discreet", is_flag=True, help="Say 403 also of one that is not there."
        ),
        click.option(
            "--organization-quota",
            type=int,
            default=5,
            show_default=True,
            help="Organizations of ours; without --organization, any number.",
        ),
        click.option(
            "--images",
            multiple=True,
            metavar="ORG/REPO",
            help="One that is there, with an image.",
        ),
    )(command)


def faults(command: F) -> F:
    """Give the sandbox its ways to misbehave."""
    share = click.FloatRange(0, 1)
    shares = {
        "error-rate": "Share of creates answered 500 ...",
        "error-commits": "... of which this share is carried out all the same.",
        "drop-before": "Share cut off before anything is done.",
        "drop-after": "Share carried out, and then cut off without an answer.",
        "late-rate": "Share cut off without an answer, carried out --late-by later.",
        "busy-rate": "Share answered 409 busy.",
        "html-rate": "Share of all requests answered by a proxy's page, 502.",
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
            help="Seconds at most that a late create is late.",
        ),
        click.option("--latency", type=float, default=0.0, help="Seconds a request."),
        click.option("--jitter", type=float, default=0.0, help="Up to so many more."),
        click.option("--limit", help="Throttle beyond, such as 20/1s."),
        click.option(
            "--throttle-status",
            type=click.Choice(["429", "403"]),
            default="429",
            show_default=True,
        ),
        click.option(
            "--throttle-text/--no-throttle-text",
            default=True,
            help="Whether a throttled answer names the rule.",
        ),
        click.option("--retry-after", type=click.Choice(["seconds", "date"])),
        click.option("--token-lifetime", type=float, help="Seconds."),
        click.option("--quota", type=int, help="Repositories an organization."),
        click.option(
            "--vanish", type=int, default=0, help="Deleted after each page of a list."
        ),
        click.option(
            "--appear", type=int, default=0, help="Created after each page of a list."
        ),
        click.option("--seed", type=int, default=0, help="Of the faults."),
    )(command)
