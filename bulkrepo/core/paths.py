"""
Paths that people give, opened without being led astray.

Whoever may write to a folder, as everybody may to /tmp, can put a link where our file
is going to be, and have us write to the link's target. So links are followed by us, and
only those that we, or the owner of the folder they are in, have made: the rule of
Linux's `protected_symlinks`, which neither covers every folder nor a later rename.
"""

import errno
import os
import re
import stat
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.text import escape

_DESCRIPTOR = re.compile(r"/dev/(std(in|out|err)|fd/\d+)|/proc/self/fd/\d+")
_LINKS = 40  # followed at most, as by Linux


def names_descriptor(path: str | Path) -> bool:
    """Return whether *path* stands for an open file of this process."""
    return _DESCRIPTOR.fullmatch(str(path)) is not None


def resolve_own_links(path: str | Path) -> Path:
    """
    Return *path* absolute and without links; its end need not exist.

    Raises SettingsError for a link that is neither ours nor the folder owner's, and
    OSError where links lead in a circle. An open file of this process stays as it is.
    """
    if names_descriptor(path):
        return Path(path)
    resolved, links = Path("/"), 0
    parts = deque(Path(path).absolute().parts[1:])
    while parts:
        part = parts.popleft()
        if part == "..":
            resolved = resolved.parent
            continue
        place = resolved / part
        try:
            found = place.lstat()
        except FileNotFoundError:
            found = None
        if found is None or not stat.S_ISLNK(found.st_mode):
            resolved = place
            continue
        if found.st_uid not in (os.geteuid(), resolved.stat().st_uid):
            raise SettingsError(
                f"{escape(str(path))}: {escape(str(place))} is a symbolic link that "
                f"another user (id {found.st_uid}) made. It is not followed: remove "
                "it, or give the file that is meant"
            )
        links += 1
        if links > _LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        target = place.readlink()
        if target.is_absolute():
            resolved = Path("/")
        parts.extendleft(part for part in reversed(target.parts) if part != "/")
    return resolved


def open_file(path: str | Path, flags: int) -> int:
    """
    Open *path* with *flags*, readable by its owner only if it is created.

    Raises OSError, also where a pipe has no reader, and SettingsError for a link by
    somebody else.
    """
    if not names_descriptor(path):
        path, flags = resolve_own_links(path), flags | os.O_NOFOLLOW
    handle = os.open(path, flags | os.O_NONBLOCK, 0o600)
    os.set_blocking(handle, True)
    return handle


def open_regular_file(path: str | Path, flags: int) -> int:
    """Open *path* likewise, and raise OSError if it is no file but a device or pipe."""
    handle = open_file(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file")
    return handle


def refuse_overwriting(named: Mapping[str, Iterable[str | Path | None]]) -> None:
    """
    Raise `SettingsError` if two options name the same file.

    *named* maps options to their files; those that are read come first, and whatever
    is written would replace them. Devices and pipes do not count.
    """
    taken: dict[str, str] = {}
    for option, paths in named.items():
        for path in map(str, filter(None, paths)):
            if path == "-" or (os.path.exists(path) and not os.path.isfile(path)):  # noqa: PTH110, PTH113 - a Path raises for a name that no file can have
                continue
            other = taken.setdefault(os.path.realpath(path), option)
            if other != option:
                raise SettingsError(
                    f"{option} {escape(path)} would overwrite the file of {other}: "
                    "give another name"
                )
