"""Wiring. `bulkrepo handover`: maps, checked by a ledger, as a copy tool's job."""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from bulkrepo.core import stdio
from bulkrepo.core.atomic import replace_text
from bulkrepo.core.duplicates import DuplicateFinder
from bulkrepo.core.errors import InputError, SettingsError
from bulkrepo.core.outcomes import Verdict
from bulkrepo.core.paths import refuse_overwriting
from bulkrepo.core.text import escape, shown
from bulkrepo.ledger.latest_outcomes import LatestOutcome
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.migration import copy_tools, mapping, name_map
from bulkrepo.migration.copy_tools import references
from bulkrepo.migration.copy_tools.header import JobHeader
from bulkrepo.migration.copy_tools.references import RepositoryCopy
from bulkrepo.swr import endpoints

_THERE = frozenset({Verdict.CREATED, Verdict.EXISTS, Verdict.UPDATED})
"""Outcomes of a repository that images can be copied to."""

_SHOWN = 20


def run(
    tool: str,
    maps: Sequence[str],
    *,
    registry: str | None,
    to: str | None,
    hosts: bool | None,
    ledger: str | None,
    run: int | None,
    output: str | None,
    partial: bool,
    quiet: bool,
) -> int:
    """
    Write the job of *tool* for what exists; return 1 if anything was left out.

    *registry* and *hosts* say where sources are, see `references.place`; *to* is the
    registry to copy to, by default that of the ledger's region. *ledger* None: take it
    that all targets exist. *partial*: return 0 even if some are left out.

    Raises SettingsError or InputError, with nothing written, where it is not known
    where images come from or go to, or where two sources would go to one target.
    """
    if len({Path(path).resolve() for path in maps}) < len(maps):
        raise InputError("the same map is named twice: name it once")
    made = copy_tools.TOOLS[tool]
    at = references.origin(registry, hosts=hosts)
    out = _output(maps, output, made.suffix, ledger)
    with ExitStack() as stack:
        target, standing = _destination(stack, ledger, run, to)
        chosen = _Chosen(stack)
        for path in maps:
            for source, name in name_map.read_pairs(path):
                chosen.add(name, _choice(source, name, at, target, standing))
        chosen.conclude()
        code = int(chosen.left > 0 and not (partial and chosen.kept))
        if chosen.kept:
            heading = JobHeader(
                repositories=chosen.kept,
                maps=tuple(maps),
                evidence=_evidence(ledger, run),
                sources=tuple(chosen.hosts),
                target=target,
            )
            _write(out, made.job(heading, chosen.copies()))
            if not quiet:
                sys.stderr.writelines(_summary(tool, heading, chosen, out))
    sys.stderr.writelines(_left(chosen))
    if chosen.kept and not quiet:
        sys.stderr.writelines(_next(made, heading.registries, out))
    return code


_Standing = Callable[[str, str], LatestOutcome | None]
_Choice = RepositoryCopy | str
"""A repository to be copied, or why it is left out."""


def _destination(
    stack: ExitStack, path: str | None, run: int | None, to: str | None
) -> tuple[str, _Standing | None]:
    """Return the registry to copy to, and what the ledger knows of a repository."""
    if path is None and run is not None:
        raise SettingsError("--run is of a ledger, and --no-ledger does without")
    if path is not None and not Path(path).exists():
        raise SettingsError(
            f"there is no ledger {path}: give --ledger FILE, or --no-ledger to hand "
            "over all of the map"
        )
    standing: _Standing | None = None
    known: str | None = None
    if path is not None:
        ledger = Ledger(path, now=time.time)
        stack.callback(ledger.close)
        standing = ledger.standing(run).of
        endpoint = ledger.recall("endpoint") or ""
        known = endpoints.registry_of(endpoint)
        if to is None and known is None:
            raise SettingsError(
                f"the ledger {path} is of {endpoint}, which does not tell where images "
                "are pushed to: give --to HOST"
            )
    if to is None and known is None:
        raise SettingsError("without a ledger, give the registry to copy to: --to HOST")
    return (known or "" if to is None else references.registry(to)), standing


def _choice(
    source: str,
    name: str,
    at: references.Origin,
    registry: str,
    standing: _Standing | None,
) -> _Choice:
    target = references.goal(name, registry)
    if isinstance(target, mapping.Unmappable):
        return target.why
    if standing is not None:
        namespace, _, repository = name.partition("/")
        known = standing(namespace, repository)
        if known is None:
            return "not in the ledger: `bulkrepo create` of its list tells"
        if known.outcome not in _THERE:
            why = f": {known.why}" if known.why else ""
            doubt = "" if known.certain else ", and may be there all the same"
            return f"{known.outcome}{doubt}{why}"
    placed = references.place(source, at)
    if isinstance(placed, mapping.Unmappable):
        return f"source that no tool takes: {shown(source)} {placed.why}"
    if placed == target:
        return "is where its images come from"
    return RepositoryCopy(placed, target)


