"""Pure. The registries that can be listed: what to ask, and how to authenticate."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote

from bulkrepo.core.errors import SettingsError
from bulkrepo.migration.remote.urls import RegistryUrl

Plan = tuple[str, ...]
"""URLs, each of which is listed page by page."""


class RegistryProduct(NamedTuple):
    """
    A registry's software.

    *plans* gives what may be listed at a place: if the first URL of a plan is not found
    (404), the next plan is tried. *signs* is how requests authenticate: `registry` (as
    Docker does: Basic, or a token for a challenge), `bearer`, `private` (GitLab's own
    header) or `hub` (a token for name and password). *size* is the query parameter for
    a page's size, and the largest value. *wanted* says which credential to set, *hint*
    what to do if the listing is not found. *arrays*: its pages are arrays, and an
    object is a single record. *public*: without a credential it lists a part, namely
    what is public.
    """

    title: str
    plans: Callable[[RegistryUrl], tuple[Plan, ...]]
    signs: str
    size: tuple[str, int]
    wanted: str
    hint: str
    arrays: bool = False
    public: bool = False

    @property
    def docker(self) -> bool:
        """Whether its API takes the credential of docker login."""
        return self.signs in ("registry", "hub")


_LOGIN = "set BULKREPO_REGISTRY_USER and BULKREPO_REGISTRY_PASSWORD, or docker login"


def sized(url: str, product: RegistryProduct) -> str:
    """Return *url* with the largest page size, unless it gives one."""
    name, most = product.size
    query = url.partition("?")[2]
    if not name or re.search(rf"(?:^|&){name}=", query):
        return url
    return f"{url}{'&' if query else '?'}{name}={most}"


def _distribution(place: RegistryUrl) -> tuple[Plan, ...]:
    # A path is what precedes /v2/, as with Artifactory and Nexus.
    return ((f"{place.origin}{place.path.removesuffix('/v2')}/v2/_catalog",),)


def _harbor(place: RegistryUrl) -> tuple[Plan, ...]:
    api = f"{place.origin}/api/v2.0"
    names = place.segments
    if not names:
        return ((f"{api}/repositories", f"{api}/projects"),)
    if len(names) > 1:
        raise SettingsError(
            f"{place.origin}{place.path}: Harbor lists one project or all: write "
            f"{place.origin}/PROJECT"
        )
    # A robot may list projects, but not read one (Harbor issue 14512).
    return (
        (
            f"{api}/projects/{names[0]}/repositories",
            f"{api}/projects?name={names[0]}",
        ),
    )


def _gitlab(place: RegistryUrl) -> tuple[Plan, ...]:
    names = place.path.partition("/-/")[0].strip("/").split("/")
    kind = names.pop(0) if names[0] in ("groups", "projects") and names[1:] else ""
    if not names[0]:
        raise SettingsError(
            f"{place.origin}: GitLab lists a group or a project: write "
            f"{place.origin}/GROUP or {place.origin}/GROUP/PROJECT"
        )
    inner = quote(unquote("/".join(names)), safe="")
    api = f"{place.origin}/api/v4"
    group, project = f"{api}/groups/{inner}", f"{api}/projects/{inner}"
    plans = {
        "groups": (
            f"{group}/registry/repositories",
            f"{group}/projects?include_subgroups=true&with_shared=false",
        ),
        "projects": (f"{project}/registry/repositories", project),
    }
    return (plans[kind],) if kind else (plans["groups"], plans["projects"])


def _quay(place: RegistryUrl) -> tuple[Plan, ...]:
    names = place.segments
    names = names[1:] if names[:1] in (["organization"], ["user"]) else names
    if len(names) != 1:
        raise SettingsError(
            f"{place.origin}{place.path}: Quay lists one namespace: write "
            f"{place.origin}/NAMESPACE"
        )
    asked = f"namespace={quote(unquote(names[0]), safe='')}&public=true"
    return ((f"{place.origin}/api/v1/repository?{asked}",),)


HUB = "https://hub.docker.com"


def _hub(place: RegistryUrl) -> tuple[Plan, ...]:
    names = place.segments
    names = names[1:] if names[:1] in (["u"], ["r"], ["orgs"]) else names
    if len(names) != 1:
        raise SettingsError(
            f"{place.origin}{place.path}: Docker Hub lists one namespace: write "
            f"{HUB}/u/NAMESPACE"
        )
    name = "library" if names[0] == "_" else names[0]
    return ((f"{hub(place)}/v2/namespaces/{name}/repositories",),)


def hub(place: RegistryUrl) -> str:
    """Give the origin of Docker Hub's API, which is not that of its images."""
    return HUB if _HOSTS.get(place.host) == "dockerhub" else place.origin


def _as_given(place: RegistryUrl) -> tuple[Plan, ...]:
    return ((f"{place.origin}{place.path}" + (place.query and f"?{place.query}"),),)


