"""
Create container image repositories in bulk in SWR, and account for every row.

    import asyncio, bulkrepo

    settings = bulkrepo.Settings(endpoint="https://...", credential=token)
    result = asyncio.run(bulkrepo.create(["team.csv"], settings=settings))
"""

from typing import TYPE_CHECKING, Any

from bulkrepo.core.errors import (
    BulkrepoError,
    InputError,
    LedgerError,
    LockedError,
    SettingsError,
    StoppedError,
)
from bulkrepo.core.outcomes import Outcome, Verdict
from bulkrepo.core.results import Event, Progressed, Result, Settled, Started, Summary

if TYPE_CHECKING:
    from bulkrepo.api import create, plan, retry, undo, verify
    from bulkrepo.runs.control import Control
    from bulkrepo.runs.settings import Settings
    from bulkrepo.swr.auth.access_key import AccessKey
    from bulkrepo.swr.auth.iam import Login
    from bulkrepo.swr.auth.password import Password
    from bulkrepo.swr.auth.token import Token

__all__ = [
    "AccessKey",
    "BulkrepoError",
    "Control",
    "Event",
    "InputError",
    "LedgerError",
    "LockedError",
    "Login",
    "Outcome",
    "Password",
    "Progressed",
    "Result",
    "Settings",
    "SettingsError",
    "Settled",
    "Started",
    "StoppedError",
    "Summary",
    "Token",
    "Verdict",
    "create",
    "plan",
    "retry",
    "undo",
    "verify",
]

_LATER = {
    "AccessKey": "swr.auth.access_key",
    "Control": "runs.control",
    "Login": "swr.auth.iam",
    "Password": "swr.auth.password",
    "Settings": "runs.settings",
    "Token": "swr.auth.token",
} | dict.fromkeys(("create", "plan", "retry", "undo", "verify"), "api")
"""Names of modules that need aiohttp, sqlite3 or time to be imported."""


def __getattr__(name: str) -> Any:
    """Import what is heavy when it is first used (PEP 562)."""
    if name not in _LATER:
        raise AttributeError(f"module 'bulkrepo' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - the point of it

    return getattr(import_module(f"bulkrepo.{_LATER[name]}"), name)
