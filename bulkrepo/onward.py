"""Pure. What to type next, after what came of a run."""

from collections.abc import Sequence

import msgspec

from bulkrepo.answers import no_organization
from bulkrepo.model import NO_ORGANIZATION, RunInfo, Summary, Verdict
from bulkrepo.visible import quote

_ONCE = frozenset({"fresh", "run", "quiet", "verbose", "log_format"})
"""Options that are about one command line alone."""
_UPDATE = "--on-differs update"
_KNOWN = (
    *(Verdict.EXISTS, Verdict.CREATED, Verdict.DIFFERS),
    *(Verdict.TO_CREATE, Verdict.TO_UPDATE),
)
"""What a plan says of rows whose repository, or its absence, was seen."""


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """
    A command line: its *lists*, and its *options* that differ from their defaults.

    Those are by their names in the program, as they are typed. *takes* are the names
    of the options that each command has.
    """

    command: str
    lists: tuple[str, ...] = ()
    options: dict[str, str] = {}
    takes: dict[str, frozenset[str]] = {}

    def on(self, command: str, *lists: str, **more: str) -> str:
        """
        Give *command* for *lists*, with the options that it has too.

        *more* takes the place of options of that name; empty ones are left out.
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
        """Give the same command, with *more*."""
        return self.on(self.command, *self.lists, **more)


def next_command(
    info: RunInfo,
    summary: Summary,
    *,
    typed: Typed,
    reports: Sequence[str] = (),
    kept: bool = True,
    ignore: bool = False,
    exit_code: int = 0,
) -> str:
    """
    Give the command that a person wants next, ready for a shell, or nothing.

    *reports* were written. *kept*: the ledger is a file. *ignore*: what differs is no
    failure. *exit_code* is the run's.
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


def _after_run(info: RunInfo, summary: Summary, typed: Typed, *, kept: bool) -> str:
    """
    Continue what did not come to its end; then see to faults of the lists.

    Those are the person's to mend; what SWR refused comes after them.
    """
    counts = summary.counts
    # What `retry` takes of the ledger, it takes of the last run, which this one was.
    lists = () if typed.command == "retry" and kept else typed.lists
    if typed.command == "undo":  # of that run, and no other one
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
        # What is there by now is found and left alone.
        return typed.on(typed.command, *lists, **founding)
    if counts.get(Verdict.TO_REMOVE):
        return typed.on("undo", *lists, dry_run="")
    if kept and counts.get(Verdict.DIFFERS) and lists:
        # It says what would become of it, and above all what would be published.
        return typed.on("plan", *lists, on_differs=_UPDATE)
    return typed.on("report") if summary.failures and kept else ""


def _after_plan(info: RunInfo, summary: Summary, typed: Typed, exit_code: int) -> str:
    """Do what can be done; where nothing can, find out why, or plan again."""
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
        # Nobody is to publish anything without having been told.
        command = "plan" if summary.hidden else "create"
        return typed.on(command, *typed.lists, on_differs=_UPDATE)
    return ""


def _after_verify(
    info: RunInfo, summary: Summary, typed: Typed, reports: Sequence[str]
) -> str:
    """Create what is missing; look what could be made of what differs."""
    counts = summary.counts
    founding = _founding(summary, typed)
    failed = counts.get(Verdict.FAILED, 0)
    missing = failed > summary.uncertain  # the others could not be read
    # Rows of the ledger are those of no list: their report is one.
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


def _founding(summary: Summary, typed: Typed) -> dict[str, str]:
    """Give the option that creates what is missing, if an organization is."""
    if "create_organizations" in typed.options or not any(
        reason.message.startswith(NO_ORGANIZATION) or no_organization(reason.code)
        for reason in summary.reasons
    ):
        return {}
    return {"create_organizations": "--create-organizations"}