PRODUCTS: Mapping[str, RegistryProduct] = {
    "distribution": RegistryProduct(
        "a Docker registry",
        _distribution,
        "registry",
        ("n", 1000),
        _LOGIN,
        "the path has to be what stands in front of /v2/, such as "
        "/artifactory/api/docker/KEY or /repository/NAME. A registry that lists no "
        "catalog: save the names, one a line, and import that file",
    ),
    "harbor": RegistryProduct(
        "Harbor",
        _harbor,
        "registry",
        ("page_size", 100),
        f"{_LOGIN}; a robot's name is robot$NAME",
        "if a project was given, check its name. A Harbor before 2.0 is listed by "
        "--registry distribution; or save its /api/repositories?project_id=N of each "
        "project N and its /api/projects, and import these files",
        arrays=True,
        public=True,
    ),
    "gitlab": RegistryProduct(
        "GitLab",
        _gitlab,
        "private",
        ("per_page", 100),
        "set BULKREPO_REGISTRY_TOKEN to an access token with the scope read_api",
        "there is no such group or project, it is not shown to this account, or the "
        "token lacks the scope read_api",
        arrays=True,
        public=True,
    ),
    "quay": RegistryProduct(
        "Quay",
        _quay,
        "bearer",
        ("", 0),
        "set BULKREPO_REGISTRY_TOKEN to an OAuth access token that may view all "
        "visible repositories (repo:read)",
        "check the namespace",
        public=True,
    ),
    "dockerhub": RegistryProduct(
        "Docker Hub",
        _hub,
        "hub",
        ("page_size", 100),
        f"{_LOGIN}; a personal access token serves as password",
        "check the namespace",
        public=True,
    ),
}
"""By the names for `--registry`."""

_NEXUS = RegistryProduct(
    "Nexus", _as_given, "registry", ("", 0), _LOGIN, "check the repository's name"
)
_MIRANTIS = RegistryProduct(
    "Mirantis Secure Registry",
    _as_given,
    "registry",
    ("", 0),
    _LOGIN,
    "check the namespace",
    public=True,
)
_GITHUB = RegistryProduct(
    "GitHub",
    _as_given,
    "bearer",
    ("per_page", 100),
    "set BULKREPO_REGISTRY_TOKEN to a token with the scope read:packages",
    "check the organization's or the user's name",
)


def _api(name: str) -> RegistryProduct:
    return PRODUCTS[name]._replace(plans=_as_given)


_APIS: tuple[tuple[str, RegistryProduct], ...] = (
    (r".*/v2/_catalog", _api("distribution")),
    (r".*/api/v2\.0/.*", _api("harbor")),
    (r".*/api/v4/.*", _api("gitlab")),
    (r".*/api/v1/repository", _api("quay")),
    (r"/api/v0/repositories(?:/[^/]+)?", _MIRANTIS),
    (r"/v2/(?:namespaces|repositories)/.*", _api("dockerhub")),
    (r".*/service/rest/v1/components", _NEXUS),
    (r"/(?:api/v3/)?(?:orgs|users)/[^/]+/packages", _GITHUB),
)
"""Paths of the APIs themselves: such a URL is asked as it is."""

_HOSTS: Mapping[str, str] = {
    "docker.io": "dockerhub",
    "hub.docker.com": "dockerhub",
    "index.docker.io": "dockerhub",
    "registry-1.docker.io": "dockerhub",
    "www.docker.com": "dockerhub",
    "quay.io": "quay",
    "gitlab.com": "gitlab",
}

_PREFIX = re.compile(r"(?:/[^/]+)*/(?:api/docker|repository)/[^/]+(?:/v2)?|.*/v2")
"""Paths of Artifactory and Nexus in front of /v2/, and paths that end in it."""

_ELSEWHERE: Mapping[str, str] = {
    r"ghcr\.io": "GHCR lists nothing: give https://api.github.com/orgs/NAME/packages"
    "?package_type=container (or /users/NAME/packages)",
    r"(?:.+\.)?gcr\.io|.+-docker\.pkg\.dev": "save what gcloud artifacts docker "
    "images list --format=json prints, and import that file",
    r".+\.dkr\.ecr\..+": "save what aws ecr describe-repositories prints, and import "
    "that file",
    r"public\.ecr\.aws": "save what aws ecr-public describe-repositories prints, and "
    "import that file",
    r"registry\.gitlab\.com": "give https://gitlab.com/GROUP",
}
"""Hosts that cannot be listed, and what to do instead."""


def told(place: RegistryUrl, registry: str | None) -> RegistryProduct | None:
    """
    Return the product that the URL shows, or the one called *registry*, else None.

    Raises SettingsError for one that is known not to be listable.
    """
    said = None if registry is None else PRODUCTS[registry]
    for path, product in _APIS:
        fits = said is None or said.title == product.title
        if fits and re.fullmatch(path, place.path):
            return product
    if said is not None:
        return said
    for host, advice in _ELSEWHERE.items():
        if re.fullmatch(host, place.host):
            raise SettingsError(f"{place.origin}: {advice}")
    if place.query:
        raise SettingsError(
            f"{place.origin}{place.path}: is not a known API: leave out what follows ?"
        )
    if place.host in _HOSTS:
        return PRODUCTS[_HOSTS[place.host]]
    return PRODUCTS["distribution"] if _PREFIX.fullmatch(place.path) else None
