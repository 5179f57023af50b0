"""Creates a second, from CSV to report, over those of a bare loop to the same sink."""

import asyncio
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

ROWS = 20_000
WORKERS = 64
ROUNDS = 9


def write_list(path: Path, rows: int) -> None:
    """Write a CSV list of *rows* repositories in 20 organizations."""
    with path.open("w", newline="") as file:
        write = csv.writer(file).writerow
        write(("namespace", "repository", "is_public", "category", "description"))
        for n in range(rows):
            name = f"service-{n * 7919 % 1_000_003}"
            write((f"team-{n % 20}", name, "false", "linux", f"Service {n}"))


def bare(url: str, source: Path) -> float:
    """Post the bodies of *source* with nothing but aiohttp and uvloop; seconds."""
    import aiohttp
    import uvloop

    with source.open(newline="") as file:
        todo = [
            (
                f"{url}/v2/manage/namespaces/{row['namespace']}/repos",
                json.dumps(
                    {
                        "repository": row["repository"],
                        "is_public": False,
                        "category": row["category"],
                        "description": row["description"],
                    }
                ).encode(),
            )
            for row in csv.DictReader(file)
        ]
    headers = {"X-Auth-Token": "t" * 2000, "Content-Type": "application/json"}
    bodies = iter(todo)

    async def work(session: aiohttp.ClientSession) -> None:
        for target, body in bodies:
            async with session.post(target, data=body, headers=headers) as response:
                await response.read()
                assert response.status == 201

    async def run() -> float:
        connector = aiohttp.TCPConnector(limit=WORKERS)
        async with aiohttp.ClientSession(connector=connector) as session:
            began = time.perf_counter()
            await asyncio.gather(*(work(session) for _ in range(WORKERS)))
            return time.perf_counter() - began

    return uvloop.run(run())


def ours(url: str, source: Path) -> float:
    """Create *source* by the command, ledger, log and report on disk; seconds."""
    # Imported before the clock starts, as the bare loop's needs are.
    from bulkrepo.cli import run_command  # noqa: F401
    from bulkrepo.cli.main import cli

    folder = source.parent
    os.environ["SWR_TOKEN"] = "t" * 2000
    words = ["create", str(source), "--endpoint", url, "--rate", "1000000/s"]
    words += ["--concurrency", str(WORKERS), "--log-file", str(folder / "run.log")]
    words += ["--ledger", str(folder / f"{time.time_ns()}.db")]
    words += ["--report", str(folder / "report.jsonl")]
    began = time.perf_counter()
    with suppress(SystemExit):
        cli.main(words, standalone_mode=False)
    spent = time.perf_counter() - began
    created = (folder / "report.jsonl").read_text().count('"outcome":"created"')
    assert created == ROWS
    return spent


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """
    Run both by turns, each in a fresh process; give the median of the ratios.

    A shared machine has fast and slow minutes: only neighbours in time compare.
    """
    from tests.bench.sink import sink

    spent: dict[str, list[float]] = {"bare": [], "ours": []}
    with tempfile.TemporaryDirectory() as folder, sink() as url:
        source = Path(folder) / "list.csv"
        write_list(source, ROWS)
        for _ in range(rounds):
            for who, seconds in spent.items():
                module = [sys.executable, "-m", "tests.bench.throughput"]
                command = [*module, who, url, str(source)]
                done = subprocess.run(
                    command, check=True, stdout=subprocess.PIPE, stderr=sys.stderr
                )
                seconds.append(float(done.stdout))
    shares = [bare / ours for bare, ours in zip(*spent.values(), strict=True)]
    medians = {who: statistics.median(seconds) for who, seconds in spent.items()}
    return {"share of a bare loop": statistics.median(shares), **medians}


if __name__ == "__main__":
    if len(sys.argv) == 4:
        run = {"bare": bare, "ours": ours}[sys.argv[1]]
        print(run(sys.argv[2], Path(sys.argv[3])))
    else:
        print(measure())
