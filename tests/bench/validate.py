"""
What checking a list costs: time against a bare loop, memory against a short list.

    python -m tests.bench.validate

The bare loop is the least that any checker does: `csv.reader` and one compiled
expression a name. Each figure is that of a process of its own.
"""

import csv
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bulkrepo.core.rows import Defaults
from bulkrepo.inputs import validation

ROWS = 1_000_000
FEW = 10_000
TIME_TARGET = 3.0
MEMORY_TARGET = 1.3
ROUNDS = 3

_NAME = re.compile(r"[a-z0-9]+(?:(?:[./-]|__?)[a-z0-9]+)*")
_SPACE = re.compile(r"[a-z][a-z0-9]*(?:(?:[.-]|__?)[a-z0-9]+)*")
_CATEGORIES = ("linux", "database", "lang", "", "app_server", "other")


def write(path: Path, *, rows: int) -> None:
    """Write a well-formed list; every tenth description needs quotes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("namespace,repository,is_public,category,description\r\n")
        for n in range(rows):
            text = f'"Service {n}, billing"' if n % 10 == 0 else f"Service {n}"
            file.write(
                f"team-{n // 5000},platform/service-{n:07d},"
                f"{'true' if n % 3 else 'false'},{_CATEGORIES[n % 6]},{text}\r\n"
            )


def bare(path: str) -> int:
    """Return the rows that match, by the shortest loop there is."""
    good = 0
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for row in rows:
            if _SPACE.fullmatch(row[0]) and _NAME.fullmatch(row[1]):
                good += 1
    return good


def ours(path: str) -> int:
    """Return the rows that `validate` finds valid."""
    return validation.validate(
        [path],
        format=None,
        defaults=Defaults(),
        profile="strict",
        stdin=None,
        on_problem=print,
    ).valid


def child(what: str, path: str) -> None:
    """Run one measurement and print seconds, peak memory in KiB, and the count."""
    start = time.perf_counter()
    good = {"bare": bare, "ours": ours}[what](path)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([seconds, peak, good]))


def _run(what: str, path: Path, *, rows: int) -> tuple[float, int]:
    command = [sys.executable, "-m", "tests.bench.validate", what, str(path)]
    root = Path(__file__).parents[2]
    out = subprocess.run(command, check=True, capture_output=True, cwd=root)
    seconds, peak, good = json.loads(out.stdout)
    assert good == rows
    return seconds, peak


def measure() -> dict[str, float]:
    """Return the figures: the best of some rounds, bare and ours in turn."""
    with tempfile.TemporaryDirectory() as folder:
        many, few = Path(folder, "many.csv"), Path(folder, "few.csv")
        write(many, rows=ROWS)
        write(few, rows=FEW)
        base: list[float] = []
        full: list[float] = []
        peaks: list[int] = []
        for _ in range(ROUNDS):
            base.append(_run("bare", many, rows=ROWS)[0])
            seconds, peak = _run("ours", many, rows=ROWS)
            full.append(seconds)
            peaks.append(peak)
        small = _run("ours", few, rows=FEW)[1]
    return {
        "rows": ROWS,
        "bare_seconds": min(base),
        "validate_seconds": min(full),
        "time_ratio": min(full) / min(base),
        "peak_mib": max(peaks) / 1024,
        "peak_mib_few": small / 1024,
        "memory_ratio": max(peaks) / small,
        "time_target": TIME_TARGET,
        "memory_target": MEMORY_TARGET,
    }


if __name__ == "__main__":
    if len(sys.argv) == 3:
        child(sys.argv[1], sys.argv[2])
    else:
        for name, figure in measure().items():
            print(f"{name:18} {figure:,.2f}")
