"""Wiring. Loads a run's rows into the ledger: from lists, or from an earlier run."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from msgspec import structs

from bulkrepo.core import loggers
from bulkrepo.core.errors import InputError, SettingsError
from bulkrepo.core.outcomes import Item, Verdict
from bulkrepo.core.results import Started
from bulkrepo.core.rows import Defaults, RepoSpec, Row
from bulkrepo.core.text import brief, fault
from bulkrepo.core.version import VERSION
from bulkrepo.inputs import checking, locations
from bulkrepo.inputs.suspects import SuspectCounter
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.ledger.loading import Checked
from bulkrepo.runs.control import Control
from bulkrepo.runs.settings import MEMORY, Settings


def derive(
    ledger: Ledger,
    *,
    command: Literal["retry", "undo"],
    run: int | None,
    settings: Settings,
    dry_run: bool = False,
) -> Started:
    """Take the rows of an earlier run of the ledger."""
    return ledger.derive(
        command, run, endpoint=settings.endpoint, version=VERSION, dry_run=dry_run
    )


def want_past(path: str) -> None:
    """Raise SettingsError if the ledger *path* cannot have an earlier run."""
    if path == MEMORY:
        raise SettingsError(
            "a ledger in memory, as with --sandbox, knows no earlier run: name a LIST "
            "or REPORT, or give --ledger FILE"
        )
    if not Path(path).exists():
        raise SettingsError(f"there is no ledger {path}: give --ledger FILE")


def past(ledger: Ledger, *, path: str, settings: Settings) -> Started:
    """Take the rows of the last run of another ledger."""
    past = Ledger(path, now=time.time)
    try:
        info = past.run_info(creating=True)
        if info.endpoint != settings.endpoint:
            raise SettingsError(
                f"the ledger {path} belongs to {info.endpoint}, this run goes to "
                f"{settings.endpoint}: give another --ledger"
            )
        return ledger.load(
            _again(past.items(info)),
            lists=info.lists,
            endpoint=settings.endpoint,
            digest=lambda: "",
            version=VERSION,
            place=locations.place,
            command="verify",
        )
    finally:
        past.close()


def _again(items: Iterator[Item]) -> Iterator[Checked]:
    """Yield again the rows that were valid and not duplicates."""
    for item in items:
        if item.outcome in (Verdict.INVALID, Verdict.DUPLICATE):
            continue
        spec = RepoSpec(
            item.namespace or "",
            item.repository or "",
            bool(item.is_public),
            item.category,
            item.description,
        )
        yield Row(item.source, item.line), spec


def from_lists(
    ledger: Ledger,
    command: str,
    sources: Sequence[str],
    settings: Settings,
    control: Control,
) -> Started:
    """Read, check and store every row; nothing is sent before that is done."""
    if len(set(sources)) < len(sources):
        raise InputError("the same list is named twice: name it once")
    defaults = settings.defaults()
    digest = _digest(sources, settings, defaults)
    suspects = SuspectCounter()

    def rows() -> Iterator[Checked]:
        checked = checking.checked(
            sources,
            format=settings.format,
            defaults=defaults,
            profile=settings.grammar,
            stdin=settings.stdin,
            digest=digest,
            retry_at=settings.endpoint if command == "retry" else None,
        )
        for number, (row, spec) in enumerate(checked):
            if not number % 1000:
                control.check()
            if isinstance(spec, RepoSpec):
                suspects.add(row, spec)
            yield row, spec

    started = ledger.load(
        rows(),
        lists=sources,
        endpoint=settings.endpoint,
        digest=lambda: f"1:{digest.hexdigest()}",
        version=VERSION,
        place=locations.place,
        command=command,
        fresh=settings.fresh,
    )
    said = tuple(suspects.sentences(started.total))
    log = loggers.logger()
    for reason in said:
        log.warning("rows.suspected", reason=reason)
    if not started.resumed:
        for item in ledger.items(ledger.run_info(started.run), unwanted=True):
            say = log.info if item.outcome is Verdict.DUPLICATE else log.warning
            say(
                "repository.settled",
                key=_key(item),
                outcome=item.outcome,
                source=item.source,
                line=item.line,
                reason=item.reason,
                problems=[fault(problem) for problem in item.problems],
            )
    return structs.replace(started, suspect=suspects.rows, suspects=said)


def _digest(
    sources: Sequence[str], settings: Settings, defaults: Defaults
) -> "hashlib.blake2b":
    """
    Begin the digest of what shapes a run's rows, to which readers add the lists' bytes.

    Version 1, and never to be changed: by it an interrupted run is found again. What
    shapes rows and is not in it needs another version, beside this one.
    """
    given = ", ".join(map(repr, (*sources, settings.format)))
    spelled = (
        f"Defaults(namespace={defaults.namespace!r}, is_public={defaults.is_public!r}, "
        f"category={defaults.category!r}, "
        f"namespace_from_path={defaults.namespace_from_path!r})"
    )
    digest = hashlib.blake2b(f"({given}, {spelled})".encode())
    digest.update(settings.grammar.encode())
    return digest


def _key(item: Item) -> str | None:
    """Give the full name of a row, if it has one."""
    if item.namespace is None or item.repository is None:
        return None
    return brief(f"{item.namespace}/{item.repository}")