class _Chosen:
    """
    What is handed over and what is left out, on disk until all is known.

    *kept* and *left* count repositories; *why* has the first of those left out,
    *reasons* counts them by reason, and *hosts* counts those kept by source host.
    """

    def __init__(self, stack: ExitStack) -> None:
        self.kept = self.left = 0
        self.why: list[tuple[str, str]] = []
        self.reasons: Counter[str] = Counter()
        self.hosts: Counter[str] = Counter()
        self._file: IO[str] = stack.enter_context(TemporaryFile("w+"))  # noqa: SIM115 - the stack closes it
        self._lost: IO[str] = stack.enter_context(TemporaryFile("w+"))  # noqa: SIM115 - likewise
        self._keys = DuplicateFinder(stack)
        self._twice: set[int] = set()

    def add(self, name: str, found: _Choice) -> None:
        """Keep a repository, or the reason why it is left out."""
        if isinstance(found, str):
            self.left += 1
            lost = (name, found)
            self._lost.write(f"{json.dumps(lost)}\n")
            self._keys.add(hash(lost))
        else:
            self.kept += 1
            self.hosts[found.source.partition("/")[0]] += 1
            self._file.write(f"{found.source} {found.target}\n")
            self._keys.extend(_keys(found))
        if not (self.kept + self.left) % 1000:
            self._keys.settle()

    def conclude(self) -> None:
        """Count each repository once. `InputError` if two would become one."""
        self._twice = self._keys.repeated()
        self._count_lost()
        if self._twice:
            self._check_one_to_one()
            self.hosts = Counter(c.source.partition("/")[0] for c in self.copies())
            self.kept = self.hosts.total()

    def _check_one_to_one(self) -> None:
        sources: dict[str, str] = {}
        targets: dict[str, str] = {}
        for each in self._all():
            if self._twice.isdisjoint(_keys(each)):
                continue
            source, target = each.source, each.target
            if (first := targets.setdefault(target, source)) != source:
                what = f"{first} and {source} would both go to {target}"
            elif (first := sources.setdefault(source, target)) != target:
                what = f"{source} would go to both {first} and {target}"
            else:
                continue
            raise InputError(f"{what}: a map is one to one. Nothing was written")

    def _count_lost(self) -> None:
        """Count what is left out, once even if several maps have it."""
        self.left = 0
        seen: set[tuple[str, str]] = set()
        self._lost.seek(0)
        for line in self._lost:
            name, why = json.loads(line)
            if hash((name, why)) in self._twice:
                if (name, why) in seen:
                    continue
                seen.add((name, why))
            self.left += 1
            self.reasons[why.partition(":")[0]] += 1
            if len(self.why) < _SHOWN:
                self.why.append((name, why))

    def copies(self) -> Iterator[RepositoryCopy]:
        """Yield what is handed over, each once."""
        seen: set[RepositoryCopy] = set()
        for each in self._all():
            if self._twice and not self._twice.isdisjoint(_keys(each)):
                if each in seen:
                    continue
                seen.add(each)
            yield each

    def _all(self) -> Iterator[RepositoryCopy]:
        self._file.seek(0)
        for line in self._file:
            source, _, target = line.rstrip("\n").partition(" ")
            yield RepositoryCopy(source, target)


def _keys(copy: RepositoryCopy) -> tuple[int, int]:
    return hash(copy.source), hash(f"> {copy.target}")


def _output(
    maps: Sequence[str], output: str | None, suffix: str, ledger: str | None
) -> Path | None:
    """Return the job's path, not one that is read; None for standard output."""
    if output == "-":
        return None
    stem = Path(maps[0]).name.removesuffix(".csv").removesuffix(".map")
    out = Path(output or f"{stem}{suffix}")
    refuse_overwriting({"MAP": maps, "--ledger": [ledger], "--output": [out]})
    return out


def _write(out: Path | None, chunks: Iterable[bytes]) -> None:
    text = (chunk.decode() for chunk in chunks)
    if out is None:
        for piece in text:
            stdio.say(piece, flush=False)
        stdio.say("")
    else:
        with replace_text(out) as file:
            file.writelines(text)


def _evidence(ledger: str | None, run: int | None) -> str:
    if ledger is None:
        return "the map alone"
    return f"run {run} of {ledger}" if run is not None else ledger


def _summary(
    tool: str, heading: JobHeader, chosen: _Chosen, out: Path | None
) -> Iterator[str]:
    yield f"{_many(chosen.kept)} for {tool}, to {heading.target}\n"
    for host, count in chosen.hosts.most_common(_SHOWN):
        yield f"  {count} from {host}\n"
    if out is not None:
        yield f"job: {escape(str(out))}\n"


def _left(chosen: _Chosen) -> Iterator[str]:
    """Yield what is left out: the first by name, the rest by number."""
    if not chosen.left:
        return
    nothing = "" if chosen.kept else "; nothing was written"
    yield f"LEFT OUT  {_many(chosen.left)}{nothing}\n"
    for name, why in chosen.why:
        yield f"  {shown(name)}  {escape(why)}\n"
    if chosen.left > len(chosen.why):
        counts = ", ".join(
            f"{count} {escape(why)}" for why, count in chosen.reasons.most_common(5)
        )
        yield f"  and {chosen.left - len(chosen.why)} more. In all: {counts}\n"


def _next(
    tool: copy_tools.CopyTool, registries: Iterable[str], out: Path | None
) -> Iterator[str]:
    yield "credentials:\n"
    for line in tool.login(registries):
        yield f"  {line}\n"
    if out is not None:
        yield f"next: {tool.command(str(out))}\n"


def _many(count: int) -> str:
    return f"{count} repositor{'y' if count == 1 else 'ies'}"
