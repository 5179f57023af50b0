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
from bulkrepo.migration.mapping import (
    Mapper,
    MappingRules,
    SourceName,
    Unmappable,
    reference,
)
from tests.support.boxes import SAMPLES
from tests.support.gathering import map_names, whole
from tests.support.paths import LISTINGS

_NAMES = (LISTINGS / "public-names.txt").read_text()
_LINES = document_reader.documents(io.StringIO(_NAMES), source="real")
_OFFICIAL = json.loads((SAMPLES / "official-images.json").read_text())["repositories"]
REAL = [
    *(f.name for f in whole(_LINES).found),
    *(SourceName(each["repository"]) for each in _OFFICIAL),
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
    assert reference(text) == SourceName(path, host)


@pytest.mark.parametrize(
    ("rules", "name", "goal"),
    [
        (MappingRules(namespace="m"), SourceName("team/app", "ghcr.io"), "m/team/app"),
        (
            MappingRules(namespace="m"),
            SourceName("ghcr.io/team/app"),
            "m/ghcr.io/team/app",
        ),
        (
            MappingRules(namespace="m", template="host"),
            SourceName("a", "q.io"),
            "m/q.io/a",
        ),
        (MappingRules(template="first"), SourceName("team/a/b", "q.io"), "team/a/b"),
        (
            MappingRules(template="k8s-{first}/{rest}"),
            SourceName("team/a/b"),
            "k8s-team/a/b",
        ),
        (MappingRules(template="all/{last}"), SourceName("team/a/b"), "all/b"),
        (
            MappingRules(namespace="m", strip="proj/repo/"),
            SourceName("proj/repo/app"),
            "m/app",
        ),
        (
            MappingRules(namespace="m", strip="proj"),
            SourceName("project/app"),
            "m/project/app",
        ),
        (MappingRules(namespace="m", strip="app"), SourceName("app"), "m/app"),
        (MappingRules(namespace="m", profile="docker"), SourceName("a--b"), "m/a--b"),
        (
            MappingRules(namespace="m", exceptions={"A": "n/x/y"}),
            SourceName("A"),
            "n/x/y",
        ),
    ],
)
def test_a_rule_makes_a_target(
    rules: MappingRules, name: SourceName, goal: str
) -> None:
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
    asked = map_names([SourceName(name)], MappingRules(namespace="m", legalize=True))
    unasked = map_names([SourceName(name)], MappingRules(namespace="m"))

    assert [(e.target, e.changes) for e in asked.entries] == [(goal, changes)]
    assert unasked.lawful is not bool(changes)


def test_names_that_are_too_long_stay_apart() -> None:
    """Cut at the same place, they would be one; a part of a hash keeps them two."""
    long = [SourceName("x" * 128 + end) for end in "ab"]
    mapped = map_names(long, MappingRules(namespace="m", legalize=True))

    assert mapped.lawful
    assert {len(each.repository) for each in mapped.entries} == {128}
    assert {each.changes for each in mapped.entries} == {("length",)}


@pytest.mark.parametrize(
    ("name", "rules", "why"),
    [
        (
            SourceName("3scale/a"),
            MappingRules(template="first", legalize=True),
            "start with a lett",
        ),
        (SourceName("alpine"), MappingRules(template="first"), "no {rest}"),
        (
            SourceName("alpine"),
            MappingRules(template="host", namespace="m"),
            "no {host}",
        ),
        (
            SourceName("\u0430"),
            MappingRules(namespace="m", legalize=True),
            "no legal name near",
        ),
        (
            SourceName("a\x1bb"),
            MappingRules(namespace="m", legalize=True),
            "control character (\\x1b)",
        ),
        (
            SourceName("a\x9bb"),
            MappingRules(namespace="m", exceptions={"a\x9bb": "m/a"}),
            "\\x9b",
        ),
        (
            SourceName("\ud800a"),
            MappingRules(namespace="m", legalize=True),
            "half of a character",
        ),
        (
            SourceName("a"),
            MappingRules(namespace="m", exceptions={"a": "M/x"}),
            "uppercase",
        ),
        (
            SourceName("a"),
            MappingRules(namespace="m", exceptions={"a": "m"}),
            "is blank",
        ),
    ],
)
def test_some_names_fit_nowhere(
    name: SourceName, rules: MappingRules, why: str
) -> None:
    """They are said, with the reason; none is dropped."""
    made = Mapper(rules)(name)

    assert isinstance(made, Unmappable)
    assert why in made.why
    assert not map_names([name], rules).lawful


@pytest.mark.parametrize(
    ("names", "rules", "collision"),
    [
        (
            [
                SourceName("prom/x", "quay.io"),
                SourceName("other"),
                SourceName("prom/x", "docker.io"),
            ],
            MappingRules(namespace="m"),
            {"m/prom/x": ["quay.io/prom/x", "docker.io/prom/x"]},
        ),
        (
            [SourceName("App"), SourceName("app"), SourceName("APP")],
            MappingRules(namespace="m", legalize=True),
            {"m/app": ["App", "app", "APP"]},
        ),
        (
            [SourceName("b"), SourceName("a")],
            MappingRules(namespace="m", exceptions={"a": "m/b"}),
            {"m/b": ["b", "a"]},
        ),
        (
            [
                SourceName("x/a/b"),
                SourceName("x/b"),
                SourceName("y/c"),
                SourceName("z/c"),
            ],
            MappingRules(template="m/{last}"),
            {"m/b": ["x/a/b", "x/b"], "m/c": ["y/c", "z/c"]},
        ),
    ],
)
def test_all_who_meet_are_named(
    names: list[SourceName], rules: MappingRules, collision: dict[str, list[str]]
) -> None:
    """Two sources and one target are no mapping, and nobody has to search."""
    mapped = map_names(names, rules)

    assert mapped.collisions == collision
    assert not mapped.lawful


def test_exceptions_leave_out_and_are_accounted_for() -> None:
    """A blank target is a no; one that meets no name is most likely misspelt."""
    rules = MappingRules(namespace="m", exceptions={"a": "", "c": "m/x"})
    mapped = map_names([SourceName("a"), SourceName("b"), SourceName("b")], rules)

    assert [each.source for each in mapped.entries] == ["b"]
    assert (mapped.excepted, mapped.unused) == (["a"], ["c"])


@pytest.mark.parametrize(
    "rules",
    [
        MappingRules(),
        MappingRules(namespace=""),
        MappingRules(namespace="m/x"),
        MappingRules(template="{first}"),
        MappingRules(template="plain/text"),
        MappingRules(template="{host}/{what}"),
    ],
)
def test_rules_that_make_no_target_are_refused(rules: MappingRules) -> None:
    """Before any name is looked at."""
    with pytest.raises(SettingsError, match="--map"):
        map_names([], rules)


segments = st.text(string.ascii_lowercase + "AB01._-/:", min_size=1, max_size=9)
foreign = st.builds(SourceName, segments, st.sampled_from(["", "quay.io", "r:5000"]))
names = st.lists(st.one_of(st.sampled_from(REAL), foreign), max_size=60)
rules = st.builds(
    MappingRules,
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
    given_runs: list[tuple[str, list[str]]], by: MappingRules
) -> None:
    """Also where two runs, or a run and an odd name, meet in a target."""
    names = [
        SourceName(path, host) for host, paths in given_runs for path in paths if path
    ]

    assert map_names(names, by, runs=True) == map_names(names, by)


@given(names, rules)
def test_a_lawful_mapping_is_legal_one_to_one_and_reversible(
    given_names: list[SourceName], by: MappingRules
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
    kept = map_names(hosted, MappingRules(namespace="mirror", template="host"))
    bare = map_names(hosted, MappingRules(namespace="mirror"))
    digits = map_names(hosted, MappingRules(template="first"))

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
