"""Pure. The names that SWR accepts, by the sentences of its API reference."""

import re
from typing import Final

# "starting with a lowercase letter and ending with a lowercase letter or digit. Only
# lowercase letters, digits, periods (.), underscores (_), and hyphens (-) are
# allowed. Periods, underscores, and hyphens cannot be placed next to each other. A
# maximum of two consecutive underscores are allowed." (SWR API reference, Creating an
# Image Repository, parameter namespace; `repository` says the same of slashes too.)
#
# Other editions of that page print an expression that lets hyphens repeat. By default
# the sentence holds; *hyphen_runs* follows the expression.
_WORD = "[a-z0-9]+"
_NAMESPACE: Final = {
    False: re.compile(rf"(?=[a-z]){_WORD}(?:(?:[.-]|__?){_WORD})*"),
    True: re.compile(rf"(?=[a-z]){_WORD}(?:(?:\.|-+|__?){_WORD})*"),
}
_REPOSITORY: Final = {
    False: re.compile(rf"{_WORD}(?:(?:[./-]|__?){_WORD})*"),
    True: re.compile(rf"{_WORD}(?:(?:[./]|-+|__?){_WORD})*"),
}

# The page on creating leaves `windows` out; every other page and the SDK have it.
CATEGORIES: Final = frozenset(
    {
        "app_server",
        "arm",
        "database",
        "framework_app",
        "lang",
        "linux",
        "other",
        "windows",
    }
)
"""The values that `category` may have."""


def is_namespace(name: str, *, hyphen_runs: bool) -> bool:
    """Whether an organization may be called this (1 to 64 characters)."""
    return len(name) <= 64 and _NAMESPACE[hyphen_runs].fullmatch(name) is not None


def is_repository(name: str, *, hyphen_runs: bool) -> bool:
    """Whether a repository may be called this (1 to 128 characters)."""
    return len(name) <= 128 and _REPOSITORY[hyphen_runs].fullmatch(name) is not None
