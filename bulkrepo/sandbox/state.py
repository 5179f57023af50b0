"""Pure. What a sandbox holds and has seen: all of its state that changes."""

import itertools
import time
from collections import Counter
from dataclasses import dataclass, field

from bulkrepo.sandbox import grammar
from bulkrepo.sandbox.settings import Settings

ACCOUNT = "sandbox"
"""The account (IAM calls it a domain) that owns everything here."""

OPERATIONS = (
    "create",
    "show",
    "update",
    "delete",
    "list",
    "create_organization",
    "show_organization",
    "delete_organization",
    "list_organizations",
    "quotas",
    "discover",
    "login",
    "projects",
    "unknown",
)
"""The names under which requests are counted; `unknown` has no such route."""

FAULTS = (
    "error",
    "error_committed",
    "drop_before",
    "drop_after",
    "late",
    "late_committed",
    "busy",
    "html",
)
"""Names of faults as counted; those `committed` are among `error` and `late`."""

MANAGE = 7
"""An organization's `auth` where we may do everything."""

READ = 1
"""An organization's `auth` where we may change nothing."""

SIGNATURES = ("verified", "refused", "locked")
"""What becomes of signed requests, as counted; `locked` were not looked at."""

_DAY = 86400.0

Key = tuple[str, str]
"""Organization and repository."""


@dataclass(slots=True, kw_only=True)
class Repository:
    """A repository; *created* and *updated* are epoch seconds."""

    id: int
    ns_id: int
    namespace: str
    name: str
    is_public: bool
    category: str
    description: str
    created: float
    updated: float
    num_images: int = 0
    num_download: int = 0
    size: int = 0
    tags: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Organization:
    """An organization; *auth* says what we may do in it."""

    id: int
    name: str
    auth: int = MANAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token; *dies* is epoch seconds, None for never."""

    dies: float | None
    scoped: bool = True


def timestamp(seconds: float) -> str:
    """
    Write epoch seconds in RFC 3339, UTC, with up to nine digits of fraction.

    Trailing zeros are left out, as Go's encoder does: a reader meets every length.
    """
    whole, nanos = divmod(round(seconds * 1e6) * 1000, 10**9)
    stem = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    # A clock gives microseconds at best. The last three digits are made up, since the
    # service sends nine.
    fraction = f"{nanos + whole % 1000:09d}".rstrip("0")
    return f"{stem}.{fraction}Z" if fraction else f"{stem}Z"


class State:
    """Organizations, repositories, tokens and counters of one sandbox."""

    def __init__(self, settings: Settings, *, now: float) -> None:
        self.settings = settings
        self.organizations: dict[str, Organization] = {}
        self.repositories: dict[Key, Repository] = {}
        self.requests: Counter[str] = Counter(dict.fromkeys(OPERATIONS, 0))
        self.paths: Counter[str] = Counter()
        self.signatures: Counter[str] = Counter(dict.fromkeys(SIGNATURES, 0))
        self.answers: Counter[int] = Counter()
        self.attempts: Counter[Key] = Counter()
        self.commits: Counter[Key] = Counter()
        self.faults: Counter[str] = Counter(dict.fromkeys(FAULTS, 0))
        self.uncertain: dict[Key, None] = {}
        self.throttled = 0
        self.in_flight = 0
        self.max_in_flight = 0
        self._held: Counter[str] = Counter()
        self._ids = itertools.count(1)
        lifetime = settings.token_lifetime
        dies = None if lifetime is None else now + lifetime
        self.tokens = {settings.token: Token(dies=dies)}
        for name in (*settings.organizations, *settings.unlisted):
            self.found(name)
        for name in settings.forbidden:
            self.found(name, auth=READ)
        for full in settings.images:
            namespace, _, name = full.partition("/")
            self.push(
                self.organizations.get(namespace) or self.found(namespace),
                name,
                now=now,
            )

    def found(self, name: str, *, auth: int = MANAGE) -> Organization:
        """Add an organization."""
        made = Organization(id=next(self._ids), name=name, auth=auth)
        self.organizations[name] = made
        return made

    def organization(self, name: str) -> Organization | None:
        """Look up an organization; with `any_organization`, create it if need be."""
        known = self.organizations.get(name)
        if known is not None or not self.settings.any_organization:
            return known
        legal = grammar.is_namespace(name, hyphen_runs=self.settings.hyphen_runs)
        return self.found(name) if legal else None

    def owned(self) -> int:
        """Count the organizations that are ours."""
        return sum(each.auth == MANAGE for each in self.organizations.values())

    def full(self, organization: Organization) -> bool:
        """Whether an organization may not hold one repository more."""
        quota = self.settings.quota
        return quota is not None and self._held[organization.name] >= quota

    def commit(self, made: Repository) -> Key:
        """Count a create carried out; its sender may never hear of it."""
        key = (made.namespace, made.name)
        self.commits[key] += 1
        self.uncertain[key] = None
        return key

    def appear(
        self,
        organization: Organization,
        name: str,
        *,
        is_public: bool = False,
        category: str = "other",
        description: str = "",
        now: float,
    ) -> Repository:
        """Add a repository, whoever made it."""
        made = Repository(
            id=next(self._ids),
            ns_id=organization.id,
            namespace=organization.name,
            name=name,
            is_public=is_public,
            category=category,
            description=description,
            created=now,
            updated=now,
        )
        self.repositories[organization.name, name] = made
        self._held[organization.name] += 1
        return made

    def push(self, organization: Organization, name: str, *, now: float) -> None:
        """Add an image to a repository, which is created if it is not there."""
        known = self.repositories.get((organization.name, name))
        found = known or self.appear(organization, name, now=now)
        found.num_images += 1
        found.tags.append(f"v{found.num_images}")
        found.updated = now

    def remove(self, key: Key) -> None:
        """Delete a repository."""
        del self.repositories[key]
        self._held[key[0]] -= 1

    def issue(self, token: str, *, scoped: bool, now: float) -> float:
        """Accept *token* from now on and return when it dies (epoch seconds)."""
        dies = now + (self.settings.token_lifetime or _DAY)
        self.tokens[token] = Token(dies=dies, scoped=scoped)
        return dies

    def asked(self, method: str, template: str | None, *, operation: str) -> None:
        """Count a request, by its operation and by the template of its path."""
        self.requests[operation] += 1
        self.paths[f"{method} {template or 'unknown'}"] += 1

    def arrived(self) -> None:
        """Count a request in."""
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def answered(self, status: int, *, commit: Key | None) -> None:
        """Count an answer that was handed to the network."""
        self.answers[status] += 1
        if commit is not None:
            self.uncertain.pop(commit, None)

    def page(self) -> dict[str, object]:
        """Everything that was seen, as the state page shows it."""
        return {
            "requests": dict(self.requests),
            "paths": dict(sorted(self.paths.items())),
            "signatures": dict(self.signatures),
            "answers": {str(code): n for code, n in sorted(self.answers.items())},
            "created": {"/".join(key): n for key, n in self.commits.items()},
            "duplicate_commits": sum(n - 1 for n in self.commits.values()),
            "repositories": len(self.repositories),
            "max_in_flight": self.max_in_flight,
            "create_attempts": {"/".join(key): n for key, n in self.attempts.items()},
            "throttled": self.throttled,
            "faults": dict(self.faults),
            "uncertain": ["/".join(key) for key in self.uncertain],
        }
