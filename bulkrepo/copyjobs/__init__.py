"""
Pure. What a tool needs to copy the images of a map: one function a tool, and a table.

Each is handed an iterator over as many repositories as there are, and gives chunks
back while it reads. No credential stands in any of them.
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

    *job* makes its file of what is to be copied, *suffix* is that file's. *login*
    says in lines where the tool finds credentials for registries, and *command* how
    it is run with a file.
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
