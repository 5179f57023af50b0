"""How fast a hidden limit is found, and how often it is exceeded, in virtual time."""

from collections.abc import Callable
from typing import NamedTuple

from bulkrepo.engine.ratelimit.adaptive import AdaptiveRateLimiter
from bulkrepo.swr.answers import Limit
from tests.support.limiters import (
    KINDS,
    Bucket,
    Changing,
    Fixed,
    Leaky,
    Limiter,
    Sliding,
)
from tests.support.simulation import Simulated, simulate

ROWS = 2000
SEEDS = 10
RATES = (10, 50, 200)
LATENCIES = (0.02, 0.2, 1.0)
WORKERS = 64
CHANGES = ((600, 50), (600, 10), (800, 20))
NAMED: dict[str, tuple[Callable[[], Limiter], Limit]] = {
    "fixed window, 60 per minute": (lambda: Fixed(60, 60), Limit(60, 60.0)),
    "sliding window, 60 per minute": (lambda: Sliding(60, 60), Limit(60, 60.0)),
    "fixed window, 200 per 5 minutes": (lambda: Fixed(200, 300), Limit(200, 300.0)),
    "sliding window, 200 per 5 minutes": (lambda: Sliding(200, 300), Limit(200, 300.0)),
}


class Figure(NamedTuple):
    """
    Seconds over the ideal ones, and refused answers in a hundred, of some runs.

    *together* is how many refusals came at once at most, after the first ones.
    """

    what: str
    time: float
    worst_time: float
    refused: float
    worst_refused: float
    together: int


def _figures(what: str, given: list[tuple[Simulated, float]], rows: int) -> Figure:
    """Sum up the runs *given*, each with its ideal time."""
    runs = [run for run, _ in given]
    times = [run.seconds / ideal for run, ideal in given]
    refused = [100 * len(run.throttled) / rows for run in runs]
    return Figure(
        what,
        time=sum(times) / len(runs),
        worst_time=max(times),
        refused=sum(refused) / len(runs),
        worst_refused=max(refused),
        together=max(max(run.bursts[1:], default=0) for run in runs),
    )


def hidden(seeds: int = SEEDS) -> list[Figure]:
    """Try limits of each kind and size, that no text names."""
    return [
        _figures(
            f"{rate}/s, {kind}",
            [
                (
                    simulate(AdaptiveRateLimiter(), make(rate), ROWS, seed=seed),
                    ROWS / rate,
                )
                for seed in range(seeds)
            ],
            ROWS,
        )
        for rate in RATES
        for kind, make in KINDS.items()
    ]


def latent(seeds: int = SEEDS) -> list[Figure]:
    """Try the same limits with answers that come sooner and later, in seconds."""
    found = []
    for latency in LATENCIES:
        runs: list[tuple[Simulated, float]] = [
            (
                simulate(
                    AdaptiveRateLimiter(), make(rate), ROWS, seed=seed, latency=latency
                ),
                ROWS / min(rate, WORKERS / latency),
            )
            for rate in RATES
            for make in KINDS.values()
            for seed in range(seeds)
        ]
        found.append(_figures(f"all of these, answers after {latency:g} s", runs, ROWS))
    return found


def changing(seeds: int = SEEDS) -> list[Figure]:
    """Change a limit from 50/s to 10/s and 20/s, told in the text or not."""
    ideal = sum(rows / rate for rows, rate in CHANGES)
    found = []
    kinds: dict[str, Callable[[int], Limiter]] = {
        "leaky bucket": Leaky,
        "token bucket": lambda rate: Bucket(rate, rate),
        "sliding window": lambda rate: Sliding(rate, 1),
    }
    for name, make in kinds.items():
        for text in (False, True):
            runs = []
            for seed in range(seeds):
                limiter = Changing([(rows, make(rate)) for rows, rate in CHANGES])

                def rule(limiter: Changing = limiter) -> Limit:
                    return Limit(CHANGES[limiter.which][1], 1.0)

                given = rule if text else None
                run = simulate(
                    AdaptiveRateLimiter(), limiter, ROWS, seed=seed, rule=given
                )
                runs.append((run, ideal))
            told = ", told" if text else ""
            found.append(_figures(f"50, 10, 20/s, {name}{told}", runs, ROWS))
    return found


def named(seeds: int = SEEDS) -> list[Figure]:
    """Use up three long windows whose rule the text names."""
    found = []
    for what, (make, limit) in NAMED.items():

        def rule(limit: Limit = limit) -> Limit:
            return limit

        rows = 3 * limit.count
        runs = [
            (
                simulate(AdaptiveRateLimiter(), make(), rows, seed=seed, rule=rule),
                2 * limit.seconds,
            )
            for seed in range(seeds)
        ]
        found.append(_figures(what, runs, rows))
    return found


if __name__ == "__main__":
    print(f"{'':44}   time / ideal    refused in 100   most together,")
    print(f"{'limit':44}   mean   worst     mean   worst   after the first")
    for row in (*hidden(), *latent(), *changing(), *named()):
        print("{:44} {:6.2f}  {:6.2f}   {:6.2f}  {:6.2f}   {:6}".format(*row))
