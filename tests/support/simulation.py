"""A run as its rate control sees it: waits, limits and latencies, and no sockets."""

import heapq
import itertools
import random
from collections.abc import Callable
from typing import NamedTuple

from bulkrepo.engine.ratelimit import RateLimiter
from bulkrepo.swr.answers import Answer, AnswerKind, Limit
from tests.support.limiters import Limiter

DONE = Answer(AnswerKind.DONE, 201)
_APART = 3.0
"""Seconds between refusals that have nothing to do with each other."""


class Simulated(NamedTuple):
    """Seconds that all rows took, throttled answers, and when each start was."""

    seconds: float
    throttled: list[float]
    starts: list[float]

    @property
    def bursts(self) -> list[int]:
        """How many refusals came together: what left before the first was answered."""
        gaps = [later - at for at, later in itertools.pairwise(self.throttled)]
        ends = [number for number, gap in enumerate(gaps, 1) if gap > _APART]
        bounds = [0, *ends, len(self.throttled)]
        return [end - start for start, end in itertools.pairwise(bounds)]


def simulate(
    control: RateLimiter,
    limiter: Limiter,
    rows: int,
    *,
    seed: int = 0,
    latency: float = 0.05,
    workers: int = 64,
    rule: Callable[[], Limit | None] | None = None,
    retry_after: float | None = None,
) -> Simulated:
    """
    Work off *rows* with *workers*; a throttled request is asked again in its turn.

    A request arrives after half of *latency* (seconds, a quarter more or less) and is
    answered after the other half. *rule* is what the text of a 429 names.
    """
    chance = random.Random(seed)
    order = itertools.count()
    agenda: list[tuple[float, int, str, float, Answer]] = []
    first = now = 1000.0
    todo, done, flying, waiting = rows, 0, 0, False
    starts: list[float] = []
    throttled: list[float] = []

    def plan(after: float, what: str, started: float, answer: Answer = DONE) -> None:
        heapq.heappush(agenda, (now + after, next(order), what, started, answer))

    def way() -> float:
        return latency / 2 * chance.uniform(0.75, 1.25)

    plan(0.0, "wake", now)
    while done < rows:
        now, _, what, started, answer = heapq.heappop(agenda)
        if what == "arrival":
            if not limiter.admit(now):
                named = rule() if rule else None
                limits = (named,) if named else ()
                answer = Answer(
                    AnswerKind.THROTTLED, 429, limits=limits, retry_after=retry_after
                )
            plan(way(), "answer", started, answer)
            continue
        if what == "answer":
            flying -= 1
            if answer is DONE:
                done += 1
            else:
                todo += 1
                throttled.append(now - first)
            control.learn(now, answer, started=started)
        else:
            waiting = False
        while not waiting and todo and flying < workers:
            wait = control.reserve(now)
            if wait > 0:
                waiting = True
                plan(wait + chance.random() / 1000, "wake", now)
            else:
                todo, flying = todo - 1, flying + 1
                starts.append(now - first)
                plan(way(), "arrival", now)
    return Simulated(now - first, throttled, starts)
