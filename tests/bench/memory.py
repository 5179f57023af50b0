"""Peak memory of 1,000,000 rows created, over that of 10,000: no socket, all else."""

import asyncio
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.bench.throughput import write_list

FEW, MANY = 10_000, 1_000_000


class Canned:
    """A client that answers 201 itself: sockets cost the same for any list."""

    def __init__(self, *_: object, **__: object) -> None:
        from multidict import CIMultiDict

        from bulkrepo.http.messages import Response

        self._reply = Response(201, CIMultiDict({"X-Request-Id": "0" * 32}))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def send(self, _request: object, _headers: Mapping[str, str]) -> object:
        """Answer at once."""
        return self._reply


def peak(rows: int) -> int:
    """Create *rows* rows in this process; give its peak memory in KiB."""
    from bulkrepo import Settings, api
    from bulkrepo.cli import logs
    from bulkrepo.runs import runner

    setattr(runner, "Client", Canned)  # noqa: B010 - the one edge, replaced
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "list.csv"
        write_list(source, rows)
        log = logs.configure(log_format="json", log_file=f"{folder}/run.log")
        settings = Settings(
            endpoint="http://127.0.0.1:1",
            credential="any-token",
            rate="20000/s",
            survey="never",
            ledger=f"{folder}/ledger.db",
            reports=(f"{folder}/report.jsonl", f"{folder}/report.csv"),
        )
        result = asyncio.run(api.create([str(source)], settings=settings))
        log.close()
        assert result.summary.counts == {"created": rows}
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(many: int = MANY) -> dict[str, float]:
    """Measure both in processes of their own."""
    few, lots = (
        int(
            subprocess.run(
                [sys.executable, "-m", "tests.bench.memory", str(rows)],
                check=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ).stdout
        )
        for rows in (FEW, many)
    )
    return {"memory ratio": lots / few, "rows": many, "MiB": lots / 1024}


if __name__ == "__main__":
    print(peak(int(sys.argv[1])) if len(sys.argv) > 1 else measure())
