"""Wiring. A run's reports: from the ledger, through an exporter, to a file."""

import time
from collections.abc import Sequence
from pathlib import Path

from bulkrepo import reports
from bulkrepo.core.errors import LedgerError, SettingsError
from bulkrepo.core.paths import refuse_overwriting
from bulkrepo.core.results import RunInfo, Summary
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.reports import files


def again(path: str, run: int | None, targets: Sequence[str]) -> None:
    """Write the reports of a past run (None: the last) from the ledger at *path*."""
    if not Path(path).exists():
        raise SettingsError(f"there is no ledger {path}: give --ledger FILE")
    ledger = Ledger(path, now=time.time)
    try:
        info = ledger.run_info(run)
        summary = ledger.summary(info)
        if summary.total == 0:
            raise SettingsError(
                f"the rows of run {info.id} are gone: a later run took their place"
            )
        named = {"--ledger": [path], "LIST": info.lists, "--report": targets}
        refuse_overwriting(named)
        for target in targets:
            export = reports.EXPORTERS[reports.by_suffix(target)]
            files.write(target, export(info, summary, ledger.items(info)))
    finally:
        ledger.close()


def end(
    ledger: Ledger,
    run: int,
    paths: Sequence[str],
    *,
    stopped: str | None,
    requests: int,
    throttled: int,
) -> tuple[RunInfo, Summary, dict[str, str]]:
    """
    End a run with its reports at *paths*: both or neither, should we die meanwhile.

    Give the run, its numbers, and the reports that could not be written, with why.
    """
    unwritten: dict[str, str] = {}
    told: list[tuple[RunInfo, Summary]] = []

    def tell() -> bool:
        info = ledger.run_info(run)
        summary = ledger.summary(info)
        told.append((info, summary))
        unwritten.update(_write(ledger, info, summary, paths))
        return not unwritten

    ledger.finish(stopped=stopped, requests=requests, throttled=throttled, tell=tell)
    return *told[0], unwritten


def _write(
    ledger: Ledger, info: RunInfo, summary: Summary, paths: Sequence[str]
) -> dict[str, str]:
    """Write a run's report to *paths*; give those that could not be, and why."""
    unwritten = {}
    for path in paths:
        export = reports.EXPORTERS[reports.by_suffix(path)]
        try:
            files.write(path, export(info, summary, ledger.items(info)))
        except (LedgerError, SettingsError) as error:
            unwritten[path] = str(error)
    return unwritten
