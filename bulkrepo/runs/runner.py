"""
One run of any command: ties ledger, client, engine and reports together.

A `Job` holds what differs between commands.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import msgspec
from msgspec import structs

from bulkrepo.core import loggers
from bulkrepo.core.errors import LedgerError
from bulkrepo.core.outcomes import SUCCESSES, Claim, Outcome, Verdict
from bulkrepo.core.results import Event, Result, Settled, Started
from bulkrepo.core.system_clock import SystemClock
from bulkrepo.core.version import VERSION
from bulkrepo.engine.cancellation import StopReason
from bulkrepo.engine.ratelimit.adaptive import AdaptiveRateLimiter
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.scheduler import Engine
from bulkrepo.http.client import Client
from bulkrepo.http.tls import trusted
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.ledger.thread import LedgerThread
from bulkrepo.reports import files
from bulkrepo.runs import callbacks, file_limits, rate_memory, reporting
from bulkrepo.runs.control import Control
from bulkrepo.runs.job import Job, RunEnd
from bulkrepo.runs.progress import log_row, tick
from bulkrepo.runs.settings import Settings


async def run(
    job: Job, on_event: Callable[[Event], None] | None, control: Control
) -> Result:
    """Load, work, report; raises the same errors as `create`."""
    with files.reserve(job.settings.reports):
        return await _run(job, on_event, control)


async def _run(
    job: Job, on_event: Callable[[Event], None] | None, control: Control
) -> Result:
    tell = callbacks.EventCallback(on_event, control.stop)
    workers = file_limits.bounded(job.settings.concurrency)
    settings = replace(job.settings, concurrency=workers)
    job = replace(job, settings=settings)
    auth, clock = settings.auth(), SystemClock()
    client = Client(
        settings.endpoint,
        timeout=_within(settings),
        connections=settings.concurrency,
        user_agent=f"bulkrepo/{VERSION}",
        tls=trusted(settings.cacert, named="cacert"),
    )
    try:
        async with LedgerThread(
            lambda: Ledger(settings.ledger, now=clock.time)
        ) as ledger:
            sent = await ledger.do(rate_memory.starts, settings)
            started = await ledger.do(job.load)
            tell(started)
            tell.check()
            log = loggers.logger()
            log.info(
                "run.started",
                run=started.run,
                rows=started.total,
                pending=started.pending,
                invalid=started.invalid,
                resumed=started.resumed,
                endpoint=settings.endpoint,
                signed_in_by=auth.name,
            )
            if settings.strict and (started.invalid or started.suspect):
                ended = RunEnd(StopReason(_faults(started), 2), Counter())
                return await ledger.do(_conclude, job, started, ended)
            limit = await ledger.do(rate_memory.control, settings, sent)
            ended = RunEnd(None, Counter())
            if started.pending:
                async with client:
                    ended = await _work(
                        job,
                        client,
                        started,
                        ledger,
                        limit,
                        clock=clock,
                        tell=tell,
                        control=control,
                    )
            await ledger.do(rate_memory.keep, settings, limit, ended=True)
            result = await ledger.do(_conclude, job, started, ended)
            tell.check()
            return result
    except* LedgerError as group:
        raise group.exceptions[0] from None


async def _work(
    job: Job,
    client: Client,
    started: Started,
    ledger: LedgerThread,
    limit: AdaptiveRateLimiter | FixedRateLimiter,
    *,
    clock: SystemClock,
    tell: callbacks.EventCallback,
    control: Control,
) -> RunEnd:
    """Send the pending rows; return what stopped it, and the engine's counts."""
    settings = job.settings
    log = loggers.logger().bind()  # bound once, not for every row
    # A program's own logger may lack this method.
    enabled = getattr(log, "is_enabled_for", lambda _: True)(logging.INFO)
    work = job.work(ledger)

    def settled(claim: Claim, outcome: Outcome) -> None:
        if enabled or outcome.outcome not in SUCCESSES:
            log_row(log, claim, outcome)
        if tell.on_event is not None:
            tell(Settled(claim, outcome))

    engine = Engine(
        client,
        settings.auth(),
        limit,
        ledger,
        clock=clock,
        limits=structs.replace(
            settings.limits(),
            reads_vouch=not job.creates,
            failures=job.failures - {Verdict.NOT_ATTEMPTED},
        ),
        settled=settled,
        flow=work.flow,
        prepare=work.surveyor.prepare if work.surveyor else None,
    )
    control.steer(engine)
    ticker = asyncio.create_task(tick(engine, limit, job, started, tell))
    keeper = asyncio.create_task(rate_memory.keeping(ledger, settings, limit))
    try:
        stop = await engine.run()
    finally:
        ticker.cancel()
        keeper.cancel()
    new = tuple(work.surveyor.new) if work.surveyor else ()
    return RunEnd(stop, engine.stats, new)


def _faults(started: Started) -> str:
    """Say how many rows `--strict` does not let pass."""
    counts = (
        (started.invalid, "breaks a rule", "break a rule"),
        (started.suspect, "is suspect", "are suspect"),
    )
    rows = " and ".join(
        f"1 row {one}" if number == 1 else f"{number} rows {many}"
        for number, one, many in counts
        if number
    )
    return f"{rows}, and --strict is set: nothing was sent"


def _conclude(
    ledger: Ledger,
    job: Job,
    started: Started,
    ended: RunEnd,
) -> Result:
    """End the run: write its reports, and count its outcomes."""
    run = started.run
    stop, stats, organizations = ended
    settings = job.settings
    info, summary, unwritten = reporting.end(
        ledger,
        run,
        settings.reports,
        stopped=stop.reason if stop else None,
        requests=stats["requests"],
        throttled=stats["throttled"],
    )
    failures = sum(summary.counts.get(verdict, 0) for verdict in job.failures)
    code = stop.exit_code if stop else 0
    code = code or (4 if unwritten else int(failures > 0))
    log = loggers.logger()
    say = log.warning if code else log.info
    say(
        "run.finished",
        run=run,
        state=info.state,
        stopped=info.stopped,
        rows=summary.total,
        counts=summary.counts,
        uncertain=summary.uncertain,
        exposed=summary.exposed,
        opened=summary.opened,
        reasons=[msgspec.to_builtins(reason) for reason in summary.reasons],
        reports=[path for path in settings.reports if path not in unwritten],
        requests=info.requests,
        throttled=info.throttled,
        organizations=organizations,
        exit_code=code,
    )
    return Result(
        run=info,
        summary=summary,
        exit_code=code,
        unwritten=tuple(unwritten.values()),
        organizations=organizations,
        suspects=started.suspects,
    )


def _within(settings: Settings) -> float:
    """Return the seconds for one request, never more than the run's patience."""
    ends = (settings.timeout, settings.patience, settings.deadline)
    return min(end for end in ends if end is not None)
