"""The whole way with real tools: a registry listed, mapped, created, and copied."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import Mapping
from pathlib import Path

import pytest

from bulkrepo.migration import name_map
from tests.support import boxes
from tests.support.docker_registry import PASSWORD, Registry, found, serving

pytestmark = pytest.mark.real

NAMES = [
    *(f"team-{number % 7}/svc/app-{number:03}" for number in range(150)),
    *(f"lib{number}" for number in range(20)),
    *(f"a/b/c/d/e--{number}" for number in range(20)),  # not legal in SWR
    *(f"my.project/x__y/z-{number}" for number in range(10)),
][:: 1 if os.environ.get("BULKREPO_REAL") == "1" else 10]


async def run(folder: Path, *words: str, **environment: str) -> tuple[int, str, str]:
    """Run a command as somebody with no login; give exit code, stdout and stderr."""
    ours = ("BULKREPO_", "SWR_", "HW_", "OS_", "DOCKER_", "REGISTRY_", "XDG_")
    kept = {name: v for name, v in os.environ.items() if not name.startswith(ours)}
    process = await create_subprocess_exec(
        *words, cwd=folder, env={**kept, **environment}, stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(240):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def configured(folder: Path, *registries: Registry) -> Mapping[str, str]:
    """Give the environment of who did `docker login` to *registries*, without TLS."""
    auths = {
        each.host: {"auth": each.basic.removeprefix("Basic ")}
        for each in registries
        if each.basic
    }
    (folder / ".docker").mkdir()
    boxes.write(folder / ".docker" / "config.json", [{"auths": auths}])
    insecure = [
        f'[[registry]]\nlocation = "{each.host}"\ninsecure = true\n'
        for each in registries
    ]
    known = folder / ".config" / "containers"
    known.mkdir(parents=True)
    (known / "registries.conf").write_text("".join(insecure))
    return {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["open", "password"])
async def test_every_image_arrives_under_its_mapped_name(
    tmp_path: Path, password: str | None
) -> None:
    """With all its tags, each with the digest that it had, and nothing beside it."""
    found("skopeo")
    count = len(NAMES)
    with serving(tmp_path / "from") as source:
        pushed = source.push(NAMES, tags=("v1", "latest"))
    with (
        serving(tmp_path / "from", password=password) as source,
        serving(tmp_path / "to", password=password) as target,
    ):
        environment = configured(tmp_path, source, target)
        ours = (sys.executable, "-m", "bulkrepo")
        listed = ("import", source.url, "-n", "mirror", "--legalize")
        made = ("create", "l.swr.csv", "--visibility", "private", "--sandbox", "-q")
        handed = ("handover", "skopeo", "l.swr.map.csv", "--from", source.host)
        steps = (
            (*ours, *listed, "--output", "l.swr.csv"),
            (*ours, *made, "--ledger", "bulkrepo.db"),
            (*ours, *handed, "--no-hosts", "--to", target.host),
            ("sh", "l.swr.skopeo.sh"),
        )
        for words in steps:
            code, _, err = await run(tmp_path, *words, **environment)
            assert code == 0, (words, err)
        targets = dict(name_map.read_pairs(str(tmp_path / "l.swr.map.csv")))
        wanted = {targets[name]: tags for name, tags in pushed.items()}
        arrived = {name: target.digests(name) for name in wanted}
        catalog = await run(
            tmp_path,
            *(*ours, "import", target.url, "--map", "first", "--output", "there.csv"),
            **environment,
        )
        again = await run(tmp_path, "sh", "l.swr.skopeo.sh", **environment)

    assert targets["a/b/c/d/e--0"] == "mirror/a/b/c/d/e-0"
    assert arrived == wanted
    assert f"{count} records, {count} repositories" in catalog[2]
    assert f"{count} of {count} repositories copied" in err
    assert again[0] == 0
    assert f"0 of {count} repositories copied, {count} before" in again[2]
    assert PASSWORD not in (tmp_path / "l.swr.skopeo.sh").read_text()
