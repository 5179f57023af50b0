"""
Pure. Jobs for tools that copy images: one function a tool, and the table of them.

Each takes an iterator over any number of repositories and yields its file in chunks. No
job has credentials in it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from bulkrepo.copyjobs import images, regsync, skopeo
from bulkrepo.copyjobs.heading import Heading
from bulkrepo.copyjobs.references import Copy, Origin, goal, origin, place, registry

__all__ = [
    "TOOLS",
    "Copy",
    "Heading",
    "Origin",
    "Tool",
    "goal",
    "origin",
    "place",
    "registry",
]


class Tool(NamedTuple):
    """
    A tool that copies images.

    *job* makes its file, which ends in *suffix*. *login* says how the tool gets
    credentials for registries, *command* how it is run with a file.
    """

    job: Callable[[Heading, Iterable[Copy]], Iterator[bytes]]
    suffix: str
    login: Callable[[Iterable[str]], Iterator[str]]
    command: Callable[[str], str]


TOOLS: Mapping[str, Tool] = {
    "skopeo": Tool(skopeo.job, ".skopeo.sh", skopeo.login, skopeo.command),
    "regsync": Tool(regsync.job, ".regsync.yml", regsync.login, regsync.command),
    "image-syncer": Tool(images.job, ".image-syncer.json", images.login, images.syncer),
    "image-migrator": Tool(
        images.job, ".image-migrator.json", images.login, images.migrator
    ),
}
