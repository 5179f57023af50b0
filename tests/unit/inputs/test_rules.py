"""The rules of names and rows: tables for people, properties for everything else."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.names import Profile, legal, suggest, surely_legal
from bulkrepo.core.rows import Defaults, Problem, Rejected, RepoSpec, Row
from bulkrepo.inputs import rules as row_rules

DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PROFILES: tuple[Profile, ...] = ("strict", "docker")

names = st.text(alphabet="ab19._-/A é", max_size=12) | st.text(max_size=8)


def stated(text: str, *, profile: Profile, slashes: bool) -> bool:
    """Return what the documentation's sentences say, one after the other."""
    separators = "._-/" if slashes else "._-"
    if not 1 <= len(text) <= (128 if slashes else 64):
        return False
    if any(c not in LETTERS + DIGITS + separators for c in text):
        return False
    if text[0] not in (LETTERS + DIGITS if slashes else LETTERS):
        return False
    if text[-1] not in LETTERS + DIGITS:
        return False
    for pair in pairwise(text):
        if pair == ("-", "-") and profile == "docker":
            continue
        if pair != ("_", "_") and pair[0] in separators and pair[1] in separators:
            return False
    return "___" not in text


def row(**fields: object) -> Row:
    """Return a good row with *fields* changed."""
    good: dict[str, object] = {
        "namespace": "team-a",
        "repository": "web/api",
        "is_public": "false",
    }
    return Row("list.csv", 2, **(good | fields))  # type: ignore[arg-type]


def problems(given: Row, defaults: Defaults | None = None) -> tuple[Problem, ...]:
    """Return what is wrong with a row; nothing, when nothing is."""
    found = row_rules.check(given, defaults=defaults or Defaults(), profile="strict")
    return found.problems if isinstance(found, Rejected) else ()


@pytest.mark.parametrize("profile", PROFILES)
@given(text=names, slashes=st.booleans())
def test_legal_agrees_with_the_sentence(
    profile: Profile, *, text: str, slashes: bool
) -> None:
    """The expression says what the documentation's sentences say."""
    expected = stated(text, profile=profile, slashes=slashes)

    assert legal(text, profile=profile, slashes=slashes) == expected


@given(
    st.lists(names, min_size=1)
    | st.lists(st.from_regex(r"[a-c]+([.-]c)?", fullmatch=True))
)
def test_many_names_are_legal_at_one_look_if_each_is(many: list[str]) -> None:
    """Where separators stand side by side, it may not be so sure."""
    each = all(legal(name, profile="strict", slashes=True) for name in many)

    assert surely_legal(many) == (each and "__" not in "".join(many))


@pytest.mark.parametrize("profile", PROFILES)
@given(text=names.filter(bool))
def test_a_name_is_rejected_exactly_when_a_rule_is_named(
    profile: Profile, text: str
) -> None:
    """Taking a name apart finds a broken rule if and only if the name is illegal."""
    found = row_rules.check(
        row(namespace=text, repository=text), defaults=Defaults(), profile=profile
    )
    broken = (
        {problem.field for problem in found.problems}
        if isinstance(found, Rejected)
        else set()
    )

    assert ("namespace" in broken) != stated(text, profile=profile, slashes=False)
    assert ("repository" in broken) != stated(text, profile=profile, slashes=True)


@pytest.mark.parametrize("profile", PROFILES)
@given(text=names, slashes=st.booleans())
def test_every_suggestion_is_legal(
    profile: Profile, *, text: str, slashes: bool
) -> None:
    """What is suggested would be accepted, and what is legal is left alone."""
    suggestion = suggest(text, profile=profile, slashes=slashes)

    if suggestion is not None:
        assert stated(suggestion, profile=profile, slashes=slashes)
    if stated(text, profile=profile, slashes=slashes):
        assert suggestion == text


