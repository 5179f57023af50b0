"""
Wiring. One run of any command: ties ledger, client, engine and reports together.

A `Job` holds what differs between commands.
"""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import NamedTuple

import msgspec
import structlog
from msgspec import structs

from bulkrepo.core import loggers
from bulkrepo.core.rows import (
    FAILURES,
    SUCCESSES,
    Claim,
    Event,
    LedgerError,
    Outcome,
    Progressed,
    Result,
    Settled,
    Started,
    StoppedError,
    Verdict,
)
from bulkrepo.engine.cancellation import Stop
from bulkrepo.engine.ratelimit import fixed
from bulkrepo.engine.ratelimit.adaptive import Auto
from bulkrepo.engine.ratelimit.fixed import Fixed
from bulkrepo.engine.scheduler import Engine
from bulkrepo.engine.survey import Surveyor
from bulkrepo.http.client import Client, trusted
from bulkrepo.ledger.ledger import Ledger, LedgerThread
from bulkrepo.reports import files
from bulkrepo.runs import file_limits, rate_memory, reporting
from bulkrepo.runs.settings import Settings
from bulkrepo.swr.operations.conclusion import Flow

VERSION = version("bulkrepo")
_TICK = 0.25


class Control:
    """A handle to stop a run in progress from outside."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._stop: tuple[str, int] | None = None

    @property
    def sending(self) -> bool:
        """Whether the lists are read and the first request may have been sent."""
        return self._engine is not None

    def stop(self, reason: str, *, exit_code: int = 3) -> None:
        """Start no more rows, finish those in flight, write the reports, end."""
        self._stop = self._stop or (reason, exit_code)
        if self._engine is not None:
            self._engine.stop(reason, exit_code=exit_code)

    def check(self) -> None:
        """Raise StoppedError if the run was stopped before it had an engine."""
        if self._stop is not None:
            error = StoppedError(f"{self._stop[0]}; nothing was sent")
            error.exit_code = self._stop[1]  # type: ignore[misc]  # this one's own
            raise error

    def steer(self, engine: Engine) -> None:
        """Make `stop` stop *engine*."""
        self.check()
        self._engine = engine


_AGE = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, and is never set."""


class Clock:
    """Real time. The epoch time is read once: nobody sets it during a run."""

    now = staticmethod(time.monotonic)
    sleep = staticmethod(asyncio.sleep)

    def __init__(self) -> None:
        self._epoch = time.time() - time.clock_gettime(_AGE)

    def time(self) -> float:
        """Return epoch seconds."""
        return self._epoch + time.clock_gettime(_AGE)


class Work(NamedTuple):
    """The flow for each row, and the survey before the first one, if any."""

    flow: Callable[[Claim], Flow]
    surveyor: Surveyor | None = None


class Ended(NamedTuple):
    """What stopped the work (None: nothing), engine counts, and new organizations."""

    stop: Stop | None
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
    work: Callable[[LedgerThread], Work]
    creates: bool = True
    plans: bool = False

    @property
    def failures(self) -> frozenset[Verdict]:
        """Outcomes that are failures of this job."""
        ignores = self.plans or self.settings.on_differs == "ignore"
        return FAILURES - {Verdict.DIFFERS} if ignores else FAILURES


async def run(
    job: Job, on_event: Callable[[Event], None] | None, control: Control
) -> Result:
    """Load, work, report; raises the same errors as `create`."""
    tell = loggers.Teller(on_event, control.stop)
    workers = file_limits.bounded(job.settings.concurrency)
    settings = replace(job.settings, concurrency=workers)
    job = replace(job, settings=settings)
    auth, clock = settings.auth(), Clock()
    for path in settings.reports:
        files.check(path)
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
            if settings.strict and started.invalid:
                number = started.invalid
                rows = "1 row breaks" if number == 1 else f"{number} rows break"
                why = f"{rows} a rule, and --strict is set"
                ended = Ended(Stop(f"{why}: nothing was sent", 2), Counter())
                return await ledger.do(_conclude, job, started.run, ended)
            limit = await ledger.do(rate_memory.control, settings, sent)
            ended = Ended(None, Counter())
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
            result = await ledger.do(_conclude, job, started.run, ended)
            tell.check()
            return result
    except* LedgerError as group:
        raise group.exceptions[0] from None


async def _work(
    job: Job,
    client: Client,
    started: Started,
    ledger: LedgerThread,
    limit: Auto | Fixed,
    *,
    clock: Clock,
    tell: loggers.Teller,
    control: Control,
) -> Ended:
    """Send the pending rows; return what stopped it, and the engine's counts."""
    settings = job.settings
    log = loggers.logger().bind()  # bound once, not for every row
    # A program's own logger may lack this method.
    enabled = getattr(log, "is_enabled_for", lambda _: True)(logging.INFO)
    work = job.work(ledger)

    def settled(claim: Claim, outcome: Outcome) -> None:
        if enabled or outcome.outcome not in SUCCESSES:
            _log_row(log, claim, outcome)
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
    ticker = asyncio.create_task(_tick(engine, limit, job, started, tell))
    keeper = asyncio.create_task(rate_memory.keeping(ledger, settings, limit))
    try:
        stop = await engine.run()
    finally:
        ticker.cancel()
        keeper.cancel()
    new = tuple(work.surveyor.new) if work.surveyor else ()
    return Ended(stop, engine.stats, new)


async def _tick(
    engine: Engine,
    limit: fixed.RateControl,
    job: Job,
    started: Started,
    tell: loggers.Teller,
) -> None:
    """Report progress four times a second."""
    before = started.total - started.pending
    stats = engine.stats
    lately: deque[tuple[float, int]] = deque(maxlen=20)
    while True:
        done = sum(stats[verdict] for verdict in Verdict)
        lately.append((time.monotonic(), done))
        seconds = lately[-1][0] - lately[0][0]
        failed = sum(stats[verdict] for verdict in job.failures)
        tell(
            Progressed(
                done=before + done,
                failed=failed,
                requests=stats["requests"],
                throttled=stats["throttled"],
                allowed=limit.allowed(),
                rate=(done - lately[0][1]) / seconds if seconds else 0.0,
                waiting=engine.waiting,
            )
        )
        await asyncio.sleep(_TICK)


_TOLD = (
    *("status", "request_id", "attempts", "elapsed_ms"),
    *("certain", "code", "message", "reason", "evidence", "differences"),
)


def _log_row(
    log: structlog.typing.FilteringBoundLogger, claim: Claim, outcome: Outcome
) -> None:
    """Log the one canonical event of a row."""
    key = f"{claim.namespace}/{claim.repository}"
    verdict = outcome.outcome
    if verdict is Verdict.CREATED and outcome.certain:  # nearly all rows: fast path
        log.info(
            "repository.settled",
            key=key,
            outcome="created",
            status=outcome.status,
            request_id=outcome.request_id,
            attempts=outcome.attempts,
            elapsed_ms=outcome.elapsed_ms,
        )
        return
    say = log.info if verdict in SUCCESSES else log.warning
    say(
        "repository.settled",
        key=key,
        outcome=verdict.value,
        **{name: getattr(outcome, name) for name in _TOLD},
    )


def _conclude(
    ledger: Ledger,
    job: Job,
    run: int,
    ended: Ended,
) -> Result:
    """End the run: write its reports, and count its outcomes."""
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
    )


def _within(settings: Settings) -> float:
    """Return the seconds for one request, never more than the run's patience."""
    ends = (settings.timeout, settings.patience, settings.deadline)
    return min(end for end in ends if end is not None)
