"""
Pure. Jobs for tools that copy images: one function a tool, and the table of them.

Each takes an iterator over any number of repositories and yields its file in chunks. No
job has credentials in it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from bulkrepo.migration.copy_tools import image_syncer, regsync, skopeo
from bulkrepo.migration.copy_tools.header import JobHeader
from bulkrepo.migration.copy_tools.references import RepositoryCopy


class CopyTool(NamedTuple):
    """
    A tool that copies images.

    *job* makes its file, which ends in *suffix*. *login* says how the tool gets
    credentials for registries, *command* how it is run with a file.
    """

    job: Callable[[JobHeader, Iterable[RepositoryCopy]], Iterator[bytes]]
    suffix: str
    login: Callable[[Iterable[str]], Iterator[str]]
    command: Callable[[str], str]


TOOLS: Mapping[str, CopyTool] = {
    "skopeo": CopyTool(skopeo.job, ".skopeo.sh", skopeo.login, skopeo.command),
    "regsync": CopyTool(regsync.job, ".regsync.yml", regsync.login, regsync.command),
    "image-syncer": CopyTool(
        image_syncer.job, ".image-syncer.json", image_syncer.login, image_syncer.syncer
    ),
    "image-migrator": CopyTool(
        image_syncer.job,
        ".image-migrator.json",
        image_syncer.login,
        image_syncer.migrator,
    ),
}
