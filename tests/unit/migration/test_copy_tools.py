"""Jobs of the tools that copy images: each format, and that nothing gets out of it."""

import io
import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkrepo.cli.options import COPIERS
from bulkrepo.core.errors import SettingsError
from bulkrepo.migration.copy_tools import TOOLS
from bulkrepo.migration.copy_tools import skopeo as script
from bulkrepo.migration.copy_tools.header import JobHeader
from bulkrepo.migration.copy_tools.references import (
    RepositoryCopy,
    goal,
    origin,
    place,
    registry,
)
from bulkrepo.migration.listings.document_reader import documents
from bulkrepo.migration.mapping import Unmappable
from tests.support.gathering import whole

SWR = "swr.cn-north-4.myhuaweicloud.com"
COPIES = [
    RepositoryCopy("harbor.example.com/team/app", f"{SWR}/mirror/team/app"),
    RepositoryCopy("harbor.example.com/team/app--x", f"{SWR}/mirror/team/app-x"),
    RepositoryCopy("docker.io/library/busybox", f"{SWR}/m/busybox"),
]


def heading(**given: object) -> JobHeader:
    """Say of a job what is asked for, and something of the rest."""
    known: dict[str, object] = {
        "repositories": 3,
        "maps": ("hub.swr.map.csv",),
        "evidence": "bulkrepo.db",
        "sources": ("harbor.example.com", "docker.io"),
        "target": SWR,
    }
    return JobHeader(**{**known, **given})  # type: ignore[arg-type]


def job(tool: str, copies: Iterable[RepositoryCopy] = COPIES, **given: object) -> str:
    """Give the file of *tool*."""
    return b"".join(TOOLS[tool].job(heading(**given), iter(copies))).decode()


def test_the_command_line_offers_every_tool() -> None:
    """It names them itself, to answer `--help` without the formats."""
    assert tuple(TOOLS) == COPIERS


@pytest.mark.parametrize("tool", ["image-syncer", "image-migrator"])
def test_rules_of_image_syncer_are_an_object(tool: str) -> None:
    """As its README has it: no tag stands for all tags."""
    assert job(tool).splitlines() == [
        "{",
        f'  "harbor.example.com/team/app": "{SWR}/mirror/team/app",',
        f'  "harbor.example.com/team/app--x": "{SWR}/mirror/team/app-x",',
        f'  "docker.io/library/busybox": "{SWR}/m/busybox"',
        "}",
    ]


def test_steps_of_regsync_are_of_type_repository() -> None:
    """With comments that say where its credentials come from."""
    text = job("regsync")

    assert yaml.safe_load(text) == {
        "version": 1,
        "defaults": {"parallel": 4, "ratelimit": {"min": 10, "retry": "15m"}},
        "sync": [
            {"source": each.source, "target": each.target, "type": "repository"}
            for each in COPIES
        ],
    }
    assert "docker login" in text.split("version:")[0]


def test_a_line_of_the_script_is_a_repository() -> None:
    """What keeps its last segment is synced, the rest is copied tag by tag."""
    lines = job("skopeo").splitlines()

    assert [each for each in lines if each.startswith(("repository ", "renamed "))] == [
        f"repository harbor.example.com/team/app {SWR}/mirror/team/app",
        f"renamed harbor.example.com/team/app--x {SWR}/mirror/team/app-x",
        f"repository docker.io/library/busybox {SWR}/m/busybox",
    ]
    assert lines[0] == "#!/bin/sh"
    assert "all=3" in lines
    assert lines[-1] == "finish 0"


@pytest.mark.parametrize("tool", ["image-syncer", "regsync"])
def test_what_is_written_is_read_as_a_listing(tool: str) -> None:
    """By another reader of the same formats: its targets are those of the map."""
    suffix = TOOLS[tool].suffix
    listing = whole(documents(io.StringIO(job(tool)), source=f"job{suffix}"))

    assert [each.name.full for each in listing.found] == [c.target for c in COPIES]


@pytest.mark.parametrize("tool", TOOLS)
def test_what_is_not_read_at_once_is_not_written_at_once(tool: str) -> None:
    """A job of any length has the memory of a short one."""
    taken = 0

    def copies() -> Iterable[RepositoryCopy]:
        nonlocal taken
        for taken in range(1, 20_001):
            yield RepositoryCopy(f"h.io/a/{taken}", f"{SWR}/a/{taken}")

    chunks = TOOLS[tool].job(heading(repositories=20_000), copies())
    ahead = [taken for _, chunk in zip(range(6), chunks, strict=False) if chunk]

    assert ahead[0] <= 1000
    assert ahead[-1] <= 6000
    assert len(b"".join(chunks)) > 500_000


@pytest.mark.parametrize("tool", TOOLS)
@given(
    maps=st.lists(st.text(), min_size=1).map(tuple), evidence=st.text(), host=st.text()
)
def test_a_comment_is_one(
    tool: str, maps: tuple[str, ...], evidence: str, host: str
) -> None:
    """Whatever a file is called, with line ends of any kind."""
    plain = job(tool).splitlines()
    text = job(tool, maps=maps, evidence=evidence, target=host)
    strange = [each for each in text.split("\n") if each not in plain]

    assert [each for each in text.splitlines() if each[:1] != "#"] == [
        each for each in plain if each[:1] != "#"
    ]
    assert all(each == "" or each.startswith("# ") for each in strange)


