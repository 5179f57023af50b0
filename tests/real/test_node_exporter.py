"""Against node-exporter and promtool: the reports of two places, in one folder."""

import os
import re
import shutil
import socket
import stat
import subprocess
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from bulkrepo import Settings, create
from bulkrepo.sandbox import Sandbox
from tests.support import boxes

pytestmark = pytest.mark.real


def program(name: str) -> str:
    """Find a program of Debian's prometheus-node-exporter or prometheus."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("BULKREPO_REAL"):
            pytest.fail(f"{name} is missing: see .ci/run for the packages")
        pytest.skip(f"{name} is not installed")
    return found


def scraped(folder: Path) -> str:
    """Let node-exporter read *folder*, and return what it serves."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    exporter = subprocess.Popen(
        [
            program("prometheus-node-exporter"),
            f"--web.listen-address=127.0.0.1:{port}",
            "--collector.disable-defaults",
            "--collector.textfile",
            f"--collector.textfile.directory={folder}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            try:
                with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
                    return str(page.read().decode())
            except URLError:
                time.sleep(0.05)
        pytest.fail("node-exporter did not start")
    finally:
        exporter.terminate()
        exporter.wait(10)


def complaints(path: Path) -> bytes:
    """Return what promtool has to say about the metrics in *path*."""
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=path.read_bytes(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return checked.stdout or b"exit" * bool(checked.returncode)


async def test_reports_of_two_places_and_two_folders_are_all_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same list name each, beside each other, and none dropped."""
    metrics = tmp_path / "metrics"
    metrics.mkdir()
    told: set[tuple[str, str]] = set()
    async with Sandbox() as one, Sandbox() as two:
        for number, (box, name) in enumerate([(one, "a"), (two, "a"), (two, "b")]):
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            monkeypatch.chdir(folder)
            boxes.write(folder / "l.ndjson", boxes.rows(2 + number))
            settings = Settings(
                endpoint=box.url,
                credential=box.settings.token,
                ledger=str(tmp_path / f"{number}.db"),
                create_organizations=True,
                reports=(str(metrics / f"{number}.prom"),),
            )
            assert (await create(["l.ndjson"], settings=settings)).exit_code == 0
            told.add((box.url, str(folder / "l.ndjson")))

    page = scraped(metrics)

    assert "node_textfile_scrape_error 0\n" in page
    requests = [
        dict(re.findall(r'([a-z_]+)="([^"]*)"', line))
        for line in page.splitlines()
        if line.startswith("bulkrepo_requests{")
    ]
    assert {(sample["endpoint"], sample["list_path"]) for sample in requests} == told
    for path in metrics.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        assert complaints(path) == b""
