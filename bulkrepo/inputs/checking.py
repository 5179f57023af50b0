"""Pure. Lists as checked rows, with their faults placed."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from msgspec import structs

from bulkrepo.core.errors import InputError
from bulkrepo.core.names import Profile
from bulkrepo.core.outcomes import DONE, PLANNED
from bulkrepo.core.rows import Defaults, Problem, Rejected, RepoSpec, Row
from bulkrepo.core.text import escape, quote, word
from bulkrepo.inputs import decoding, headings, locations, reader, rules

MOST_PROBLEMS = 20
"""Problems of one row that are said; of more, the number."""


def checked(
    sources: Iterable[str],
    *,
    format: str | None,  # noqa: A002 - the option's name
    defaults: Defaults,
    profile: Profile,
    stdin: BinaryIO | None = None,
    digest: decoding.Hash | None = None,
    retry_at: str | None = None,
) -> Iterator[tuple[Row, RepoSpec | Rejected]]:
    """
    Yield every row of *sources*, in order, with its repository or its problems.

    Problems are placed. *retry_at*: only rows of which a report of that endpoint says
    that something is left to do. `InputError` as `reader.read` raises, and for a table
    whose heading is at fault.
    """
    options = import_options(defaults, profile)
    for source in sources:
        rows = reader.read(
            source, format=format, stdin=stdin, digest=digest, import_options=options
        )
        first = True
        for row in rows:
            if first:
                headings.refuse(row, defaults=defaults)
                first = False
            if retry_at is not None and _done(row, retry_at):
                continue
            found = rules.check(row, defaults=defaults, profile=profile)
            yield row, found if isinstance(found, RepoSpec) else placed(found)


def import_options(defaults: Defaults, profile: Profile) -> str:
    """Return the options with which `import` maps names as these settings would."""
    options = reader.IMPORT_OPTIONS
    if defaults.namespace is not None and not defaults.namespace_from_path:
        options = f"-n {word(defaults.namespace)}"
    return options if profile == "strict" else f"{options} --grammar {profile}"


def _done(row: Row, endpoint: str) -> bool:
    reported = row.reported
    if reported is None:
        raise InputError(
            f"{row.source} is no report: nothing in it says what became of its rows. "
            "To work through a list, use create"
        )
    if reported.endpoint not in ("", endpoint):  # older reports do not say
        there = escape(reported.endpoint)
        command = f"bulkrepo retry {quote(row.source)} --endpoint"
        raise InputError(
            f"{row.source}: a report of {there}, and this run goes to {endpoint}. "
            f"To retry it there: {command} {word(reported.endpoint)}. To create its "
            "rows here, use create"
        )
    if reported.outcome in PLANNED:
        raise InputError(
            f"{row.source}: the report says {reported.outcome}: what would be done, "
            "and nothing was tried yet. To do it, use create (or undo)"
        )
    return reported.outcome in DONE


def placed(rejected: Rejected) -> Rejected:
    """Return *rejected* with the place of each of its first problems."""
    row = rejected.row
    problems = list(rejected.problems[:MOST_PROBLEMS])
    more = len(rejected.problems) - MOST_PROBLEMS
    if more > 0:
        message = f"has {more} more problem{'s' if more > 1 else ''}"
        problems.append(Problem("record", "more", message))
    placed = tuple(locations.place(row, problem) for problem in problems)
    return structs.replace(rejected, problems=placed)
