"""What is not text is cleaned where it comes in, and goes no further."""

import io
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from bulkrepo.cli import logs, validate
from bulkrepo.core.errors import InputError
from bulkrepo.core.outcomes import Outcome, Verdict
from bulkrepo.core.rows import FIELDS, Defaults, Rejected, RepoSpec, Row
from bulkrepo.core.surrogates import clean_body, clean_text
from bulkrepo.http.messages import Request, Response
from bulkrepo.inputs import checking, locations
from bulkrepo.ledger.database import MEMORY
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.reports import EXPORTERS
from bulkrepo.runs.settings import InputSettings
from bulkrepo.swr import responses
from tests.support.boxes import ANY_TEXT
from tests.support.servers import ask, saying, serving

DEFAULTS = Defaults(namespace="team", is_public=False)
ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=6,
)
KEYS = st.sampled_from(FIELDS) | st.sampled_from(["outcome", "problems"]) | ANY_TEXT
RECORDS = st.lists(st.dictionaries(KEYS, ANY_VALUE, max_size=5), min_size=1, max_size=3)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Leave no log set up behind."""
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain", "plain"),
        ("é\U0001f600\ufffd", "é\U0001f600\ufffd"),
        ("a\ud800b\udc00", "a\ufffdb\ufffd"),
        ("r\udcff\udc80", "r\ufffd\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),
        ("\ud800", "\ufffd"),
    ],
)
def test_each_half_of_a_character_is_replaced(text: str, clean: str) -> None:
    """Two that belong together are a character."""
    assert clean_text(text) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (r'"\ud800"', r'"\ufffd"'),
        (r'"\\ud800"', r'"\\ud800"'),
        (r'"\\\uDFFF"', r'"\\\ufffd"'),
        (r'"\ud83d\ude00\ud83d"', r'"\ud83d\ude00\ufffd"'),
    ],
)
def test_each_escape_of_a_half_is_replaced(text: str, clean: str) -> None:
    """A backslash that is itself escaped begins no escape."""
    assert clean_body(text.encode()).decode() == clean


@given(ANY_TEXT)
@example("\ud800\ud800\udc00")
@example("\\\ud800\\u")
def test_text_and_its_escapes_are_cleaned_alike(text: str) -> None:
    """Into text that UTF-8 holds, which is left alone."""
    clean = clean_text(text)

    assert clean.encode().decode() == clean == clean_text(clean)
    assert json.loads(clean_body(json.dumps(text).encode())) == clean


@given(value=ANY_VALUE, ascii_only=st.booleans())
def test_a_body_is_cleaned_without_changing_what_it_says(
    value: object, *, ascii_only: bool
) -> None:
    """It is JSON still, and of the same shape."""
    body = json.dumps(value, ensure_ascii=ascii_only).encode(errors="surrogatepass")

    found = msgspec.json.decode(clean_body(body))

    assert type(found) is type(value)


@given(st.binary())
def test_any_body_is_text(body: bytes) -> None:
    """Whatever bytes a server sends."""
    assert clean_body(body).decode() is not None


def read(raw: bytes, kind: str) -> list[tuple[Row, RepoSpec | Rejected]]:
    """Read a list as a run does."""
    stdin = io.BytesIO(raw)
    read = checking.checked(
        ["-"], format=kind, defaults=DEFAULTS, profile="docker", stdin=stdin
    )
    return list(read)


def tell(
    checked: list[tuple[Row, RepoSpec | Rejected]], **said: Any
) -> list[dict[str, Any]]:
    """
    Take rows through ledger, exporters and log; return them as reported.

    What is to be created fails with what was *said*.
    """
    screen = io.StringIO()
    logs.configure(log_format="json", stderr=screen, verbosity=2)
    log = structlog.get_logger()
    ledger = Ledger(MEMORY, now=time.time)
    try:
        ledger.load(
            iter(checked),
            lists=["-"],
            endpoint="https://swr.example",
            digest=lambda: "0",
            version="0",
            place=locations.place,
        )
        for claim in ledger.turn([], 100):
            outcome = Outcome(id=claim.id, outcome=Verdict.FAILED, **said)
            ledger.turn([outcome], 0)
        ledger.finish(stopped=said.get("message"), requests=1, throttled=0)
        info = ledger.run_info()
        summary, items = ledger.summary(info), list(ledger.items(info))
        reports = {
            kind: b"".join(export(info, summary, items)).decode()
            for kind, export in EXPORTERS.items()
        }
    finally:
        ledger.close()
    for item in items:
        log.warning("repository.settled", **msgspec.to_builtins(item))
    assert screen.getvalue().count("\n") == len(checked) == len(items)
    return [json.loads(line) for line in io.StringIO(reports["jsonl"])]


def wild(record: dict[str, object]) -> bool:
    """Tell whether a field's text, as JSON has it, holds half of a character."""
    given = json.loads(json.dumps([record.get(field) for field in FIELDS]))
    return any(isinstance(text, str) and clean_text(text) != text for text in given)


@pytest.mark.parametrize("form", ["ndjson", "json", "object"])
@given(records=RECORDS)
@example(records=[{"repository": ["\ud800"]}])
@example(records=[{"repository": "a", "description": "\udc00"}])
@example(records=[{"repository": "a", "description": {"\ud800": ["\udfff"]}}])
@example(records=[{"repository": "a", "\udc00": 1}, {"repository": "b"}])
@example(records=[{"outcome": "invalid", "problems": [{"\ud800": "\ud800"}]}])
def test_any_json_is_read_and_told(form: str, records: list[dict[str, object]]) -> None:
    """And a row with half of a character in a field never passes for a valid one."""
    match form:
        case "ndjson":
            raw = "".join(json.dumps(record) + "\n" for record in records)
        case "json":
            raw = json.dumps(records)
        case _:
            raw = json.dumps({"defaults": {"category": "linux"}, "items": records})

    checked = read(raw.encode(), "ndjson" if form == "ndjson" else "json")
    told = tell(checked)

    for record, (_, found), item in zip(records, checked, told, strict=True):
        if wild(record):
            assert isinstance(found, Rejected)
            assert item["outcome"] == "invalid"


