"""What GitLab, Quay and Docker Hub list, and what to do where they refuse."""

import re

import pytest

from bulkrepo.http.messages import Response, TransportFailure
from bulkrepo.migration.remote import errors
from bulkrepo.migration.remote.products import PRODUCTS
from tests.support.remote import answer, gitlab, listed, names, quay, read


def test_gitlab_lists_a_group_with_its_subgroups() -> None:
    """Page by page, by header, with the projects' visibility."""
    group = "/api/v4/groups/acme"
    projects = f"{group}/projects?include_subgroups=true&with_shared=false"
    documents, asked = listed(
        "https://h/acme",
        "gitlab",
        {
            f"{group}/registry/repositories?per_page=100": answer(
                [gitlab(1)], 200, X_Next_Page="2"
            ),
            f"{group}/registry/repositories?per_page=100&page=2": answer(
                [gitlab(2)], 200, X_Next_Page=""
            ),
            f"{projects}&per_page=100": answer(
                [
                    {
                        "id": 1,
                        "path_with_namespace": "acme/app1",
                        "visibility": "public",
                    },
                    {
                        "id": 2,
                        "path_with_namespace": "acme/app2",
                        "visibility": "private",
                    },
                ]
            ),
        },
    )

    assert [each.is_public for each in read(documents).found] == [True, False]
    assert len(asked) == 3


def test_what_is_no_group_of_gitlab_may_be_a_project() -> None:
    """People copy either URL."""
    api = "/api/v4/projects/acme%2Fapp1"
    documents, asked = listed(
        "https://h/acme/app1",
        "gitlab",
        {
            f"{api}/registry/repositories?per_page=100": answer([gitlab(1)]),
            f"{api}?per_page=100": answer(
                {"id": 1, "path_with_namespace": "acme/app1", "visibility": "public"}
            ),
        },
    )

    assert names(documents) == ["r.h/acme/app1"]
    assert read(documents).found[0].is_public is True
    assert asked[0] == "/api/v4/groups/acme%2Fapp1/registry/repositories?per_page=100"


def test_quay_gives_a_token_for_the_next_page() -> None:
    """Whatever is in it."""
    start = "/api/v1/repository?namespace=acme&public=true"
    documents, _ = listed(
        "https://h/acme",
        "quay",
        {
            start: answer({"repositories": [quay("a")], "next_page": "gA=&x"}),
            f"{start}&next_page=gA%3D%26x": answer({"repositories": [quay("b")]}),
        },
    )

    assert names(documents) == ["acme/a", "acme/b"]
    assert read(documents).truncated is None


def test_docker_hub_gives_the_next_page_in_the_body() -> None:
    """And its count is compared."""
    path = "/v2/namespaces/acme/repositories"
    one = {"namespace": "acme", "name": "a", "is_private": True}
    documents, _ = listed(
        "https://docker.io/acme",
        "dockerhub",
        {
            f"{path}?page_size=100": answer(
                {
                    "count": 2,
                    "next": f"https://hub.docker.com{path}?page=2&page_size=100",
                    "results": [one],
                }
            ),
            f"{path}?page=2&page_size=100": answer(
                {"count": 2, "next": None, "results": [one | {"name": "b"}]}
            ),
        },
    )

    assert names(documents) == ["acme/a", "acme/b"]
    assert read(documents).truncated is None


@pytest.mark.parametrize(
    ("reply", "name", "named", "why"),
    [
        (answer("", 401), "distribution", None, "Set BULKREPO_REGISTRY_USER and"),
        (answer("", 401), "gitlab", None, "Set BULKREPO_REGISTRY_TOKEN.*read_api"),
        (answer("", 401), "harbor", "c.json (h)", r"Check c\.json \(h\)"),
        (answer("", 403), "quay", "env", "The account of env may not list this"),
        (answer("", 403), "quay", None, "Set BULKREPO_REGISTRY_TOKEN"),
        (answer("", 404), "distribution", None, "in front of /v2/"),
        (answer("", 405), "distribution", None, "save the names"),
        (answer("", 404), "dockerhub", None, "Check the namespace"),
        (answer("", 404), "harbor", None, r"before 2\.0 .* --registry distribution"),
        (answer("", 403), "gitlab", "env", "lacks the scope read_api"),
        (
            answer({"errors": [{"code": "X", "message": "Not so."}]}, 404),
            "quay",
            None,
            r"Not so\. Check the",
        ),
        (
            answer("", 301, Location="https://new.h/x"),
            "harbor",
            "env",
            "redirected to https://new.h/x. Redirects are not followed",
        ),
        (answer("", 503), "harbor", None, "tried again, in vain"),
        (
            TransportFailure("timeout", sent=True, detail="slow"),
            "harbor",
            None,
            "answer: slow",
        ),
        (
            answer({"code": "x", "message": "not hunter2-long-enough"}, 401),
            "quay",
            "e",
            r"401 x not \*\*\*",
        ),
    ],
)
def test_a_refusal_says_what_to_do(
    reply: Response | TransportFailure, name: str, named: str | None, why: str
) -> None:
    """What to set or which path to give; neither a page's token nor a secret."""
    text = errors.refusal(
        "https://h/x?next_page=tok3n",
        reply,
        PRODUCTS[name],
        named=named,
        secrets=("hunter2-long-enough",),
    )

    assert text.startswith("https://h/x: ")
    assert text.endswith("Nothing was written")
    assert re.search(why, text)
    assert "hunter2" not in text
    assert "tok3n" not in text
