"""What `bulkrepo --help` imports that it does not need."""

import subprocess
import sys

HEAVY = ("aiohttp", "rich", "sqlite3")


def measure() -> dict[str, float]:
    """Count the heavy modules among those imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bulkrepo", "--help"],
        check=True,
        capture_output=True,
        text=True,
    )
    names = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    return {"heavy modules": float(sum(name in names for name in HEAVY))}
