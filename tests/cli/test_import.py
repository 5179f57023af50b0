"""`bulkrepo import` by its command line: a listing in, a list for create out."""

import csv
import gzip
import io
import json
import re
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.cli.main import cli
from bulkrepo.core.errors import BulkrepoError, InputError, SettingsError
from bulkrepo.migration import name_map
from bulkrepo.migration.mapping import MappingEntry
from tests.support.boxes import SAMPLES, bulkrepo
from tests.support.paths import LISTINGS

HERE = LISTINGS


def run(*words: str | Path, stdin: bytes = b"") -> Result:
    """Run the command in this process; a refusal is raised."""
    result = CliRunner().invoke(cli, ["import", *map(str, words)], input=stdin)
    if isinstance(result.exception, BulkrepoError):
        raise result.exception
    return result


def table(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_description_is_text_for_people(here: Path) -> None:
    """What a registry lets its users write there moves no cursor of ours."""
    found = {"name": "a", "namespace": "t", "description": "red\x1b[31m,\n2\x9b"}
    page = {"count": 1, "next": None, "previous": None, "results": [found]}
    (here / "hub.json").write_text(json.dumps(page))
    run("hub.json", *("-n", "mirror", "--output", "team.csv"))

    (row,) = table(here / "team.csv")
    assert row["description"] == "red?[31m,\n2?"


def test_a_listing_becomes_a_list_and_a_map(here: Path) -> None:
    """Visibility and description where the listing has them."""
    result = run(
        HERE / "harbor-repositories.json",
        HERE / "harbor-projects.json",
        *("-n", "mirror", "--legalize", "--output", "team.csv"),
    )

    assert table(here / "team.csv") == [
        {
            "namespace": "mirror",
            "repository": "library/nginx",
            "is_public": "true",
            "category": "",
            "description": "Web server",
        },
        {
            "namespace": "mirror",
            "repository": "team/app/api",
            "is_public": "false",
            "category": "",
            "description": "",
        },
    ]
    assert [tuple(line.values()) for line in table(here / "team.map.csv")] == [
        ("library/nginx", "mirror/library/nginx", "mirror", "library/nginx", ""),
        (
            "team/App/api",
            "mirror/team/app/api",
            "mirror",
            "team/app/api",
            "uppercase",
        ),
    ]
    assert result.stderr.splitlines() == [
        "Harbor repositories and Harbor projects: 6 records, 2 repositories",
        "  1 skipped: of a proxy cache (first: hub-cache/library/redis)",
        "  team/App/api -> mirror/team/app/api (uppercase)",
        "visibility: 1 public, 1 private, 0 not said",
        "organizations: mirror",
        "list: team.csv (2 rows)   map: team.map.csv",
        "next: bulkrepo create team.csv",
    ]
    for name in ("team.csv", "team.map.csv"):
        assert stat.S_IMODE((here / name).stat().st_mode) == 0o600


async def test_create_takes_the_list(here: Path) -> None:
    """The whole way; where the listing says nothing, the user has to."""
    names = json.loads((SAMPLES / "official-images.json").read_text())["repositories"]
    catalog = {"repositories": [each["repository"] for each in names]}
    (here / "hub.json").write_text(json.dumps(catalog))
    result = run("hub.json", "-n", "official")
    words = ("create", "hub.swr.csv", "--sandbox", "--report", "r.jsonl", "-q")

    assert result.stderr.endswith(
        "next: bulkrepo create hub.swr.csv --visibility private\n"
    )
    assert (await bulkrepo(*words, cwd=here)).code == 1
    assert (await bulkrepo(*words, "--visibility", "private", cwd=here)).code == 0


def test_the_map_leads_back_and_there_again(here: Path) -> None:
    """Given as exceptions, a map makes the same targets, whatever the rules."""
    listing = HERE / "public-names.txt"
    run(listing, "-n", "m", "--map", "host", "--output", "a.csv")
    run(listing, "-n", "z", "--exceptions", "a.map.csv", "--output", "b.csv")
    targets = dict(name_map.read_pairs("a.map.csv"))
    sources = {target: source for source, target in targets.items()}
    lines = table(here / "a.map.csv")

    assert (here / "a.csv").read_bytes() == (here / "b.csv").read_bytes()
    assert len(lines) > 250
    assert [sources[targets[each["source"]]] for each in lines] == [
        each["source"] for each in lines
    ]


def test_a_source_that_looks_like_a_formula_is_disarmed(here: Path) -> None:
    """In the map, which people open; read back, it is what it was."""
    (here / "l.json").write_text('["-x", "=y", "\'=z"]')
    run("l.json", "-n", "m", "--legalize")

    assert [line["source"] for line in table(here / "l.swr.map.csv")] == [
        "'-x",
        "'=y",
        "''=z",
    ]
    assert ("-x", "m/x") in name_map.read_pairs("l.swr.map.csv")


@given(st.lists(st.text(min_size=1).filter(lambda t: "\0" not in t), unique=True))
def test_a_map_survives_its_file(sources: list[str]) -> None:
    """Whatever stands in a name: quotes, line ends of all kinds, formulas, blanks."""
    file = io.StringIO(newline="")
    file.write("source,target,namespace,repository,changed\r\n")
    for i, name in enumerate(sources):
        file.write(name_map.map_line(MappingEntry(name, "m", f"x{i}")))

    file.seek(0)

    assert list(name_map.pairs(file, "map.csv")) == [
        (name, f"m/x{i}") for i, name in enumerate(sources)
    ]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["ecr-next.json", "-n", "m"], "not whole.*nextToken.*--partial"),
        (["ecr.json", "-n", "m"], "separators side by side(.|\n)*--legalize"),
        (
            ["public-names.txt", "-n", "m"],
            "quay.io/calico/cni and docker.io/calico/cni would both be m/calico/cni",
        ),
        (["regsync.yml", "-n", "m", "--exceptions", "none.csv"], "No such file"),
    ],
)
def test_what_is_not_lawful_is_not_written(
    here: Path, words: list[str], why: str
) -> None:
    """Refused with all that is wrong, before any file is made."""
    with pytest.raises(InputError, match=why):
        run(HERE / words[0], *words[1:])

    assert list(here.iterdir()) == []


