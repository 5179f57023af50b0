"""Which registry a URL names, and which URLs may not be asked."""

import re

import pytest

from bulkrepo.core.errors import SettingsError
from bulkrepo.migration.remote import urls


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
