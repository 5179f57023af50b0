"""A listing given as a LIST: taken where nothing is to be decided, else refused."""

import io
import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo import direct, lists
from bulkrepo.cli import cli
from bulkrepo.inputs.columns import MEANINGS
from bulkrepo.model import Defaults, InputError, Rejected, RepoSpec
from tests.boxes import SAMPLES, bulkrepo
from tests.boxes import read as report
from tests.test_import import table

HERE = Path(__file__).parent / "listings"
HUB = [("docker/scout", True), ("docker/compose", True), ("docker/secret", False)]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(path: Path | str, *, namespace: str | None = "m") -> list[RepoSpec]:
    """Read a list as commands do, which is to be without faults."""
    defaults = Defaults(namespace, is_public=False)
    found = lists.checked([str(path)], format=None, defaults=defaults, profile="strict")
    specs = [spec for _, spec in found]
    assert not any(isinstance(spec, Rejected) for spec in specs)
    return [spec for spec in specs if isinstance(spec, RepoSpec)]


def gcloud(*packages: str) -> str:
    """Give what gcloud lists of *packages*."""
    return json.dumps([{"package": name, "version": "sha256:0"} for name in packages])


def text(name: str) -> str:
    """Give a fixture."""
    return (HERE / name).read_bytes().decode()


TAKEN: list[tuple[str, str, list[tuple[str, bool]]]] = [
    ("a.txt", text("catalog-last.txt"), [("ghcr.io/team/app", False)]),
    ("a.json", text("ecr-public.json"), [("tools/lint", True)]),
    ("a.json", gcloud("eu.gcr.io/p/x", "gcr.io/p/y"), [("p/x", False), ("p/y", False)]),
    ("a.yml", text("promoter.yaml"), [("kube-apiserver", False), ("pause", False)]),
    ("a.json", text("alibaba-enterprise.json"), [("ns/app", True)]),
    ("a", text("hub-2-of-2.json") + text("hub-1-of-2.json"), HUB),
]


@pytest.mark.parametrize(("name", "said", "wanted"), TAKEN)
def test_a_listing_is_a_list(
    here: Path, name: str, said: str, wanted: list[tuple[str, bool]]
) -> None:
    """Its names go into the organization without their host, and keep what is said."""
    (here / name).write_text(said)

    assert [(s.namespace, s.repository, s.is_public) for s in checked(name)] == [
        ("m", path, public) for path, public in wanted
    ]


@pytest.mark.parametrize(
    ("name", "said", "why", "options"),
    [
        ("a.txt", text("catalog-next.txt"), "not whole", "-n m --partial"),
        ("a.txt", text("catalog-next.txt"), "one bulkrepo import", "-n m --partial"),
        ("a.json", text("hub-1-of-2.json"), "not whole", "-n m --partial"),
        ("a.json", text("harbor-repositories.json"), "uppercase", "-n m --legalize"),
        ("a.json", text("ecr.json"), "side by side", "-n m --legalize"),
        ("a.json", text("gitlab.json"), "being deleted", "-n m"),
        ("a b.json", text("quay.json"), "kind application", "-n m"),
        ("a.json", text("swr.json"), "an organization for each name", "--map first"),
        ("a.yml", text("regsync.yml"), "left out", "-n m"),
        ("a.json", gcloud("eu.gcr.io/p/x", "gcr.io/p/x"), "both be m/p/x", "-n m"),
    ],
)
def test_what_is_to_be_decided_is_refused(
    here: Path, name: str, said: str, why: str, options: str
) -> None:
    """With the command that is wanted, ready to be typed."""
    (here / name).write_text(said)
    with pytest.raises(InputError, match=why) as caught:
        checked(name)
    words = shlex.split(str(caught.value).partition("decide: ")[2])

    assert words == ["bulkrepo", "import", name, *options.split()]


def test_without_an_organization_it_is_asked_for() -> None:
    """Or the names have one of their own: `import` maps them."""
    with pytest.raises(InputError, match=r"-n ORG; or map them: .* --map first"):
        checked(HERE / "ecr-public.json", namespace=None)


@pytest.mark.parametrize("name", ["catalog.json", "acr.json"])
def test_names_alone_are_a_list_with_the_same_rows(here: Path, name: str) -> None:
    """A registry's catalog is a list of ours as well; both ways are one."""
    words = ["import", str(HERE / name), "-n", "m", "--output", "x.csv"]
    CliRunner().invoke(cli, words)
    mine = [(spec.namespace, spec.repository) for spec in checked(HERE / name)]

    assert mine
    assert mine == [(r["namespace"], r["repository"]) for r in table(here / "x.csv")]


keys = st.sampled_from([*MEANINGS, "Repository Name", "outcome", "nam", "desc"])
values = st.sampled_from(["a", True, None, 1])
records = st.lists(st.text(max_size=5) | st.dictionaries(keys, values), max_size=3)
ours = st.one_of(
    records,
    st.builds(lambda found: {"repositories": found}, records),
    st.builds(lambda found: {"defaults": {}, "repositories": found}, records),
    st.builds(lambda found: {"run": {}, "summary": {}, "items": found}, records),
)


