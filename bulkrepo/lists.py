"""Pure. Lists as checked rows: what the readers give, judged, and faults placed."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from msgspec import structs

from bulkrepo import grammar, inputs
from bulkrepo.model import Defaults, Rejected, RepoSpec, Row


def checked(
    sources: Iterable[str],
    *,
    format: str | None,  # noqa: A002 - the option's name
    defaults: Defaults,
    profile: grammar.Profile,
    stdin: BinaryIO | None = None,
    digest: inputs.Digest | None = None,
) -> Iterator[tuple[Row, RepoSpec | Rejected]]:
    """
    Yield every row of *sources*, in order, with what it wants or all it breaks.

    The problems of a rejected row are placed. `InputError` as `inputs.read` raises.
    """
    for source in sources:
        for row in inputs.read(source, format=format, stdin=stdin, digest=digest):
            found = grammar.check(row, defaults=defaults, profile=profile)
            yield row, found if isinstance(found, RepoSpec) else placed(found)


def placed(rejected: Rejected) -> Rejected:
    """Return *rejected* with the place of each of its problems."""
    row = rejected.row
    problems = tuple(inputs.place(row, problem) for problem in rejected.problems)
    return structs.replace(rejected, problems=problems)
