"""Text from outside is fit for a terminal and for a shell."""

import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.text import brief, escape, quote


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain-name_1", "plain-name_1"),
        ("größe 大小 🐳", "größe 大小 🐳"),
        ("wide\u3000space\u00a0", "wide\u3000space\u00a0"),
        ("a\x1b[31m\r\n\t\x7f\x85", "a\\x1b[31m\\x0d\\x0a\\x09\\x7f\\x85"),
        ("a\u202eb\u200b\u2028\ufeff", "a\\u202eb\\u200b\\u2028\\ufeff"),
        ("\udc80\ud800", "\\x80\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_escape_writes_out_what_does_not_print(text: str, shown: str) -> None:
    """Letters of all scripts stay; what acts on a terminal is written out."""
    assert escape(text) == shown


@given(st.text())
def test_escape_leaves_nothing_that_acts(text: str) -> None:
    """No control, format, surrogate or line separating character is left."""
    acting = {"Cc", "Cf", "Cs", "Zl", "Zp"}

    assert not acting & {unicodedata.category(char) for char in escape(text)}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" * 255, "a" * 255),
        ("a" * 256, "a" * 255 + "… (256 characters)"),
    ],
)
def test_brief_shows_how_long_it_is(text: str, shown: str) -> None:
    """No more than a name can be, and of that all."""
    assert brief(text) == shown


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("team.csv", "team.csv"),
        ("-", "-"),
        ("-x.csv", "./-x.csv"),
        ("my list.csv", "'my list.csv'"),
        ("", "''"),
        ("it's", "'it'\"'\"'s'"),
        ("a\nb'c\\", "$'a\\x0ab\\'c\\\\'"),
    ],
)
def test_quote_gives_one_word(name: str, word: str) -> None:
    """A name becomes one word, and a leading dash no option."""
    assert quote(name) == word


@pytest.mark.parametrize("name", ["a b", "$(id)`id`", "it's \x1b[2J", "a\nb\\n'", "*?"])
def test_quote_is_read_back_by_a_shell(name: str) -> None:
    """A shell that is given the word has the name again."""
    ran = subprocess.run(
        ["bash", "-c", f"printf %s {quote(name)}"], capture_output=True, check=True
    )

    assert ran.stdout.decode() == name
