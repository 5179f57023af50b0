"""
Pure. Rules for image-syncer and image-migrator, as JSON.

A source without a tag stands for all its tags, which are kept (image-syncer's README,
"Image sync configuration file"). image-migrator takes the same two files (Huawei
Cloud, "Migrating Images to SWR Using image-migrator"). JSON has no comments.
"""

from collections.abc import Iterable, Iterator

import msgspec

from bulkrepo.core.encoding import batches
from bulkrepo.core.text import quote
from bulkrepo.migration.copy_tools.header import JobHeader
from bulkrepo.migration.copy_tools.references import RepositoryCopy


def job(_heading: JobHeader, copies: Iterable[RepositoryCopy]) -> Iterator[bytes]:
    """Yield an object of source -> target."""
    encode = msgspec.json.encode
    before = b"{\n"
    for batch in batches(copies):
        rules = (b"  %b: %b" % (encode(c.source), encode(c.target)) for c in batch)
        yield before + b",\n".join(rules)
        before = b",\n"
    yield b"{}\n" if before == b"{\n" else b"\n}\n"


def login(registries: Iterable[str]) -> Iterator[str]:
    """Yield what auth.json looks like, with secrets left to the environment."""
    yield "auth.json, with the names of variables, or what they hold:"
    hosts = {
        host: {"username": f"$USER_{number}", "password": f"$PASSWORD_{number}"}
        for number, host in enumerate(registries, start=1)
    }
    yield f"  {msgspec.json.encode(hosts).decode()}"


def syncer(path: str) -> str:
    """Return the command of image-syncer."""
    return f"image-syncer {_options(path)}"


def migrator(path: str) -> str:
    """Return the command of image-migrator, under the name of its download."""
    return f"./image-migrator-linux-amd64 {_options(path)}"


def _options(path: str) -> str:
    return f"--auth=auth.json --images={quote(path)} --retries=5"
