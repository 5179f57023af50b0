"""Pure. The comments at the head of a job's file."""

from collections.abc import Iterator

import msgspec

from bulkrepo.core.text import escape


class JobHeader(msgspec.Struct, frozen=True, kw_only=True):
    """
    How many *repositories* a job copies, from which *maps*, and by what *evidence*.

    *sources* are the registries it copies from, *target* is the one it copies to.
    """

    repositories: int
    maps: tuple[str, ...]
    evidence: str
    sources: tuple[str, ...]
    target: str

    @property
    def registries(self) -> list[str]:
        """All registries, each once."""
        return list(dict.fromkeys((*self.sources, self.target)))

    def comments(self, *more: str) -> Iterator[str]:
        """Yield lines that are comments to a shell and to YAML, whatever is in them."""
        yield f"# {self.repositories} repositories with all their tags"
        maps = ", ".join(map(escape, self.maps))
        yield f"# to {escape(self.target)}, mapped by {maps}"
        yield f"# and there, says {escape(self.evidence)}."
        for line in more:
            yield f"# {escape(line)}".rstrip()
