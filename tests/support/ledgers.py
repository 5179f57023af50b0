"""Ledgers to test: their rows, clock and outcomes."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bulkrepo.core.outcomes import Claim, Item, Outcome, Verdict
from bulkrepo.core.results import Started
from bulkrepo.core.rows import Defaults, Row
from bulkrepo.inputs import locations, rules
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.ledger.loading import Checked

LIST = "list.ndjson"
ENDPOINT = "https://swr-api.example.com"


class Ticks:
    """A clock that goes on by one second each time it is read."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        """Give epoch seconds."""
        self.time += 1
        return self.time


def checked(*names: str, category: str | None = None) -> list[Checked]:
    """Give rows of `team` by name, judged as those of a list are."""
    found = []
    for line, name in enumerate(names, start=1):
        row = Row(LIST, line, "team", name, is_public=False, category=category)
        found.append((row, rules.check(row, defaults=Defaults(), profile="strict")))
    return found


def load(
    ledger: Ledger,
    rows: Iterable[Checked],
    *,
    endpoint: str = ENDPOINT,
    digest: str = "",
    fresh: bool = False,
) -> Started:
    """Load *rows*, by default under the digest of what they say."""
    rows = list(rows)
    name = digest or hashlib.sha256(repr(rows).encode()).hexdigest()
    return ledger.load(
        rows,
        lists=[LIST],
        endpoint=endpoint,
        digest=lambda: name,
        version="0",
        place=locations.place,
        fresh=fresh,
    )


@contextmanager
def opened(
    path: Path | str, now: Callable[[], float] | None = None
) -> Iterator[Ledger]:
    """Open a ledger, and close it whatever happens."""
    ledger = Ledger(str(path), now=now or Ticks())
    try:
        yield ledger
    finally:
        ledger.close()


def made(claim: Claim, outcome: Verdict = Verdict.CREATED) -> Outcome:
    """Give the outcome of a row that went well, or as told."""
    return Outcome(id=claim.id, outcome=outcome, attempts=1, started_at=1.0)


def finish(ledger: Ledger, stopped: str | None = None) -> None:
    """End a run."""
    ledger.finish(stopped=stopped, requests=0, throttled=0)


def work_off(ledger: Ledger) -> None:
    """Create all that is pending."""
    done: list[Outcome] = []
    while claims := ledger.turn(done, 100):
        done = [made(claim) for claim in claims]
    finish(ledger)


def reported(ledger: Ledger) -> list[Item]:
    """Give the last run's rows."""
    return list(ledger.items(ledger.run_info()))