@pytest.mark.parametrize("kind", ["csv", "text", "json", "ndjson"])
@given(text=ANY_TEXT, names=st.lists(ANY_TEXT, min_size=1, max_size=3))
def test_any_text_is_read_and_told(kind: str, text: str, names: list[str]) -> None:
    """Or is refused as a whole, with a reason."""
    start = {"csv": "name,description\n", "json": "[", "ndjson": "", "text": ""}[kind]
    lines = [f'"{name}"' if kind.endswith("json") else name for name in names]
    raw = (start + "\n".join(lines) + text).encode(errors="surrogatepass")

    with suppress(InputError):
        tell(read(raw, kind))


def test_a_half_in_the_lists_own_defaults_is_a_fault_of_each_row_it_fills() -> None:
    """Nobody's description becomes another text than was written."""
    raw = rb'{"defaults":{"description":"\udc00"},"items":["a",{"name":"b"}]}'
    filled = read(raw, "json")

    (kept,) = read(rb'[{"name":"a","description":"\ufffd\ud83d\ude00"}]', "json")

    for _, found in filled:
        assert isinstance(found, Rejected)
        assert [problem.rule for problem in found.problems] == ["unicode"]
    assert isinstance(kept[1], RepoSpec)
    assert kept[1].description == "\ufffd\U0001f600"


@pytest.mark.parametrize("at", range(65_500, 65_540))
def test_an_escape_may_lie_anywhere(at: int) -> None:
    """A list is read in pieces, and none of them ends within a character."""
    start = '[{"name":"a","description":"'
    pair = rb"\ud83d\ude00\udc00"
    raw = start.encode() + b"x" * (at - len(start)) + pair + b'"}]'

    ((row, found),) = read(raw, "json")

    assert isinstance(found, Rejected)
    assert isinstance(row.description, str)
    assert row.description.endswith("x\U0001f600\ufffd")


def test_a_key_with_half_a_character_is_an_unknown_key() -> None:
    """Of its row alone, and in the text of the list nothing is broken."""
    for half in (rb"\ud800", rb"\udc00"):
        raw = b'[{"name":"a","%b":1},{"name":"b"}]' % half
        (_, first), (_, second) = read(raw, "json")

        assert isinstance(first, Rejected)
        assert [(p.rule, p.field) for p in first.problems] == [
            ("unknown-column", "\ufffd")
        ]
        assert isinstance(second, RepoSpec)


def test_the_options_of_a_command_are_cleaned() -> None:
    """A byte that is not UTF-8 in one of them is a fault of the rows that it fills."""
    defaults = InputSettings(namespace="x\udcff", category="\udcff").defaults()
    stdin = io.BytesIO(b"a\n")

    checked = checking.checked(
        ["-"], format="text", defaults=defaults, profile="docker", stdin=stdin
    )

    (item,) = tell(list(checked))
    assert [problem["got"] for problem in item["problems"][::2]] == [
        "x\ufffd",
        "\ufffd",
    ]


def test_a_file_may_have_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its faulty rows are reported, by a name that is text."""
    monkeypatch.chdir(tmp_path)
    Path("x\udcff.txt").write_text("UPPER\n", encoding="utf-8")
    settings = InputSettings(
        namespace="team", visibility="private", reports=("r.jsonl",)
    )

    assert (
        validate.run(["x\udcff.txt"], settings=settings, fixed=None, quiet=False) == 1
    )

    (item,) = json.loads(f"[{Path('r.jsonl').read_text(encoding='utf-8')}]")
    assert item["source"] == "x\ufffd.txt"


REQUEST = Request("POST", "/v2/manage/namespaces/team/repos", b"{}", creates=True)


@pytest.mark.parametrize(
    ("name", "status"),
    [("X-Request-Id", 400), ("Location", 302), ("Content-Type", 500), ("Date", 429)],
)
@pytest.mark.parametrize(
    ("value", "clean"),
    [
        (b"r\xff\x80", "r\ufffd\ufffd"),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
        ("ré".encode(), "ré"),
        (b"r", "r"),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        b'{"errorCode":"SVCSTG.SWR.4001029","errorMessage":"no \xff"}',
        rb'{"errorCode":"SVCSTG.SWR.4001029","errorMessage":"no \ud800"}',
        b"\xff\xfe<title>\xed\xa0\x80</title>",
    ],
)
async def test_any_answer_is_told(
    name: str, status: int, value: bytes, clean: str, body: bytes
) -> None:
    """Bytes that are not UTF-8 cost no row its verdict, and no run its report."""
    head = f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\n{name}: ".encode()
    async with serving(saying(head + value + b"\r\n\r\n" + body)) as host:
        reply = await ask("http://" + host)

    assert isinstance(reply, Response)
    assert reply.headers[name] == clean
    answer = responses.read(reply, request=REQUEST, now=0.0)
    if body.startswith(b"{"):
        assert answer.code == "SVCSTG.SWR.4001029"
        assert str(answer.message).startswith("no \ufffd")
    (item,) = tell(
        read(b"a\n", "text"),
        status=answer.status,
        code=answer.code,
        message=answer.message,
        request_id=answer.request_id,
        reason=responses.said(answer),
    )
    assert item["request_id"] == (clean if name == "X-Request-Id" else None)