@given(ours)
def test_a_list_of_ours_is_no_listing(value: object) -> None:
    """Not even with a key that nobody knows: that is a fault to be shown."""
    assert not direct.fits(json.dumps(value), "x.json")


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_a_sample_is_no_listing(path: Path) -> None:
    """Whatever its format."""
    assert not direct.fits(path.read_text(), path.name)


def test_a_long_listing_is_told_by_its_beginning() -> None:
    """The rest is not at hand."""
    record = json.loads(text("harbor-repositories.json"))[0]
    said = json.dumps([record] * 9000)

    assert direct.fits(said[: 1 << 16], "h.json")
    assert not direct.fits(said[:40], "h.json")


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
    """Of some the records are deep within, and none is whole without the rest."""
    said = json.dumps(value)

    assert all(direct.fits(said[:end], "x.json") for end in range(200, 1200, 7))


def test_where_it_is_cut_off_a_list_of_ours_is_none() -> None:
    """A key that nobody knows is a fault of it, to be shown."""
    rows = [{"nam": "a/b", "description": "c:d/e"}] * 99
    said = json.dumps({"defaults": {"category": "linux"}, "repositories": rows})

    assert not any(direct.fits(said[:end], "x.json") for end in range(1, 1200, 7))


@pytest.mark.parametrize("name", ["-", "sync", "sync.txt", "sync.yaml"])
@pytest.mark.parametrize(
    "said",
    [
        text("skopeo.yaml"),
        text("regsync.yml"),
        text("dregsy.yaml").replace("\n", "\r\n"),
        "# ours\n---\nservices:\n  password: hunter2\n",
        "auth: {password: hunter2\n",
        "- namespace: m  # hunter2\n  repository: a\n",
    ],
)
def test_yaml_is_told_by_its_content(here: Path, name: str, said: str) -> None:
    """Its lines are no names: one of them may be a password."""
    (here / "sync").write_text(said)
    words = ["validate", name, "-n", "m", "--visibility", "private"]
    if name != "-":
        (here / name).write_text(said)
    result = CliRunner().invoke(cli, words, input=said)

    assert direct.fits(said, name)
    assert "hunter2" not in result.output + str(result.exception)
    assert "invalid" not in result.output


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.csv", "repository,description\nb,note: c\n"),
        ("-", "repository,description\nb,note: c\n"),
        ("a.txt", "# team: a\napp  # note: b\nreg:5000/x: y\n"),
        ("a.yaml", "app\nteam/web\n"),
    ],
)
def test_a_colon_alone_makes_no_yaml(name: str, said: str) -> None:
    """In a text, a comment, or on a line behind one that is a name."""
    assert not direct.fits(said, name)


async def test_create_and_its_report(here: Path) -> None:
    """From a pipe too; the report says which of the listing's names a row is."""
    record = json.loads(text("harbor-repositories.json"))[0]
    said = json.dumps([record, {**record, "name": "b/c"}, record])
    (here / "h.json").write_text(said)
    words = ("-n", "m", "--visibility", "private")
    create = ("create", "h.json", *words, "--sandbox", "--report", "r.jsonl", "-q")
    validate = CliRunner().invoke(cli, ["validate", "-", "-n", "m"], input=said)

    assert (await bulkrepo(*create, cwd=here)).code == 0
    assert [
        (r["source"], r["line"], r["namespace"], r["repository"], r["description"])
        for r in report(here / "r.jsonl")
    ] == [
        ("h.json", 1, "m", "library/nginx", "Web server"),
        ("h.json", 2, "m", "b/c", "Web server"),
    ]
    assert validate.exit_code == 1
    assert "-:1: is_public: is blank" in validate.stdout


def test_a_format_that_is_said_is_obeyed() -> None:
    """Then it is a list, with its faults."""
    found = lists.checked(
        ["-"],
        format="json",
        defaults=Defaults("m", is_public=False),
        profile="strict",
        stdin=io.BytesIO(text("harbor-repositories.json").encode()),
    )

    assert all(isinstance(spec, Rejected) for _, spec in found)


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


@given(anything, st.integers(0, 200), st.sampled_from(["x.json", "x.yaml", "x"]))
def test_whatever_comes_is_rows_or_a_reason(value: object, cut: int, name: str) -> None:
    """Half a document, and one that looks a little like a listing, too."""
    said = json.dumps(value)
    for text in (said, said[:cut]):
        try:
            rows = list(
                lists.checked(
                    ["-"],
                    format=None,
                    defaults=Defaults("m"),
                    profile="strict",
                    stdin=io.BytesIO(text.encode("utf-8", "replace")),
                )
            )
        except InputError:
            rows = []
        assert isinstance(direct.fits(text, name), bool)
        assert all(isinstance(spec, RepoSpec | Rejected) for _, spec in rows)
