"""The architecture: contracts of import-linter, in pyproject.toml."""

import os
import subprocess
import sys
from pathlib import Path

import bulkrepo
from tests.support.paths import ROOT

ROOMS = {
    "cli",
    "core",
    "engine",
    "http",
    "inputs",
    "ledger",
    "migration",
    "reports",
    "runs",
    "sandbox",
    "swr",
}


def test_arrows_run_downwards() -> None:
    """The packages import each other in one direction; what decides cannot wait."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], check=False, capture_output=True, text=True, cwd=ROOT
    )

    assert done.returncode == 0, done.stdout


def test_the_first_level_is_the_architecture() -> None:
    """A new room is a decision: it needs its place among the contracts."""
    package = Path(bulkrepo.__file__).parent
    found = {
        path.name
        for path in package.iterdir()
        if path.is_file() or any(path.glob("*.py"))
    }

    assert found == ROOMS | {"__init__.py", "__main__.py", "api.py", "py.typed"}


def test_importing_the_package_is_cheap() -> None:
    """What needs the network, SQLite or a terminal is imported on its first use."""
    script = "import sys, bulkrepo; print(*sys.modules)"
    # A process whose coverage is measured imports more.
    clean = {name: each for name, each in os.environ.items() if "COV" not in name}
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=clean
    )
    heavy = {"aiohttp", "asyncio", "click", "rich", "sqlite3", "structlog"}

    assert heavy.isdisjoint(done.stdout.split())
