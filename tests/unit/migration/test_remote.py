"""Another registry's API: which one it is, which pages, and what to do."""

import json
import re
from collections.abc import Generator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.cli.options import REGISTRIES
from bulkrepo.core.errors import BulkrepoError, InputError, SettingsError
from bulkrepo.http.messages import NoReply, Reply
from bulkrepo.migration.listings.document_reader import Document
from bulkrepo.migration.remote import (
    errors,
    pagination,
    product_discovery,
    products,
    urls,
)
from bulkrepo.migration.remote.pagination import following
from bulkrepo.migration.remote.products import PRODUCTS
from tests.support.gathering import whole

JSON = {"Content-Type": "application/json"}


def answer(value: object = None, status: int = 200, /, **headers: str) -> Reply:
    """Give a reply with JSON; `_` in a header's name is `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = b"" if value is None else json.dumps(value).encode()
    return Reply(status, JSON | named, body)


# Where.


@pytest.mark.parametrize(
    ("source", "origin", "host", "path", "stem"),
    [
        ("https://h", "https://h", "h", "", "h"),
        ("HTTPS://H.Example:443/", "https://h.example", "h.example", "", "h.example"),
        ("https://h:5000/a/b/", "https://h:5000", "h:5000", "/a/b", "h-5000-a-b"),
        ("http://127.0.0.1:80/x", "http://127.0.0.1", "127.0.0.1", "/x", "127.0.0.1-x"),
        ("http://[::1]:5000", "http://[::1]:5000", "[::1]:5000", "", "-1-5000"),
    ],
)
def test_a_url_is_taken_apart(
    source: str, origin: str, host: str, path: str, stem: str
) -> None:
    """As a credential is looked up, and as files are named."""
    place = urls.place(source)

    assert (place.origin, place.host, place.path) == (origin, host, path)
    assert place.stem.strip("-") == stem.strip("-")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("https://bot:hunter2@h/x", "leave name and password out.*docker login"),
        ("https://hunter2@h", "leave name and password out"),
        ("https://bot:hunter2@h:99999/x", "is no URL"),
        ("https://bot:hunter2?@h/x", "is no URL"),
        ("https://h/api/v4/x?private_token=hunter2", "leave the secret out"),
        ("http://registry.example/x", "plain http is not used"),
        ("http://127.0.0.1.example.org", "plain http is not used"),
        ("https://", "is no URL"),
        ("https://h:0/", "is no URL"),
        ("https://[::1", "is no URL"),
        ("https://h/a b", "is no URL"),
        ("https://h/ä", "is no URL"),
        ("https://h/x#y", "leave out what follows #"),
    ],
)
def test_a_url_that_may_not_be_asked_is_refused(source: str, why: str) -> None:
    """With the reason and what to do, and without the secret in it."""
    with pytest.raises(SettingsError, match=why) as refused:
        urls.place(source)

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("ftp://bot:hunter2@h/x", r"ftp://\*\*\*@h/x: is no file, .* only https://"),
        (
            "bot:hunter2@h.io",
            r"^\*\*\*@h.io: is no file, .* https://HOST.* docker login",
        ),
        ("127.0.0.1:5101", "write https://127.0.0.1:5101$"),
        ("h.example/team/app.json", "write https://h.example/team/app.json$"),
    ],
)
def test_what_was_to_be_a_url_is_told(source: str, why: str) -> None:
    """Instead of that there is no such file, and without the secret in it."""
    told = urls.mistaken(source)

    assert told is not None
    assert re.search(why, told)
    assert "hunter2" not in told


@pytest.mark.parametrize("source", ["harbor.json", "a/b.txt", "-", "x@y.json", "list"])
def test_what_is_more_likely_a_file_is_left_to_be_one(source: str) -> None:
    """That it is not there is all that is wrong."""
    assert urls.mistaken(source) is None


def test_two_registries_are_not_asked_at_once() -> None:
    """A credential is of one of them."""
    urls.checked(["https://h/a", "file.json", "https://h:443/b"])
    with pytest.raises(SettingsError, match="https://g and https://h: give one"):
        urls.checked(["https://h/a", "https://g/b"])


# Which product, and what is asked first.

BEARER = 'Bearer realm="https://{}",service="{}"'
REGISTRY = {"Docker_Distribution_Api_Version": "registry/2.0"}


def found(
    source: str, replies: Mapping[str, Reply] = {}, registry: str | None = None
) -> tuple[products.Product, list[str]]:
    """Find out what is at *source*, where other URLs are not there."""
    asked: list[str] = []
    conversation = product_discovery.discovery(urls.place(source), registry)
    try:
        url = next(conversation)
        while True:
            asked.append(url)
            path = urlsplit(url).path
            url = conversation.send(replies.get(path, answer("no", 404)))
    except StopIteration as end:
        return end.value, asked


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
def test_a_product_is_found_by_asking(replies: Mapping[str, Reply], name: str) -> None:
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
        ("https://h", {"/v2/": Reply(200, {}, b"<html>")}, "--registry distribution|"),
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
    source: str, replies: Mapping[str, Reply], why: str
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


# Page by page.


def listed(
    source: str, name: str | None, replies: Mapping[str, Reply | list[Reply]]
) -> tuple[list[Document], list[str]]:
    """List *source* where *replies* has, by path and query, what is answered."""
    queues = {key: r if isinstance(r, list) else [r] for key, r in replies.items()}
    product, _ = found(source, registry=name)
    conversation: Generator[Any, Any, None] = pagination.pages(
        urls.place(source), product
    )
    documents, asked = [], []
    step = next(conversation, None)
    while step is not None:
        try:
            if isinstance(step, Document):
                documents.append(step)
                step = next(conversation)
            else:
                parts = urlsplit(step)
                key = parts.path + (parts.query and f"?{parts.query}")
                asked.append(key)
                queue = queues.get(key)
                step = conversation.send(queue.pop(0) if queue else answer("", 404))
        except StopIteration:
            step = None
    return documents, asked


def link(target: str) -> dict[str, str]:
    """Give a header that leads on."""
    return {"Link": f'<{target}>; rel="next"'}


read = whole


def names(documents: list[Document]) -> list[str]:
    """Give the names in *documents*."""
    return [each.name.full for each in read(documents).found]


@pytest.mark.parametrize(
    "target",
    [
        "/v2/_catalog?last=a%2Fb&n=2",
        "https://h/artifactory/api/docker/k/v2/_catalog?last=a%2Fb&n=2",
        "http://h/v2/_catalog?last=a%2Fb&n=2",
        "https://h:8443/v2/_catalog?last=a%2Fb&n=2",
        "_catalog?last=a%2Fb&n=2",
        "?last=a%2Fb&n=2",
    ],
)
def test_links_lead_on_whatever_a_proxy_made_of_them(target: str) -> None:
    """Without a host, without the path before /v2/, with another scheme."""
    path = "/artifactory/api/docker/k/v2/_catalog"
    documents, asked = listed(
        "https://h/artifactory/api/docker/k",
        "distribution",
        {
            f"{path}?n=1000": answer({"repositories": ["a/a", "a/b"]}, **link(target)),
            f"{path}?last=a%2Fb&n=2": answer({"repositories": ["c"]}),
        },
    )

    assert names(documents) == ["a/a", "a/b", "c"]
    assert asked == [f"{path}?n=1000", f"{path}?last=a%2Fb&n=2"]
    assert read(documents).truncated is None


@pytest.mark.parametrize(
    "target",
    [
        "http://registry.internal:5000/v2/_catalog?last=a&n=2",
        "//10.0.0.7/v2/_catalog?last=a&n=2",
        "https://h@registry.internal/hub/v2/_catalog?last=a&n=2",
        "https://user@h/v2/_catalog?last=a&n=2",
    ],
)
def test_a_link_may_name_the_host_that_a_registry_has_inside(target: str) -> None:
    """If it is the same page, it is asked where we are."""
    documents, asked = listed(
        "https://h",
        "distribution",
        {
            "/v2/_catalog?n=1000": answer({"repositories": ["a"]}, **link(target)),
            "/v2/_catalog?last=a&n=2": answer({"repositories": ["b"]}),
        },
    )

    assert names(documents) == ["a", "b"]
    assert len(asked) == 2


def test_a_link_that_is_too_long_is_refused() -> None:
    """However many headers it comes in."""
    page = answer({"repositories": ["a"]}, Link="<" * 8193)
    with pytest.raises(InputError, match="Link header has 8193 characters"):
        listed("https://h", "distribution", {"/v2/_catalog?n=1000": page})


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "https://evil.example",
        "https://evil.example/v2/other/_catalog?n=2",
        "//evil.example/v2?n=2",
        "https://h@evil.example/xv2/_catalog",
        "https://user@h/x",
        "https://[broken/v2/_catalog",
    ],
)
def test_a_link_to_another_host_is_refused(target: str) -> None:
    """Who lists must not be able to send us, and our credential, elsewhere."""
    with pytest.raises(InputError, match=r"elsewhere.*Nothing was written"):
        listed(
            "https://h",
            "distribution",
            {"/v2/_catalog?n=1000": answer({"repositories": ["a"]}, **link(target))},
        )


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=60),
    st.sampled_from(["", "/", "//", "https://", "?", "https://h/", "https://h?"]),
)
def test_no_link_leads_to_another_origin(target: str, start: str) -> None:
    """Whatever stands in it."""
    url = "https://h:5000/api/docker/k/v2/_catalog?n=3"
    headers = {"link": f'<{start}{target}>; rel="next"'}
    document = Document("s", {"repositories": ["a"]})
    try:
        on = following(url, headers, document)
    except InputError:
        return
    if on is not None:
        assert urlsplit(on)[:2] == ("https", "h:5000")
        assert on.isascii()
        assert on.isprintable()
        assert " " not in on


@given(
    st.sampled_from(
        ["Link", "X-Next-Page", "X-Total-Count", "Content-Range", "WWW-Authenticate"]
    ),
    st.text(max_size=40) | st.from_regex(r"\A[0-9]{1,6000}\Z"),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["repositories", "next", "next_page", "results"]),
                inner,
                max_size=2,
            )
        ),
        max_leaves=5,
    ),
)
def test_no_answer_is_a_surprise(name: str, text: str, value: object) -> None:
    """Whatever is in headers and body: it is read, or refused as what it is."""
    reply = Reply(200, {name: text}, json.dumps(value).encode())
    refused = Reply(401, {name: text}, reply.body)
    with suppress(BulkrepoError):
        found("https://h/x", {"/v2/": refused, "/api/v4/version": reply})
    with suppress(BulkrepoError, pagination.RefusedError):
        documents, _ = listed("https://h/p", "harbor", {START: reply})
        read(documents)


START = "/api/v2.0/projects/p/repositories?page_size=100"


def test_a_circle_of_pages_is_found() -> None:
    """Not walked for ever."""
    page = "/v2/_catalog?n=1000"
    with pytest.raises(InputError, match="do not end"):
        listed(
            "https://h",
            "distribution",
            {
                page: answer({"repositories": ["a"]}, **link("/v2/_catalog?n=1")),
                "/v2/_catalog?n=1": answer({"repositories": ["b"]}, **link(page)),
            },
        )


def test_a_page_size_that_is_too_large_is_left_out() -> None:
    """An administrator may allow fewer than a thousand."""
    refused = answer({"errors": [{"code": "PAGINATION_NUMBER_INVALID"}]}, 400)
    documents, _ = listed(
        "https://h",
        "distribution",
        {
            "/v2/_catalog?n=1000": refused,
            "/v2/_catalog": answer({"repositories": ["a"]}),
        },
    )

    assert names(documents) == ["a"]


def harbor(number: int, project: int = 1) -> dict[str, object]:
    """Give a repository as Harbor lists it."""
    return {"name": f"p{project}/r{number}", "project_id": project, "pull_count": 0}


def project(number: int, *, public: str) -> dict[str, object]:
    """Give a project as Harbor lists it."""
    return {"project_id": number, "name": f"p{number}", "metadata": {"public": public}}


@pytest.mark.parametrize("linked", [True, False])
def test_harbor_is_listed_with_its_projects(*, linked: bool) -> None:
    """Also where a proxy drops Link: the total says that there is more."""
    api, on = "/api/v2.0", link("/api/v2.0/repositories?page=2&page_size=100")
    total = {"X_Total_Count": "3"}
    documents, asked = listed(
        "https://h",
        "harbor",
        {
            f"{api}/repositories?page_size=100": answer(
                [harbor(1), harbor(2)], 200, **total, **(on if linked else {})
            ),
            f"{api}/repositories?page=2&page_size=100": answer(
                [harbor(3, 2)], 200, **total
            ),
            f"{api}/repositories?page_size=100&page=2": answer(
                [harbor(3, 2)], 200, **total
            ),
            f"{api}/projects?page_size=100": answer(
                [project(1, public="true"), project(2, public="false")]
            ),
        },
    )
    listing = read(documents)

    assert [each.is_public for each in listing.found] == [True, True, False]
    assert listing.truncated is None
    assert len(asked) == 3


def test_a_listing_with_fewer_records_than_it_says_is_not_whole() -> None:
    """A page of repositories that nobody may see is no page."""
    documents, _ = listed(
        "https://h/p1",
        "harbor",
        {
            "/api/v2.0/projects/p1/repositories?page_size=100": answer(
                [harbor(1)], 200, X_Total_Count="3"
            ),
            "/api/v2.0/projects/p1/repositories?page_size=100&page=2": answer([]),
            "/api/v2.0/projects?name=p1&page_size=100": answer(
                [project(1, public="true")]
            ),
        },
    )
    listing = read(documents)

    assert listing.truncated == "Harbor repositories: it says 3 records, and 1 are here"
    assert listing.found[0].is_public is True


@pytest.mark.parametrize("size", [3, 100])
def test_a_full_page_is_the_last_only_if_the_next_is_empty(size: int) -> None:
    """A proxy may have dropped the header that says that there is more."""
    here = f"/v2/_catalog?n={size}"
    full = [f"r{number:03}" for number in range(size)]
    on = f"{here}&last={full[-1]}"
    more = {here: answer({"repositories": full}), on: answer({"repositories": ["z"]})}
    none = more | {on: answer({"repositories": []})}
    last = f"{here}&last=z"

    for replies, wanted in ((more, [*full, "z"]), (none, full)):
        documents, asked = listed(f"https://h{here}", "distribution", replies)
        assert names(documents) == wanted
        assert read(documents).truncated is None
        assert asked == [here, on, last][: len(wanted) - size + 2]


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(answer({"repositories": []}), id="empty"),
        pytest.param(answer({"repositories": None}), id="null"),
        pytest.param(answer({"repositories": ["b"]}), id="the same again"),
        pytest.param(answer("", 404), id="not found"),
    ],
)
def test_a_catalog_is_asked_on_until_nothing_new_comes(end: Reply) -> None:
    """A registry may cap its pages below what was asked for, and send no Link."""
    documents, asked = listed(
        "https://h",
        "distribution",
        {
            "/v2/_catalog?n=1000": answer({"repositories": ["a"]}),
            "/v2/_catalog?n=1000&last=a": answer({"repositories": ["b"]}),
            "/v2/_catalog?n=1000&last=b": end,
        },
    )

    assert names(documents) == ["a", "b"]
    assert read(documents).truncated is None
    assert len(asked) == 3


def test_a_catalog_that_may_not_be_asked_on_is_not_listed() -> None:
    """What is behind the first page is not known."""
    page = {"/v2/_catalog?n=1000": answer({"repositories": ["a"]})}
    with pytest.raises(pagination.RefusedError):
        listed(
            "https://h",
            "distribution",
            page | {"/v2/_catalog?n=1000&last=a": answer("", 403)},
        )


def test_mirantis_is_listed_with_its_visibility() -> None:
    """Page by page, by a header of its own."""
    api = "/api/v0/repositories"
    record = {"namespace": "acme", "namespaceType": "user", "visibility": "public"}
    documents, asked = listed(
        f"https://h{api}",
        None,
        {
            api: answer(
                {"repositories": [record | {"name": "a"}]},
                **{"X-Next-Page-Start": "id7", "X-Resource-Count": "2"},
            ),
            f"{api}?pageStart=id7": answer(
                {"repositories": [record | {"name": "b"}]},
                **{"X-Next-Page-Start": "", "X-Resource-Count": "2"},
            ),
        },
    )
    listing = read(documents)

    assert [(each.name.full, each.is_public) for each in listing.found] == [
        ("acme/a", True),
        ("acme/b", True),
    ]
    assert listing.truncated is None
    assert len(asked) == 2


def test_a_pointer_that_is_not_understood_is_no_end() -> None:
    """What cannot be followed is told instead."""
    page = answer({"repositories": [quay("a")], "cursor": "t"})
    documents, _ = listed(
        "https://h/acme",
        "quay",
        {"/api/v1/repository?namespace=acme&public=true": page},
    )

    assert "cursor" in str(read(documents).truncated)


def test_a_full_page_of_an_array_is_followed_as_well() -> None:
    """Where no header says anything."""
    api = "/api/v2.0/repositories"
    documents, _ = listed(
        f"https://h{api}?page_size=2",
        "harbor",
        {
            f"{api}?page_size=2": answer([harbor(1), harbor(2)]),
            f"{api}?page_size=2&page=2": answer([harbor(3)]),
        },
    )

    assert names(documents) == ["p1/r1", "p1/r2", "p1/r3"]


def gitlab(number: int) -> dict[str, object]:
    """Give a repository as GitLab lists it."""
    path = f"acme/app{number}"
    return {"path": path, "location": f"r.h/{path}", "project_id": number}


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


def quay(name: str) -> dict[str, object]:
    """Give a repository as Quay lists it."""
    return {"namespace": "acme", "name": name, "is_public": True, "kind": "image"}


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
    ("reply", "why"),
    [
        (Reply(200, {}, b"<html>"), "is no JSON but a web page"),
        (Reply(200, {}, b""), "is no JSON"),
        (Reply(200, {}, b"a\nb\n"), "is no JSON"),
        (Reply(200, {}, b'{"repositories":["a"'), "begins like JSON but is not valid"),
        (Reply(200, {}, b'{"repositories":["a"]}["b"]'), "is not valid: Extra data"),
        (Reply(200, {}, b"[" * 100_000), "nested too deeply"),
        (Reply(200, {}, b" " * pagination.MOST), "more than 16777216 bytes"),
    ],
)
def test_what_is_no_page_is_not_taken_for_one(reply: Reply, why: str) -> None:
    """However it says that all went well."""
    with pytest.raises(InputError, match=why):
        listed("https://h", "distribution", {"/v2/_catalog?n=1000": reply})


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(0, 5))
def test_every_page_is_read_once_and_in_order(sizes: list[int], lost: int) -> None:
    """Whatever their sizes; and where one is refused, nothing is listed."""
    replies: dict[str, Reply | list[Reply]] = {}
    here, number = "/v2/_catalog?n=1000", 0
    for page, size in enumerate(sizes):
        on = f"/v2/_catalog?last=x{page}&n=9"
        headers = link(on) if page < len(sizes) - 1 else {}
        page_names = [f"r{number + each}" for each in range(size)]
        replies[here] = answer({"repositories": page_names}, **headers)
        here, number = on, number + size
    documents, asked = listed("https://h", "distribution", replies)

    assert names(documents) == [f"r{each}" for each in range(sum(sizes))]
    # Of a sole page without a link, it is asked whether it is the last.
    assert (
        asked
        == [*replies, f"/v2/_catalog?n=1000&last=r{sizes[0] - 1}"][: max(len(sizes), 2)]
    )
    replies[list(replies)[lost % len(replies)]] = answer("", 403)
    with pytest.raises(pagination.RefusedError):
        listed("https://h", "distribution", replies)


# What to do where it is refused.


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
        (NoReply("timeout", sent=True, detail="slow"), "harbor", None, "answer: slow"),
        (
            answer({"code": "x", "message": "not hunter2-long-enough"}, 401),
            "quay",
            "e",
            r"401 x not \*\*\*",
        ),
    ],
)
def test_a_refusal_says_what_to_do(
    reply: Reply | NoReply, name: str, named: str | None, why: str
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