def test_a_listing_of_which_nothing_is_left_says_why(here: Path) -> None:
    """With the reasons and their numbers, and what to do about it."""
    chart = {"namespace": "b", "name": "c", "kind": "application", "is_public": True}
    (here / "quay.json").write_text(json.dumps({"repositories": [chart]}))
    (here / "e.csv").write_text("source,target\na,\n")
    (here / "names.txt").write_text("a\n")
    with pytest.raises(InputError) as charts:
        run("quay.json", "-n", "m")
    with pytest.raises(InputError) as excepted:
        run("names.txt", "-n", "m", "--exceptions", "e.csv")

    assert re.search(r"left out; .*\n  1 skipped: .*b/c\)\n.*names", str(charts.value))
    assert "\n  1 left out, as the exceptions say\n" in str(excepted.value)


def test_a_host_that_is_not_said_can_be_written_out(here: Path) -> None:
    """What a name has not, no altering of it makes."""
    with pytest.raises(InputError) as caught:
        run(HERE / "acr.json", "-n", "m", "--map", "host")

    assert "alpine: has no {host}, which the target needs" in str(caught.value)
    assert "--map '{namespace}/HOST/{path}'" in str(caught.value)
    assert "--legalize" not in str(caught.value)


def test_what_is_taken_off_nowhere_is_said(here: Path) -> None:
    """A word that is misspelt would have made names that nobody wants."""
    (here / "names.txt").write_text("team/app\ntea/web\n")
    idle = run("names.txt", "-n", "m", "--strip", "/teem/")
    quiet = run("names.txt", "-n", "m", "--strip", "tea")

    assert "\n  0 begin with teem/, which --strip takes off\n" in idle.stderr
    assert "--strip" not in quiet.stderr


