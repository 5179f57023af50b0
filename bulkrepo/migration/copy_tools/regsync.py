"""Pure. A configuration of regsync (regclient), which keeps two registries in sync."""

import json
from collections.abc import Iterable, Iterator

from bulkrepo.core.encoding import batches
from bulkrepo.core.text import quote
from bulkrepo.migration.copy_tools.header import JobHeader
from bulkrepo.migration.copy_tools.references import RepositoryCopy

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


def job(heading: JobHeader, copies: Iterable[RepositoryCopy]) -> Iterator[bytes]:
    """
    Yield the configuration: a step a repository, for all its tags.

    Text is written as JSON, which YAML reads; references are ASCII, without the braces
    of templates.
    """
    lines = heading.comments(
        "Credentials are those of `docker login` (~/.docker/config.json), unless",
        "`creds` are given here.",
    )
    text = "".join(f"{line}\n" for line in lines)
    yield (text + _DEFAULTS).encode()
    for batch in batches(copies):
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
