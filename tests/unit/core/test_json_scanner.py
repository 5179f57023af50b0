"""JSON is read as it is written, refused where it is broken, and never altered."""

import io
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkrepo.core.errors import InputError
from bulkrepo.core.json_scanner import (
    Ambiguous,
    JsonScanner,
    Number,
    Unreadable,
    as_object,
    list_members,
    value_decoder,
)
from tests.support.exact_json import exactly

SIZES = (1, 2, 7, 1 << 16)
"""Characters that are read at once."""


def scanner(
    text: str, *, size: int = 1 << 16, longest: int | None = None
) -> JsonScanner:
    """Return what reads *text*."""
    file = io.StringIO(text, newline="")
    return JsonScanner(file, source="s", size=size, longest=longest)


def read(text: str, *, size: int) -> object:
    """Return the one value of *text*, read a few characters at a time."""
    scan = scanner(text, size=size)
    scan.next()
    value = scan.value()
    if scan.next():
        scan.refuse("Extra data")
    return value


def walk(scan: JsonScanner) -> object:
    """Return the value that comes next, elements and members one by one."""
    match scan.next():
        case "[":
            return list(scan.elements())
        case "{":
            return as_object([(key, walk(scan)) for key in scan.members()], source="s")
        case _:
            return scan.value()


VALID = [
    ("[]", []),
    (" [ ] \n", []),
    ("{}", {}),
    ('\r\n\t {"a" : [ 1 , -2 ]}', {"a": [1, -2]}),
    ('"a"', "a"),
    ("0", 0),
    ("-0", 0),
    ("-12", -12),
    ("true", True),
    ("false", False),
    ("null", None),
    ('[null,true,false,"",{},[]]', [None, True, False, "", {}, []]),
    (r'"\"\\\/\b\f\n\r\t"', '"\\/\b\f\n\r\t'),
    (r'"\u0061\u00e9\u20AC"', "aé€"),
    (r'"\ud83d\uDE00"', "\U0001f600"),
    ('"\U0001f600é\u2028\x7f"', "\U0001f600é\u2028\x7f"),
    (r'"\u0000"', "\0"),
    (r'"\\ud800"', r"\ud800"),
    (r'"\ufeff\uffff\ufffe"', "\ufeff\uffff\ufffe"),
    ('{"":{"":[""]}}', {"": {"": [""]}}),
    ('{"a\\u0062":1}', {"ab": 1}),
    ('["[",",","]","}","\\""]', ["[", ",", "]", "}", '"']),
    ("[" * 300 + "]" * 300, exactly("[" * 300 + "]" * 300)),
    ("999999999999999999", 999999999999999999),
]
INVALID = [
    "",
    " ",
    "[",
    "]",
    "[1",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1,,2]",
    "[1}",
    "[]]",
    "[] []",
    "{",
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,}',
    '{"a" 1}',
    '{"a"::1}',
    "{a:1}",
    "{'a':1}",
    "{1:1}",
    "{,}",
    '{"a":1 "b":2}',
    '"a',
    '"\\',
    '"\\x61"',
    '"\\u12"',
    '"\\u12g4"',
    '"\\ud83d\\u"',
    '"a\nb"',
    '"a\tb"',
    '"a\0b"',
    "'a'",
    "a",
    "tru",
    "True",
    "nul",
    "None",
    "NaN",
    "[NaN]",
    "Infinity",
    "-Infinity",
    "+1",
    "-",
    "--1",
    "01",
    "-01",
    ".5",
    "1.",
    "1.e1",
    "1e",
    "1e+",
    "0x1f",
    "1_000",
    "/* a */ []",
    "[] // a",
    "[1] #",
    "<html>",
    "\ufeff[]",
    "\u00a0[]",
    "[\u2028]",
    "[\x0c]",
]
LEFT_OPEN = [
    (r'"\ud83d"', "\ud83d"),
    (r'"a\ud83dA"', "a\ud83dA"),
    (r'"\udc00"', "\udc00"),
    (r'"\udc00\ud800"', "\udc00\ud800"),
    (r'"\ud83d\\"', "\ud83d\\"),
    (r'{"\ud800":1}', {"\ud800": 1}),
    ("1.10", Number("1.10")),
    ("1.0", Number("1.0")),
    ("-0.0", Number("-0.0")),
    ("1e5", Number("1e5")),
    ("1E+400", Number("1E+400")),
    ("1e-400", Number("1e-400")),
    ("-1e99999999999999999999", Number("-1e99999999999999999999")),
    ("1234567890123456789", Number("1234567890123456789")),
    ("9" * 5000, Number("9" * 5000)),
]
"""What the standard leaves to the reader: it stays what is written."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("text", "value"), VALID + LEFT_OPEN)
def test_a_value_is_what_is_written(text: str, value: object, size: int) -> None:
    """Whatever its type, and wherever the text is cut."""
    found = read(text, size=size)

    assert found == walk(scanner(text, size=size)) == value_decoder("s")(text) == value
    assert type(found) is type(value)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", INVALID)
def test_what_is_no_json_is_refused(text: str, size: int) -> None:
    """By both ways of reading, and as a line."""
    with pytest.raises(InputError, match=r"s:\d+:\d+: begins like JSON but is not"):
        read(text, size=size)
    with pytest.raises(json.JSONDecodeError):
        value_decoder("s")(text)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["\ud800", "a\udfff", '",', "},", "[{", "\\"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
sizes = st.integers(1, 9) | st.just(1 << 16)


@settings(deadline=None)
@given(values, sizes, st.booleans(), st.sampled_from([None, 0, 2]))
def test_what_is_dumped_is_read(
    value: object,
    size: int,
    ascii_only: bool,  # noqa: FBT001 - drawn
    indent: int | None,
) -> None:
    """At any size of the pieces, as the standard library reads it as a whole."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)

    assert read(text, size=size) == exactly(text)
    assert walk(scanner(text, size=size)) == exactly(text)


