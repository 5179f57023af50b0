"""What tests of create share: a run by the library, and a slower sandbox."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bulkrepo as library
from bulkrepo import Result, Settings
from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from tests.support.boxes import SAMPLES, read

MISTAKES = str(SAMPLES / "with-mistakes.csv")


async def create(
    box: Sandbox, sources: Sequence[str], tmp_path: Path, **options: Any
) -> tuple[Result, list[dict[str, Any]]]:
    """Create through the library; give the result, and the report's rows."""
    report = tmp_path / "report.jsonl"
    options = {"rate": "100000/s", "credential": box.settings.token} | options
    result = await library.create(
        sources,
        settings=Settings(endpoint=box.url, reports=(str(report),), **options),
    )
    return result, read(report)


def slow(settings: Box) -> Box:
    """Give settings whose sandbox asks its bell before each request."""
    return Box(
        token=settings.token,
        any_organization=settings.any_organization,
        latency=0.001,
    )
