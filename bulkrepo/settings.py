"""Pure. What a run is told: typed, and checked before anything is read or sent."""

import re
from dataclasses import dataclass
from typing import BinaryIO, Literal

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
    format: str | None = None
    stdin: BinaryIO | None = None
    reports: tuple[str, ...] = ()

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
    credential: Auth | str
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
        endpoints.checked(self.endpoint)
        rate.parse(self.rate)
        for report in self.reports:
            by_suffix(report)
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
        )


_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")


def duration(text: str) -> float:
    """Read `90`, `90s`, `10m` or `1h30m` as seconds; SettingsError for other texts."""
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise SettingsError(f"{text!r} is no duration: write 90s, 10m or 1h30m")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total <= 0:
        raise SettingsError(f"{text!r} is no duration: it is zero")
    return total
