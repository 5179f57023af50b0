"""
Pure. Names of other registries as names in SWR: one to one, and back again.

A target is what a template makes of a source, or what the exceptions say. Nothing is
made legal unless asked. Two sources that meet in one target are a collision, and a
`Mapped` that has one is not lawful. Collisions are found with one dictionary of all
targets: the map is in memory as a whole.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping

import msgspec

from bulkrepo import naming
from bulkrepo.model import InputError, SettingsError
from bulkrepo.visible import escape

TEMPLATES: Mapping[str, str] = {
    "path": "{namespace}/{path}",
    "first": "{first}/{rest}",
    "host": "{namespace}/{host}/{path}",
}
"""Templates that have a name."""

_FIELD = re.compile(r"\{([a-z]*)\}")
_FIELDS = ("namespace", "host", "path", "first", "rest", "last")
_DIGEST = re.compile(r"@[A-Za-z][A-Za-z0-9+._-]*:[0-9A-Fa-f]{32,}\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TAG = re.compile(r":\w[\w.-]{0,127}\Z", re.ASCII)
_HOST = re.compile(r"localhost(?::\d+)?|[^/:]+:\d+|[^/:]*\.[^/:]*")


class Name(msgspec.Struct, frozen=True):
    """A repository elsewhere: its *path*, and the *host* where that is known."""

    path: str
    host: str = ""

    @property
    def full(self) -> str:
        """The source as the map spells it: host and path."""
        return f"{self.host}/{self.path}" if self.host else self.path


def reference(text: str) -> Name:
    """
    Return the repository that the image reference *text* is about.

    Tag and digest are left out. As in Docker, a first segment is a host if it holds a
    dot or a port, or is `localhost`. A colon before the last slash is no tag:
    project ids such as `example.com:project` have one.
    """
    text = _DIGEST.sub("", text.removeprefix("docker://"))
    text = _TAG.sub("", text)
    first, slash, rest = text.partition("/")
    if slash and is_host(first):
        return Name(rest, first.lower())
    return Name(text)


def is_host(segment: str) -> bool:
    """Tell whether *segment*, the first of several, is taken for a host by Docker."""
    return _HOST.fullmatch(segment) is not None


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """
    How targets are made.

    *template* is a key of `TEMPLATES`, or text with `{namespace}` (the organization
    *namespace*), `{host}`, `{path}`, `{first}` and `{last}` (segments of the path) and
    `{rest}` (all but the first); up to its first slash it is the organization. *strip*
    are segments taken off the front of each path that has them. *exceptions* map a
    source to its whole target; an empty one leaves the source out.
    """

    namespace: str | None = None
    template: str = "path"
    strip: str = ""
    legalize: bool = False
    exceptions: Mapping[str, str] = {}
    profile: naming.Profile = "strict"


class Entry(msgspec.Struct, frozen=True):
    """One line of the map; *changes* are the rules for which the name was altered."""

    source: str
    namespace: str
    repository: str
    changes: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The whole name in SWR."""
        return f"{self.namespace}/{self.repository}"


class Unfit(msgspec.Struct, frozen=True):
    """A *source* without a legal target, and *why*."""

    source: str
    why: str


class Mapped(msgspec.Struct):
    """
    What became of a series of names, in their order.

    A mapping is lawful if *unfit* and *collisions* (target -> its sources) are empty.
    *excepted* are left out as the exceptions say; *unused* exceptions met no name.
    """

    entries: list[Entry]
    unfit: list[Unfit]
    collisions: dict[str, list[str]]
    excepted: list[str]
    unused: list[str]

    @property
    def lawful(self) -> bool:
        """Whether every name has a legal target of its own."""
        return not self.unfit and not self.collisions


def check(rules: Rules) -> None:
    """Raise `SettingsError` if *rules* cannot make a target of any name."""
    template = TEMPLATES.get(rules.template, rules.template)
    fields = _FIELD.findall(template)
    if not fields or "/" not in template or set(fields) - set(_FIELDS):
        known = ", ".join(TEMPLATES)
        raise SettingsError(
            f"--map {rules.template}: must be {known}, or ORGANIZATION/REPOSITORY "
            f"made of text and {' '.join(f'{{{name}}}' for name in _FIELDS)}"
        )
    if "namespace" in fields and rules.namespace is None:
        raise SettingsError(
            f"--map {rules.template} needs the organization: -n ORG. If the first "
            "segment of each name is one: --map first"
        )


