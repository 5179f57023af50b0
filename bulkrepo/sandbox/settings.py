"""Pure. What a sandbox is told before it starts: what it holds and how it fails."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bulkrepo.sandbox import grammar

_UNITS = {
    "s": ("second", 1),
    "m": ("minute", 60),
    "h": ("hour", 3600),
    "d": ("day", 86400),
}
_LIMIT = re.compile(r"(\d+)/(\d*)([smhd])")
_SHARES = (
    "error_rate",
    "error_commits",
    "drop_before",
    "drop_after",
    "late_rate",
    "busy_rate",
    "html_rate",
)
_DURATIONS = ("latency", "jitter", "late_by")
_COUNTS = ("quota", "organization_quota", "vanish", "appear")
_PROJECT = re.compile("[0-9a-f]{32}")


class Rule(NamedTuple):
    """A throttling rule: *most* requests in any *time* *unit*s, which is *seconds*."""

    most: int
    time: int
    unit: str
    seconds: float


def rule_of(limit: str) -> Rule:
    """Read `20/1s`, `200/5m`, `10/m`; ValueError for anything else."""
    found = _LIMIT.fullmatch(limit)
    count, time = (int(found[1]), int(found[2] or 1)) if found else (0, 0)
    if found is None or count < 1 or time < 1:
        raise ValueError(f"limit {limit!r}: wanted N/Ts such as 20/1s (units s m h d)")
    unit, seconds = _UNITS[found[3]]
    return Rule(count, time, unit, float(time * seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    How a sandbox behaves; the defaults give a well-behaved, empty one.

    Shares lie between 0 and 1, times are seconds. `drop_before`, `busy_rate`,
    `error_rate`, `drop_after` and `late_rate` divide the creates among them, so their
    sum is at most 1. A value that makes no sense raises ValueError and names itself.
    """

    token: str = "sandbox-token"  # noqa: S105 - a published default, not a secret
    """Accepted as X-Auth-Token without a login."""

    access_key: str = "SANDBOXACCESSKEY"
    """Accepted in signatures, made with `secret_key`."""

    secret_key: str = field(default="sandbox-secret-key", repr=False)
    """As published as the token."""

    security_token: str | None = field(default=None, repr=False)
    """Makes the access key a temporary one: wanted as X-Security-Token with it."""

    project_id: str = "0123456789abcdef0123456789abcdef"
    """What X-Project-Id must be, where a signed request has one."""

    organizations: tuple[str, ...] = ()
    """Organizations of ours that exist from the start."""

    any_organization: bool = False
    """An organization springs into being when it is first used (for demos)."""

    seed: int = 0
    """Of all chance; the same requests in the same order meet the same faults."""

    latency: float = 0.0
    """Seconds which every management request waits before it is looked at."""

    jitter: float = 0.0
    """At most this many seconds more, evenly spread."""

    error_rate: float = 0.0
    """Share of creates answered 500."""

    error_commits: float = 0.0
    """Share of those 500s which came after the repository had been created."""

    drop_before: float = 0.0
    """Share of creates whose connection is cut before anything was done."""

    drop_after: float = 0.0
    """Share of creates which are carried out, then cut without an answer."""

    late_rate: float = 0.0
    """Share of creates cut without an answer, and carried out some time afterwards."""

    late_by: float = 5.0
    """At most so many seconds afterwards, evenly spread."""

    busy_rate: float = 0.0
    """Share of creates answered 409 "the system is busy"."""

    limit: str | None = None
    """`20/1s`: more than 20 management requests in any second are throttled."""

    throttle_status: int = 429
    """How throttling looks: 429 from the gateway, or 403 from SWR itself."""

    throttle_text: bool = True
    """Whether a throttled answer names the rule (`...limit:20,time:1 second`)."""

    retry_after: str | None = None
    """Whether it has a Retry-After: None, "seconds" or "date"."""

    token_lifetime: float | None = None
    """
    Seconds until a token dies, the static one counted from the sandbox's start.

    None: issued tokens live 24 hours, the static one for ever.
    """

    quota: int | None = None
    """Repositories which one organization may hold; None: as many as you like."""

    organization_quota: int = 5
    """Organizations we may have; without effect with `any_organization`."""

    html_rate: float = 0.0
    """Share of management requests answered by a proxy: 502 in HTML."""

    users: Mapping[str, str] = field(
        default_factory=lambda: {"demo": "sandbox-password"}
    )
    """IAM users of the account `sandbox`, name to password."""

    forbidden: tuple[str, ...] = ()
    """Organizations that we may only read in: changing anything is answered 403."""

    unlisted: tuple[str, ...] = ()
    """Organizations of ours whose repositories may not be listed (403)."""

    taken: tuple[str, ...] = ()
    """Names of other accounts' organizations: to create one is a conflict (409)."""

    discreet: bool = False
    """What is not there is answered as what is another account's: 403, not 404."""

    images: tuple[str, ...] = ()
    """`ORG/REPO`: repositories that exist from the start, and hold an image."""

    vanish: int = 0
    """Repositories that are deleted by somebody after each page of a listing."""

    appear: int = 0
    """Repositories that are created by somebody after each page of a listing."""

    hyphen_runs: bool = False
    """Accept `a--b` in names, as Docker's own grammar does."""

    def __post_init__(self) -> None:
        for name in _SHARES:
            self._want(name, "a share between 0 and 1", good=0 <= self._at(name) <= 1)
        for name in _DURATIONS:
            self._want(name, "seconds, 0 or more", good=self._at(name) >= 0)
        for name in _COUNTS:
            count = getattr(self, name)
            self._want(name, "0 or more", good=count is None or count >= 0)
        lifetime = self.token_lifetime
        self._want(
            "token_lifetime", "more than 0", good=lifetime is None or lifetime > 0
        )
        self._want(
            "throttle_status", "429 or 403", good=self.throttle_status in {429, 403}
        )
        self._want(
            "retry_after",
            "None, 'seconds' or 'date'",
            good=self.retry_after in {None, "seconds", "date"},
        )
        total = self.drop_before + self.busy_rate + self.error_rate + self.drop_after
        total += self.late_rate
        if total > 1 + 1e-9:
            raise ValueError(
                "drop_before, busy_rate, error_rate, drop_after and late_rate divide"
                f" the creates among them: their sum is {total:g}, wanted at most 1"
            )
        if self.limit is not None:
            rule_of(self.limit)
        known = (*self.organizations, *self.forbidden, *self.unlisted, *self.taken)
        for name in known:
            self._want_organization(name)
        both = set(self.taken) & {*self.organizations, *self.forbidden, *self.unlisted}
        if both:
            raise ValueError(f"taken {min(both)!r}: is said to be there for us as well")
        for full in self.images:
            namespace, _, name = full.partition("/")
            self._want_organization(namespace)
            if not grammar.is_repository(name, hyphen_runs=self.hyphen_runs):
                raise ValueError(f"images {full!r}: wanted ORGANIZATION/REPOSITORY")
        if not _PROJECT.fullmatch(self.project_id):
            raise ValueError(
                f"project_id {self.project_id!r}: wanted 32 digits of 0-9 a-f"
            )

    def _want_organization(self, name: str) -> None:
        if not grammar.is_namespace(name, hyphen_runs=self.hyphen_runs):
            raise ValueError(f"organization {name!r}: not a legal name")

    def _at(self, name: str) -> float:
        return float(getattr(self, name))

    def _want(self, name: str, wanted: str, *, good: bool) -> None:
        if not good:
            raise ValueError(f"{name} {getattr(self, name)!r}: wanted {wanted}")
