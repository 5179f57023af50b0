"""What a run is told is checked before anything is read or sent."""

from typing import Any, get_args

import pytest

from bulkrepo.cli.durations import duration
from bulkrepo.core.errors import SettingsError
from bulkrepo.core.rows import Defaults
from bulkrepo.http.messages import Request
from bulkrepo.inputs.reader import READERS, SHEET
from bulkrepo.runs.settings import InputSettings, Settings
from bulkrepo.swr.auth.token import Token

MINIMUM: dict[str, Any] = {"endpoint": "https://swr.example", "credential": "abcdefgh"}


KINDS: list[tuple[dict[str, Any], str]] = [
    (
        {"visibility": "PUBLIC"},
        "^visibility 'PUBLIC': must be private or public or None$",
    ),
    ({"visibility": ""}, "visibility"),
    (
        {"on_differs": "Update"},
        "^on_differs 'Update': must be fail or ignore or update$",
    ),
    ({"survey": "x"}, "survey 'x': must be auto or always or never"),
    ({"grammar": "x"}, "grammar 'x': must be strict or docker"),
    (
        {"format": "xml"},
        "format 'xml': must be csv or json or ndjson or text or yaml or xlsx or None",
    ),
    ({"patience": "10m"}, "^patience '10m': must be a number of seconds$"),
    ({"deadline": "10m"}, "deadline '10m': must be a number of seconds or None"),
    ({"rate": None}, "^rate None: must be text$"),
    ({"ledger": None}, "ledger None: must be text"),
    ({"endpoint": None}, "endpoint None: must be text"),
    ({"max_attempts": 2.5}, "max_attempts 2.5: must be a whole number"),
    ({"concurrency": True}, "concurrency True: must be a whole number"),
    ({"strict": "no"}, "strict 'no': must be True or False"),
    ({"reports": "r.csv"}, "reports 'r.csv': must be a tuple of paths"),
    ({"stdin": "a,b"}, "stdin 'a,b': must be a binary stream or None"),
    ({"credential": None}, "^credential: must be a Token, AccessKey .* or text$"),
    ({"credential": b"abc"}, "^credential: must be a Token, AccessKey .* or text$"),
]


def test_formats_are_those_of_the_readers() -> None:
    """What may be asked for is what there is, and the other way round."""
    known = (*READERS, SHEET)
    for name in known:
        assert InputSettings(format=name).format == name  # type: ignore[arg-type]
    (formats, _) = get_args(InputSettings.__annotations__["format"])
    assert get_args(formats) == known


def test_a_token_is_not_shown() -> None:
    """Settings are printed when something is looked for."""
    assert "abc" not in repr(Settings(**MINIMUM))


def test_defaults_are_the_documented_ones() -> None:
    """Five tries, ten minutes of patience, 64 requests in flight."""
    limits = Settings(**MINIMUM).limits()

    assert limits.max_attempts == 5
    assert limits.patience == 600.0
    assert limits.concurrency == 64
    assert limits.deadline is None
    assert limits.max_failures is None


@pytest.mark.parametrize(
    ("options", "why"),
    [
        pytest.param({"endpoint": "http://swr.example"}, "plain http", id="endpoint"),
        pytest.param({"rate": "fast"}, "--rate fast", id="rate"),
        pytest.param({"reports": ("a.docx",)}, "docx", id="report"),
        pytest.param(
            {"concurrency": 0}, "concurrency 0: must be at least 1", id="concurrency"
        ),
        pytest.param({"max_attempts": 0}, "max_attempts 0", id="attempts"),
        pytest.param({"timeout": 0.0}, "timeout 0.0", id="timeout"),
        pytest.param({"max_failures": 0}, "max_failures 0", id="failures"),
        pytest.param({"patience": 0.0}, "patience 0.0", id="patience"),
        pytest.param({"patience": float("nan")}, "patience nan", id="nan"),
        pytest.param({"deadline": -1.0}, "deadline -1.0", id="deadline"),
        *(
            pytest.param(options, why, id=f"kind of {next(iter(options))} {number}")
            for number, (options, why) in enumerate(KINDS)
        ),
    ],
)
def test_settings_are_refused_when_they_make_no_sense(
    options: dict[str, Any], why: str
) -> None:
    """The error names the option."""
    with pytest.raises(SettingsError, match=why):
        Settings(**MINIMUM | options)


def test_limits_are_what_was_given() -> None:
    """How hard to try goes to the engine as it is."""
    given: dict[str, Any] = {
        "concurrency": 3,
        "max_attempts": 2,
        "patience": 7.0,
        "deadline": 9.0,
        "max_failures": 4,
    }
    limits = Settings(**MINIMUM, **given).limits()

    assert {name: getattr(limits, name) for name in given} == given


def test_credential_may_be_a_token_or_a_way_to_sign_in() -> None:
    """A text is a token; what signs is taken as it is."""
    auth = Token("mine", lambda: "abcdefgh")

    assert Settings(**MINIMUM | {"credential": auth}).auth() is auth
    signed = Settings(**MINIMUM).auth().sign(Request("GET", "/"), at=0.0)
    assert signed == {"X-Auth-Token": "abcdefgh"}


@pytest.mark.parametrize(
    ("visibility", "is_public"), [(None, None), ("private", False), ("public", True)]
)
def test_only_visibility_makes_public(
    visibility: Any, *, is_public: bool | None
) -> None:
    """Without the option, rows that say nothing stay faulty."""
    reading = InputSettings(namespace="team", visibility=visibility, category="arm")

    assert reading.defaults() == Defaults("team", is_public, "arm")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("90s", 90.0),
        ("1.5s", 1.5),
        ("0.2", 0.2),
        ("10m", 600.0),
        ("1h", 3600.0),
        ("1h30m", 5400.0),
        ("1h30m15s", 5415.0),
        ("1h30", 3630.0),
        ("90m", 5400.0),
    ],
)
def test_duration_is_read(text: str, seconds: float) -> None:
    """Hours, minutes and seconds, in this order."""
    assert duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "0", "0s", "0h0m", "-5", "1d", "1.5m", "m", "10 m", "30m1h", "1e3", "90s\n"],
)
def test_duration_is_refused_when_it_is_none(text: str) -> None:
    """Nothing, less than nothing, and other units."""
    with pytest.raises(SettingsError, match="is not a duration"):
        duration(text)
