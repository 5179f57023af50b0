"""A run as a whole: what it is, how it ended, and its events."""

from pathlib import PurePath

import msgspec

from bulkrepo.core.outcomes import SUCCESSES, Claim, Outcome, Verdict


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """
    A run as a whole: when, where, on which lists, and how it ended.

    *state* is `running`, `finished` or `stopped`; *stopped* is the reason a person
    can act on. Times are RFC 3339 in UTC. *folder* is what relative *lists* start from,
    where that is known.
    """

    id: int
    command: str
    state: str
    lists: tuple[str, ...]
    endpoint: str
    started_at: str
    finished_at: str | None = None
    stopped: str | None = None
    requests: int = 0
    throttled: int = 0
    version: str = ""
    folder: str | None = None

    @property
    def list_paths(self) -> tuple[str, ...]:
        """The lists by their absolute paths, as far as *folder* is known."""
        return tuple(
            name if name == "-" else str(PurePath(self.folder or "", name))
            for name in self.lists
        )


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that ended alike: how many, why, and the place of the first of them."""

    outcome: Verdict
    count: int
    code: str | None
    message: str
    example: str


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """
    A run in numbers: rows by verdict, and the reasons of those that failed.

    *uncertain* counts the rows whose `certain` is false, *exposed* those that are to be
    private and are public, *hidden* those the other way round, *opened* those that were
    made public, or would be created so; the examples are where the first of them stand.
    """

    total: int
    counts: dict[str, int]
    uncertain: int = 0
    exposed: int = 0
    exposed_example: str = ""
    hidden: int = 0
    hidden_example: str = ""
    opened: int = 0
    opened_example: str = ""
    reasons: tuple[Reason, ...] = ()

    @property
    def failures(self) -> int:
        """Rows that did not succeed, whatever the reason."""
        return sum(n for name, n in self.counts.items() if name not in SUCCESSES)


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """
    All lists are read, nothing is sent yet. *resumed*: an earlier run goes on.

    *suspect* counts the valid rows that are hardly meant; *suspects* says why.
    """

    run: int
    total: int
    pending: int
    invalid: int
    resumed: bool
    suspect: int = 0
    suspects: tuple[str, ...] = ()


class Settled(msgspec.Struct, frozen=True):
    """One row is done with."""

    claim: Claim
    outcome: Outcome


class Progressed(msgspec.Struct, frozen=True, kw_only=True):
    """
    Four times a second: rows done and failed so far, and how fast it goes.

    *allowed* is requests a second, *rate* rows a second over the last five seconds.
    *waiting* says why nothing moves, while nothing does.
    """

    done: int
    failed: int
    requests: int
    throttled: int
    allowed: float
    rate: float
    waiting: str | None = None


Event = Started | Settled | Progressed
"""What a callback is told while a run goes on."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """
    How a run ended. *unwritten* are reports that could not be written, with why.

    *organizations* were created on the way, or would be; *suspects* says which valid
    rows are hardly meant.
    """

    run: RunInfo
    summary: Summary
    exit_code: int
    unwritten: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
