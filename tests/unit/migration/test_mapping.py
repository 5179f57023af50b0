"""Foreign names and their targets: legal, one to one, reversible, or refused."""

import io
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.names import legal
from bulkrepo.migration.listings import document_reader
from bulkrepo.migration.mapping import Mapper, Name, Rules, Unfit, reference
from tests.support.boxes import SAMPLES
from tests.support.gathering import map_names, whole
from tests.support.paths import LISTINGS

_NAMES = (LISTINGS / "public-names.txt").read_text()
_LINES = document_reader.documents(io.StringIO(_NAMES), source="real")
_OFFICIAL = json.loads((SAMPLES / "official-images.json").read_text())["repositories"]
REAL = [
    *(f.name for f in whole(_LINES).found),
    *(Name(each["repository"]) for each in _OFFICIAL),
]
DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "host", "path"),
    [
        ("nginx", "", "nginx"),
        ("nginx:1.27", "", "nginx"),
        (f"nginx@{DIGEST}", "", "nginx"),
        (f"nginx:1.27@{DIGEST}", "", "nginx"),
        ("team/app", "", "team/app"),
        ("GHCR.io/team/app:v1", "ghcr.io", "team/app"),
        ("docker://quay.io/a/b", "quay.io", "a/b"),
        ("localhost/a", "localhost", "a"),
        ("localhost:5000/a:1", "localhost:5000", "a"),
        ("reg:5000/a", "reg:5000", "a"),
        ("reg:5000", "", "reg"),
        ("eu.gcr.io/example.com:proj/app:1", "eu.gcr.io", "example.com:proj/app"),
        ("a/b.c/d", "", "a/b.c/d"),
        ("a@b", "", "a@b"),
    ],
)
def test_a_reference_is_taken_apart(text: str, host: str, path: str) -> None:
    """Host, tag and digest are no part of a repository's name."""
    assert reference(text) == Name(path, host)


@pytest.mark.parametrize(
    ("rules", "name", "goal"),
    [
        (Rules(namespace="m"), Name("team/app", "ghcr.io"), "m/team/app"),
        (Rules(namespace="m"), Name("ghcr.io/team/app"), "m/ghcr.io/team/app"),
        (Rules(namespace="m", template="host"), Name("a", "q.io"), "m/q.io/a"),
        (Rules(template="first"), Name("team/a/b", "q.io"), "team/a/b"),
        (Rules(template="k8s-{first}/{rest}"), Name("team/a/b"), "k8s-team/a/b"),
        (Rules(template="all/{last}"), Name("team/a/b"), "all/b"),
        (Rules(namespace="m", strip="proj/repo/"), Name("proj/repo/app"), "m/app"),
        (Rules(namespace="m", strip="proj"), Name("project/app"), "m/project/app"),
        (Rules(namespace="m", strip="app"), Name("app"), "m/app"),
        (Rules(namespace="m", profile="docker"), Name("a--b"), "m/a--b"),
        (Rules(namespace="m", exceptions={"A": "n/x/y"}), Name("A"), "n/x/y"),
    ],
)
def test_a_rule_makes_a_target(rules: Rules, name: Name, goal: str) -> None:
    """Templates, prefixes and exceptions."""
    mapped = map_names([name], rules)

    assert mapped.lawful
    assert [each.target for each in mapped.entries] == [goal]


@pytest.mark.parametrize(
    ("name", "goal", "changes"),
    [
        ("Team/App", "m/team/app", ("uppercase",)),
        ("a--b", "m/a-b", ("separators",)),
        ("a___b", "m/a__b", ("separators",)),
        ("a_-b", "m/a-b", ("separators",)),
        ("a/./b", "m/a/b", ("separators",)),
        ("-a.", "m/a", ("start", "end")),
        ("example.com:proj/a", "m/example.com-proj/a", ("character",)),
        ("caf\u00e9", "m/cafe", ("character",)),
        ("x" * 128, f"m/{'x' * 128}", ()),
    ],
)
def test_legalizing_is_asked_for(
    name: str, goal: str, changes: tuple[str, ...]
) -> None:
    """What breaks a rule is refused, or altered and said why."""
    asked = map_names([Name(name)], Rules(namespace="m", legalize=True))
    unasked = map_names([Name(name)], Rules(namespace="m"))

    assert [(e.target, e.changes) for e in asked.entries] == [(goal, changes)]
    assert unasked.lawful is not bool(changes)


def test_names_that_are_too_long_stay_apart() -> None:
    """Cut at the same place, they would be one; a part of a hash keeps them two."""
    long = [Name("x" * 128 + end) for end in "ab"]
    mapped = map_names(long, Rules(namespace="m", legalize=True))

    assert mapped.lawful
    assert {len(each.repository) for each in mapped.entries} == {128}
    assert {each.changes for each in mapped.entries} == {("length",)}


@pytest.mark.parametrize(
    ("name", "rules", "why"),
    [
        (Name("3scale/a"), Rules(template="first", legalize=True), "start with a lett"),
        (Name("alpine"), Rules(template="first"), "no {rest}"),
        (Name("alpine"), Rules(template="host", namespace="m"), "no {host}"),
        (Name("\u0430"), Rules(namespace="m", legalize=True), "no legal name near"),
        (
            Name("a\x1bb"),
            Rules(namespace="m", legalize=True),
            "control character (\\x1b)",
        ),
        (Name("a\x9bb"), Rules(namespace="m", exceptions={"a\x9bb": "m/a"}), "\\x9b"),
        (Name("\ud800a"), Rules(namespace="m", legalize=True), "half of a character"),
        (Name("a"), Rules(namespace="m", exceptions={"a": "M/x"}), "uppercase"),
        (Name("a"), Rules(namespace="m", exceptions={"a": "m"}), "is blank"),
    ],
)
def test_some_names_fit_nowhere(name: Name, rules: Rules, why: str) -> None:
    """They are said, with the reason; none is dropped."""
    made = Mapper(rules)(name)

    assert isinstance(made, Unfit)
    assert why in made.why
    assert not map_names([name], rules).lawful


