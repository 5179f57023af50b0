"""
Pure. Names in a map as references for the tools that copy images: HOST/PATH.

To a tool, a reference may also be a pattern or a template, or have a tag. Only plain
names get through, so that nothing from a map is read as anything else.
"""

import re

import msgspec

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.names import legal
from bulkrepo.core.text import anonymous, escape, shown
from bulkrepo.migration import mapping

# The grammar of Docker and of the OCI (distribution/reference): skopeo, regsync and
# image-syncer refuse whatever breaks it.
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
    r"|\[[0-9a-f:]+\])(?::[0-9]{1,5})?"
)
_SEGMENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_LONGEST = 255
_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")


class RepositoryCopy(msgspec.Struct, frozen=True):
    """One repository to be copied; both are HOST/PATH, without tag or digest."""

    source: str
    target: str

    @property
    def renamed(self) -> bool:
        """Whether the last segments differ."""
        return self.source.rpartition("/")[2] != self.target.rpartition("/")[2]


class Origin(msgspec.Struct, frozen=True):
    """
    Where sources without a host are: on *registry*, HOST or HOST/PATH.

    *hosts* says whether a first segment that looks like a host is one: with a registry
    it may be either. None: not said.
    """

    registry: str | None = None
    hosts: bool | None = None


def origin(registry: str | None, *, hosts: bool | None) -> Origin:
    """Return where sources are; `SettingsError` if *registry* is no place for them."""
    if registry is not None:
        host, slash, path = registry.rstrip("/").partition("/")
        if not _is_host(host) or bool(slash) != bool(_PATH.fullmatch(path)):
            raise SettingsError(
                f"--from {escape(anonymous(registry))}: write the host that images are "
                "pulled from, such as harbor.example.com, without https://"
            )
        registry = f"{host.lower()}{slash}{path}"
    return Origin(registry, hosts)


def registry(host: str) -> str:
    """Return the registry *host* that is copied to; `SettingsError` if it is none."""
    if not _is_host(host):
        raise SettingsError(
            f"--to {escape(anonymous(host))}: write the host that images are pushed "
            "to, such as swr.cn-north-4.myhuaweicloud.com, without https:// and path"
        )
    return host.lower()


def place(source: str, at: Origin) -> str | mapping.Unmappable:
    """
    Return *source* as a reference, or why no tool can copy it.

    Raises `SettingsError` where it is not known which host *source* is on.
    """
    first, slash, rest = source.partition("/")
    hosted = bool(slash) and mapping.is_host(first)
    if at.registry is None:
        if not hosted:
            raise SettingsError(
                f"{shown(source)} is a source without a host: give the registry that "
                "images are pulled from, --from HOST"
            )
    elif not hosted or at.hosts is False:
        first, _, path = at.registry.partition("/")
        rest = f"{path}/{source}" if path else source
    elif at.hosts is None and first.lower() != at.registry.partition("/")[0]:
        raise SettingsError(
            f"{shown(source)}: say whether {shown(first)} is the host to pull it "
            f"from, --hosts, or a part of its name on {at.registry}, --no-hosts"
        )
    host = first.lower() if first.isascii() else first
    if host in _HUB and "/" not in rest:
        rest = f"library/{rest}"
    return _checked(source, host, rest)


def goal(target: str, host: str) -> str | mapping.Unmappable:
    """Return *target* as a reference on the registry *host*, or why it cannot be."""
    namespace, _, repository = target.partition("/")
    if legal(namespace, profile="docker", slashes=False) and legal(
        repository, profile="docker", slashes=True
    ):
        return _checked(target, host, target)
    return mapping.Unmappable(
        target, "is not an ORGANIZATION/REPOSITORY that SWR can have"
    )


def _is_host(text: str) -> bool:
    return _HOST.fullmatch(text.lower()) is not None and text.isascii()


def _checked(name: str, host: str, path: str) -> str | mapping.Unmappable:
    if not _is_host(host):
        return mapping.Unmappable(name, f"{shown(host)} is no host")
    if not _PATH.fullmatch(path):
        lower = _PATH.fullmatch(path.lower()) is not None and path.isascii()
        why = "has uppercase letters" if lower else "breaks Docker's rules for names"
        return mapping.Unmappable(name, why)
    if len(host) + 1 + len(path) > _LONGEST:
        return mapping.Unmappable(name, f"is longer than {_LONGEST} characters")
    return f"{host}/{path}"
