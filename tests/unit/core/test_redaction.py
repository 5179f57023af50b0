"""Secrets stay out of what is logged, however they are spelt or nested."""

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.outcomes import Verdict
from bulkrepo.core.redaction import HIDDEN, Redactor, conceal, is_secret
from bulkrepo.core.rows import Problem
from tests.support.secrets import ENCODERS

SECRET_NAMES = [
    "token",
    "password",
    "secret",
    "authorization",
    "x-auth-token",
    "x-subject-token",
    "ak",
    "sk",
    "access_key",
    "secret_key",
    "security_token",
    "passcode",
    "encoded_authorization_message",
    "HW_USER_PASSWORD",
    "HUAWEICLOUD_SDK_SK",
    "secretAccessKey",
    "Set-Cookie",
    "tokens",
]


@dataclass
class Opaque:
    """A value that JSON does not know."""

    name: str = "opaque"

    def __str__(self) -> str:
        return f"<{self.name}>"


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_secret_names_are_known_in_any_spelling(name: str) -> None:
    """Case, hyphens and underscores make no other name of it."""
    for spelt in (name, name.upper(), name.replace("-", "_"), name.replace("_", "-")):
        assert is_secret(spelt)


@pytest.mark.parametrize(
    "name",
    ["", "task", "disk", "key", "token_renewed", "repository", "secretary", "---"],
)
def test_ordinary_names_are_left_alone(name: str) -> None:
    """A name that only resembles a secret one is shown."""
    assert not is_secret(name)


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize(
    "nested",
    [
        pytest.param(lambda n: {n: "hot"}, id="top"),
        pytest.param(lambda n: {"a": {n: "hot"}}, id="dict"),
        pytest.param(lambda n: {"a": [{"b": ({n: ["hot"]},)}]}, id="lists"),
        pytest.param(lambda n: {"headers": [(n, "hot")]}, id="pairs"),
    ],
)
def test_simplify_masks_secret_names_at_any_depth(name: str, nested: Any) -> None:
    """What stands under a secret name is never shown, once or twice."""
    redactor = Redactor()
    for _ in range(2):
        event = nested(name)
        redactor.simplify(event)
        assert "hot" not in str(event)
        assert HIDDEN in str(event)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Verdict.CREATED, "created"),
        (b"caf\xe9", "caf\\xe9"),
        ({"a", "b"}, ["a", "b"]),
        (("a", 1), ["a", 1]),
        ({1: None}, {"1": None}),
        (Opaque(), "<opaque>"),
        (ValueError("no"), "no"),
    ],
)
def test_simplify_gives_plain_values(value: object, plain: object) -> None:
    """Whatever is logged becomes what JSON can say."""
    event: dict[str, Any] = {"value": value}
    Redactor().simplify(event)

    assert event == {"value": plain}


def test_simplify_opens_structs() -> None:
    """A struct is shown by its fields, so that their names count as well."""
    event: dict[str, Any] = {"problem": Problem("a", "b", "c")}
    Redactor().simplify(event)

    assert event["problem"]["message"] == "c"


def test_simplify_ends_in_a_loop() -> None:
    """A value that holds itself is cut off."""
    loop: list[object] = []
    loop.append(loop)
    event: dict[str, Any] = {"loop": loop}
    Redactor().simplify(event)

    assert "<list>" in str(event)


# What hides a secret may itself look like one that has asterisks.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="*"))


@given(TEXT.filter(lambda text: len(text) >= 8 and not text.islower()), TEXT, TEXT)
def test_hidden_values_are_found_and_scrubbed(
    secret: str, before: str, after: str
) -> None:
    """A hidden secret is gone from every text and nested value, but no key is."""
    redactor = Redactor()
    redactor.hide(secret)
    event = {"a": [before + secret + after, {secret: secret, "n": True}]}
    told = redactor.scrub(event)

    assert redactor.found(msgspec.json.encode(event), encoded=False)
    assert secret not in told["a"][0]
    assert told["a"][1] == {secret: HIDDEN, "n": True}