@pytest.mark.parametrize(
    ("text", "rules", "hint"),
    [
        pytest.param("My_App", {"uppercase"}, "my_app", id="uppercase"),
        pytest.param("my app", {"blanks"}, "my-app", id="blank"),
        pytest.param("nginx:1", {"character"}, "nginx-1", id="tag"),
        pytest.param("café", {"character"}, "cafe", id="accent"),
        pytest.param("アプリ", {"character"}, None, id="no latin letter"),
        pytest.param("_app", {"start"}, "app", id="start"),
        pytest.param("app.", {"end"}, "app", id="end"),
        pytest.param("a--b", {"separators"}, "a-b", id="hyphens"),
        pytest.param("a___b", {"separators"}, "a__b", id="three underscores"),
        pytest.param("a/.b", {"separators"}, "a/b", id="slash wins"),
        pytest.param("a_-b", {"separators"}, "a-b", id="mixed"),
        pytest.param("-", {"start", "end"}, None, id="nothing but a separator"),
        pytest.param("a" * 129, {"length"}, None, id="too long"),
        pytest.param(
            "_A..b-", {"uppercase", "start", "separators", "end"}, "a.b", id="all"
        ),
        pytest.param("a__b", set(), None, id="two underscores"),
        pytest.param("1", set(), None, id="one digit"),
        pytest.param("a" * 128, set(), None, id="longest"),
    ],
)
def test_check_names_every_broken_rule(
    text: str, rules: set[str], hint: str | None
) -> None:
    """All rules that a name breaks are named at once, with one suggestion."""
    found = problems(row(repository=text))

    assert {problem.rule for problem in found} == rules
    assert {problem.hint for problem in found} <= {hint}
    assert {problem.got for problem in found} <= {text}


@pytest.mark.parametrize(
    ("text", "strict", "docker"),
    [
        pytest.param("a--b", False, True, id="hyphens"),
        pytest.param("a---b", False, True, id="more hyphens"),
        pytest.param("a-.b", False, False, id="hyphen and period"),
        pytest.param("a__b", True, True, id="two underscores"),
        pytest.param("a___b", False, False, id="three underscores"),
        pytest.param("a..b", False, False, id="periods"),
    ],
)
def test_docker_differs_in_hyphens_only(
    *, text: str, strict: bool, docker: bool
) -> None:
    """The wider profile lets hyphens stand in runs, and nothing else."""
    assert legal(text, profile="strict", slashes=True) is strict
    assert legal(text, profile="docker", slashes=True) is docker


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *[pytest.param(w, True, id=w) for w in ("true", "YES", "y", "1", "Public")],
        *[pytest.param(w, False, id=w) for w in ("False", "no", "N", "0", "pRiVaTe")],
        pytest.param(True, True, id="JSON true"),
        pytest.param(0, False, id="JSON 0"),
    ],
)
def test_booleans_are_read(*, value: object, expected: bool) -> None:
    """Every spelling of a boolean is understood, in any case."""
    found = row_rules.check(
        row(is_public=value), defaults=Defaults(is_public=None), profile="strict"
    )

    assert isinstance(found, RepoSpec)
    assert found.is_public is expected


@pytest.mark.parametrize(
    ("fields", "field", "rule", "hint"),
    [
        pytest.param({"repository": None}, "repository", "required", None, id="name"),
        pytest.param(
            {"namespace": None}, "namespace", "required", "--namespace NAME", id="org"
        ),
        pytest.param({"namespace": "3scale"}, "namespace", "start", None, id="digit"),
        pytest.param(
            {"namespace": "a/b"}, "namespace", "character", "a-b", id="slash in org"
        ),
        pytest.param({"namespace": "a" * 65}, "namespace", "length", None, id="org 65"),
        pytest.param(
            {"is_public": None},
            "is_public",
            "required",
            "--visibility private",
            id="visibility",
        ),
        pytest.param({"is_public": "maybe"}, "is_public", "boolean", None, id="maybe"),
        pytest.param({"is_public": "pubic"}, "is_public", "boolean", None, id="typo"),
        pytest.param({"is_public": "on"}, "is_public", "boolean", "true", id="on"),
        pytest.param({"is_public": 2}, "is_public", "boolean", None, id="two"),
        pytest.param({"is_public": {}}, "is_public", "boolean", None, id="object"),
        pytest.param({"category": "Linux"}, "category", "category", "linux", id="case"),
        pytest.param(
            {"category": "App Server"}, "category", "category", "app_server", id="blank"
        ),
        pytest.param({"category": "x"}, "category", "category", None, id="unknown"),
        pytest.param({"category": []}, "category", "type", None, id="array"),
        pytest.param({"repository": 7}, "repository", "type", None, id="number"),
        pytest.param(
            {"description": {}}, "description", "type", None, id="object text"
        ),
    ],
)
def test_check_rejects(
    fields: dict[str, object], field: str, rule: str, hint: str | None
) -> None:
    """One fault, one problem: its field, its rule, and a hint where there is one."""
    found = [(p.field, p.rule, p.hint) for p in problems(row(**fields))]

    assert found == [(field, rule, hint)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"is_public": "ja"}, 'public or private, not "ja"'),
        ({"is_public": []}, 'public or private, not "[]"'),
        ({"category": "datbase"}, 'is "datbase", not one of app_server, '),
    ],
)
def test_a_word_that_is_none_of_those_known_is_told(
    fields: dict[str, object], said: str
) -> None:
    """Whoever reads the log has not the list at hand."""
    (problem,) = problems(row(**fields))

    assert said in problem.message


