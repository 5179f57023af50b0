"""Answers by chance: each row has one outcome, and what is certain is true."""

from tests.support.generated_answers import runs

MANY = 120_000


def measure(answers: int = MANY) -> int:
    """Return how many answers were survived; AssertionError at the first untruth."""
    return sum(answered.total() for answered in runs(answers, seed=120))


if __name__ == "__main__":
    print(f"{measure():,} generated answers: one true outcome a row")
