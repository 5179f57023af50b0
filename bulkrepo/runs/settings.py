"""Pure. A run's settings: typed, and checked before anything is read or sent."""

from dataclasses import dataclass, field, fields
from types import NoneType, UnionType
from typing import Any, BinaryIO, Literal, Union, get_args, get_origin

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.rows import Defaults
from bulkrepo.core.surrogates import clean_text
from bulkrepo.engine import ratelimit
from bulkrepo.engine.retrying import RetryLimits
from bulkrepo.reports import by_suffix
from bulkrepo.swr import endpoints
from bulkrepo.swr.auth.protocol import Auth
from bulkrepo.swr.auth.token import Token

MEMORY = ":memory:"
"""The ledger of a run that keeps nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSettings:
    """
    How lists are read. With *format* None, it is guessed from name or content.

    *reports* are paths whose suffixes give the format (`-` is standard output).
    """

    namespace: str | None = None
    visibility: Literal["private", "public"] | None = None
    category: str | None = None
    namespace_from_path: bool = False
    grammar: Literal["strict", "docker"] = "strict"
    format: Literal["csv", "json", "ndjson", "text", "yaml", "xlsx"] | None = None
    stdin: BinaryIO | None = None
    reports: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not _fits(value, each.type):
                shown = f" {value!r}" if each.repr else ""
                raise SettingsError(f"{each.name}{shown}: must be {_wanted(each.type)}")
        for report in self.reports:
            by_suffix(report)

    def defaults(self) -> Defaults:
        """Return the defaults for rows that leave fields out."""
        return Defaults(
            namespace=self.namespace and clean_text(self.namespace),
            is_public=None if self.visibility is None else self.visibility == "public",
            category=self.category and clean_text(self.category),
            namespace_from_path=self.namespace_from_path,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(InputSettings):
    """
    How to create. Only *endpoint* and *credential* have no default.

    *credential* is an `Auth` or a token as text. *rate* and *grammar* are written as
    on the command line. Durations are seconds. *ledger* is a path or `:memory:`.
    """

    endpoint: str
    credential: Auth | str = field(repr=False)
    rate: str = "auto"
    concurrency: int = 64
    max_attempts: int = 5
    patience: float = 600.0
    deadline: float | None = None
    max_failures: int | None = None
    timeout: float = 30.0
    cacert: str | None = None
    strict: bool = False
    on_differs: Literal["fail", "ignore", "update"] = "fail"
    create_organizations: bool = False
    survey: Literal["auto", "always", "never"] = "auto"
    ledger: str = MEMORY
    fresh: bool = False

    def __post_init__(self) -> None:
        InputSettings.__post_init__(self)  # super() fails in a dataclass with slots
        endpoints.checked(self.endpoint)
        ratelimit.parse(self.rate)
        for name in ("concurrency", "max_attempts", "timeout", "max_failures"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SettingsError(f"{name} {value}: must be at least 1")
        for name in ("patience", "deadline"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise SettingsError(f"{name} {value}: must be more than 0 seconds")

    def auth(self) -> Auth:
        """Return the credential as an object that signs requests."""
        credential = self.credential
        if isinstance(credential, str):
            return Token("the token given", lambda: credential)
        return credential

    def limits(self) -> RetryLimits:
        """Return the limits for retries, concurrency and time."""
        return RetryLimits(
            concurrency=self.concurrency,
            max_attempts=self.max_attempts,
            patience=self.patience,
            deadline=self.deadline,
            max_failures=self.max_failures,
        )


_UNIONS = (UnionType, Union)
_WORDS: dict[object, str] = {
    str: "text",
    int: "a whole number",
    float: "a number of seconds",
    bool: "True or False",
    NoneType: "None",
    Auth: "a Token, AccessKey or Password of bulkrepo",
    BinaryIO: "a binary stream",
    tuple[str, ...]: "a tuple of paths as text",
}


def _fits(value: object, wanted: Any) -> bool:
    """Return whether *value* has a field's type: callers may use no type checker."""
    if get_origin(wanted) in _UNIONS:
        return any(_fits(value, each) for each in get_args(wanted))
    if get_origin(wanted) is Literal:
        return isinstance(value, str) and value in get_args(wanted)
    if wanted is Auth:
        return hasattr(value, "sign")
    if wanted is BinaryIO:
        return hasattr(value, "read")
    if get_origin(wanted) is tuple:
        if not isinstance(value, tuple | list):
            return False
        return all(isinstance(each, str) for each in value)
    if isinstance(value, bool):
        return wanted is bool
    return isinstance(value, (int, float) if wanted is float else wanted)


def _wanted(type_: object) -> str:
    """Describe the values of a field's type."""
    if get_origin(type_) in _UNIONS:
        return " or ".join(map(_wanted, get_args(type_)))
    if get_origin(type_) is Literal:
        return " or ".join(get_args(type_))
    return _WORDS[type_]
