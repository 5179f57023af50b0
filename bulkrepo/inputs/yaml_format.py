"""
Pure. YAML, by the rules of JSON: an array of objects or names, alone or with defaults.

A plain scalar is null, true or false where YAML 1.2 says so, and else the text that
stands there: `1.10` and `007` are names, and `no` is the word that a row may have for
private. References, tags and further documents are refused: nothing is worked out.
"""

from collections.abc import Iterator
from typing import NoReturn, TextIO

import yaml

from bulkrepo.core.errors import InputError
from bulkrepo.core.json_scanner import LONGEST, TOO_LONG, as_object
from bulkrepo.core.rows import Row
from bulkrepo.inputs.json_format import rows_of

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = {None, "!", *(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))}
_WORDS = {
    form: value
    for word, value in (("null", None), ("true", True), ("false", False))
    for form in (word, word.capitalize(), word.upper())
} | {"": None, "~": None}


def rows(text: TextIO, source: str) -> Iterator[Row]:
    """Yield a row for each element of the array that *text* holds."""
    walk = _YamlDocument(text, source)
    try:
        walk.begin()
        yield from rows_of(walk, source, kind="yaml")
        walk.end()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        # Not the error's own text: that quotes the line, which may hold a password.
        raise InputError(f"{source}{where}: is not valid YAML") from None
    except RecursionError:
        raise InputError(f"{source}: is nested too deeply") from None


class _YamlDocument:
    """The one document of a *text*, event by event; a `json_format.Document`."""

    def __init__(self, text: TextIO, source: str) -> None:
        self.line: int | None = None
        self._source = source
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)

    def begin(self) -> None:
        """Go to where the document begins."""
        self._event = next(self._events)
        self._go_on()
        if isinstance(self._event, yaml.DocumentStartEvent):
            self._go_on()

    def end(self) -> None:
        """Refuse what follows the document."""
        if isinstance(self._event, yaml.DocumentEndEvent):
            self._go_on()
        if not isinstance(self._event, yaml.StreamEndEvent):
            self._refuse("begins another document: save each in a file")

    def next(self) -> str:
        """Return `[` or `{` where one begins here; empty at the end."""
        match self._event:
            case yaml.StreamEndEvent():
                return ""
            case yaml.SequenceStartEvent():
                return "["
            case yaml.MappingStartEvent():
                return "{"
            case _:
                return "scalar"

    def members(self) -> Iterator[str]:
        """Yield the keys of the mapping that begins here."""
        self._go_on()
        while not isinstance(self._event, yaml.MappingEndEvent):
            yield self._scalar().value
        self._go_on()

    def elements(self) -> Iterator[object]:
        """Yield the elements of the sequence that begins here."""
        self._go_on()
        while not isinstance(self._event, yaml.SequenceEndEvent):
            line, _ = self._place()
            value = self.value()
            self.line = line  # a sequence inside of the element has others
            yield value
        self._go_on()

    def value(self) -> object:
        """Read the value that begins here."""
        match self.next():
            case "[":
                return list(self.elements())
            case "{":
                pairs = [(key, self.value()) for key in self.members()]
                return as_object(pairs, source=self._source)
        scalar = self._scalar()
        plain = scalar.implicit[0] and scalar.tag is None
        return _WORDS.get(scalar.value, scalar.value) if plain else scalar.value

    def _scalar(self) -> yaml.ScalarEvent:
        event = self._event
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse("has a key that is no text")
        if len(event.value) > LONGEST:
            self._refuse(f"is {TOO_LONG.format(LONGEST)}")
        self._go_on()
        return event

    def _go_on(self) -> None:
        self._event = event = next(self._events)
        if isinstance(event, yaml.AliasEvent):
            self._refuse("refers to another place (*name): write it out")
        if getattr(event, "tag", None) not in _TAGS:
            self._refuse("has a tag (!name): write the value alone")

    def _place(self) -> tuple[int, int]:
        """Return line and column of what comes next, both from 1."""
        mark = self._event.start_mark
        return (mark.line + 1, mark.column + 1) if mark else (1, 1)

    def _refuse(self, message: str) -> NoReturn:
        line, column = self._place()
        raise InputError(f"{self._source}:{line}:{column}: {message}")
