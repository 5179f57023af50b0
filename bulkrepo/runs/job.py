"""What differs between commands, and how the work of one ended."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from bulkrepo.core.outcomes import FAILURES, Claim, Verdict
from bulkrepo.core.results import Started
from bulkrepo.engine.cancellation import StopReason
from bulkrepo.engine.survey import Surveyor
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.ledger.thread import LedgerThread
from bulkrepo.runs.settings import Settings
from bulkrepo.swr.operations.conclusion import Flow


class RowFlow(NamedTuple):
    """The flow for each row, and the survey before the first one, if any."""

    flow: Callable[[Claim], Flow]
    surveyor: Surveyor | None = None


class RunEnd(NamedTuple):
    """What stopped the work (None: nothing), engine counts, and new organizations."""

    stop: StopReason | None
    stats: Counter[str]
    organizations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    What makes a command: its rows, the flow for each, and the preparation.

    *load* fills the ledger with rows. *work* returns a run's flow and preparation.
    *creates*: the job creates, so reads that succeed do not prove the service healthy.
    *plans*: it changes nothing, so a difference that stays is no failure of it.
    """

    settings: Settings
    load: Callable[[Ledger], Started]
    work: Callable[[LedgerThread], RowFlow]
    creates: bool = True
    plans: bool = False

    @property
    def failures(self) -> frozenset[Verdict]:
        """Outcomes that are failures of this job."""
        ignores = self.plans or self.settings.on_differs == "ignore"
        return FAILURES - {Verdict.DIFFERS} if ignores else FAILURES
