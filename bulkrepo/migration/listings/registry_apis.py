"""Pure. Listings from the APIs of registries, and of services that include one."""

from collections.abc import Callable, Iterator
from typing import cast

from bulkrepo.migration.listings.shapes import (
    ListedProject,
    ListedRepository,
    ListingFormat,
    ListingPage,
    Object,
    PathRun,
    filled,
    first,
    flag,
    having,
    is_object,
    joined,
    member,
    number,
    records,
    text,
    visibility,
)
from bulkrepo.migration.mapping import SourceName


def is_names(value: object) -> bool:
    """Tell whether *value* is an array that begins with text."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], str)


def names(value: object) -> ListingPage:
    """Read an array of whole names: a first segment is never a host."""
    values = value if isinstance(value, list) else []
    page = ListingPage(rows=len(values))
    if set(map(type, values)) == {str} and all(values):
        page.run = PathRun(cast("list[str]", values))
        return page
    return filled(
        page,
        (
            ListedRepository(SourceName(each))
            if isinstance(each, str)
            else (str(each)[:80], "no text")
            for each in values
        ),
    )


def _is_catalog(value: object) -> bool:
    return is_names(member(value, "repositories"))


def _catalog(value: object) -> ListingPage:
    return names(member(value, "repositories"))


def _harbor(value: object) -> ListingPage:
    page = ListingPage()
    return filled(
        page,
        (
            ListedRepository(
                SourceName(text(each, "name")),
                description=text(each, "description") or None,
                project=number(each, "project_id"),
            )
            for each in records(value, page)
        ),
    )


def _is_harbor_projects(value: object) -> bool:
    record = first(value)
    return {"project_id", "name", "metadata"} <= record.keys() and is_object(
        record["metadata"]
    )


def _harbor_projects(value: object) -> ListingPage:
    page = ListingPage()
    for each in records(value, page):
        metadata = each.get("metadata")
        # `metadata.public` is text, "true" or "false".
        known = flag(metadata, "public", page) if is_object(metadata) else None
        # A project with a `registry_id` is a cache of somebody else's registry.
        proxied = bool(number(each, "registry_id"))
        skip = "of a proxy cache" if proxied else None
        page.projects[number(each, "project_id") or 0] = ListedProject(known, skip)
    return page


def _gitlab(value: object) -> ListingPage:
    page = ListingPage()

    def found() -> Iterator[ListedRepository | tuple[str, str]]:
        for each in records(value, page):
            path, status = text(each, "path"), text(each, "status")
            if status.startswith("delete"):
                yield path, f"being deleted ({status})"
            else:
                host = text(each, "location").removesuffix(f"/{path}")
                host = "" if host == text(each, "location") else host
                yield ListedRepository(
                    SourceName(path, host), project=number(each, "project_id")
                )

    return filled(page, found(), where="path")


def _gitlab_projects(value: object) -> ListingPage:
    page = ListingPage()
    for each in records(value, page, read="visibility"):
        known = visibility(each.get("visibility"), page)
        page.projects[number(each, "id") or 0] = ListedProject(known)
    return page


def _holding(key: str, fits: Callable[[object], bool]) -> Callable[[object], bool]:
    """Return what tells whether the array under *key* of an object *fits*."""
    return lambda value: fits(member(value, key))


def _quay(value: object) -> ListingPage:
    page = ListingPage()

    def found() -> Iterator[ListedRepository | tuple[str, str]]:
        for each in records(member(value, "repositories"), page, read="is_public"):
            name = joined(text(each, "namespace"), text(each, "name"))
            kind = text(each, "kind") or "image"
            if kind != "image":
                yield name, f"holds no images (kind {kind})"
            elif text(each, "state") == "MARKED_FOR_DELETION":
                yield name, "being deleted"
            else:
                yield ListedRepository(
                    SourceName(name),
                    flag(each, "is_public", page),
                    text(each, "description") or None,
                )

    return filled(page, found())


def _mirantis(value: object) -> ListingPage:
    page = ListingPage()

    def found(each: Object) -> ListedRepository:
        return ListedRepository(
            SourceName(joined(text(each, "namespace"), text(each, "name"))),
            visibility(each.get("visibility"), page),
            text(each, "shortDescription") or None,
        )

    repositories = member(value, "repositories")
    return filled(page, map(found, records(repositories, page, read="visibility")))


def _is_hub(value: object) -> bool:
    if not is_object(value) or "count" not in value:
        return False
    results = value.get("results")
    return results == [] or {"namespace", "name"} <= first(results).keys()


def _hub(value: object) -> ListingPage:
    page = ListingPage(total=number(value, "count") if is_object(value) else None)

    def found() -> Iterator[ListedRepository | tuple[str, str]]:
        for each in records(member(value, "results"), page, read="is_private"):
            name = joined(text(each, "namespace"), text(each, "name"))
            kind = text(each, "repository_type") or "image"
            private = flag(each, "is_private", page)
            if kind != "image":
                yield name, f"holds no images (repository_type {kind})"
            else:
                yield ListedRepository(
                    SourceName(name),
                    None if private is None else not private,
                    text(each, "description") or None,
                )

    return filled(page, found())


def _github(value: object) -> ListingPage:
    page = ListingPage()

    def found() -> Iterator[ListedRepository | tuple[str, str]]:
        for each in records(value, page, read="visibility"):
            owner = each.get("owner")
            login = text(owner, "login") if is_object(owner) else ""
            name, kind = text(each, "name"), text(each, "package_type")
            if kind.lower() not in ("container", "docker"):
                yield joined(login, name), f"holds no images (package_type {kind})"
            else:
                # The registry spells an owner's name in lower case.
                path = joined(login.lower(), name)
                public = visibility(each.get("visibility"), page)
                yield ListedRepository(SourceName(path), public)

    return filled(page, found())


def _is_nexus(value: object) -> bool:
    return is_object(value) and {"items", "continuationToken"} <= value.keys()


def _nexus(value: object) -> ListingPage:
    page = ListingPage()

    def found() -> Iterator[ListedRepository | tuple[str, str]]:
        for each in records(member(value, "items"), page):
            form = text(each, "format") or "docker"
            if form != "docker":
                yield text(each, "name"), f"holds no images (format {form})"
            else:
                yield ListedRepository(SourceName(text(each, "name")))

    return filled(page, found())


_SWR = ("category", "domain_name", "num_images", "path", "total_range")
"""Keys that, of the registries whose records have an `is_public`, SWR alone has."""


def _swr(value: object) -> ListingPage:
    page = ListingPage(total=number(first(value), "total_range"))

    def found(each: Object) -> ListedRepository:
        return ListedRepository(
            SourceName(joined(text(each, "namespace"), text(each, "name"))),
            flag(each, "is_public", page),
            text(each, "description") or None,
            text(each, "category") or None,
        )

    return filled(page, map(found, records(value, page, read="is_public")))


def _is_alibaba(value: object) -> bool:
    return isinstance(member(member(value, "data"), "repos"), list)


def _alibaba(value: object) -> ListingPage:
    data = member(value, "data")
    page = ListingPage(total=number(data, "total") if is_object(data) else None)
    return filled(page, _repos(member(data, "repos"), page, "repoNamespace"))


def _alibaba_enterprise(value: object) -> ListingPage:
    page = ListingPage()
    if is_object(value):
        page.total = number(value, "TotalCount")  # in older versions text
    return filled(
        page, _repos(member(value, "Repositories"), page, "RepoNamespaceName")
    )


def _repos(
    value: object, page: ListingPage, namespace: str
) -> Iterator[ListedRepository | tuple[str, str]]:
    """Yield Alibaba's repositories; the Enterprise Edition's keys are capitalized."""
    upper = namespace[0].isupper()

    def key(name: str) -> str:
        return name[0].upper() + name[1:] if upper else name

    for each in records(value, page, read=key("repoType")):
        name = joined(text(each, namespace), text(each, key("repoName")))
        status = text(each, key("repoStatus")) or "NORMAL"
        if status == "DELETING":
            yield name, "being deleted"
        else:
            yield ListedRepository(
                SourceName(name),
                visibility(each.get(key("repoType")), page),
                text(each, key("summary")) or None,
            )


SHAPES = (
    ListingFormat(
        "a Docker registry's _catalog (Distribution, Artifactory, Nexus)",
        "catalog",
        _is_catalog,
        _catalog,
        frozenset({100, 1000}),
    ),
    ListingFormat(
        "Harbor repositories",
        "harbor",
        having(
            "project_id",
            "name",
            own=("artifact_count", "pull_count", "repository_count"),
        ),
        _harbor,
        frozenset({10, 50, 100}),
    ),
    ListingFormat(
        "Harbor projects",
        "harbor",
        _is_harbor_projects,
        _harbor_projects,
        frozenset({10, 50, 100}),
    ),
    ListingFormat(
        "GitLab registry repositories",
        "gitlab",
        having("path", "location"),  # before 13.0 without a project_id
        _gitlab,
        frozenset({20, 50, 100}),
    ),
    ListingFormat(
        "GitLab projects",
        "gitlab",
        having("path_with_namespace", "id"),
        _gitlab_projects,
        frozenset({20, 50, 100}),
    ),
    ListingFormat(
        "Quay repositories",
        "quay",
        _holding("repositories", having("namespace", "name", "is_public")),
        _quay,
    ),
    ListingFormat(
        "Mirantis Secure Registry (Docker Trusted Registry) repositories",
        "mirantis",
        _holding("repositories", having("namespace", "name", "namespaceType")),
        _mirantis,
    ),
    ListingFormat("Docker Hub repositories", "hub", _is_hub, _hub),
    ListingFormat(
        "GitHub container packages",
        "github",
        having("package_type", "name"),
        _github,
        frozenset({30, 50, 100}),
    ),
    ListingFormat("Nexus components", "nexus", _is_nexus, _nexus),
    ListingFormat(
        "SWR repositories",
        "swr",
        having("namespace", "name", "is_public", own=_SWR),
        _swr,
        frozenset({100, 1000}),
    ),
    ListingFormat("Alibaba ACR repositories", "alibaba", _is_alibaba, _alibaba),
    ListingFormat(
        "Alibaba ACR repositories (Enterprise Edition)",
        "alibaba-ee",
        _holding("Repositories", having("RepoNamespaceName", "RepoName")),
        _alibaba_enterprise,
    ),
)
