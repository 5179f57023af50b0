"""Files damaged by chance: no traceback, no hang, one outcome for each row."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.mutated_lists import survive

MANY = 100_000


def measure(files: int = MANY) -> int:
    """Return how many files were survived; AssertionError at the first that was not."""
    with TemporaryDirectory() as folder:
        return sum(1 for _ in survive(Path(folder), files, seed=100))


if __name__ == "__main__":
    print(f"{measure():,} damaged files: one outcome a row, or a refusal")