def map_names(names: Iterable[Name], rules: Rules) -> Mapped:
    """
    Map *names*, each counted once; see `Mapped` for what may be wrong.

    Raises `SettingsError` as `check` does.
    """
    check(rules)
    mapped = Mapped([], [], {}, [], [])
    owner: dict[str, str] = {}
    unused = dict.fromkeys(rules.exceptions)
    for source, name in {name.full: name for name in names}.items():
        unused.pop(source, None)
        if rules.exceptions.get(source) == "":
            mapped.excepted.append(source)
            continue
        made = target(name, rules)
        if isinstance(made, Unfit):
            mapped.unfit.append(made)
            continue
        first = owner.setdefault(made.target, source)
        if first == source:
            mapped.entries.append(made)
        else:
            mapped.collisions.setdefault(made.target, [first]).append(source)
    mapped.unused = list(unused)
    return mapped


def target(name: Name, rules: Rules) -> Entry | Unfit:
    """Return where *name* goes by *rules*, which `check` has passed, or why nowhere."""
    if _SURROGATE.search(name.full):  # no file could hold it
        return Unfit(name.full, "holds half of a character (\\ud8xx)")
    control = _CONTROL.search(name.full)
    if control:  # so the map, which must keep a name as it is, holds none
        found = escape(control[0])
        return Unfit(name.full, f"holds a control character ({found}): no image has it")
    excepted = rules.exceptions.get(name.full)
    if excepted is not None:
        namespace, _, repository = excepted.partition("/")
        broken = _broken(namespace, repository, rules.profile)
        if broken:
            return Unfit(name.full, f"its exception, {excepted}: {'; '.join(broken)}")
        return Entry(name.full, namespace, repository, ("exception",))
    path = _stripped(name.path, rules.strip)
    first, _, rest = path.partition("/")
    parts = {
        "namespace": rules.namespace or "",
        "host": name.host,
        "path": path,
        "first": first,
        "rest": rest,
        "last": path.rpartition("/")[2],
    }
    template = TEMPLATES.get(rules.template, rules.template)
    for field in _FIELD.findall(template):
        if not parts[field]:
            return Unfit(name.full, f"has no {{{field}}}, which the target needs")
    made = _FIELD.sub(lambda field: parts[field[1]], template)
    namespace, _, repository = made.partition("/")
    broken = _broken(namespace, repository, rules.profile)
    if not broken:
        return Entry(name.full, namespace, repository)
    if not rules.legalize:
        return Unfit(name.full, "; ".join(broken))
    return _legalized(name.full, namespace, repository, rules.profile)


def _stripped(path: str, prefix: str) -> str:
    prefix = prefix.strip("/")
    return path.removeprefix(f"{prefix}/") if prefix else path


def _broken(namespace: str, repository: str, profile: naming.Profile) -> list[str]:
    """Return each rule that a target breaks, in words; none if it is legal."""
    return [why for _, why in _faults(namespace, repository, profile)]


def _faults(
    namespace: str, repository: str, profile: naming.Profile
) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for text, kind in ((namespace, naming.NAMESPACE), (repository, naming.REPOSITORY)):
        if naming.legal(text, profile=profile, slashes=kind.slashes):
            continue
        rules = [("blank", "is blank")]
        if text:
            rules = naming.broken(text, kind, profile)
        found += [(rule, f"{kind.what} {why}") for rule, why in rules]
    return found


def _legalized(
    source: str, namespace: str, repository: str, profile: naming.Profile
) -> Entry | Unfit:
    """Return the nearest legal target; a name too long ends in part of a hash."""
    faults = _faults(namespace, repository, profile)
    organization = naming.suggest(namespace, profile=profile, slashes=False)
    near = naming.suggest(_short(source, repository), profile=profile, slashes=True)
    if organization is None or near is None:
        left = "; ".join(why for _, why in faults)
        return Unfit(source, f"{left} - and there is no legal name near it")
    return Entry(source, organization, near, tuple(dict.fromkeys(r for r, _ in faults)))


def _short(source: str, repository: str) -> str:
    if len(repository) <= naming.REPOSITORY.longest:
        return repository
    mark = hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{repository[: naming.REPOSITORY.longest - 13].rstrip('._/-')}-{mark}"


class NameMap:
    """A written map, both ways. `InputError` if it is not one to one."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._there: dict[str, str] = {}
        self._back: dict[str, str] = {}
        for source, goal in pairs:
            if self._there.setdefault(source, goal) != goal:
                raise InputError(f"the map has {source} twice, with other targets")
            if self._back.setdefault(goal, source) != source:
                raise InputError(
                    f"the map has {goal} for both {self._back[goal]} and {source}"
                )

    def map(self, source: str) -> str:
        """Return the target of *source*; `KeyError` where there is none."""
        return self._there[source]

    def unmap(self, goal: str) -> str:
        """Return the source whose target is *goal*; `KeyError` where there is none."""
        return self._back[goal]
