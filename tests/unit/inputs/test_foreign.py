"""Another registry's listing given as a LIST: refused, with what to type."""

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.cli.main import cli
from bulkrepo.core.errors import InputError
from bulkrepo.inputs import columns
from bulkrepo.inputs.foreign import LISTING_KEYS, refuse_foreign
from bulkrepo.inputs.reader import guess
from tests.cli.test_import import table
from tests.support.boxes import SAMPLES, bulkrepo
from tests.support.paths import LISTINGS

LISTS = {"catalog.json", "gcr.json", "acr.json", "lines.txt", "mapping.txt"}
"""Listings that are lists too, with the same meaning, and lines that are names."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def is_foreign(head: str, name: str) -> bool:
    """Tell whether a file that begins with *head* is refused."""
    try:
        kind = guess(name, head)
        refuse_foreign(head, name, kind=kind, import_options="-n m")
    except InputError:
        return True
    return False


def refusal(*words: str, given: str = "") -> str:
    """Run a command, which is to refuse its list before it says anything."""
    result = CliRunner().invoke(cli, words, input=given)

    assert isinstance(result.exception, InputError)
    assert result.output == ""
    return str(result.exception)


def read_fixture(name: str) -> str:
    """Return a listing's text."""
    return (LISTINGS / name).read_bytes().decode()


@pytest.mark.parametrize(
    "path", sorted(LISTINGS.iterdir()), ids=lambda path: str(path.name)
)
def test_every_listing_is_refused_unless_it_is_a_list(path: Path) -> None:
    """By its content alone where the name has no suffix, too."""
    wanted = path.name not in LISTS | {"public-names.txt"}

    assert is_foreign(read_fixture(path.name), path.name) == wanted
    assert is_foreign(read_fixture(path.name), "-") == wanted


@pytest.mark.parametrize("name", ["a.yaml", "A.YML", "a", "a.txt", "-"])
@pytest.mark.parametrize(
    "said",
    [
        "sync:\n- source: q.io/a\n",
        "# a tool's\n---\nservices:\n  web: {image: a}\n",
        "%YAML 1.2\n---\napiVersion: v1\nkind: Pod\n",
        "q.io:\n  images: {a: []}\n",
        "'q.io/a': m.io/a\n",
        "- repositoryArn: arn\n  repositoryName: a\n",
        "repositories:\n- kind: image\n  name: a\n  state: NORMAL\n",
    ],
)
def test_yaml_of_others_is_refused(name: str, said: str) -> None:
    """By keys of a product, or by any key on top that no list has."""
    assert is_foreign(said, name)


@pytest.mark.parametrize(
    "said", ["- a\n", "repositories: [a]\n", "repositores: [a]\n", "private: true\n"]
)
def test_yaml_that_may_be_ours_is_read(said: str) -> None:
    """Its faults are told as those of a list."""
    assert not is_foreign(said, "a.yaml")


INTO_ONE = "-n m --visibility public"
COMMANDS = [
    (f"create {INTO_ONE} --sandbox", "-n m"),
    (f"plan {INTO_ONE} --sandbox", "-n m"),
    (f"verify {INTO_ONE} --sandbox", "-n m"),
    ("retry --sandbox", "--map first"),
    (f"validate {INTO_ONE}", "-n m"),
    (f"validate {INTO_ONE} --fix out.csv", "-n m"),
]


@pytest.mark.parametrize("source", ["a b", "-"])
@pytest.mark.parametrize("name", ["github.json", "promoter.yaml", "catalog-last.txt"])
@pytest.mark.parametrize(("typed", "options"), COMMANDS)
def test_every_command_refuses_and_says_what_to_type(
    here: Path, typed: str, options: str, name: str, source: str
) -> None:
    """What is said is taken as it is, also with a name that a shell would split."""
    said = read_fixture(name)
    (here / "a b").write_text(said)
    message = refusal(*typed.split(), source, given=said)
    command = shlex.split(message.rpartition(": ")[2])

    assert command == ["bulkrepo", "import", source, *options.split()]
    assert not (here / "out.csv").exists()


@pytest.mark.parametrize("name", ["github.json", "promoter.yaml", "catalog-last.txt"])
def test_what_is_to_be_typed_works(here: Path, name: str) -> None:
    """Its list then creates what the listing names."""
    (here / "a b").write_text(read_fixture(name))
    message = refusal("validate", "a b", "-n", "m")
    command = shlex.split(message.rpartition(": ")[2])
    imported = CliRunner().invoke(cli, command[1:])
    words = ["create", "a b.swr.csv", "--visibility", "private", "--sandbox"]
    created = CliRunner().invoke(cli, [*words, "--create-organizations"])

    assert imported.exit_code == created.exit_code == 0
    assert table(here / "a b.swr.csv")


async def test_a_refusal_is_an_error_of_usage(here: Path) -> None:
    """Exit 2, and no report is left."""
    (here / "a.yaml").write_text("sync: []\n")
    words = ("create", "a.yaml", "-n", "m", "--visibility", "public", "--sandbox")
    ended = await bulkrepo(*words, cwd=here)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith("bulkrepo import a.yaml -n m\n")
    assert [path.name for path in here.iterdir()] == ["a.yaml"]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", "--map first"),
        ("-n m --namespace-from-path", "--map first"),
        ("-n 'a b'", "-n 'a b'"),
        ("-n m --grammar docker", "-n m --grammar docker"),
        ("--grammar docker", "--map first --grammar docker"),
    ],
)
def test_the_command_maps_names_as_was_typed(typed: str, wanted: str) -> None:
    """Into the organization given, or into the one that each name begins with."""
    path = str(LISTINGS / "harbor-repositories.json")
    message = refusal("validate", path, *shlex.split(typed))

    assert message.endswith(f"{path} {wanted}")


