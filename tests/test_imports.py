"""The architecture: what each module may import, of ours and of others."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "bulkrepo"

PURE = {
    "adaptive",
    "answers",
    "auth",
    "blocked",
    "copyjobs",
    "digest",
    "earlier",
    "endpoints",
    "flows",
    "grammar",
    "iam",
    "learnt",
    "listings",
    "lists",
    "lone",
    "mapping",
    "model",
    "naming",
    "onward",
    "outage",
    "passed",
    "rate",
    "redact",
    "remote",
    "backoff",
    "search",
    "settings",
    "signing",
    "skew",
    "sources",
    "text",
    "visible",
    "window",
    "wire",
    "exports",
}
"""Modules that decide: nothing in them waits, reads a clock, draws or opens."""

IMPURE = {"asyncio", "socket", "random", "time", "aiohttp", "sqlite3", "structlog"}

ONLY = {
    "aiohttp": {"client", "sandbox"},
    "sqlite3": {"ledger"},
    "tenacity": {"exchange", "fetching"},
    "rich": {"terminal"},
    "click": {"cli", "migrating", "options", "retyping"},
    "ijson": {"inputs"},
    "openpyxl": {"inputs"},
    "openstack": {"clouds"},
    "yaml": {"clouds", "listings"},
    "fcntl": {"ledger"},
    "resource": {"descriptors"},
    "subprocess": {"keychain"},
}
"""Where each outside package may be imported."""


def _modules() -> dict[str, set[str]]:
    """Map each module (a package counts as one) to all it imports."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        names = found.setdefault(name, set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


MODULES = _modules()


def _ours(name: str) -> set[str]:
    parts = (imported.split(".") for imported in MODULES[name])
    return {part[1] for part in parts if part[0] == "bulkrepo" and len(part) > 1}


def _others(name: str) -> set[str]:
    return {imported.split(".")[0] for imported in MODULES[name]}


@pytest.mark.parametrize("package", ONLY)
def test_an_outside_package_is_known_to_few(package: str) -> None:
    """A library that is replaced costs the modules that know it, and no others."""
    users = {name for name in MODULES if package in _others(name)}

    assert users <= ONLY[package]


@pytest.mark.parametrize("name", sorted(PURE))
def test_a_pure_module_cannot_wait(name: str) -> None:
    """Time, chance and bytes are arguments of what decides."""
    assert _others(name) & IMPURE == set()


def test_the_sandbox_shares_nothing_with_the_client() -> None:
    """Read twice from the documentation, a mistake is not made on both sides."""
    assert _ours("sandbox") <= {"sandbox"}


def test_the_engine_knows_no_edge() -> None:
    """What schedules is tested without a socket, a disk or a terminal."""
    edges = {"client", "ledger", "terminal", "logs", "report", "api", "cli"}
    edges |= {"keychain"}
    shells = ("brake", "credential", "engine", "exchange", "fetching", "flows", "turns")

    for name in shells:
        assert _ours(name) & edges == set()
