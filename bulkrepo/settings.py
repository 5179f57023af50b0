"""Pure. What a run is told: typed, and checked before anything is read or sent."""

import re
from dataclasses import dataclass, field, fields
from types import NoneType, UnionType
from typing import Any, BinaryIO, Literal, Union, get_args, get_origin

from bulkrepo import endpoints, rate
from bulkrepo.auth import Auth, Token
from bulkrepo.exchange import Limits
from bulkrepo.exports import by_suffix
from bulkrepo.model import Defaults, SettingsError

MEMORY = ":memory:"
"""The ledger of a run that needs no memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """
    How lists are read. *format* None: guessed from name or content.

    *reports* are paths, their suffixes say the format (`-` is standard output).
    """

    namespace: str | None = None
    visibility: Literal["private", "public"] | None = None
    category: str | None = None
    namespace_from_path: bool = False
    grammar: Literal["strict", "docker"] = "strict"
    format: Literal["csv", "json", "ndjson", "text", "xlsx"] | None = None
    stdin: BinaryIO | None = None
    reports: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not _fits(value, each.type):
                shown = f" {value!r}" if each.repr else ""
                raise SettingsError(f"{each.name}{shown}: wants {_wanted(each.type)}")
        for report in self.reports:
            by_suffix(report)

    def defaults(self) -> Defaults:
        """Give what holds for rows that say nothing."""
        return Defaults(
            namespace=self.namespace,
            is_public=None if self.visibility is None else self.visibility == "public",
            category=self.category,
            namespace_from_path=self.namespace_from_path,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Reading):
    """
    How to create. Only *endpoint* and *credential* have no default.

    *credential* is an `Auth`, or a token as text. *rate* and *grammar* are as on the
    command line. Durations are seconds. *ledger* is a path or `:memory:`.
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
        Reading.__post_init__(self)  # super() fails in a class with slots made anew
        endpoints.checked(self.endpoint)
        rate.parse(self.rate)
        for name in ("concurrency", "max_attempts", "timeout", "max_failures"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SettingsError(f"{name} {value}: at least 1")
        for name in ("patience", "deadline"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise SettingsError(f"{name} {value}: more than 0 seconds")

    def auth(self) -> Auth:
        """Give the credential as something that signs requests."""
        credential = self.credential
        if isinstance(credential, str):
            return Token("the token given", lambda: credential)
        return credential

    def limits(self) -> Limits:
        """Give how hard to try."""
        return Limits(
            concurrency=self.concurrency,
            max_attempts=self.max_attempts,
            patience=self.patience,
            deadline=self.deadline,
            max_failures=self.max_failures,
            ignores=self.on_differs == "ignore",
        )


_UNIONS = (UnionType, Union)
_WORDS: dict[object, str] = {
    str: "text",
    int: "a whole number",
    float: "a number of seconds",
    bool: "True or False",
    NoneType: "None",
    Auth: "one of bulkrepo.auth's Token, Keys and Password",
    BinaryIO: "a stream of bytes",
    tuple[str, ...]: "a tuple of paths as text",
}


def _fits(value: object, wanted: Any) -> bool:
    """Tell whether *value* is of a field's type, where no checker has looked."""
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
    """Say what a field's type wants."""
    if get_origin(type_) in _UNIONS:
        return " or ".join(map(_wanted, get_args(type_)))
    if get_origin(type_) is Literal:
        return " or ".join(get_args(type_))
    return _WORDS[type_]


_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")


def duration(text: str, option: str = "") -> float:
    """Read `90`, `90s`, `10m` or `1h30m` as seconds; SettingsError for other texts."""
    what = f"{option}{text!r} is no duration"
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise SettingsError(f"{what}: write 90s, 10m or 1h30m")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total <= 0:
        raise SettingsError(f"{what}: it is zero")
    return total
