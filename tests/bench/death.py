"""
Deaths by the hundred: `python -m tests.bench.death [COUNT]`, 200 without a number.

Runs are killed at random moments; then again, with what a power cut leaves of the
ledger; and a tenth as often with its files damaged in any way. Exit 1 if a row is
told twice, or never, or what is not so.
"""

import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.support.death import PowerCut, damage, die

_KINDS: dict[str, dict[str, Any]] = {
    "kill -9": {},
    "kill -9 and power cut": {"spoil": PowerCut},
    "kill -9 and damage of any kind": {"spoil": lambda: damage, "known": False},
}
_AT_ONCE = 2


async def measure(deaths: int, *, seed: int, **kind: Any) -> Counter[str]:
    """Die *deaths* times, a few at once; count what happened."""
    with tempfile.TemporaryDirectory() as folder:
        shares = [deaths // _AT_ONCE + (n < deaths % _AT_ONCE) for n in range(_AT_ONCE)]
        done = await asyncio.gather(
            *(
                die(Path(folder), share, seed + n, **kind)
                for n, share in enumerate(shares)
            )
        )
    return sum(done, Counter())


def main() -> int:
    """Print a row of the table for each kind of death."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    for number, (name, kind) in enumerate(_KINDS.items()):
        deaths = wanted if number < 2 else max(2, wanted // 10)
        began = time.monotonic()
        try:
            counts = asyncio.run(measure(deaths, seed=100 * (number + 1), **kind))
        except AssertionError as wrong:
            print(f"{name:32} WRONG: {wrong}")
            return 1
        when = ", ".join(
            f"{counts[phase]} {phase}" for phase in ("loading", "sending", "reporting")
        )
        print(
            f"{name:32} {counts['deaths']:4} deaths ({when}), {counts['lives']} lists,"
            f" {counts['refused']} refused; 0 wrong  {time.monotonic() - began:.0f} s"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
