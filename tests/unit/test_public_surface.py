"""The public names: whoever changes one changes other people's programs."""

import re

import pytest

import bulkrepo
from bulkrepo import sandbox
from tests.support.paths import ROOT

NAMES = {
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
}


def test_exported_names() -> None:
    """Everything else is private, and may change at any time."""
    assert set(bulkrepo.__all__) == NAMES
    assert set(sandbox.__all__) == {"Sandbox", "Settings", "application", "serve"}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_exported_name_is_there(name: str) -> None:
    """Also those that are imported on their first use."""
    assert getattr(bulkrepo, name).__module__.startswith("bulkrepo.") or name == "Event"


def test_what_the_readme_names_is_exported() -> None:
    """Nobody has to import from a module inside."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bbulkrepo\.([A-Z]\w+)", readme))

    assert {"AccessKey", "Login", "Password", "Settings", "Token"} <= named <= NAMES


def test_a_name_that_is_not_exported() -> None:
    """It is no attribute, as in any module."""
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = bulkrepo.nonsense