def test_scrub_hides_numbers_and_the_longer_of_two() -> None:
    """A secret of digits is one as a number too; a longer secret leaves no rest."""
    redactor = Redactor()
    for secret in ("", "12345678", "12345678-tail", "12345678"):
        redactor.hide(secret)

    assert redactor.scrub([12345678, 12, 1.5, None, True, "x12345678-tail"]) == [
        HIDDEN,
        12,
        1.5,
        None,
        True,
        f"x{HIDDEN}",
    ]


SECRET = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"token {SECRET} is bad", f"token {HIDDEN} is bad"),
        (f"{SECRET[:12]}... is bad", f"{HIDDEN}... is bad"),
        (f"...{SECRET[-20:]}", f"...{HIDDEN}"),
        (f"{SECRET}{SECRET}", HIDDEN),
        (f"{SECRET[:11]}... is bad", f"{SECRET[:11]}... is bad"),
        ("pin", HIDDEN),
        ("a web page of pins", "a web page of pins"),
        ("pi", "pi"),
        ("", ""),
    ],
)
def test_conceal_hides_a_secret_and_its_telling_pieces(said: str, shown: str) -> None:
    """A service may quote a token whole or cut; a few characters tell nobody much."""
    assert conceal(said, [SECRET, "pin"]) == shown


@pytest.mark.parametrize("encode", ENCODERS.values(), ids=ENCODERS)
@given(
    before=st.text("ab /:=0", max_size=9),
    secret=st.text(st.characters(codec="utf-8"), min_size=8, max_size=40),
    after=st.text("ab /:%=0", max_size=9),
)
def test_conceal_hides_a_secret_that_is_encoded(
    encode: Callable[[str], str], before: str, secret: str, after: str
) -> None:
    """Whatever stands around it."""
    shown = conceal(f"{before}{encode(secret)}{after}", [secret])

    assert HIDDEN in shown
    assert encode(secret) not in shown or encode(secret) in HIDDEN


@pytest.mark.parametrize("encode", ENCODERS.values(), ids=ENCODERS)
def test_conceal_hides_a_piece_of_an_encoded_secret(
    encode: Callable[[str], str],
) -> None:
    """Also where it is part of something longer, cut off anywhere."""
    for before in ("u:", "user:", "a user:"):
        encoded = encode(f"{before}{SECRET}")[:-5]
        assert conceal(f"bad: {encoded} .", [SECRET]).endswith(f"{HIDDEN} .")


def test_conceal_leaves_other_encoded_text() -> None:
    """A digest, an id or a page's address is no secret."""
    said = f"sha256:{'0a' * 32} of https://h.example/a%20b/{'QUJD' * 9} is unknown"

    assert conceal(said, [SECRET]) == said


@given(st.text(), st.text(min_size=8), st.text(), st.data())
def test_no_piece_of_a_secret_survives_concealing(
    before: str, secret: str, after: str, data: st.DataObject
) -> None:
    """However it is cut out, as long as it is long enough to tell something."""
    size = min(12, len(secret))
    start = data.draw(st.integers(0, len(secret) - size))
    end = data.draw(st.integers(start + size, len(secret)))
    piece = secret[start:end]
    shown = conceal(before + piece + after, [secret])

    assert piece in HIDDEN or not any(piece in part for part in shown.split(HIDDEN))


def test_conceal_leaves_what_has_no_secret() -> None:
    """Nothing to hide, nothing changed."""
    assert conceal("not found", []) == "not found"
    assert conceal("not found", [SECRET]) == "not found"


@pytest.mark.parametrize("encode", [html.escape, quote_plus])
def test_conceal_hides_a_password_in_a_page_or_a_form(
    encode: Callable[[str], str],
) -> None:
    """As a page shows what was typed into it."""
    secret = 'Tr&ub4 dor<&3"x'
    shown = conceal(f"no such user: {encode(secret)}", [secret])

    assert HIDDEN in shown
    assert "ub4" not in shown