def test_a_target_is_taken_and_nobody_is_left_to_guess(here: Path) -> None:
    """A line of two may be two names as well, as `aws --output text` prints them."""
    (here / "names.txt").write_text("team/app\tteam/web\nteam/db\n")
    result = run("names.txt", "-n", "mirror")

    assert "\n  1 lines of two names: the second was taken\n" in result.stderr


def test_a_name_that_is_no_name_fills_no_screen(here: Path) -> None:
    """Its beginning tells which it is; a line without an end is not cut in two."""
    (here / "catalog.json").write_text(json.dumps({"repositories": ["x" * 10**6]}))
    (here / "names.txt").write_text("a\n" * 200_000 + "x" * 10**6 + "\nb\n")
    with pytest.raises(InputError, match="1000000 characters") as refused:
        run("catalog.json", "-n", "m")
    with pytest.raises(InputError, match=r"names.txt:200001: a line .* is not a name"):
        run("names.txt", "-n", "m", "--legalize")

    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize("headers", [b"", b"HTTP/2 200\r\nx: y\r\n\r\n"])
def test_a_reply_that_is_packed_is_said_to_be(here: Path, headers: bytes) -> None:
    """As curl saves it, where gzip was asked for by a header."""
    (here / "catalog.txt").write_bytes(headers + gzip.compress(b'{"repositories":[]}'))
    with pytest.raises(InputError, match=r"catalog.txt: .* curl --compressed"):
        run("catalog.txt", "-n", "m")


@pytest.mark.parametrize(
    ("status", "why"), [("401", "401: save it again.*curl -u"), ("404", "404$")]
)
def test_an_answer_that_is_no_listing_says_what_to_do(
    here: Path, status: str, why: str
) -> None:
    """Where that is known."""
    (here / "catalog.txt").write_text(f"HTTP/1.1 {status} x\r\n\r\n{{}}")
    with pytest.raises(InputError, match=why):
        run("catalog.txt", "-n", "m")


def test_a_part_is_taken_when_asked(here: Path) -> None:
    """And the summary says that it is one."""
    result = run(HERE / "ecr-next.json", "-n", "m", "--partial", "--output", "a.json")

    assert "NOT WHOLE" in result.stderr
    assert json.loads((here / "a.json").read_text()) == [
        {"namespace": "m", "repository": "team/app", "is_public": False}
    ]


def test_standard_input_may_be_utf_16(here: Path) -> None:
    """As a redirection in PowerShell writes it."""
    result = run("-", "-n", "m", "-q", stdin='["alpine"]'.encode("utf-16"))

    assert result.stderr == ""
    assert table(here / "listing.swr.csv")[0]["repository"] == "alpine"


@pytest.mark.parametrize(
    "words",
    [
        ["--output", "list.txt"],
        ["--output", "given.csv"],
        ["--output", "a.csv", "--map-file", "given.csv"],
        ["--output", "a.csv", "--map-file", "a.csv"],
    ],
)
def test_nothing_that_is_read_is_written_over(here: Path, words: list[str]) -> None:
    """Nor is a list written in no format."""
    (here / "given.csv").write_text("alpine\n")
    with pytest.raises(SettingsError):
        run("given.csv", "-n", "m", *words)

    assert (here / "given.csv").read_text() == "alpine\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n", "needs the columns source and target"),
        ("source,target\na\n", ":2: has no target"),
        ("source,target\na,m/x\na,m/y\n", "twice"),
        ('source,target\n"a,m/x\n', "no CSV"),
    ],
)
def test_exceptions_that_say_nothing_clear_are_refused(
    here: Path, text: str, why: str
) -> None:
    """With the line."""
    (here / "e.csv").write_text(text)
    with pytest.raises(InputError, match=why):
        run(HERE / "acr.json", "-n", "m", "--exceptions", "e.csv")


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_spreadsheet_may_save_exceptions_in_its_own_way(
    here: Path, sign: str
) -> None:
    """As it may save a list: where the comma is a decimal one, with semicolons."""
    (here / "e.csv").write_text(f"source{sign}target\r\nx/b{sign}m/c\r\na{sign}\r\n")
    (here / "names.txt").write_text("a\nx/b\n")
    run("names.txt", *("-n", "m", "--exceptions", "e.csv", "--output", "o.csv"))

    assert [row["repository"] for row in table(here / "o.csv")] == ["c"]


