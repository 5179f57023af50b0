"""What says that more of a listing follows, however it is spelled."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.migration.listings.continuation import (
    find_header,
    find_pointer,
    read_total,
)
from tests.unit.migration.test_listings import parse

RECORDS = [{"namespace": "o", "name": "a", "is_public": True}]


@pytest.mark.parametrize(
    ("member", "pointer"),
    [
        ({"next": "https://h/x?page=2"}, "next"),
        ({"nextToken": "t"}, "nextToken"),
        ({"NextMarker": "t"}, "NextMarker"),
        ({"next_page": 2}, "next_page"),
        ({"nextPageToken": "t"}, "nextPageToken"),
        ({"@odata.nextLink": "https://h/x"}, "@odata.nextLink"),
        ({"continuationToken": "t"}, "continuationToken"),
        ({"page_token": "t"}, "page_token"),
        ({"cursor": "t"}, "cursor"),
        ({"hasMore": True}, "hasMore"),
        ({"IsTruncated": "true"}, "IsTruncated"),
        ({"metadata": {"continue": "t"}}, "metadata.continue"),
        ({"links": {"pages": {"next": "https://h/x"}}}, "links.pages.next"),
        ({"_links": {"next": {"href": "/x"}}}, "_links.next"),
        ({"next": None, "previous": "https://h/x"}, None),
        ({"nextToken": ""}, None),
        ({"nextToken": "null"}, None),
        ({"hasMore": False}, None),
        ({"hasNextPage": "false"}, None),
        ({"links": {"next": {"href": None}}}, None),
        ({"startCursor": "t", "prev_token": "t"}, None),
        ({"count": 5, "context": "c"}, None),
    ],
)
def test_a_pointer_counts_in_any_spelling(
    member: dict[str, object], pointer: str | None
) -> None:
    """In the envelope and its inner objects; what is empty or leads back does not."""
    value = member | {"repositories": RECORDS}

    assert find_pointer(value) == pointer
    truncated = parse(json.dumps(value)).truncated
    assert truncated is None if pointer is None else f"({pointer})" in str(truncated)


def test_a_record_points_nowhere() -> None:
    """What its keys are called is its own affair."""
    record = RECORDS[0] | {"next_build": "t", "token": "t"}

    assert parse(json.dumps({"repositories": [record]})).truncated is None


def test_a_configuration_has_no_pages() -> None:
    """A name in it may be any word."""
    assert parse("r.io/next/app: m.io/next/app").truncated is None


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("link", '</x?page=2>; rel="next"', "Link"),
        ("link", "</x?page=2>;REL=next", "Link"),
        ("link", '</>; rel="start", </x>; title="a, b"; rel="prev next"', "Link"),
        ("link", '</x?page=1>; rel="prev"', None),
        ("x-next-page", "2", "x-next-page"),
        ("x-next-page", "", None),
        ("x-next-page-start", "9c1e", "x-next-page-start"),
        ("x-ms-continuation", "t", "x-ms-continuation"),
        ("x-cursor", "t", "x-cursor"),
        ("x-harbor-csrf-token", "t", None),
        ("x-total", "2", None),
    ],
)
def test_a_header_counts_in_any_spelling(
    name: str, value: str, pointer: str | None
) -> None:
    """But for tokens: those of headers more often sign somebody in."""
    assert find_header({"date": "today", name: value}) == pointer
    truncated = parse(f'HTTP/2 200\n{name}: {value}\n\n["a"]').truncated
    assert (truncated is None) is (pointer is None and name != "x-total")


def test_a_header_may_come_twice() -> None:
    """The second does not displace the first."""
    text = 'HTTP/2 200\nlink: </b>; rel="next"\nLink: </a>; rel="first"\n\n["a"]'

    assert "Link" in str(parse(text).truncated)


@pytest.mark.parametrize(
    ("name", "value", "total"),
    [
        ("x-total", "7", 7),
        ("x-total-count", "7", 7),
        ("x-total-items", "7", 7),
        ("x-resource-count", "7", 7),
        ("content-range", "0-2/7", 7),
        ("x-total-pages", "7", None),
        ("x-total", "many", None),
        ("content-range", "0-2/*", None),
    ],
)
def test_a_total_counts_in_any_spelling(
    name: str, value: str, total: int | None
) -> None:
    """A number of pages is none of records."""
    assert read_total({name: value}) == total


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=4),
        lambda inner: (
            st.dictionaries(st.text(max_size=9), inner, max_size=3)
            | st.lists(inner, max_size=2)
        ),
        max_leaves=9,
    ),
    st.text(string.printable, max_size=30),
)
def test_any_answer_can_be_asked(value: object, text: str) -> None:
    """Whatever is in it."""
    find_pointer(value)
    find_header({"link": text, "x-next": text})
    read_total({"content-range": text, "x-total": text})


def test_keys_deep_down_are_not_searched() -> None:
    """However deep the objects are."""
    value: dict[str, object] = {"next": "t"}
    for _ in range(5000):
        value = {"inner": value}

    assert find_pointer(value) is None
