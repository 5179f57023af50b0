"""
Wiring. The library's functions, such as `await create(...)`.

The command line uses them too. Every function raises a `BulkrepoError`: InputError
before anything is sent, SettingsError, LedgerError, LockedError.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from bulkrepo.core.errors import InputError
from bulkrepo.core.outcomes import Claim
from bulkrepo.core.results import Event, Result, Started
from bulkrepo.engine.survey import Surveyor
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.ledger.thread import LedgerThread
from bulkrepo.runs import loading, runner
from bulkrepo.runs.control import Control
from bulkrepo.runs.job import Job, RowFlow
from bulkrepo.runs.settings import MEMORY, Settings
from bulkrepo.swr.answers import Answer
from bulkrepo.swr.operations import conclusion, creation, inspection, removal
from bulkrepo.swr.operations.conclusion import Conclusion, Flow

__all__ = ["Control", "create", "plan", "retry", "undo", "verify"]


async def create(
    sources: Sequence[str],
    *,
    settings: Settings,
    on_event: Callable[[Event], None] | None = None,
    control: Control | None = None,
) -> Result:
    """
    Create every repository that *sources* (paths; `-` is stdin) name.

    Every row ends in one outcome, in the ledger and in the reports. *on_event* is
    called in the event loop and must not block; an exception it raises stops the run
    cleanly and is raised again once the reports are written.
    """
    control = control or Control()
    load = _lists("create", sources, settings, control)
    job = Job(settings=settings, load=load, work=partial(_creating, settings))
    return await runner.run(job, on_event, control)


async def retry(
    sources: Sequence[str] = (),
    *,
    run: int | None = None,
    settings: Settings,
    on_event: Callable[[Event], None] | None = None,
    control: Control | None = None,
) -> Result:
    """
    Retry what did not succeed according to *sources* (reports).

    Without any, retry what did not succeed in *run* of the ledger; None: the last run.
    """
    control = control or Control()
    load: Callable[[Ledger], Started]
    if sources:
        load = _lists("retry", sources, settings, control)
    else:
        loading.want_past(settings.ledger)
        load = partial(loading.derive, command="retry", run=run, settings=settings)
    job = Job(settings=settings, load=load, work=partial(_creating, settings))
    return await runner.run(job, on_event, control)


async def undo(
    run: int | None = None,
    *,
    settings: Settings,
    dry_run: bool = False,
    on_event: Callable[[Event], None] | None = None,
    control: Control | None = None,
) -> Result:
    """
    Remove what *run* certainly created, newest first, unless it holds an image.

    None: the last run that created anything. With *dry_run*, only look.
    """

    def flow(claim: Claim) -> Flow:
        return removal.undo(
            claim.namespace, claim.repository, made=claim.made, dry_run=dry_run
        )

    loading.want_past(settings.ledger)
    job = Job(
        settings=settings,
        load=partial(
            loading.derive, command="undo", run=run, settings=settings, dry_run=dry_run
        ),
        work=lambda _: RowFlow(flow),
        creates=False,
    )
    return await runner.run(job, on_event, control or Control())


async def plan(
    sources: Sequence[str],
    *,
    settings: Settings,
    on_event: Callable[[Event], None] | None = None,
    control: Control | None = None,
) -> Result:
    """Show what `create` would do with the same *settings*; read only."""
    control = control or Control()
    settings = replace(settings, ledger=MEMORY)
    job = Job(
        settings=settings,
        load=_lists("plan", sources, settings, control),
        work=partial(_planning, settings),
        creates=False,
        plans=True,
    )
    return await runner.run(job, on_event, control)


async def verify(
    sources: Sequence[str] = (),
    *,
    settings: Settings,
    on_event: Callable[[Event], None] | None = None,
    control: Control | None = None,
) -> Result:
    """
    Prove that every repository exists as wanted; read only.

    *sources* are lists or reports; without any, the rows of the ledger's last run.
    """
    control = control or Control()
    source = settings.ledger
    settings = replace(settings, ledger=MEMORY)
    load: Callable[[Ledger], Started]
    if sources:
        load = _lists("verify", sources, settings, control)
    else:
        loading.want_past(source)
        load = partial(loading.past, path=source, settings=settings)
    work = partial(_verifying, settings)
    job = Job(settings=settings, load=load, work=work, creates=False)
    return await runner.run(job, on_event, control)


def _lists(
    command: str, sources: Sequence[str], settings: Settings, control: Control
) -> Callable[[Ledger], Started]:
    # Type checkers accept a str as a sequence of str, and not everybody uses one.
    several = isinstance(sources, Sequence) and not isinstance(sources, str)
    if not several or not all(isinstance(each, str) for each in sources):
        raise InputError(f'{sources!r}: give a list of paths as text: ["team.csv"]')
    if not sources:
        raise InputError("no list given: name at least one")
    return partial(
        loading.from_lists,
        command=command,
        sources=sources,
        settings=settings,
        control=control,
    )


# The flow for each row, and the preparation before the first.


def _creating(settings: Settings, ledger: LedgerThread) -> RowFlow:
    amend = settings.on_differs == "update"

    def judge(claim: Claim, shown: Answer) -> Conclusion:
        return conclusion.judged(claim, shown, shown.seen, doubt=claim.doubt)

    def flow(claim: Claim) -> Flow:
        if claim.differences is not None:
            return creation.change(claim, claim.differences)
        return creation.create(claim, doubt=claim.doubt, amend=amend)

    if settings.survey == "never" and not settings.create_organizations:
        return RowFlow(flow)
    surveyor = Surveyor(
        ledger,
        judge,
        mode=settings.survey,
        amend=amend,
        found=settings.create_organizations,
    )
    return RowFlow(flow, surveyor)


def _planning(settings: Settings, ledger: LedgerThread) -> RowFlow:
    amend = settings.on_differs == "update"

    def judge(claim: Claim, shown: Answer) -> Conclusion:
        found = conclusion.judged(claim, shown, shown.seen, doubt=claim.doubt)
        return inspection.planned(found, amend=amend)

    def flow(claim: Claim) -> Flow:
        return inspection.plan(
            claim,
            doubt=claim.doubt,
            amend=amend,
            absent=claim.namespace in surveyor.listed,
            readonly=claim.namespace in surveyor.readonly,
        )

    surveyor = Surveyor(
        ledger,
        judge,
        mode=settings.survey,
        found=settings.create_organizations,
        project=settings.auth().facts.get,
        dry=True,
    )
    return RowFlow(flow, surveyor)


def _verifying(settings: Settings, ledger: LedgerThread) -> RowFlow:
    if settings.survey == "never":
        return RowFlow(inspection.verify)
    return RowFlow(
        inspection.verify, Surveyor(ledger, inspection.proven, mode=settings.survey)
    )
