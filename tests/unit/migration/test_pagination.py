"""Page by page: links, sizes and circles, and no page twice."""

import json
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.errors import BulkrepoError, InputError
from bulkrepo.http.messages import Response
from bulkrepo.migration.listings.document_reader import Document
from bulkrepo.migration.remote import pagination
from bulkrepo.migration.remote.pagination import following
from tests.support.remote import (
    answer,
    found,
    harbor,
    listed,
    names,
    project,
    quay,
    read,
)


def link(target: str) -> dict[str, str]:
    """Give a header that leads on."""
    return {"Link": f'<{target}>; rel="next"'}


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
    reply = Response(200, {name: text}, json.dumps(value).encode())
    refused = Response(401, {name: text}, reply.body)
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
def test_a_catalog_is_asked_on_until_nothing_new_comes(end: Response) -> None:
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


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Response(200, {}, b"<html>"), "is no JSON but a web page"),
        (Response(200, {}, b""), "is no JSON"),
        (Response(200, {}, b"a\nb\n"), "is no JSON"),
        (
            Response(200, {}, b'{"repositories":["a"'),
            "begins like JSON but is not valid",
        ),
        (Response(200, {}, b'{"repositories":["a"]}["b"]'), "is not valid: Extra data"),
        (Response(200, {}, b"[" * 100_000), "nested too deeply"),
        (Response(200, {}, b" " * pagination.MOST), "more than 16777216 bytes"),
    ],
)
def test_what_is_no_page_is_not_taken_for_one(reply: Response, why: str) -> None:
    """However it says that all went well."""
    with pytest.raises(InputError, match=why):
        listed("https://h", "distribution", {"/v2/_catalog?n=1000": reply})


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(0, 5))
def test_every_page_is_read_once_and_in_order(sizes: list[int], lost: int) -> None:
    """Whatever their sizes; and where one is refused, nothing is listed."""
    replies: dict[str, Response | list[Response]] = {}
    here, number = "/v2/_catalog?n=1000", 0
    for page, size in enumerate(sizes):
        on = f"/v2/_catalog?last=x{page}&n=9"
        headers = link(on) if page < len(sizes) - 1 else {}
        page_names = [f"r{number + each}" for each in range(size)]
        replies[here] = answer({"repositories": page_names}, **headers)
        here, number = on, number + size
    documents, asked = listed("https://h", "distribution", replies)

    assert names(documents) == [f"r{each}" for each in range(sum(sizes))]
    if len(sizes) == 1:  # nothing has said yet that it is the last
        assert asked.pop() == f"/v2/_catalog?n=1000&last=r{sizes[0] - 1}"
    assert asked == list(replies)
    replies[asked[lost % len(asked)]] = answer("", 403)
    with pytest.raises(pagination.RefusedError):
        listed("https://h", "distribution", replies)
