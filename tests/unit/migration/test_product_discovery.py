"""Which product a registry is, and what is asked of it first."""

from collections.abc import Mapping

import pytest

from bulkrepo.cli.options import REGISTRIES
from bulkrepo.core.errors import BulkrepoError, SettingsError
from bulkrepo.http.messages import Response
from bulkrepo.migration.remote import pagination, urls
from bulkrepo.migration.remote.products import PRODUCTS
from tests.support.remote import answer, found

BEARER = 'Bearer realm="https://{}",service="{}"'
REGISTRY = {"Docker_Distribution_Api_Version": "registry/2.0"}
GROUPS = "https://gitlab.com/api/v4/groups"
GITHUB = "https://api.github.com/orgs/acme/packages"


@pytest.mark.parametrize(
    ("source", "title", "first"),
    [
        ("https://docker.io/acme", "Docker Hub", "HUB"),
        ("https://hub.docker.com/u/acme", "Docker Hub", "HUB"),
        ("https://hub.docker.com/r/acme", "Docker Hub", "HUB"),
        ("https://hub.docker.com/orgs/acme", "Docker Hub", "HUB"),
        (
            "https://hub.docker.com/v2/namespaces/acme/repositories",
            "Docker Hub",
            "https://hub.docker.com/v2/namespaces/acme/repositories?page_size=100",
        ),
        (
            "https://quay.io/acme",
            "Quay",
            "https://quay.io/api/v1/repository?namespace=acme&public=true",
        ),
        (
            "https://quay.io/organization/acme",
            "Quay",
            "https://quay.io/api/v1/repository?namespace=acme&public=true",
        ),
        (
            "https://gitlab.com/acme/team/-/container_registries",
            "GitLab",
            f"{GROUPS}/acme%2Fteam/registry/repositories?per_page=100",
        ),
        (
            "https://gitlab.com/projects/42",
            "GitLab",
            "https://gitlab.com/api/v4/projects/42/registry/repositories?per_page=100",
        ),
        (
            "https://h/artifactory/api/docker/key",
            "a Docker registry",
            "https://h/artifactory/api/docker/key/v2/_catalog?n=1000",
        ),
        (
            "https://h/repository/images/v2/",
            "a Docker registry",
            "https://h/repository/images/v2/_catalog?n=1000",
        ),
        ("https://h/v2", "a Docker registry", "https://h/v2/_catalog?n=1000"),
        (
            "https://h/v2/_catalog?n=7",
            "a Docker registry",
            "https://h/v2/_catalog?n=7",
        ),
        (
            "https://h/api/v2.0/projects/library/repositories",
            "Harbor",
            "https://h/api/v2.0/projects/library/repositories?page_size=100",
        ),
        (
            "https://h/service/rest/v1/components?repository=r",
            "Nexus",
            "https://h/service/rest/v1/components?repository=r",
        ),
        (
            f"{GITHUB}?package_type=container",
            "GitHub",
            f"{GITHUB}?package_type=container&per_page=100",
        ),
    ],
)
def test_a_url_may_tell_the_product(source: str, title: str, first: str) -> None:
    """Then nothing is asked to find it out; an API's URL is asked as it is."""
    product, asked = found(source)
    start = next(pagination.pages(urls.place(source), product))
    hub = "https://hub.docker.com/v2/namespaces/acme/repositories?page_size=100"

    assert (product.title, asked) == (title, [])
    assert start == (hub if first == "HUB" else first)


@pytest.mark.parametrize(
    ("replies", "name"),
    [
        (
            {
                "/v2/": answer(
                    "", 401, WWW_Authenticate=BEARER.format("h/service/token", "x")
                )
            },
            "harbor",
        ),
        ({"/v2/": answer("", 401, WWW_Authenticate='Basic realm="x"')}, "distribution"),
        ({"/v2/": answer({}, 200, **REGISTRY)}, "distribution"),
        ({"/v2/": answer({})}, "distribution"),
        (
            {"/v2/": answer("", 401, WWW_Authenticate=BEARER.format("auth/t", "x"))},
            "distribution",
        ),
        (
            {
                "/v2/": answer("", 401, WWW_Authenticate=BEARER.format("auth/t", "x")),
                "/api/v2.0/systeminfo": answer({"auth_mode": "oidc_auth"}),
            },
            "harbor",
        ),
        (
            {"/v2/": answer("", 401, WWW_Authenticate=BEARER.format("h/v2/auth", "h"))},
            "quay",
        ),
        (
            {"/api/v4/version": answer("", 401, X_Gitlab_Meta='{"version":"1"}')},
            "gitlab",
        ),
        ({"/api/v4/version": answer({"version": "18", "revision": "a"})}, "gitlab"),
        ({"/acme/v2/": answer({}, 200, **REGISTRY)}, "distribution"),
    ],
)
def test_a_product_is_found_by_asking(
    replies: Mapping[str, Response], name: str
) -> None:
    """Anonymously, by what each says to everybody, in four questions at most."""
    product, asked = found("https://h/acme", replies)

    assert product is PRODUCTS[name]
    assert len(asked) <= 4


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_may_be_said(name: str) -> None:
    """Then nothing is asked, and no host is known better."""
    assert found("https://ghcr.io/acme", registry=name) == (PRODUCTS[name], [])
    assert tuple(PRODUCTS) == REGISTRIES


@pytest.mark.parametrize(
    ("source", "replies", "why"),
    [
        ("https://ghcr.io/acme", {}, "api.github.com/orgs/NAME/packages"),
        ("https://eu.gcr.io/p", {}, "gcloud artifacts docker images list"),
        ("https://eu-docker.pkg.dev/p", {}, "gcloud artifacts docker images list"),
        ("https://1.dkr.ecr.eu-west-1.amazonaws.com", {}, "aws ecr describe-repos"),
        ("https://public.ecr.aws", {}, "aws ecr-public"),
        ("https://registry.gitlab.com/g", {}, "https://gitlab.com/GROUP"),
        ("https://h/x?page=2", {}, "is not a known API"),
        (
            "https://h",
            {"/v2/": Response(200, {}, b"<html>")},
            "--registry distribution|",
        ),
        (
            "https://r.h/g",
            {
                "/v2/": answer(
                    "", 401, WWW_Authenticate=BEARER.format("git.h/jwt/auth", "x")
                )
            },
            "give https://git.h/GROUP",
        ),
    ],
)
def test_what_lists_nothing_is_refused_with_what_does(
    source: str, replies: Mapping[str, Response], why: str
) -> None:
    """So nobody searches for the reason."""
    with pytest.raises(BulkrepoError) as refused:
        found(source, replies)

    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("name", "path", "why"),
    [
        ("harbor", "/library/nginx", "https://h/PROJECT"),
        ("gitlab", "", "https://h/GROUP"),
        ("quay", "", "https://h/NAMESPACE"),
        ("quay", "/a/b", "https://h/NAMESPACE"),
        ("dockerhub", "", "hub.docker.com/u/NAMESPACE"),
    ],
)
def test_a_part_that_cannot_be_listed_is_refused(
    name: str, path: str, why: str
) -> None:
    """With the form that can be."""
    with pytest.raises(SettingsError, match=why):
        pagination.pages(urls.place(f"https://h{path}"), PRODUCTS[name])
