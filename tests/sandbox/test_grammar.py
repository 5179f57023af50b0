"""Names and times as the documentation's sentences say."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.sandbox.grammar import is_namespace, is_repository
from bulkrepo.sandbox.state import timestamp


def sentence(name: str, *, longest: int, separators: str, first: str) -> bool:
    """
    Say the documented sentence clause by clause.

    "1 to N characters, starting with ... and ending with a lowercase letter or digit.
    Only lowercase letters, digits and [separators] are allowed. [Separators] cannot be
    placed next to each other. A maximum of two consecutive underscores are allowed."
    """
    letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
    if not 1 <= len(name) <= longest:
        return False
    if name[0] not in (letters if first == "letter" else letters + digits):
        return False
    if name[-1] not in letters + digits:
        return False
    if any(each not in letters + digits + separators for each in name):
        return False
    touching = [
        one + two
        for one, two in pairwise(name)
        if one in separators and two in separators
    ]
    return all(pair == "__" for pair in touching) and "___" not in name


NAMES = st.one_of(
    st.text("ab0_-./A$", max_size=12),
    st.text("a_", max_size=6),
    st.builds(
        "".join,
        st.lists(
            st.sampled_from(["a", "z9", "7", "_", "__", "-", ".", "/", "x" * 40]),
            max_size=7,
        ),
    ),
    st.text(max_size=5),
)


@given(NAMES)
def test_organizations_are_called_as_the_sentence_says(name: str) -> None:
    """The grammar and an independent reading of the sentence agree."""
    expected = sentence(name, longest=64, separators="._-", first="letter")

    assert is_namespace(name, hyphen_runs=False) == expected


@given(NAMES)
def test_repositories_are_called_as_the_sentence_says(name: str) -> None:
    """The grammar and an independent reading of the sentence agree."""
    expected = sentence(name, longest=128, separators="._-/", first="either")

    assert is_repository(name, hyphen_runs=False) == expected


@given(NAMES)
def test_hyphen_runs_are_the_only_difference(name: str) -> None:
    """With runs allowed, a name is as good as the same with its runs shortened."""
    short = re.sub("-+", "-", name)

    for legal, longest in ((is_namespace, 64), (is_repository, 128)):
        expected = len(name) <= longest and legal(short, hyphen_runs=False)
        assert legal(name, hyphen_runs=True) == expected


@pytest.mark.parametrize(
    ("legal", "longest"), [(is_namespace, 64), (is_repository, 128)]
)
def test_names_have_a_longest_length(legal: Callable[..., bool], longest: int) -> None:
    """The last length that goes, and the first that does not."""
    assert legal("a" * longest, hyphen_runs=False)
    assert not legal("a" * (longest + 1), hyphen_runs=False)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1_800_000_000.0, "2027-01-15T08:00:00Z"),
        (1_800_000_000.5, "2027-01-15T08:00:00.5Z"),
        (1_800_000_001.25, "2027-01-15T08:00:01.250000001Z"),
        (1_800_000_000.9999999, "2027-01-15T08:00:01.000000001Z"),
    ],
)
def test_timestamps_have_any_number_of_digits(seconds: float, text: str) -> None:
    """None to nine, so that a reader does not get used to one."""
    assert timestamp(seconds) == text
