"""Pure. What to type next, given a run's outcomes."""

from collections.abc import Sequence

import msgspec

from bulkrepo.core.outcomes import NO_ORGANIZATION, Verdict
from bulkrepo.core.results import RunInfo, Summary
from bulkrepo.core.text import quote
from bulkrepo.swr.responses import no_organization

_ONCE = frozenset({"fresh", "run", "quiet", "verbose", "log_format"})
"""Options that apply to one command line only."""
_UPDATE = "--on-differs update"
_KNOWN = (
    *(Verdict.EXISTS, Verdict.CREATED, Verdict.DIFFERS),
    *(Verdict.TO_CREATE, Verdict.TO_UPDATE),
)
"""A plan's outcomes for rows whose repository was seen to exist or to be missing."""


class CommandLine(msgspec.Struct, frozen=True, kw_only=True):
    """
    A command line: its *lists*, and those *options* that differ from their defaults.

    *options* maps names in the program to the words as typed. *takes* has, for each
    command, the names of its options.
    """

    command: str
    lists: tuple[str, ...] = ()
    options: dict[str, str] = {}
    takes: dict[str, frozenset[str]] = {}

    def on(self, command: str, *lists: str, **more: str) -> str:
        """
        Return *command* for *lists*, with those of the options that it also has.

        *more* replaces options of the same name; empty ones are left out.
        """
        other = frozenset() if command == self.command else frozenset({"reports"})
        takes = self.takes.get(command, frozenset()) - _ONCE - other
        told = [text for name, text in self.options.items() if name in takes - {*more}]
        return " ".join(
            [
                "bulkrepo",
                command,
                *map(quote, lists),
                *told,
                *filter(None, more.values()),
            ]
        )

    def again(self, **more: str) -> str:
        """Return the same command, with *more*."""
        return self.on(self.command, *self.lists, **more)


def find_next_command(
    info: RunInfo,
    summary: Summary,
    *,
    typed: CommandLine,
    reports: Sequence[str] = (),
    kept: bool = True,
    ignore: bool = False,
    exit_code: int = 0,
) -> str:
    """
    Return the command to type next, ready for a shell, or nothing.

    *reports* were written. *kept*: the ledger is a file. *ignore*: a repository that
    differs is no failure. *exit_code* is the run's.
    """
    if ignore:
        left = {n: m for n, m in summary.counts.items() if n != Verdict.DIFFERS}
        summary = msgspec.structs.replace(summary, counts=left)
    if exit_code == 2:  # `--strict`, and a fault
        return typed.on("validate", *typed.lists)
    if info.command == "plan":
        return _after_plan(info, summary, typed, exit_code)
    if info.command == "verify":
        return _after_verify(info, summary, typed, reports)
    return _after_run(info, summary, typed, kept=kept)


def _after_run(
    info: RunInfo, summary: Summary, typed: CommandLine, *, kept: bool
) -> str:
    """
    Continue what was left unfinished; then fix faults in the lists.

    Only the user can fix those, so what SWR refused comes after them.
    """
    counts = summary.counts
    # `retry` without lists takes the ledger's last run, which is this one.
    lists = () if typed.command == "retry" and kept else typed.lists
    if typed.command == "undo":  # name the run, so that no other one is undone
        lists = tuple(name.removeprefix("run ") for name in info.lists)
    founding = _founding(summary, typed)
    if info.state == "stopped":
        return typed.on(typed.command, *lists)
    if counts.get(Verdict.NOT_ATTEMPTED):
        return typed.on(typed.command, *lists, **founding)
    if counts.get(Verdict.INVALID):
        return typed.on("validate", *typed.lists)
    if counts.get(Verdict.FAILED):
        if kept and typed.command in ("create", "retry"):
            return typed.on("retry", **founding)
        # Repositories that exist by now are found and left alone.
        return typed.on(typed.command, *lists, **founding)
    if counts.get(Verdict.TO_REMOVE):
        return typed.on("undo", *lists, dry_run="")
    if kept and counts.get(Verdict.DIFFERS) and lists:
        # The plan shows what would change, and above all what would become public.
        return typed.on("plan", *lists, on_differs=_UPDATE)
    return typed.on("report") if summary.failures and kept else ""


def _after_plan(
    info: RunInfo, summary: Summary, typed: CommandLine, exit_code: int
) -> str:
    """Do what can be done; if nothing can, find out why, or plan again."""
    counts = summary.counts
    founding = _founding(summary, typed)
    known = any(counts.get(verdict) for verdict in _KNOWN)
    todo = counts.get(Verdict.TO_CREATE) or counts.get(Verdict.TO_UPDATE)
    if info.state == "stopped":
        signed = exit_code == 3 and not known
        return typed.on("whoami") if signed else typed.again()
    if founding:
        return typed.again(**founding)
    if todo:
        return typed.on("create", *typed.lists)
    if counts.get(Verdict.INVALID):
        return typed.on("validate", *typed.lists)
    if counts.get(Verdict.FAILED) or counts.get(Verdict.NOT_ATTEMPTED):
        return typed.on("whoami")
    if counts.get(Verdict.DIFFERS):
        # Nobody should make anything public without a warning.
        command = "plan" if summary.hidden else "create"
        return typed.on(command, *typed.lists, on_differs=_UPDATE)
    return ""


def _after_verify(
    info: RunInfo, summary: Summary, typed: CommandLine, reports: Sequence[str]
) -> str:
    """Create what is missing; plan what to do about differences."""
    counts = summary.counts
    founding = _founding(summary, typed)
    failed = counts.get(Verdict.FAILED, 0)
    missing = failed > summary.uncertain  # the others could not be read
    # Rows from the ledger have no list, but their report is one.
    read = [path for path in reports if path.endswith((".jsonl", ".json", ".csv"))]
    lists = typed.lists or tuple(read[:1])
    if info.state == "stopped" or (summary.failures and not lists):
        return typed.again()
    if missing or founding:
        command = "create" if typed.lists else "retry"
        return typed.on(command, *lists, **founding)
    if failed or counts.get(Verdict.NOT_ATTEMPTED):
        return typed.again()
    if counts.get(Verdict.DIFFERS):
        return typed.on("plan", *lists, on_differs=_UPDATE)
    return typed.on("validate", *lists) if counts.get(Verdict.INVALID) else ""


def _founding(summary: Summary, typed: CommandLine) -> dict[str, str]:
    """Return the option that creates organizations, if one is missing."""
    if "create_organizations" in typed.options or not any(
        reason.message.startswith(NO_ORGANIZATION) or no_organization(reason.code)
        for reason in summary.reasons
    ):
        return {}
    return {"create_organizations": "--create-organizations"}
