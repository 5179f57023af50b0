"""Pure. A configuration of regsync (regclient), which keeps two registries in sync."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice

from bulkrepo.copyjobs.heading import Heading
from bulkrepo.copyjobs.references import Copy
from bulkrepo.visible import quote

_BATCH = 500
# "Minimum number of pulls remaining to start the step" (regsync's documentation), for
# sources that tell, as Docker Hub does: its smallest allowances are below 100.
_DEFAULTS = """\
version: 1
defaults:
  parallel: 4
  ratelimit:
    min: 10
    retry: 15m
sync:
"""


def job(heading: Heading, copies: Iterable[Copy]) -> Iterator[bytes]:
    """
    Yield the configuration: a step a repository, of `type: repository`, all its tags.

    Text is written as JSON writes it, which YAML reads; a reference is ASCII, and has
    no braces, which would be a template.
    """
    lines = heading.comments(
        "Credentials are those of `docker login` (~/.docker/config.json), unless",
        "`creds` are given here.",
    )
    text = "".join(f"{line}\n" for line in lines)
    yield (text + _DEFAULTS).encode()
    rest = iter(copies)
    while batch := list(islice(rest, _BATCH)):
        yield "".join(
            f"  - source: {json.dumps(each.source)}\n"
            f"    target: {json.dumps(each.target)}\n"
            "    type: repository\n"
            for each in batch
        ).encode()


def login(registries: Iterable[str]) -> Iterator[str]:
    """Yield how regsync gets its credentials."""
    for host in registries:
        yield f"docker login {host}"


def command(path: str) -> str:
    """Return the command that runs every step once."""
    return f"regsync once -c {quote(path)}"
