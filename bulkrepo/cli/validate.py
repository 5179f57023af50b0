"""Wiring. `bulkrepo validate`: lists in, faults out, and a corrected copy if asked."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import msgspec

from bulkrepo import reports
from bulkrepo.core import stdio
from bulkrepo.core.outcomes import Item, Verdict
from bulkrepo.core.paths import refuse_overwriting
from bulkrepo.core.results import RunInfo, Summary
from bulkrepo.core.rows import Problem, Rejected, written
from bulkrepo.core.surrogates import clean_text
from bulkrepo.core.text import escape
from bulkrepo.inputs.fixing import FixedList, fix
from bulkrepo.inputs.validation import ListCounts, render, validate
from bulkrepo.reports import files
from bulkrepo.runs.settings import InputSettings

_SHOWN = 10_000
"""Problems that are printed; of more, the number."""


def run(
    lists: Sequence[str],
    *,
    settings: InputSettings,
    fixed: str | None,
    quiet: bool,
) -> int:
    """
    Print every fault to standard output and a count to stderr; 1 if there is any.

    With *fixed*, write a corrected list there: then only what is left counts. Raises
    SettingsError where a file that is written is another one of the command's.
    """
    named = {"LIST": lists, "--fix": [fixed], "--report": settings.reports}
    refuse_overwriting(named)
    for path in settings.reports:
        reports.by_suffix(path)
    began = datetime.now(UTC)
    encode = msgspec.json.Encoder().encode
    with tempfile.TemporaryFile() as spool:
        shown = 0

        def show(source: str, problem: Problem) -> None:
            nonlocal shown
            if not (quiet and (problem.note or problem.suspect)):
                shown += 1
                if shown <= _SHOWN:
                    stdio.say(render(source, problem) + "\n", flush=False)

        def keep(rejected: Rejected) -> None:
            spool.write(encode(_item(rejected)) + b"\n")

        reading: dict[str, Any] = {
            "format": settings.format,
            "defaults": settings.defaults(),
            "profile": settings.grammar,
            "stdin": settings.stdin,
            "on_problem": show,
            "on_rejected": keep if settings.reports else None,
        }
        count: ListCounts | FixedList
        if fixed is None:
            count = validate(lists, **reading)
            said = _said(count)
            faulty = count.faulty + count.headings
        else:
            count = fix(lists, Path(fixed), **reading)
            said = _mended(fixed, count)
            faulty = count.faulty
        if shown > _SHOWN:
            stdio.say(f"{shown - _SHOWN} more lines: --report FILE has all\n")
        stdio.say("")
        for path in settings.reports:
            export = reports.EXPORTERS[reports.by_suffix(path)]
            summary = _summary(faulty)
            chunks = export(_info(lists, began), summary, _items(spool))
            files.write(path, chunks, advice="")  # no ledger knows of it
    if not quiet or (fixed is None and faulty):
        sys.stderr.write(said + "\n")
    return int(faulty > 0)


def _mended(fixed: str, count: FixedList) -> str:
    rows, mended = _many(count.rows, "row"), _many(count.fixed, "fault")
    return f"{fixed}: {rows} written; {mended} mended, {count.left} left"


def _said(count: ListCounts) -> str:
    parts = [f"{_many(count.rows, 'row')}: {count.valid} valid"]
    if count.duplicates:
        parts.append(_many(count.duplicates, "duplicate"))
    if count.headings:
        parts.append("the heading is at fault, so that nothing can be sent")
    if count.faulty:
        parts.append(f"{count.faulty} at fault")
    if count.problems:
        parts.append(_many(count.problems, "problem"))
    return "\n".join([*map(escape, count.suspects), ", ".join(parts)])


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _item(rejected: Rejected) -> Item:
    row = rejected.row
    return Item(
        source=clean_text(row.source),
        line=row.line,
        namespace=written(row.namespace),
        repository=written(row.repository),
        is_public=written(row.is_public),
        category=written(row.category),
        description=written(row.description),
        outcome=Verdict.INVALID,
        problems=rejected.problems,
    )


def _items(spool: IO[bytes]) -> Iterator[Item]:
    spool.seek(0)
    decode = msgspec.json.Decoder(Item).decode
    for line in spool:
        yield decode(line)


def _info(lists: Sequence[str], began: datetime) -> RunInfo:
    return RunInfo(
        id=0,
        command="validate",
        state="finished",
        lists=tuple(lists),
        endpoint="",
        started_at=_rfc3339(began),
        finished_at=_rfc3339(datetime.now(UTC)),
        version=version("bulkrepo"),
    )


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _summary(faulty: int) -> Summary:
    return Summary(total=faulty, counts={"invalid": faulty} if faulty else {})
