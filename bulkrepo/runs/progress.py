"""Progress events four times a second, and the log line of each row."""

import asyncio
import time
from collections import deque

import structlog

from bulkrepo.core.outcomes import SUCCESSES, Claim, Outcome, Verdict
from bulkrepo.core.results import Progressed, Started
from bulkrepo.engine import ratelimit
from bulkrepo.engine.scheduler import Engine
from bulkrepo.runs import callbacks
from bulkrepo.runs.job import Job

_TICK = 0.25


async def tick(
    engine: Engine,
    limit: ratelimit.RateLimiter,
    job: Job,
    started: Started,
    tell: callbacks.EventCallback,
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


def log_row(
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
