"""Edge. A listing's names mapped, one to one, in the memory of a few."""

import re
from collections.abc import Callable, Iterator

from bulkrepo.listings import Found
from bulkrepo.mapping import Entry, Mapper, Rules, Unfit
from bulkrepo.model import Row
from bulkrepo.spool import Spool

SHOWN = 10
"""How many examples are kept of what may be many."""

_SETTLE = 1 << 14
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""What moves a cursor: all control characters but tabs and line breaks."""


def row(found: Found, entry: Entry, *, source: str, line: int) -> Row:
    """Return what a list says of a repository that was *found* elsewhere."""
    described = found.description and found.description.strip()
    if described and not (described.isascii() and described.isprintable()):
        described = _CONTROL.sub("?", described).encode("utf-8", "replace").decode()
    return Row(
        source,
        line,
        entry.namespace,
        entry.repository,
        found.is_public,
        found.category,
        described or None,
    )


class Mapped:
    """
    What becomes of a series of repositories, each of which has a name of its own.

    *found* gives them, as often as it is called; *spool* is for their targets. It is
    lawful if `unfit` is 0 and `collisions` is empty, once `entries` is at its end.

    *count* are the entries, *altered* and *unfit* those with changes and those without
    a target, of which *changed* and *misfits* are the first. *organizations* are what
    they go into, *excepted* were left out, *unused* exceptions met no name.
    """

    def __init__(
        self, found: Callable[[], Iterator[Found]], rules: Rules, spool: Spool
    ) -> None:
        self._found = found
        self._mapper = Mapper(rules)
        self._exceptions = rules.exceptions
        self._spool = spool
        self.count = self.altered = self.unfit = self.excepted = 0
        self.changed: list[Entry] = []
        self.misfits: list[Unfit] = []
        self.organizations: dict[str, None] = {}
        self.unused = dict.fromkeys(rules.exceptions)

    def entries(self) -> Iterator[tuple[Found, Entry]]:
        """Yield each repository that has a target; to be called once."""
        push, mask = self._spool.push, self._spool.mask
        for each, made in self._made():
            if made is None:
                self.excepted += 1
                continue
            if isinstance(made, Unfit):
                self.unfit += 1
                if len(self.misfits) < SHOWN:
                    self.misfits.append(made)
                continue
            value = hash(made.target)
            push[value & mask](value)
            self.count += 1
            if not self.count % _SETTLE:
                self._spool.settle()
            if made.changes:
                self.altered += 1
                if len(self.changed) < SHOWN:
                    self.changed.append(made)
            self.organizations[made.namespace] = None
            yield each, made

    def _made(self) -> Iterator[tuple[Found, Entry | Unfit | None]]:
        """Yield what becomes of each; None for one that is to be left out."""
        make, exceptions = self._mapper, self._exceptions
        for each in self._found():
            if exceptions:
                source = each.name.full
                self.unused.pop(source, None)
                if exceptions.get(source) == "":
                    yield each, None
                    continue
            yield each, make(each.name)

    def collisions(self) -> dict[str, list[str]]:
        """Return the targets that several sources would have, and these."""
        twice = self._spool.repeated()
        firsts: dict[str, str] = {}
        met: dict[str, list[str]] = {}
        for _, made in self._made() if twice else ():
            if isinstance(made, Entry) and hash(made.target) in twice:
                first = firsts.setdefault(made.target, made.source)
                if first != made.source:
                    met.setdefault(made.target, [first]).append(made.source)
        return met
