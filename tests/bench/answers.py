"""Answers by chance: each row has one outcome, and what is certain is true."""

import asyncio

from tests.support.generated_answers import runs

MANY = 120_000


def measure(answers: int = MANY) -> int:
    """Return how many answers were survived; AssertionError at the first untruth."""
    return asyncio.run(_count(answers))


async def _count(answers: int) -> int:
    return sum([run.total() async for run in runs(answers, seed=120)])


if __name__ == "__main__":
    print(f"{measure():,} generated answers: one true outcome a row")