@pytest.mark.parametrize(
    ("names", "rules", "collision"),
    [
        (
            [Name("prom/x", "quay.io"), Name("other"), Name("prom/x", "docker.io")],
            Rules(namespace="m"),
            {"m/prom/x": ["quay.io/prom/x", "docker.io/prom/x"]},
        ),
        (
            [Name("App"), Name("app"), Name("APP")],
            Rules(namespace="m", legalize=True),
            {"m/app": ["App", "app", "APP"]},
        ),
        (
            [Name("b"), Name("a")],
            Rules(namespace="m", exceptions={"a": "m/b"}),
            {"m/b": ["b", "a"]},
        ),
        (
            [Name("x/a/b"), Name("x/b"), Name("y/c"), Name("z/c")],
            Rules(template="m/{last}"),
            {"m/b": ["x/a/b", "x/b"], "m/c": ["y/c", "z/c"]},
        ),
    ],
)
def test_all_who_meet_are_named(
    names: list[Name], rules: Rules, collision: dict[str, list[str]]
) -> None:
    """Two sources and one target are no mapping, and nobody has to search."""
    mapped = map_names(names, rules)

    assert mapped.collisions == collision
    assert not mapped.lawful


def test_exceptions_leave_out_and_are_accounted_for() -> None:
    """A blank target is a no; one that meets no name is most likely misspelt."""
    rules = Rules(namespace="m", exceptions={"a": "", "c": "m/x"})
    mapped = map_names([Name("a"), Name("b"), Name("b")], rules)

    assert [each.source for each in mapped.entries] == ["b"]
    assert (mapped.excepted, mapped.unused) == (["a"], ["c"])


@pytest.mark.parametrize(
    "rules",
    [
        Rules(),
        Rules(namespace=""),
        Rules(namespace="m/x"),
        Rules(template="{first}"),
        Rules(template="plain/text"),
        Rules(template="{host}/{what}"),
    ],
)
def test_rules_that_make_no_target_are_refused(rules: Rules) -> None:
    """Before any name is looked at."""
    with pytest.raises(SettingsError, match="--map"):
        map_names([], rules)


segments = st.text(string.ascii_lowercase + "AB01._-/:", min_size=1, max_size=9)
foreign = st.builds(Name, segments, st.sampled_from(["", "quay.io", "r:5000"]))
names = st.lists(st.one_of(st.sampled_from(REAL), foreign), max_size=60)
rules = st.builds(
    Rules,
    namespace=st.just("mirror"),
    template=st.sampled_from(
        ["path", "first", "host", "m-{first}/{last}", "{namespace}/x/{path}"]
    ),
    strip=st.sampled_from(["", "library", "rancher"]),
    legalize=st.booleans(),
    exceptions=st.dictionaries(
        st.sampled_from([name.full for name in REAL]),
        st.sampled_from(["", "other/a", "other/b", "mirror/nginx"]),
        max_size=3,
    ),
    profile=st.sampled_from(["strict", "docker"]),
)


plain = st.lists(st.text("abc-/.", max_size=4), max_size=6)


@given(st.lists(st.tuples(st.sampled_from(["", "q.io"]), plain), max_size=4), rules)
def test_a_run_is_mapped_as_its_names_are_one_by_one(
    given_runs: list[tuple[str, list[str]]], by: Rules
) -> None:
    """Also where two runs, or a run and an odd name, meet in a target."""
    names = [Name(path, host) for host, paths in given_runs for path in paths if path]

    assert map_names(names, by, runs=True) == map_names(names, by)


@given(names, rules)
def test_a_lawful_mapping_is_legal_one_to_one_and_reversible(
    given_names: list[Name], by: Rules
) -> None:
    """And what is not lawful names everyone concerned."""
    mapped = map_names(given_names, by)
    told = [
        *(entry.source for entry in mapped.entries),
        *(source for met in mapped.collisions.values() for source in met),
        *(unfit.source for unfit in mapped.unfit),
        *mapped.excepted,
    ]
    sources = {entry.target: entry.source for entry in mapped.entries}

    assert sorted(told) == sorted({name.full for name in given_names})
    for entry in mapped.entries:
        assert legal(entry.namespace, profile=by.profile, slashes=False)
        assert legal(entry.repository, profile=by.profile, slashes=True)
        assert sources[entry.target] == entry.source


def test_real_names_keep_their_path() -> None:
    """By the default mapping with hosts, none needs altering; without, some meet."""
    hosted = [name for name in REAL if name.host]
    kept = map_names(hosted, Rules(namespace="mirror", template="host"))
    bare = map_names(hosted, Rules(namespace="mirror"))
    digits = map_names(hosted, Rules(template="first"))

    assert len(hosted) > 250
    assert kept.lawful
    assert len(kept.entries) == len(hosted)
    assert bare.collisions["mirror/calico/node"] == [
        "quay.io/calico/node",
        "docker.io/calico/node",
    ]
    assert {unfit.source for unfit in digits.unfit} >= {
        "docker.io/1password/connect-api",
        "docker.io/3scale/apicast",
        "registry.k8s.io/pause",
    }