@pytest.mark.parametrize("category", row_rules.CATEGORIES)
def test_every_category_is_taken(category: str) -> None:
    """The eight categories are all there are, and all are taken."""
    assert not problems(row(category=category))


def test_defaults_fill_what_a_row_leaves_blank() -> None:
    """The command line speaks only where the row is silent."""
    defaults = Defaults(namespace="team-z", is_public=False, category="linux")
    silent = Row("list.txt", 1, repository="api")
    loud = row(is_public="yes", category="lang")

    check = row_rules.check
    assert check(silent, defaults=defaults, profile="strict") == RepoSpec(
        namespace="team-z", repository="api", is_public=False, category="linux"
    )
    assert check(loud, defaults=defaults, profile="strict") == RepoSpec(
        namespace="team-a", repository="web/api", is_public=True, category="lang"
    )


@pytest.mark.parametrize(
    ("namespace", "name", "expected"),
    [
        pytest.param(None, "a/b/c", ("a", "b/c"), id="first segment"),
        pytest.param("team", "a/b", ("team", "a/b"), id="the row's own wins"),
        pytest.param(None, "a", ("fallback", "a"), id="no slash"),
    ],
)
def test_namespace_from_path(
    namespace: str | None, name: str, expected: tuple[str, str]
) -> None:
    """The first segment is the organization only when asked, and when none is given."""
    defaults = Defaults(namespace="fallback", is_public=False, namespace_from_path=True)
    found = row_rules.check(
        row(namespace=namespace, repository=name), defaults=defaults, profile="strict"
    )

    assert isinstance(found, RepoSpec)
    assert (found.namespace, found.repository) == expected


def test_rules_have_stable_names() -> None:
    """A rule's name is kebab-case, for people who filter by it."""
    rows = [
        row(repository="_A b:..-"),
        row(is_public="x", category="y", namespace=None),
    ]

    assert all(
        re.fullmatch(r"[a-z]+(-[a-z]+)*", problem.rule)
        for each in rows
        for problem in problems(each)
    )


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a__" * 90_000, id="legal in all but length"),
        pytest.param("-" * 300_000, id="one run"),
        pytest.param("a.-" * 90_000, id="many runs"),
        pytest.param("-._" * 90_000, id="runs of all kinds"),
        pytest.param("\u0301\u0323" * 90_000, id="marks that Unicode sorts"),
        pytest.param("A é" * 90_000, id="all of it"),
    ],
)
def test_no_name_makes_a_long_message(name: str) -> None:
    """However long it is, what is said and kept of it stays short."""
    row = Row("l.csv", 2, name, name, name, name, "x")
    found = row_rules.check(row)

    assert isinstance(found, Rejected)
    assert sum(len(p.message + (p.got or "")) for p in found.problems) < 12_000


def test_a_description_is_text() -> None:
    """Any text but NUL, which is no character of one."""
    row = Row("l.csv", 2, "team", "app", "no", None, "a\0b")
    found = row_rules.check(row)

    assert isinstance(found, Rejected)
    assert [(p.field, p.rule) for p in found.problems] == [("description", "character")]
