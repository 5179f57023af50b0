"""
Pure. Names in other registries (sources) as names in SWR (targets).

A template or an exception gives each source its target. Names are made legal only on
request. `mapped_listing` finds sources that share a target.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.names import (
    MATCH_REPOSITORY,
    NAMESPACE,
    REPOSITORY,
    Profile,
    broken,
    legal,
    legal_namespace,
    suggest,
    surely_legal,
)
from bulkrepo.core.text import escape

TEMPLATES: Mapping[str, str] = {
    "path": "{namespace}/{path}",
    "first": "{first}/{rest}",
    "host": "{namespace}/{host}/{path}",
}
"""Templates that have a name."""

_FIELD = re.compile(r"\{([a-z]*)\}")
_DIGEST = re.compile(r"@[A-Za-z][A-Za-z0-9+._-]*:[0-9A-Fa-f]{32,}\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TAG = re.compile(r":\w[\w.-]{0,127}\Z", re.ASCII)
_HOST = re.compile(r"localhost(?::\d+)?|[^/:]+:\d+|[^/:]*\.[^/:]*")


class SourceName(msgspec.Struct, frozen=True, gc=False):
    """A repository elsewhere: its *path*, and the *host* where that is known."""

    path: str
    host: str = ""

    @property
    def full(self) -> str:
        """The source as the map spells it: host and path."""
        return f"{self.host}/{self.path}" if self.host else self.path


def reference(text: str) -> SourceName:
    """
    Return the repository that the image reference *text* is about.

    Tag and digest are dropped. As in Docker, a first segment is a host if it has a dot
    or a port, or is `localhost`. A colon before the last slash is no tag: project ids
    such as `example.com:project` have one.
    """
    if ":" in text:
        text = _DIGEST.sub("", text.removeprefix("docker://"))
        text = _TAG.sub("", text)
    first, slash, rest = text.partition("/")
    if slash and is_host(first):
        return SourceName(rest, first.lower())
    return SourceName(text)


def is_host(segment: str) -> bool:
    """Tell whether Docker takes *segment*, the first of several, for a host."""
    return _HOST.fullmatch(segment) is not None


class MappingRules(msgspec.Struct, frozen=True, kw_only=True):
    """
    How targets are made.

    *template* is a key of `TEMPLATES`, or text with `{namespace}` (the organization
    *namespace*), `{host}`, `{path}`, `{first}` and `{last}` (segments of the path) and
    `{rest}` (all but the first); what precedes its first slash is the organization.
    *strip* are leading segments to remove from each path that has them. *exceptions*
    map a source to its whole target; an empty one leaves the source out.
    """

    namespace: str | None = None
    template: str = "path"
    strip: str = ""
    legalize: bool = False
    exceptions: Mapping[str, str] = {}
    profile: Profile = "strict"

    @property
    def front(self) -> str:
        """The leading segments to remove, with a slash after them."""
        return f"{self.strip.strip('/')}/".removeprefix("/")


class MappingEntry(msgspec.Struct, frozen=True, gc=False):
    """A line of the map; *changes* are the rules that made the name change."""

    source: str
    namespace: str
    repository: str
    changes: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The whole name in SWR."""
        return f"{self.namespace}/{self.repository}"


class Unmappable(msgspec.Struct, frozen=True):
    """A *source* without a legal target, and *why*."""

    source: str
    why: str


def check(rules: MappingRules) -> None:
    """Raise `SettingsError` if *rules* cannot make a target of any name."""
    template = TEMPLATES.get(rules.template, rules.template)
    fields = _FIELD.findall(template)
    if not fields or "/" not in template or set(fields) - _PARTS.keys():
        known = ", ".join(TEMPLATES)
        raise SettingsError(
            f"--map {rules.template}: must be {known}, or ORGANIZATION/REPOSITORY "
            f"made of text and {' '.join(f'{{{name}}}' for name in _PARTS)}"
        )
    if "namespace" in fields and not rules.namespace:
        raise SettingsError(
            f"--map {rules.template} needs the organization: -n ORG. If the first "
            "segment of each name is one: --map first"
        )
    if rules.namespace and "/" in rules.namespace:
        rest = escape(rules.namespace.partition("/")[2])
        raise SettingsError(
            f"-n {escape(rules.namespace)}: an organization's name has no slash. What "
            f"puts names under {rest} is --map '{{namespace}}/{rest}/{{path}}'"
        )


