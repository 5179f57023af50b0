"""Who we are: which credential is taken, and what a renewal is."""

from collections.abc import Callable, Iterable

import pytest

from bulkrepo.auth import TOKEN_VARIABLES, Token, choose
from bulkrepo.model import SettingsError
from bulkrepo.wire import Request

REQUEST = Request("GET", "/")


def texts(*values: str) -> Callable[[], str]:
    """Give a function that reads *values* one after the other."""
    left: Iterable[str] = iter(values)
    return lambda: next(iter(left))


def test_token_goes_into_its_header_and_is_a_secret() -> None:
    """The documented header, blanks around the token dropped."""
    auth = Token("SWR_TOKEN", lambda: " abc==\n")

    assert auth.sign(REQUEST) == {"X-Auth-Token": "abc=="}
    assert auth.secrets() == ("abc==",)
    assert auth.name == "SWR_TOKEN"


def test_headers_are_the_same_mapping_until_the_token_is_renewed() -> None:
    """Who compares mappings knows whether a refusal is about the present token."""
    auth = Token("file", texts("one", "one", "two"))
    before = auth.sign(REQUEST)

    assert auth.renew() is False
    assert auth.sign(REQUEST) is before
    assert auth.renew() is True
    assert auth.sign(REQUEST) is not before
    assert auth.sign(REQUEST) == {"X-Auth-Token": "two"}
    assert auth.secrets() == ("one", "two")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("a b", "does not hold a token"),
        ("a\nb", "does not hold a token"),
        ("a\r\nX-Evil: 1", "does not hold a token"),
        ("tökén", "does not hold a token"),
        ("a\x00b", "does not hold a token"),
    ],
)
def test_token_is_refused_when_it_is_none(text: str, why: str) -> None:
    """The error names the place, never the text."""
    with pytest.raises(SettingsError, match=f"token.txt .*{why}") as raised:
        Token("token.txt", lambda: text)

    assert len(text.strip()) == 0 or text not in str(raised.value)


def unread(path: str) -> str:
    """Fail the test if a file is read."""
    raise AssertionError(path)


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"SWR_TOKEN": "a", "HW_AUTH_TOKEN": "b", "OS_AUTH_TOKEN": "c"}, "SWR_TOKEN"),
        ({"HW_AUTH_TOKEN": "a", "OS_AUTH_TOKEN": "c"}, "HW_AUTH_TOKEN"),
        ({"OS_AUTH_TOKEN": "a"}, "OS_AUTH_TOKEN"),
        ({"SWR_TOKEN": "", "OS_AUTH_TOKEN": "a"}, "OS_AUTH_TOKEN"),
    ],
)
def test_first_variable_that_is_set_wins(
    environment: dict[str, str], name: str
) -> None:
    """The order is the documented one; an empty variable is not set."""
    auth = choose(environment, token_file=None, read_file=unread)

    assert auth.name == name
    assert auth.sign(REQUEST) == {"X-Auth-Token": "a"}


def test_token_file_wins_and_is_read_again() -> None:
    """An option beats the environment; a renewal reads the file."""
    files = iter(["one", "two"])
    environment = dict.fromkeys(TOKEN_VARIABLES, "other")
    auth = choose(environment, token_file="t.txt", read_file=lambda _: next(files))

    assert auth.sign(REQUEST) == {"X-Auth-Token": "one"}
    assert auth.name == "t.txt"
    assert auth.renew() is True
    assert auth.sign(REQUEST) == {"X-Auth-Token": "two"}


def test_nothing_to_sign_in_with_says_what_to_set() -> None:
    """The next thing to do is in the message."""
    with pytest.raises(SettingsError, match=r"set SWR_TOKEN .*--token-file.*--sandbox"):
        choose({}, token_file=None, read_file=unread)