@pytest.mark.parametrize(
    "said",
    [
        "services:\n  password: hunter2\n",
        "auth: {password: hunter2\n",
        "# ours\r\n---\r\npassword: hunter2\r\n",
        '{"count": 1, "results": [{"name": "hunter2"}]}',
    ],
)
def test_a_refusal_quotes_nothing(said: str) -> None:
    """A line of a configuration may be a password."""
    assert "hunter2" not in refusal("validate", "-", "-n", "m", given=said)


@pytest.mark.parametrize("name", ["catalog.json", "acr.json"])
def test_names_alone_are_a_list_with_the_same_rows(here: Path, name: str) -> None:
    """A registry's catalog is a list of ours as well; both ways are one."""
    words = ["import", str(LISTINGS / name), "-n", "m", "--output", "x.csv"]
    CliRunner().invoke(cli, words)
    words = ["create", str(LISTINGS / name), "-n", "m", "--visibility", "private"]
    words += ["--sandbox", "--create-organizations", "--report", "-"]
    result = CliRunner().invoke(cli, words)
    made = [json.loads(line) for line in result.stdout.splitlines()]

    assert [row["outcome"] for row in made] == ["created"] * len(made)
    assert [(row["namespace"], row["repository"]) for row in made] == [
        (row["namespace"], row["repository"]) for row in table(here / "x.csv")
    ]


def test_a_format_that_is_said_is_obeyed() -> None:
    """Then it is a list, with its faults."""
    words = ["validate", str(LISTINGS / "harbor-repositories.json"), "--format", "json"]

    assert CliRunner().invoke(cli, words).exit_code == 1


keys = st.sampled_from([*columns.MEANINGS, "Repository Name", "outcome", "nam", "a/b"])
values = st.sampled_from(["a", True, None, 1, '"dmap": 1', ["a"]])
records = st.lists(st.text(max_size=5) | st.dictionaries(keys, values), max_size=3)
ours = st.one_of(
    records,
    st.builds(lambda found: {"repositories": found}, records),
    st.builds(lambda found: {"defaults": {}, "repositories": found}, records),
    st.builds(lambda found: {"run": {}, "summary": {}, "items": found}, records),
)


@given(ours, st.integers(0, 99))
def test_a_list_of_ours_is_not_foreign(value: object, cut: int) -> None:
    """Not even with a key that nobody knows: that is a fault to be shown."""
    said = json.dumps(value, indent=2)

    assert not is_foreign(said, "x.json")
    assert not is_foreign(said[: len(said) - cut], "x.json")


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_a_sample_is_not_foreign(path: Path) -> None:
    """Whatever its format."""
    assert not is_foreign(path.read_text(), path.name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.csv", "repository,description\nb,note: c\n"),
        ("-", "repository,description\nb,note: c\n"),
        ("-", "\ufeffapp\nweb\n"),
        ("a.txt", "# team: a\napp  # note: b\nreg:5000/x: y\n"),
        ("a.txt", "-app\n--- \n"),
        ("a.ndjson", '{"name": "a", "owner/team": "b"}\n'),
        ("-", '{"name": "a", "kind": "service", "state": "active"}\n'),
        ("a.json", '["project_id", "pull_count", "num_images"]'),
        ("a.json", '[{"name": "a", "description": "\\"num_images\\": 1"}]'),
    ],
)
def test_what_looks_a_little_foreign_is_read(name: str, said: str) -> None:
    """A colon, a foreign word as a value, a key that nobody knows."""
    assert not is_foreign(said, name)


@pytest.mark.parametrize("listed", LISTING_KEYS, ids=sorted)
def test_no_field_tells_a_listing(listed: frozenset[str]) -> None:
    """At least one key is in no list."""
    assert not any(map(columns.known, listed))


@pytest.mark.parametrize(
    "value",
    [
        {f"q.io/a/r{number}": "m.io/a/r" for number in range(99)},
        {"images": {f"q.io/a/r{number}": "m.io/a/r" for number in range(99)}},
        {"q.io": {"images": {f"a/r{number}": ["[1,}", '"'] for number in range(99)}}},
        {"data": {"repos": [{"repoName": "a", "summary": "\\,{"}] * 99}},
        {"version": 1, "sync": [{"source": "a", "target": "m.io/a"}] * 99},
    ],
)
def test_wherever_it_is_cut_off_a_listing_is_one(value: object) -> None:
    """A long one is recognized by its beginning."""
    said = json.dumps(value)

    assert all(is_foreign(said[:end], "x.json") for end in range(200, 1200, 7))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    *("repositories", "items", "results", "count", "data", "repos"),
                    *("name", "namespace", "kind", "path", "location", "project_id"),
                    *("images", "sync", "target", "tasks", "mappings", "dmap"),
                    *("continuationToken", "metadata", "package", "version"),
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(anything, st.integers(0, 200), st.sampled_from(["", "\ufeff", "HTTP/1.1 200\n"]))
def test_whatever_comes_is_rows_or_a_reason(value: object, cut: int, head: str) -> None:
    """Half a document, and one that looks a little like a listing, too."""
    said = head + json.dumps(value)
    for text in (said, said[:cut]):
        words = ["validate", "-", "-n", "m", "--visibility", "private"]
        result = CliRunner().invoke(cli, words, input=text.encode("utf-8", "replace"))

        assert isinstance(result.exception, InputError | SystemExit | None)
