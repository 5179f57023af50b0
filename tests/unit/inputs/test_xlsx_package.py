"""Parts of a spreadsheet: what their XML says, and what no program writes."""

import io
import time
import zipfile
from collections.abc import Sequence
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.inputs import xlsx_package
from bulkrepo.inputs.xlsx_merged_cells import CellRange
from bulkrepo.inputs.xlsx_package import ExcessError, PartSurvey, XlsxPackage

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def survey(inner: str, *, before: str = "") -> PartSurvey:
    """Survey a part with this XML in it."""
    text = f'{before}<x:part xmlns:x="{MAIN}" xmlns="{MAIN}">{inner}</x:part>'
    return PartSurvey(io.BytesIO(text.encode()))


@given(
    st.lists(
        st.tuples(st.booleans(), st.lists(st.sampled_from("nfe"), max_size=30)),
        max_size=9,
    )
)
def test_hidden_rows_and_formulas_without_a_value_are_found(
    rows: Sequence[tuple[bool, Sequence[str]]],
) -> None:
    """Wherever they stand: *n*umbers, *f*ormulas with a value, and *e*mpty ones."""
    cells = {"n": "<v>1</v>", "f": "<f>A1</f><v>1</v>", "e": "<f>A1</f><v></v>"}
    found = survey(
        "".join(
            f'<row hidden="{int(hidden)}">'
            + "".join(f"<c>{cells[kind]}</c>" for kind in kinds)
            + "</row>"
            for hidden, kinds in rows
        )
    )

    for line, (hidden, kinds) in enumerate(rows, start=1):
        assert found.is_hidden(line) == hidden
        empty = [index for index, kind in enumerate(kinds) if kind == "e"]
        assert list(found.uncomputed(line)) == empty


def test_cells_and_rows_stand_where_they_say() -> None:
    """And after the one before, if they do not."""
    found = survey(
        '<row r="3"><c r="AB3"><f/></c><c><f/></c></row>'
        '<row hidden="true"><c><f/></c></row>'
        '<mergeCell ref="A1:B2"/><mergeCell ref="?"/>'
    )

    assert list(found.uncomputed(3)) == [27, 28]
    assert (found.is_hidden(4), list(found.uncomputed(4))) == (True, [0])
    assert found.merges == [CellRange(1, 0, 2, 1)]


def test_a_formula_whose_result_is_a_text_may_be_empty() -> None:
    """The type says so; a text that stands in the cell itself is a value too."""
    found = survey(
        '<row><c t="str"><f/></c><c t="inlineStr"><f/><is><t>x</t></is></c></row>'
    )

    assert list(found.uncomputed(1)) == []


FAR = '<row><c r="XFD1"/></row>'


@pytest.mark.parametrize(
    ("inner", "why"),
    [
        ("<row>" + "<c/>" * 16_385 + "</row>", "more columns than .* in row 1"),
        ('<row><c r="XFE1"/></row>', "more columns than a sheet can have"),
        ('<row r="1048577"/>', r"more rows than a sheet can have \(1,048,576\)"),
        ("<row/>" * 1_048_577, "more rows than a sheet can have"),
        ('<row r="2"/><row r="2"/>', "row 2 after row 2"),
        ('<row><c r="B1"/><c r="A1"/></row>', "wrong order, in row 1"),
        (FAR * 1030, "more than 16,777,216 cells up to row 1026"),
        ("<a/>" * 300_000, "elements in one place"),
        ("<row><c>" + "<a/>" * 300_000 + "</c></row>", "elements in one place"),
        ("<c>" + "a" * 1_200_000 + "</c>", "a text of more than 1,048,576 bytes"),
        (f'<c a="{"a" * 1_200_000}"/>', "a text of more than 1,048,576 bytes"),
        (f"<!--{'a' * 1_200_000}-->", "a text of more than 1,048,576 bytes"),
        ('<mergeCell ref="A1:B1"/>' * 100_001, "more than 100,000 merged cells"),
    ],
    ids=lambda value: value[:20],
)
def test_what_no_program_writes_is_refused(inner: str, why: str) -> None:
    """Before anybody makes a tree of it."""
    began = time.process_time()
    with pytest.raises(ExcessError, match=why):
        survey(inner)

    assert time.process_time() - began < 10


def test_more_texts_than_cells_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """However short they are."""
    monkeypatch.setattr(xlsx_package, "_STRINGS", 1000)
    survey("<si><t/></si>" * 1000)

    with pytest.raises(ExcessError, match="more than 1,000 texts"):
        survey("<si><t/></si>" * 1001)


def test_what_goes_on_over_many_rows_or_texts_is_no_excess(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each is counted from its start."""
    monkeypatch.setattr(xlsx_package, "_ELEMENTS", 100)

    survey(f"<row>{'<c/>' * 90}</row>" * 9)
    survey(f"<si>{'<r/>' * 90}</si>" * 9)


@pytest.mark.parametrize(
    "inside",
    [
        '<!ENTITY a "a"><!ENTITY b "&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/hostname">',
        "",
    ],
)
def test_no_entity_is_declared(inside: str) -> None:
    """So that none grows, and none is fetched."""
    with pytest.raises(ExcessError, match="document type"):
        survey("<row>&b;</row>", before=f"<!DOCTYPE part [{inside}]>")


def test_a_part_is_surveyed_before_it_is_read_and_once() -> None:
    """What is no XML, such as a picture, is its reader's affair."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("good", f'<part xmlns="{MAIN}"><row hidden="1"/></part>')
        packed.writestr("bad", "<!DOCTYPE part><part/>")
        packed.writestr("picture", b"\x89PNG")
    package = XlsxPackage(file)

    assert package.read("good") == package.read(package.getinfo("good"))
    assert package.read("picture") == b"\x89PNG"
    assert package.surveys["good"].is_hidden(1)
    with pytest.raises(ExcessError):
        package.read("bad")
    assert set(package.surveys) == {"good", "picture"}


@pytest.mark.parametrize(("text", "refused"), [("a", True), ("a{}", False)])
def test_what_unpacks_to_far_more_than_it_has_is_refused(
    text: str, *, refused: bool
) -> None:
    """Texts that differ do not."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        texts = (f"<si><t>{text.format(n)}</t></si>" for n in range(300_000))
        packed.writestr("part", f'<sst xmlns="{MAIN}">{"".join(texts)}</sst>')
    package = XlsxPackage(file)

    with pytest.raises(ExcessError, match="200 times") if refused else nullcontext():
        package.read("part")
