"""Paths that people give are followed only as far as we may trust them."""

import os
import stat
from pathlib import Path

import pytest

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.paths import (
    names_descriptor,
    open_file,
    open_regular_file,
    refuse_overwriting,
    resolve_own_links,
)
from tests.support.users import NOBODY, as_root, plant


@pytest.mark.parametrize(
    ("links", "asked"),
    [
        pytest.param({}, "folder/file", id="no link"),
        pytest.param({"a": "folder/file"}, "a", id="relative"),
        pytest.param({"a": "/{}/folder/file"}, "a", id="absolute"),
        pytest.param({"a": "b", "b": "folder/file"}, "a", id="one to another"),
        pytest.param({"a": "folder"}, "a/file", id="a folder"),
        pytest.param({"a": "folder"}, "a/../folder/file", id="up from there"),
    ],
)
def test_our_own_links_are_followed(
    tmp_path: Path, links: dict[str, str], asked: str
) -> None:
    """To where they lead, whether or not there is a file yet."""
    (tmp_path / "folder").mkdir()
    for name, target in links.items():
        (tmp_path / name).symlink_to(target.format(str(tmp_path)[1:]))

    found = resolve_own_links(tmp_path / asked)

    assert found == (tmp_path / "folder" / "file").resolve()


@as_root
@pytest.mark.parametrize("asked", ["file", "folder/file"])
def test_a_link_by_somebody_else_is_not_followed(tmp_path: Path, asked: str) -> None:
    """Neither as the file nor as a folder on the way; the message names it."""
    link = tmp_path / Path(asked).parts[0]
    plant(link, Path("/nowhere"))

    with pytest.raises(SettingsError, match=rf"{link} is a symbolic link that another"):
        resolve_own_links(tmp_path / asked)


@as_root
def test_a_link_by_the_owner_of_its_folder_is_followed(tmp_path: Path) -> None:
    """Whose folder it is may say what its names mean, also to root."""
    plant(tmp_path / "link", Path("file"))
    os.chown(tmp_path, NOBODY, NOBODY)

    assert resolve_own_links(tmp_path / "link") == tmp_path / "file"


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    """With an error, not never."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    with pytest.raises(OSError, match="symbolic links"):
        resolve_own_links(tmp_path / "a")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/dev/stdin", True),
        ("/dev/stdout", True),
        ("/dev/fd/63", True),
        ("/proc/self/fd/1", True),
        ("/dev/null", False),
        ("/dev/stdout.jsonl", False),
        ("stdin", False),
    ],
)
def test_an_open_file_is_known_by_its_name(path: str, *, expected: bool) -> None:
    """It is no place to put files beside, and no link to follow."""
    assert names_descriptor(path) is expected
    assert not expected or resolve_own_links(path) == Path(path)


def test_a_file_that_is_opened_is_made_for_its_owner(tmp_path: Path) -> None:
    """And what exists keeps its mode."""
    old = tmp_path / "old"
    old.touch()
    old.chmod(0o644)
    for name in ("old", "new"):
        os.close(open_file(tmp_path / name, os.O_WRONLY | os.O_CREAT))

    assert stat.S_IMODE(old.stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


def test_a_pipe_does_not_keep_us_waiting(tmp_path: Path) -> None:
    """One without a reader cannot be written to, and is no regular file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(OSError, match="No such device or address"):
        open_file(pipe, os.O_WRONLY)
    with pytest.raises(OSError, match="no regular file"):
        open_regular_file(pipe, os.O_RDWR)


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    """By whatever name, and devices aside."""
    (tmp_path / "list").touch()
    (tmp_path / "link").symlink_to("list")
    refuse_overwriting({"LIST": ["-", "/dev/null"], "--report": [None, "/dev/null"]})

    with pytest.raises(SettingsError, match=r"--report .*link would overwrite .*LIST"):
        refuse_overwriting(
            {"LIST": [tmp_path / "list"], "--report": [tmp_path / "link"]}
        )
