"""
What importing a listing costs: time against a bare read, memory against a long one.

    python -m tests.bench.imports

The bare read is `json.load` of the file, or a loop that takes host and tag off its
lines: nothing is checked or written by it. Ours is to read, map and check the names, as
`import` does; and all of `import`, with list and map on disk. Each figure is that of a
process of its own, whose start is not counted.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

MANY, MORE = 100_000, 1_000_000
ROUNDS = 3


def name(number: int) -> str:
    """Return one of many names."""
    return f"team-{number // 500}/platform/service-{number:06d}"


def catalog(file: Path, rows: int) -> None:
    """Write a Docker registry's answer."""
    file.write_text(json.dumps({"repositories": list(map(name, range(rows)))}))


def harbor(file: Path, rows: int) -> None:
    """Write Harbor's answer, as if it had pages of any length."""
    records = [
        {
            "artifact_count": 3,
            "creation_time": "2026-01-02T03:04:05.678Z",
            "description": f"Service {number}",
            "id": number,
            "name": name(number),
            "project_id": number // 500,
            "pull_count": 9,
            "update_time": "2026-01-02T03:04:05.678Z",
        }
        for number in range(rows)
    ]
    file.write_text(json.dumps(records))


def lines(file: Path, rows: int) -> None:
    """Write image references."""
    file.write_text(
        "".join(f"registry.example.com/{name(n)}:v1\n" for n in range(rows))
    )


WRITE: dict[str, Callable[[Path, int], None]] = {
    "catalog": catalog,
    "harbor": harbor,
    "lines": lines,
}


def bare(what: str, source: Path) -> int:
    """Return how many names there are, by the shortest reading there is."""
    with source.open(encoding="utf-8") as file:
        if what == "lines":
            return len([line.partition("/")[2].rpartition(":")[0] for line in file])
        found = json.load(file)
        return len(found["repositories"] if what == "catalog" else found)


def checked(_what: str, source: Path) -> int:
    """Map and check, and return how many names have a target of their own."""
    from bulkrepo.core.duplicates import DuplicateFinder
    from bulkrepo.migration import saved_listing
    from bulkrepo.migration.collection import ListingCollector
    from bulkrepo.migration.mapped_listing import MappedListing
    from bulkrepo.migration.mapping import MappingRules

    with ExitStack() as stack:
        gathered = ListingCollector(stack)
        spool = DuplicateFinder(stack)
        mapped = MappedListing(
            gathered.batches, MappingRules(namespace="mirror"), spool
        )
        assert not gathered.gather(saved_listing.documents(str(source), None)).truncated
        for _ in mapped.entries():
            pass
        assert not mapped.unfit
        assert not mapped.collisions()
        return mapped.count


def imported(_what: str, source: Path) -> int:
    """Import; the caller counts what was written."""
    from bulkrepo.migration import importer
    from bulkrepo.migration.mapping import MappingRules

    importer.run(
        [str(source)],
        rules=MappingRules(namespace="mirror"),
        exceptions=None,
        output=str(source.with_suffix(".csv")),
        map_file=None,
        partial=False,
        quiet=True,
    )
    return 0


HOW: dict[str, Callable[[str, Path], int]] = {
    "bare": bare,
    "checked": checked,
    "imported": imported,
}


def child(how: str, what: str, source: Path) -> None:
    """Run one measurement; print seconds, peak memory in KiB, and the count."""
    if how != "bare":  # what is imported is not to be measured
        import bulkrepo.migration.importer  # noqa: F401
    start = time.perf_counter()
    count = HOW[how](what, source)
    seconds = time.perf_counter() - start
    if how == "imported":
        with source.with_suffix(".map.csv").open() as table:
            count = sum(1 for _ in table) - 1
    print(json.dumps([seconds, peak(), count]))


def peak() -> int:
    """Return this process's own peak in KiB; `ru_maxrss` has its parent's too."""
    for line in Path("/proc/self/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == "VmHWM":
            return int(value.split()[0])
    raise RuntimeError("this system does not tell")


def _run(how: str, what: str, source: Path, *, rows: int) -> tuple[float, int]:
    command = [sys.executable, "-m", "tests.bench.imports", how, what, str(source)]
    root = Path(__file__).parents[2]
    out = subprocess.run(command, check=True, capture_output=True, cwd=root)
    seconds, most, count = json.loads(out.stdout)
    assert count == rows
    return seconds, most


def measure(what: str, rounds: int = ROUNDS) -> dict[str, float]:
    """Return the figures of one shape: the best of some rounds in turn."""
    with tempfile.TemporaryDirectory() as folder:
        many, more = Path(folder, "many.txt"), Path(folder, "more.txt")
        WRITE[what](many, MANY)
        WRITE[what](more, MORE)
        seconds = dict.fromkeys(HOW, float("inf"))
        for _ in range(rounds):
            for how in HOW:
                took, peak_kib = _run(how, what, many, rows=MANY)
                seconds[how] = min(seconds[how], took)
        most_kib = _run("imported", what, more, rows=MORE)[1]
    return {
        "bare_seconds": seconds["bare"],
        "checked_ratio": seconds["checked"] / seconds["bare"],
        "import_ratio": seconds["imported"] / seconds["bare"],
        "peak_mib": peak_kib / 1024,
        "memory_ratio": most_kib / peak_kib,
    }


if __name__ == "__main__":
    if len(sys.argv) == 4:
        child(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    else:
        for shape in WRITE:
            for key, figure in measure(shape).items():
                print(f"{shape:8} {key:15} {figure:8.3f}")
