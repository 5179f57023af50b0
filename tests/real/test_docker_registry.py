"""A real Docker registry, listed live: open, and with a password."""

import csv
import os
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import boxes
from tests.support.docker_registry import PASSWORD, USER, Registry, serving

pytestmark = pytest.mark.real

NAMES = [f"team-{number % 7}/svc/app-{number:03}" for number in range(200)]


class Filled(NamedTuple):
    """A registry and what was pushed to it: repository -> tag -> digest."""

    registry: Registry
    pushed: dict[str, dict[str, str]]


@pytest.fixture(scope="module", params=[None, PASSWORD], ids=["open", "password"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    """Run a registry with 200 repositories, pushed while it was still open."""
    folder = tmp_path_factory.mktemp("registry")
    with serving(folder) as registry:
        pushed = registry.push(NAMES)
    with serving(folder, password=request.param) as registry:
        yield Filled(registry, pushed)


async def bulkrepo(folder: Path, *words: str, **environment: str) -> tuple[int, str]:
    """Run the command line as somebody with no login; give exit code and stderr."""
    ours = ("BULKREPO_REGISTRY_", "SWR_", "HW_", "OS_")
    kept = {name: v for name, v in os.environ.items() if not name.startswith(ours)}
    process = await create_subprocess_exec(
        *(sys.executable, "-m", "bulkrepo", *words),
        cwd=folder,
        env={**kept, "DOCKER_CONFIG": str(folder), **environment},
        stdout=PIPE,
        stderr=PIPE,
    )
    _, err = await process.communicate()
    return process.returncode or 0, err.decode()


def signed(registry: Registry) -> dict[str, str]:
    """Give the environment that *registry* wants."""
    if registry.password is None:
        return {}
    return {
        "BULKREPO_REGISTRY_USER": USER,
        "BULKREPO_REGISTRY_PASSWORD": registry.password,
    }


@pytest.mark.parametrize(
    "path",
    ["", "/v2/_catalog?n=30", "/v2/_catalog?n=50"],
    ids=["one page", "seven", "four full ones"],
)
async def test_all_that_was_pushed_is_listed(
    filled: Filled, tmp_path: Path, path: str
) -> None:
    """However many pages it comes in."""
    registry = filled.registry
    words = ("import", registry.url + path, "-n", "mirror", "--output", "l.csv")
    code, err = await bulkrepo(tmp_path, *words, **signed(registry))
    with (tmp_path / "l.map.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))

    assert code == 0, err
    assert {line["source"] for line in lines} == filled.pushed.keys()
    assert {line["target"] for line in lines} == {f"mirror/{name}" for name in NAMES}
    assert "200 records, 200 repositories" in err


async def test_docker_login_is_enough(filled: Filled, tmp_path: Path) -> None:
    """What `docker login` and `skopeo login` write."""
    registry = filled.registry
    if registry.basic is None:
        auths: dict[str, object] = {}
    else:
        auths = {registry.host: {"auth": registry.basic.removeprefix("Basic ")}}
    boxes.write(tmp_path / "config.json", [{"auths": auths}])
    code, err = await bulkrepo(tmp_path, "import", registry.url, "-n", "mirror")

    assert code == 0, err
    assert PASSWORD not in err


async def test_who_may_not_list_is_told_why(filled: Filled, tmp_path: Path) -> None:
    """And nothing is written."""
    registry = filled.registry
    if registry.password is None:
        code, err = await bulkrepo(
            tmp_path, "import", f"{registry.url}/team-0", "-n", "mirror"
        )
        assert "in front of /v2/" in err
    else:
        wrong = {**signed(registry), "BULKREPO_REGISTRY_PASSWORD": "wr0ng"}
        code, err = await bulkrepo(
            tmp_path, "import", registry.url, "-n", "mirror", **wrong
        )
        assert "Check BULKREPO_REGISTRY_USER and BULKREPO_REGISTRY_PASSWORD" in err

    assert code == 3
    assert list(tmp_path.iterdir()) == []
