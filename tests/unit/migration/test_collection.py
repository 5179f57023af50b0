"""Listings of any length: read in parts they say what they say as a whole."""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.errors import InputError
from bulkrepo.migration.listings.document_reader import Document, documents
from tests.support.exact_json import exactly
from tests.support.gathering import Whole, whole
from tests.support.paths import LISTINGS

HERE = LISTINGS


def parts(text: str, *, size: int, part: int) -> list[Document]:
    """Read *text* a few characters at a time, in parts of a few records."""
    file = io.StringIO(text, newline="")
    return list(documents(file, source="s", size=size, part=part))


def joined(given: Iterable[Document]) -> list[Any]:
    """Put parts together again."""
    values: list[Any] = []
    going = False
    for each in given:
        if going and isinstance(each.value, list):
            values[-1] += each.value
        elif going and isinstance(each.value, dict):
            old = values[-1]
            key = [*old][-1] if set(old) <= set(each.value) else ""
            values[-1] = {**each.value, key: old[key] + each.value[key]}
            # What grew is to be the last key, as a part has it.
            if each.continued:
                values[-1][key] = values[-1].pop(key)
        else:
            values.append(each.value)
        going = each.continued
    assert not going
    return values


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
tops = st.one_of(
    st.lists(st.text(alphabet='a",\\\u00e9{}[]\n')),
    st.lists(values),
    st.dictionaries(st.text(max_size=3), values | st.lists(st.text())),
)


@given(
    st.lists(tops, min_size=1, max_size=3),
    st.integers(1, 9),
    st.integers(1, 4),
    st.sampled_from(
        [
            json.dumps,
            partial(json.dumps, indent=1),
            partial(json.dumps, ensure_ascii=False),
        ]
    ),
)
def test_parts_are_the_whole(
    given_values: list[Any], size: int, part: int, dump: Callable[[Any], str]
) -> None:
    """Whatever is cut where, it is what the JSON of the standard library reads."""
    text = "\n".join(map(dump, given_values))

    wanted = [exactly(dump(value)) for value in given_values]
    assert joined(parts(text, size=size, part=part)) == wanted


def ways(broken: json.JSONDecodeError) -> Iterator[json.JSONDecodeError]:
    """Yield the ways to say it: Python 3.13 on names a comma, not what follows it."""
    yield broken
    if broken.msg.startswith("Illegal trailing comma"):
        behind = len(broken.doc) - len(broken.doc[broken.pos + 1 :].lstrip())
        for wanted in ("value", "property name enclosed in double quotes"):
            yield json.JSONDecodeError(f"Expecting {wanted}", broken.doc, behind)


def told(broken: json.JSONDecodeError) -> str:
    """Return the pattern of our message."""
    return f"s:{broken.lineno}:{broken.colno}: .* not valid: {re.escape(broken.msg)}"


@given(
    st.lists(tops, max_size=2), st.integers(0, 200), st.integers(1, 9), st.text("]}{,:")
)
def test_what_is_broken_is_told_where_it_is_broken(
    given_values: list[Any], at: int, size: int, odd: str
) -> None:
    """At the line and column at which a reader of the whole sees it."""
    text = json.dumps(["ab", *given_values], indent=1)
    text = text[: at % len(text)] + odd + text[at % len(text) :][3:]
    if not text.startswith("["):
        return
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as broken:
        with pytest.raises(InputError, match="|".join(map(told, ways(broken)))):
            parts(text, size=size, part=2)
    else:
        if not text[end:].strip():
            assert joined(parts(text, size=size, part=2)) == [exactly(text)]


@pytest.mark.parametrize("path", sorted(HERE.iterdir()), ids=lambda path: path.name)
def test_a_fixture_reads_the_same_in_parts(path: Path) -> None:
    """Every shape, a record at a time."""
    text = path.read_bytes().decode()

    def read(size: int, part: int) -> Whole | str:
        try:
            return whole(parts(text, size=size, part=part))
        except InputError as error:  # projects alone are no listing
            return str(error)

    assert read(7, 1) == read(1 << 20, 1 << 20)


def test_a_long_list_of_names_comes_in_parts() -> None:
    """Not one part holds all of it."""
    lines = [f"registry.example.com/team/app-{n}:v1" for n in range(100_000)]
    found = parts("\n".join(lines), size=1000, part=1000)

    assert max(len(str(each.value)) for each in found) < len("".join(lines)) / 5
    assert [line for each in found for line in str(each.value).split()] == lines


def test_a_key_far_down_among_names_is_refused() -> None:
    """YAML is told from its beginning: nothing is taken for a name that is a key."""
    text = "team/app\n" * 90_000 + "sync: \n"
    with pytest.raises(InputError, match=r"s:90001: has a key"):
        parts(text, size=1000, part=1000)


def test_a_long_array_that_stands_twice_is_refused() -> None:
    """Of two only one would count, and the other is passed on already."""
    with pytest.raises(InputError, match="occurs twice"):
        parts('{"a": ["b", "c"], "a": ["d"]}', size=9, part=1)


def test_a_key_behind_a_long_array_still_tells_the_shape() -> None:
    """Then all of it is held; the usual order of keys needs no more than a part."""
    records = [{"namespace": "o", "name": name} for name in "abc"]
    text = json.dumps({"results": records, "count": 3})
    listing = whole(parts(text, size=9, part=1))

    assert [each.name.full for each in listing.found] == ["o/a", "o/b", "o/c"]
    assert listing.truncated is None


def test_what_stands_behind_a_long_array_counts() -> None:
    """A token for the next page, for example."""
    text = (
        '{"repositories": [{"repositoryName": "a"}, {"repositoryName": "b"}], "%s": 1}'
    )
    listing = whole(parts(text % "nextToken", size=9, part=1))

    assert len(listing.found) == 2
    assert "nextToken" in str(listing.truncated)


names = st.lists(st.sampled_from(["p/a", "p/b", "q/a", "q/b"]), min_size=1, max_size=8)


@given(
    names, st.lists(st.integers(0, 3), min_size=8, max_size=8), st.permutations([0, 1])
)
def test_projects_and_repeats_are_joined_whatever_comes_first(
    given_names: list[str], ids: list[int], order: list[int]
) -> None:
    """By a reading that holds everything, written the plain way."""
    records = [
        {"name": name, "project_id": number, "artifact_count": 1}
        for name, number in zip(given_names, ids, strict=False)
    ]
    said = {1: "true", 2: "false"}
    projects = [
        {"name": "x", "project_id": n, "metadata": {"public": s}, "registry_id": 0}
        for n, s in said.items()
    ]
    projects.append({"name": "y", "project_id": 3, "metadata": {}, "registry_id": 7})
    texts = [json.dumps(records), json.dumps(projects)]
    listing = whole(
        document
        for text in (texts[n] for n in order)
        for document in parts(text, size=50, part=2)
    )

    wanted: dict[str, set[bool | None]] = {}
    for name, number in zip(given_names, ids, strict=False):
        if number != 3:
            public = {"true": True, "false": False}.get(said.get(number, ""))
            wanted.setdefault(name, set()).add(public)
    assert [(each.name.full, each.is_public) for each in listing.found] == [
        (name, next(iter(seen)) if len(seen) == 1 else None)
        for name, seen in wanted.items()
    ]
    proxied = sum(n == 3 for _, n in zip(given_names, ids, strict=False))
    assert sum(count for count, _ in listing.skipped.values()) == proxied
