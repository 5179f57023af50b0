"""
A list that is all there: our time over that of a bare client making the same requests.

Ten thousand repositories of one organization are eleven requests. Each side is a
process of its own; what is measured is all of it, from its first import to its end.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROWS = 10_000
ROUNDS = 5

_BARE = """
import asyncio, json, sys, aiohttp

async def main(url, rows):
    headers = {"X-Auth-Token": "t" * 2000, "Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(f"{url}/v2/manage/namespaces/team") as answer:
            json.loads(await answer.read())
        seen = 0
        for offset in range(0, rows, 1000):
            path = f"/v2/manage/repos?namespace=team&limit=1000&offset={offset}"
            async with session.get(url + path) as answer:
                seen += len(json.loads(await answer.read()))
        assert seen == rows, seen

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def _write(path: Path) -> None:
    lines = [f"app-{n},false,linux,Service {n}\n" for n in range(ROWS)]
    path.write_text("repository,is_public,category,description\n" + "".join(lines))


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Run both by turns; give the median of the ratios, and the requests we made."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "list.csv"
        _write(source)
        box = folder / "box.py"
        box.write_text(_BOX)
        command = [sys.executable, str(box), str(source)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            url = server.stdout.readline().decode().strip()
            try:
                return _compare(folder, source, url, rounds)
            finally:
                server.kill()


def _compare(folder: Path, source: Path, url: str, rounds: int) -> dict[str, float]:
    environment = os.environ | {"SWR_ENDPOINT": url, "SWR_TOKEN": "t" * 2000}
    # Compiled once, as an installed program is.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    words = [sys.executable, "-m", "bulkrepo", "create", str(source), "-n", "team"]
    ratios, requests = [], 0
    for number in range(rounds + 1):  # the first is for the compiler
        bare = _timed([sys.executable, "-c", _BARE, url, str(ROWS)], environment)
        report, ledger = folder / "report.json", folder / f"{number}.db"
        ours = _timed(
            [*words, "-q", "--ledger", str(ledger), "--report", str(report)],
            environment,
        )
        found = json.loads(report.read_text())
        assert found["summary"]["counts"] == {"exists": ROWS}, found["summary"]
        requests = max(requests, found["run"]["requests"])
        ratios.append(ours / bare)
    return {"ratio": statistics.median(ratios[1:]), "requests": float(requests)}


def _timed(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, check=True, capture_output=True)
    assert not done.stdout + done.stderr
    return time.perf_counter() - began


# Answers that are made once: what is measured is who asks.
_BOX = """
import asyncio, csv, json, sys
from aiohttp import web

rows = list(csv.DictReader(open(sys.argv[1])))
pages = {}
for offset in range(0, len(rows), 1000):
    items = [
        {"name": row["repository"], "namespace": "team", "is_public": False,
         "category": row["category"], "description": row["description"], "size": 0,
         "num_images": 0, "num_download": 0, "created_at": "2026-01-02T03:04:05Z",
         "updated_at": "2026-01-02T03:04:05Z", "logo": "", "url": "", "tags": [],
         "path": "swr.example.com/team/" + row["repository"], "status": False,
         "internal_path": "10.0.0.1:20202/team/" + row["repository"],
         "domain_name": "acme", "total_range": len(rows)}
        for row in rows[offset : offset + 1000]
    ]
    pages[str(offset)] = json.dumps(items).encode()

async def listed(request):
    offset = request.query["offset"]
    count = {"Content-Range": f"{offset}-1000/{len(rows)}"}
    return web.Response(body=pages[offset], headers=count)

async def shown(request):
    return web.json_response({"id": 1, "name": "team", "auth": 7})

async def main():
    app = web.Application()
    app.router.add_get("/v2/manage/repos", listed)
    app.router.add_get("/v2/manage/namespaces/team", shown)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


if __name__ == "__main__":
    print(measure())