@settings(deadline=None)
@given(st.lists(values, min_size=1), sizes, st.integers(0, 1000), st.text(max_size=3))
def test_a_fault_is_told_where_it_is(
    given_values: list[object], size: int, at: int, odd: str
) -> None:
    """At line and column of the standard library, which holds all of the text."""
    text = json.dumps(given_values, indent=1)
    text = text[: at % len(text)] + odd + text[at % len(text) + 1 :]
    try:
        wanted = exactly(text)
    except json.JSONDecodeError as error:
        broken = error
    else:
        if "NaN" not in text and "Infinity" not in text:
            assert read(text, size=size) == wanted
        return
    where = f"s:{broken.lineno}:{broken.colno}: "
    if broken.msg.startswith("Illegal trailing comma"):  # 3.13 tells the comma
        where = "s:"
    with pytest.raises(InputError, match=where):
        read(text, size=size)


@settings(deadline=None)
@given(values, st.randoms(use_true_random=False), sizes)
def test_mutated_bytes_are_a_value_or_refused(
    value: object, chance: random.Random, size: int
) -> None:
    """Nothing else, whatever they are."""
    data = bytearray(json.dumps([value, value]).encode())
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    text = data.decode(errors="replace")
    for longest in (None, 5):
        scan = scanner(text, size=size, longest=longest)
        try:
            walk(scan)
        except InputError:
            continue


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_word_for_no_number_is_named(word: str, size: int) -> None:
    """Where it stands, not where its record begins, and not one inside of a text."""
    text = f'["a", {{\n"NaN\\"Infinity": {word}}}]'
    scan = scanner(text, size=size)
    scan.next()

    with pytest.raises(InputError, match=f"s:2:18: .* {word} is no value"):
        list(scan.elements())


@pytest.mark.parametrize("size", SIZES)
def test_documents_follow_each_other(size: int) -> None:
    """With or without anything between them."""
    scan = scanner('[1]{"a":2}\n"b" 3', size=size)
    found = []
    while scan.next():
        found.append(walk(scan))

    assert found == [[1], {"a": 2}, "b", 3]


def test_a_long_array_is_read_in_pieces() -> None:
    """Nobody waits for its end, or holds it."""
    text = io.StringIO("[" + '{"name":"a"},' * 100_000)
    scan = JsonScanner(text, source="s")
    scan.next()
    found = scan.elements()

    assert [next(found), next(found)] == [{"name": "a"}] * 2
    assert text.tell() < 100_000


TWICE = '{"a":1,"b":{"c":1,"c":2},"a":3}'


def test_a_key_that_stands_twice_is_refused_where_it_is_read() -> None:
    """The others are read; all values together are not, as one would be lost."""
    found: Any = read(TWICE, size=9)
    inner: Any = found["b"]

    assert type(found) is type(inner) is Ambiguous
    assert found.keys() == {"a", "b"}
    assert found.get("x", 5) == 5
    assert list(inner) == ["c"]
    assert list_members(found)[0] == ("a", "b", "a")
    assert list_members(inner) == (("c", "c"), [1, 2])
    for key in ("get", "__getitem__"):
        with pytest.raises(InputError, match='s: "a" occurs twice'):
            getattr(found, key)("a")
    for every in (inner.items, inner.values):
        with pytest.raises(InputError, match='s: "c" occurs twice'):
            every()


def spoilt(scan: JsonScanner) -> Iterator[object]:
    """Yield the elements; a reason for each that is not read."""
    scan.next()
    for each in scan.elements():
        yield each.why if isinstance(each, Unreadable) else each


DEEP = '{"x":' * 9999 + "1" + "}" * 9999
LONG = "is over 50 characters long"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("element", "why"),
    [
        (DEEP.replace("x", '[\\\\\\"{'), "is nested too deeply"),
        ('"%s\\""' % ("a" * 200), LONG),
        ('{"a":"%s]\\\\","b":[{}]}' % ("a" * 200), LONG),
        ('[["%s"],[]]' % ("a" * 200), LONG),
    ],
)
def test_an_element_that_cannot_be_held_is_passed_over(
    element: str, why: str, size: int
) -> None:
    """It alone; without a limit it is refused, or read."""
    text = f'["a",{element}, "b"]'

    longest = 50 if why == LONG else 1 << 20
    assert list(spoilt(scanner(text, size=size, longest=longest))) == ["a", why, "b"]
    if why != LONG:
        with pytest.raises(InputError, match="nested too deeply"):
            list(spoilt(scanner(text, size=size)))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * 9999, "it ends within a value"),
        ('["' + "a" * 200, "it ends within a value"),
        ("[" + "1" * 200 + "]", "over 50 characters long"),
        ('{"a":"' + "a" * 200 + '"}', "over 50 characters long"),
        ("[" * 40 + ",", "Expecting value"),
    ],
)
def test_what_has_no_end_is_refused(text: str, why: str) -> None:
    """So is what belongs to no row."""
    with pytest.raises(InputError, match=why):
        walk(scanner(text, size=9, longest=50))


def test_no_more_is_held_than_a_long_element_needs() -> None:
    """One that is passed over is not even held."""
    scan = scanner('["%s","b"]' % ("a" * 1_000_000), size=100, longest=1000)
    most = 0

    scan.next()
    for _ in scan.elements():
        most = max(most, len(scan.held))

    assert most < 10_000