def test_a_source_that_was_to_be_a_url_is_not_repeated_whole(here: Path) -> None:
    """A file of that name is one all the same."""
    name = "bot:pw@h.io"
    with pytest.raises(SettingsError, match="https://HOST") as refused:
        run(name, "-n", "mirror")
    with pytest.raises(SettingsError, match="is no file"):
        run(f"ftp://{'h' * 5000}", "-n", "mirror")
    (here / name).write_text("app\n")

    assert "pw" not in str(refused.value)
    assert run(name, *("-n", "mirror", "--output", "o.csv")).exit_code == 0


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.csv", "Organization,Repo Name\nm,a\n", "heading.*bulkrepo create a.csv"),
        ("a b", '"name";"x"\nm;a\n', "heading.*bulkrepo create 'a b'"),
        ("a.txt", "\ufeffrepository\r\nnginx\r\n", "heading.*create a.txt"),
        ("a", "REPOSITORY\tTAG\nnginx\t1.27\n", 'heading "REPOSITORY"'),
        ("a.csv", "image,tag\nnginx,1.27\n", "is CSV.*heading such as image"),
        ("a.json", '[{"namespace":"m","repository":"a"}]', "bulkrepo create"),
        ("a", '{"repository":"a","outcome":"created","problems":[]}', "create"),
    ],
)
def test_a_list_is_told_from_lines_of_references(
    here: Path, name: str, text: str, why: str
) -> None:
    """No line of it is a reference, whatever can be made of it."""
    (here / name).write_text(text)
    with pytest.raises(InputError, match=f"(?s){why}"):
        run(name, "-n", "m", "--legalize")

    assert [path.name for path in here.iterdir()] == [name]


def test_no_secret_of_a_configuration_is_repeated(here: Path) -> None:
    """Credentials stand next to the names in such files."""
    result = run(HERE / "skopeo.yaml", "-n", "m")
    written = "".join(path.read_text() for path in here.iterdir())

    assert "hunter2" not in result.output + result.stderr + written


def test_create_is_to_read_the_list_as_it_was_written(here: Path) -> None:
    """A name that only the other grammar takes would be at fault."""
    (here / "a.txt").write_text("a--b\n")
    result = run("a.txt", "-n", "m", "--grammar", "docker")

    last = result.stderr.splitlines()[-1]
    assert last == (
        "next: bulkrepo create a.swr.csv --visibility private --grammar docker"
    )
    assert "a--b" in (here / "a.swr.csv").read_text()


@pytest.mark.parametrize("odd", ["<a>", "|", "a|b"])
def test_what_is_no_name_is_not_to_be_made_one(here: Path, odd: str) -> None:
    """Altering it would make up a repository; a real name beside it may be altered."""
    (here / "l.txt").write_text(f"team/{odd}\n")
    with pytest.raises(InputError) as alone:
        run("l.txt", "-n", "m")
    (here / "l.txt").write_text(f"team/{odd}\nTeam/app\n")
    with pytest.raises(InputError) as beside:
        run("l.txt", "-n", "m")

    assert "--legalize" not in str(alone.value)
    assert "--legalize" in str(beside.value)