class Mapper:
    """
    Makes targets by *rules*. Raises `SettingsError` as `check` does.

    The template is parsed once, so that each name needs only a part or two of it.
    """

    def __init__(self, rules: MappingRules) -> None:
        check(rules)
        self._rules = rules
        self._strip = rules.front
        self._match = MATCH_REPOSITORY[rules.profile]
        template = TEMPLATES.get(rules.template, rules.template)
        self._front, self._pieces = _taken_apart(template, rules.namespace or "")

        self._keeps = (
            template == TEMPLATES["path"]
            and not (self._strip or rules.exceptions)
            and legal_namespace(rules.namespace or "", rules.profile)
        )

    def keeps(self, paths: Sequence[str]) -> bool:
        """
        Tell whether all of *paths* surely keep their names in the organization.

        They may do so even if this is False.
        """
        return self._keeps and surely_legal(paths)

    def __call__(self, name: SourceName) -> MappingEntry | Unmappable:
        """Return the target of *name*, or why there is none."""
        rules, source = self._rules, name.full
        why = None if source.isprintable() else _unwritable(source)
        if why is not None:
            return Unmappable(source, why)
        if source in rules.exceptions:
            return self._excepted(source, rules.exceptions[source])
        path = name.path
        if self._strip:
            path = path.removeprefix(self._strip)
        made = self._front
        for part, field, text in self._pieces:
            value = part(name, path)
            if not value:
                return Unmappable(source, f"has no {{{field}}}, which the target needs")
            made += value + text
        namespace, _, repository = made.partition("/")
        profile = rules.profile
        if (
            len(repository) <= REPOSITORY.longest
            and self._match(repository) is not None
            and legal_namespace(namespace, profile)
        ):
            return MappingEntry(source, namespace, repository)
        if rules.legalize:
            return _legalized(source, namespace, repository, profile)
        return Unmappable(source, "; ".join(_broken(namespace, repository, profile)))

    def _excepted(self, source: str, goal: str) -> MappingEntry | Unmappable:
        namespace, _, repository = goal.partition("/")
        broken = _broken(namespace, repository, self._rules.profile)
        if broken:
            return Unmappable(source, f"its exception, {goal}: {'; '.join(broken)}")
        return MappingEntry(source, namespace, repository, ("exception",))


def _unwritable(source: str) -> str | None:
    """Say what in *source* cannot stand in the map, which has names as they are."""
    if _SURROGATE.search(source):  # no file could hold it
        return "holds half of a character (\\ud8xx)"
    control = _CONTROL.search(source)
    if control is None:
        return None
    return f"holds a control character ({escape(control[0])}): no image has it"


_Part = Callable[[SourceName, str], str]


def _taken_apart(
    template: str, namespace: str
) -> tuple[str, list[tuple[_Part, str, str]]]:
    """Return the text in front, and each field's part, name, and the text after it."""
    front, *pieces = _FIELD.split(template)
    found: list[tuple[_Part, str, str]] = []
    for field, text in zip(pieces[::2], pieces[1::2], strict=True):
        if field != "namespace" or not namespace:
            found.append((_PARTS[field], field, text))
        elif found:  # the organization is text as well
            found[-1] = (*found[-1][:2], found[-1][2] + namespace + text)
        else:
            front += namespace + text
    return front, found


_PARTS: Mapping[str, _Part] = {
    "namespace": lambda _name, _path: "",  # where there is none
    "host": lambda name, _path: name.host,
    "path": lambda _name, path: path,
    "first": lambda _name, path: path.partition("/")[0],
    "rest": lambda _name, path: path.partition("/")[2],
    "last": lambda _name, path: path.rpartition("/")[2],
}
"""Field of a template -> its value, given the name and its stripped path."""


def _broken(namespace: str, repository: str, profile: Profile) -> list[str]:
    """Return in words each rule that a target breaks."""
    return [why for _, why in _faults(namespace, repository, profile)]


def _faults(namespace: str, repository: str, profile: Profile) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for text, kind in ((namespace, NAMESPACE), (repository, REPOSITORY)):
        if legal(text, profile=profile, slashes=kind.slashes):
            continue
        rules = [("blank", "is blank")]
        if text:
            rules = broken(text, kind, profile)
        found += [(rule, f"{kind.what} {why}") for rule, why in rules]
    return found


def _legalized(
    source: str, namespace: str, repository: str, profile: Profile
) -> MappingEntry | Unmappable:
    """Return the nearest legal target; one too long is cut, and ends in a hash."""
    faults = _faults(namespace, repository, profile)
    organization = suggest(namespace, profile=profile, slashes=False)
    near = suggest(_short(source, repository), profile=profile, slashes=True)
    if organization is None or near is None:
        left = "; ".join(why for _, why in faults)
        return Unmappable(source, f"{left} - and there is no legal name near it")
    return MappingEntry(
        source, organization, near, tuple(dict.fromkeys(r for r, _ in faults))
    )


def _short(source: str, repository: str) -> str:
    if len(repository) <= REPOSITORY.longest:
        return repository
    mark = hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{repository[: REPOSITORY.longest - 13].rstrip('._/-')}-{mark}"
