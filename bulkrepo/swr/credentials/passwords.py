"""Pure. User names and passwords from the environment."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from bulkrepo.core.errors import SettingsError
from bulkrepo.swr.auth import iam
from bulkrepo.swr.auth.password import Password
from bulkrepo.swr.auth.protocol import Auth
from bulkrepo.swr.credentials.lookup import FoundCredential, ProviderContext, Target

Pairs = tuple[tuple[str, str], ...]
"""Variables for a name or, instead, an id; the first pair that is set counts."""


class _VariableFamily(msgspec.Struct, frozen=True, kw_only=True):
    """Variables of a password sign-in."""

    user: tuple[str, str]
    password: str
    domains: Pairs
    projects: Pairs
    project_domains: Pairs = (("OS_PROJECT_DOMAIN_NAME", "OS_PROJECT_DOMAIN_ID"),)
    passcode: str = "OS_PASSCODE"
    auth_urls: tuple[str, ...] = ("OS_AUTH_URL",)


_OS_DOMAINS: Pairs = (
    ("OS_USER_DOMAIN_NAME", "OS_USER_DOMAIN_ID"),
    ("OS_DOMAIN_NAME", "OS_DOMAIN_ID"),
    ("OS_PROJECT_DOMAIN_NAME", "OS_PROJECT_DOMAIN_ID"),
)
_OS_PROJECTS: Pairs = (
    ("OS_PROJECT_NAME", "OS_PROJECT_ID"),
    ("OS_TENANT_NAME", "OS_TENANT_ID"),
)
_HW = _VariableFamily(
    user=("HW_USER_NAME", "HW_USER_ID"),
    password="HW_USER_PASSWORD",  # noqa: S106 - a variable's name
    domains=(("HW_DOMAIN_NAME", "HW_DOMAIN_ID"), *_OS_DOMAINS),
    projects=(("HW_PROJECT_NAME", "HW_PROJECT_ID"), *_OS_PROJECTS),
    auth_urls=("HW_AUTH_URL", "OS_AUTH_URL"),
)
_OS = _VariableFamily(
    user=("OS_USERNAME", "OS_USER_ID"),
    password="OS_PASSWORD",  # noqa: S106 - likewise
    domains=_OS_DOMAINS,
    projects=_OS_PROJECTS,
)


def from_environment(given: ProviderContext) -> FoundCredential | None:
    """Try HW_ names, then OS_ ones; OS_PASSWORD alone may belong to OS_CLOUD."""
    if given.at(*_HW.user, _HW.password):
        return _of_family(given, _HW)
    alone = () if given.at("OS_CLOUD") else (_OS.password,)
    return _of_family(given, _OS) if given.at(*_OS.user, *alone) else None


def _of_family(given: ProviderContext, family: _VariableFamily) -> FoundCredential:
    def pair(pairs: Pairs) -> tuple[str | None, str | None]:
        """Return name and id of the first pair that is set."""
        told = next((names for names in pairs if given.at(*names)), None)
        return (None, None) if told is None else (given.at(told[0]), given.at(told[1]))

    def called(pairs: Pairs) -> str:
        """Return the variable of *pairs* that counts, or the first if none is set."""
        those = (name for names in pairs for name in reversed(names))
        return next(filter(given.at, those), pairs[0][0])

    user, user_id = pair((family.user,))
    domain, domain_id = pair(family.domains)
    project, project_id = pair(family.projects)
    project_domain, project_domain_id = pair(family.project_domains)
    names = {
        "user": called((family.user,)),
        "password": family.password,
        "domain": called(family.domains),
        "project": called(family.projects),
        "project_domain": called(family.project_domains),
        "passcode": family.passcode,
    }
    fields = {
        "user_name": user,
        "user_id": user_id,
        "password": given.environment.get(family.password) or None,
        "domain_name": domain,
        "domain_id": domain_id,
        "project_name": project,
        "project_id": project_id,
        "project_domain_name": project_domain,
        "project_domain_id": project_domain_id,
        "passcode": given.at(family.passcode),
    }
    where = next((name for name in family.auth_urls if given.at(name)), "auth_url")
    return whole(
        given,
        fields,
        name=f"{names['user']} and {names['password']}",
        names=names,
        auth_url=given.at(where),
        auth_url_named=where,
    )


def whole(
    given: ProviderContext,
    fields: dict[str, str | None],
    *,
    name: str,
    names: dict[str, str],
    **place: Any,
) -> FoundCredential:
    """Return a password sign-in. Raises SettingsError if a part is missing."""
    for part, text in fields.items():
        if (
            text is not None and not text.isprintable()
        ):  # such as bytes that are not UTF-8
            named = names.get(part.removesuffix("_name").removesuffix("_id"), part)
            raise SettingsError(f"{named} contains unprintable characters: correct it")
    missing = next(_missing(fields), None)
    if missing is not None:
        parts = (names[part] for part in ("user", "password") if _has(fields, part))
        there = next(parts, name)
        raise SettingsError(
            f"{there} is set, but {names[missing]} is not: set it too, or choose "
            "another way to sign in with --auth"
        )

    def build(place: Target) -> Auth:
        project = fields["project_name"] or place.region  # its default project
        if project is None and fields["project_id"] is None:
            raise SettingsError(
                f"no project: set {names['project']} (usually to the region's name), "
                "because a token is for one project"
            )
        if place.iam is None:
            raise SettingsError(
                "no IAM endpoint: set SWR_IAM_ENDPOINT, or give --iam-endpoint or "
                "--region"
            )
        told: dict[str, Any] = {**fields, "project_name": project}
        login = iam.Login(endpoint=place.iam, **told)
        return Password(login, name=name, names=names, hide=given.hide)

    return FoundCredential(build=build, **place)


def _has(fields: Mapping[str, str | None], part: str) -> bool:
    if part == "password":
        return fields["password"] is not None
    return fields[f"{part}_name"] is not None or fields[f"{part}_id"] is not None


def _missing(fields: Mapping[str, str | None]) -> Iterator[str]:
    for part in ("user", "password", "domain"):
        if not _has(fields, part) and not (part == "domain" and fields["user_id"]):
            yield part
