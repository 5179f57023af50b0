"""A heading at fault is a fault of its list: all of it said at once, nothing sent."""

import time
from pathlib import Path

import pytest

from bulkrepo.core.errors import InputError
from bulkrepo.core.rows import Defaults
from bulkrepo.inputs import checking, fixing

GIVEN = Defaults(namespace="team", is_public=False)
KNOWN = (
    "Rename or delete columns; known are namespace, repository, is_public, category, "
    "description."
)
ADD = "is no column of this list: add it"


def refuse(path: Path, defaults: Defaults = GIVEN) -> str:
    """Return why a list cannot be loaded, without its folder."""
    with pytest.raises(InputError) as caught:
        list(
            checking.checked(
                [str(path)], format=None, defaults=defaults, profile="strict"
            )
        )
    return str(caught.value).replace(f"{path.parent}/", "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(
            "Owner,name,Cost\nann,web,7\n",
            f'l.csv:1: "Owner", "Cost" are not known columns. {KNOWN}',
            id="unknown",
        ),
        pytest.param(
            "\nname,desciption\nweb,a\n",
            'l.csv:2: "desciption" (try "description") looks like a known column. To '
            "rename: bulkrepo validate l.csv --fix FIXED.csv.",
            id="misspelt",
        ),
        *(
            pytest.param(
                f"name,{column}\nweb,yes\n",
                f'l.csv:1: "{column}" is not a known column. {KNOWN}',
                id=f"{column} is never guessed to be of visibility",
            )
            for column in ("visiblity", "not_public", "non-private", "isNotPublic")
        ),
        pytest.param(
            "name,desciption,categry,Cost\nweb,a,linux,7\n",
            'l.csv:1: "Cost" is not a known column; "desciption" (try "description"), '
            f'"categry" (try "category") look like known columns. {KNOWN}',
            id="misspelt and unknown",
        ),
        pytest.param(
            "name,,org\nweb,7,team\n",
            "l.csv:1: what has no name (at character 6) is not a known column. "
            f"{KNOWN}",
            id="no name",
        ),
        pytest.param(
            "name,description,repo,description\nweb,a,api,b\n",
            'l.csv:1: repo means repository, as "name" does already; description is '
            f"here a second time. {KNOWN}",
            id="twice",
        ),
        pytest.param(
            "description\nours\n",
            f"l.csv:1: repository {ADD}; plain names are read with --format text.",
            id="no names",
        ),
        pytest.param(
            "type,description\nlinux,ours\n",
            f"l.csv:1: repository {ADD}.",
            id="no names, and a table",
        ),
    ],
)
def test_all_faults_of_a_heading_are_said_at_once(
    tmp_path: Path, text: str, says: str
) -> None:
    """With what to do about them."""
    path = tmp_path / "l.csv"
    path.write_text(text)

    assert refuse(path) == f"{says} Nothing was sent"


@pytest.mark.parametrize(
    ("defaults", "lacks"),
    [
        pytest.param(Defaults(), ["namespace", "is_public"], id="nothing said"),
        pytest.param(Defaults(namespace="team"), ["is_public"], id="organization"),
        pytest.param(
            Defaults(namespace_from_path=True), ["is_public"], id="in the names"
        ),
        pytest.param(Defaults(is_public=True), ["namespace"], id="visibility"),
    ],
)
def test_a_column_may_lack_where_an_option_says_it(
    tmp_path: Path, defaults: Defaults, lacks: list[str]
) -> None:
    """Each option that would do is named; what is there is not."""
    path = tmp_path / "l.csv"
    path.write_text("name,type\nweb/api,linux\n")
    said = refuse(path, defaults)

    assert [f for f in ("namespace", "is_public") if f"{f} {ADD}" in said] == lacks
    assert ("--namespace-from-path" in said) == ("namespace" in lacks)
    assert ("--visibility" in said) == ("is_public" in lacks)


def test_a_thousand_columns_are_named_and_more_are_counted(tmp_path: Path) -> None:
    """A message has an end, and so has each name in it."""
    path = tmp_path / "l.csv"
    names = ",".join(f"Field {number}" for number in range(1300))
    path.write_text(f"name,{'x' * 5000},{names}\nweb,1\n")
    said = refuse(path)

    assert '"Field 998" and 301 more are not known columns' in said
    assert "x… (5000 characters)" in said
    assert len(said) < 20_000


def test_columns_with_one_likely_meaning_are_renamed_by_fix(tmp_path: Path) -> None:
    """As the refusal promises; each column is one fault that is mended."""
    path, fixed = tmp_path / "l.csv", tmp_path / "fixed.csv"
    path.write_text("naem,public,desciption\nweb,yes,a\napi,no,b\n")
    count = fixing.fix(
        [str(path)], fixed, format=None, defaults=GIVEN, profile="strict"
    )
    found = checking.checked(
        [str(fixed)], format=None, defaults=GIVEN, profile="strict"
    )

    assert (count.fixed, count.left) == (2, 0)
    assert [(row.repository, row.is_public) for row, _ in found] == [
        ("web", "yes"),
        ("api", "no"),
    ]


def test_as_many_columns_as_a_sheet_has_take_no_time(tmp_path: Path) -> None:
    """Each name is compared with the known ones only up to a number."""
    path = tmp_path / "l.csv"
    path.write_text(f"name,{','.join(f'discription{n}' for n in range(16_000))}\nweb\n")
    begun = time.process_time()
    said = refuse(path)

    assert time.process_time() - begun < 5
    assert '(try "description")' in said