_NASTY = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(_NASTY, _NASTY), min_size=1, max_size=20))
def test_a_word_of_the_script_is_one_word(pairs: list[tuple[str, str]]) -> None:
    """Even of names that `place` would not let through: a shell gets them whole."""
    copies = [RepositoryCopy(source, target) for source, target in pairs]
    tail = script._TAIL
    whole = job("skopeo", copies)
    body = whole[len(job("skopeo", [])) - len(tail) : -len(tail)]
    echo = 'repository() { printf \'%s\\0%s\\0\' "$1" "$2"; }\n'
    echo += 'renamed() { repository "$1" "$2"; }\n'
    ran = subprocess.run(
        ["sh", "-s"],
        input=(echo + body).encode(),
        capture_output=True,
        check=True,
    )

    assert ran.stderr == b""
    assert ran.stdout.decode().split("\0")[:-1] == [
        word for pair in pairs for word in pair
    ]


@given(
    source=st.text() | st.from_regex(r"[a-z0-9.:/_{}$'-]+", fullmatch=True),
    hosts=st.booleans(),
)
def test_nothing_but_a_plain_name_gets_through(source: str, *, hosts: bool) -> None:
    """No tag, pattern, template, quote, blank or line end."""
    found = place(source, origin("r.example.com/x", hosts=hosts))
    if isinstance(found, Unmappable):
        assert found.source == source
        return

    assert re.fullmatch(r"[a-z0-9.:-]+(/[a-z0-9._-]+)+", found)
    assert found.removeprefix("r.example.com/x/").lower() == source.lower() or (
        hosts and found.removeprefix("docker.io/library/") in source
    )


@pytest.mark.parametrize(
    ("source", "at", "found"),
    [
        ("team/app", ("h.io", None), "h.io/team/app"),
        ("team/app", ("h.io:5000", None), "h.io:5000/team/app"),
        ("team/app", ("[::1]:5000", None), "[::1]:5000/team/app"),
        ("team/app", ("art.io/docker-local", None), "art.io/docker-local/team/app"),
        ("nginx", ("docker.io", None), "docker.io/library/nginx"),
        ("nginx", ("h.io", None), "h.io/nginx"),
        ("Quay.io/org/app", (None, None), "quay.io/org/app"),
        ("docker.io/nginx", (None, None), "docker.io/library/nginx"),
        ("localhost/app", (None, None), "localhost/app"),
        ("h.io/app", ("h.io", None), "h.io/app"),
        ("my.project/app", ("h.io", False), "h.io/my.project/app"),
        ("ghcr.io/app", ("h.io", True), "ghcr.io/app"),
        ("app", ("h.io", True), "h.io/app"),
    ],
)
def test_a_source_is_pulled_from(
    source: str, at: tuple[str | None, bool | None], found: str
) -> None:
    """Its own host, or the one that is given."""
    assert place(source, origin(at[0], hosts=at[1])) == found


@pytest.mark.parametrize(
    ("source", "at", "why"),
    [
        ("team/app", (None, None), "--from HOST"),
        ("my.project/app", ("h.io", None), "--no-hosts"),
    ],
)
def test_where_a_source_is_from_is_not_guessed(
    source: str, at: tuple[str | None, bool | None], why: str
) -> None:
    """Whoever knows is asked."""
    with pytest.raises(SettingsError, match=why):
        place(source, origin(at[0], hosts=at[1]))


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("Team/app", "uppercase"),
        ("team/app:v1", "rules"),
        ("team/app@sha256:0", "rules"),
        ("team/{{env}}", "rules"),
        ("team/app:/.*/", "rules"),
        ("team/a,b", "rules"),
        ("team//app", "rules"),
        ("team/-app", "rules"),
        ("team/app\n", "rules"),
        ("team/$(id)", "rules"),
        ("", "rules"),
        ("a/" * 130 + "b", "longer"),
        ("te\u212aam/app", "rules"),
    ],
)
def test_a_source_that_no_tool_takes_is_named(source: str, why: str) -> None:
    """It is left out of the job, with the reason."""
    found = place(source, origin("h.io", hosts=False))

    assert isinstance(found, Unmappable)
    assert why in found.why


@pytest.mark.parametrize(
    "text",
    ["", "https://h.io", "h.io//x", "/x", "h_.io", "h.io/X", "h.io/a b", "h\n", "-h"],
)
def test_what_is_no_registry_is_refused(text: str) -> None:
    """With what to write instead."""
    with pytest.raises(SettingsError, match="without https"):
        origin(text, hosts=None)
    with pytest.raises(SettingsError, match="without https"):
        registry(text)


@pytest.mark.parametrize("target", ["a", "a/B", "1a/b", "a/b:v1", "a/b\n", "/b", "a/"])
def test_a_target_that_swr_cannot_have_is_not_handed_over(target: str) -> None:
    """A map may have been edited."""
    assert isinstance(goal(target, SWR), Unmappable)
    assert goal("a/b--c/d", SWR) == f"{SWR}/a/b--c/d"


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_shell_reads_the_script(tmp_path: Path, shell: str) -> None:
    """Of POSIX, and the one that most have."""
    path = tmp_path / "job.sh"
    path.write_text(job("skopeo"))

    subprocess.run([shell, "-n", path], check=True)


def test_auth_json_holds_names_of_variables() -> None:
    """No secret is asked for, and none is shown."""
    _, example = TOOLS["image-syncer"].login(["h.io", SWR])

    assert json.loads(example) == {
        "h.io": {"username": "$USER_1", "password": "$PASSWORD_1"},
        SWR: {"username": "$USER_2", "password": "$PASSWORD_2"},
    }


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("skopeo", "sh 'a b'"),
        ("regsync", "regsync once -c 'a b'"),
        ("image-syncer", "image-syncer --auth=auth.json --images='a b' --retries=5"),
        (
            "image-migrator",
            "./image-migrator-linux-amd64 --auth=auth.json --images='a b' --retries=5",
        ),
    ],
)
def test_the_command_takes_any_file(tool: str, command: str) -> None:
    """As one word."""
    assert TOOLS[tool].command("a b") == command
