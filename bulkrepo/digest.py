"""Pure. What came of a run, on one screen, and what to type next."""

from bulkrepo.model import Reason, RunInfo, Summary, Verdict
from bulkrepo.visible import escape, quote

_COUNTS = 10  # outcomes that are shown; with the lines below at most 24 in all
_WIDTH = 160  # characters of a line, after which it is cut
_REASONS = 8  # groups of failures that are shown
_REPORTS = 4  # names of reports that are shown
_LEDGER = "bulkrepo.db"  # the ledger that no option has to name
_OF_LISTS = frozenset({"create", "validate", "plan", "verify"})
_CREATES = frozenset({"create", "retry"})


def summary(
    info: RunInfo,
    summary: Summary,
    *,
    reports: list[str],
    ledger: str | None,
    lists: list[str],
) -> str:
    """
    Put a run in at most 25 lines of plain text; the last one is what to type next.

    *ledger* is `None` where it was in memory only. Ends without a line break.
    """
    command = next_command(info, summary, ledger=ledger, lists=lists)
    lines = [_headline(summary), *_exposed(summary)]
    if info.stopped:
        lines.append(f"stopped: {info.stopped}")
    lines += _counts(summary.counts)
    lines += _reasons(summary.reasons)
    if reports:
        lines.append(f"report: {_some(reports)}")
    cut = [_cut(escape(line)) for line in lines]
    return "\n".join([*cut, f"next: {command or 'nothing to do'}"])


def plan(
    info: RunInfo,
    summary: Summary,
    *,
    reports: list[str],
    organizations: tuple[str, ...],
    sandbox: bool = False,
) -> str:
    """
    Say in at most 25 lines of plain text what `create` would do with the same lists.

    *organizations* are those that it would create. Ends without a line break.
    """
    counts = summary.counts
    todo = [
        f"{counts.get(verdict, 0)} to {verb}"
        for verdict, verb in (
            (Verdict.TO_CREATE, "create"),
            (Verdict.TO_UPDATE, "update"),
        )
        if counts.get(verdict)
    ]
    there = counts.get(Verdict.EXISTS, 0) + counts.get(Verdict.CREATED, 0)
    headline = f"{_count(summary.total, 'row')}: {', '.join(todo) or 'nothing to do'}"
    lines = [f"{headline}; {there} there as wanted", *_exposed(summary)]
    if info.stopped:
        lines.append(f"stopped: {info.stopped}")
    if organizations:
        few = ", ".join(organizations[:_REPORTS])
        more = len(organizations) - _REPORTS
        lines.append(
            f"{_count(len(organizations), 'organization')} to create: {few}"
            + (f" and {more} more" if more > 0 else "")
        )
    lines += _counts(counts)
    lines += _reasons(summary.reasons)
    if reports:
        lines.append(f"report: {_some(reports)}")
    names = [quote(name) for name in info.lists]
    words = ["bulkrepo", "create", *names] if todo else ["nothing to do"]
    if counts.get(Verdict.DIFFERS) and not todo:
        words = ["bulkrepo", "create", "--on-differs", "update", *names]
    command = " ".join([*words, *["--sandbox"] * (sandbox and len(words) > 1)])
    cut = [_cut(escape(line)) for line in lines]
    return "\n".join([*cut, f"next: {command}"])


def _exposed(summary: Summary) -> list[str]:
    """Say loudest what is open to everybody and should not be."""
    if not summary.exposed:
        return []
    what = "is PUBLIC and should be private"
    if summary.exposed > 1:
        what = "are PUBLIC and should be private"
    number = (
        "1 repository" if summary.exposed == 1 else f"{summary.exposed} repositories"
    )
    return [f"!! {number} {what} (first: {summary.exposed_example})"]


def next_command(
    info: RunInfo,
    summary: Summary,
    *,
    ledger: str | None,
    lists: list[str],
) -> str:
    """
    Give the command that a person wants next, ready for a shell, or nothing.

    A run that did not come to its end is continued; then faults of the lists come
    first, because they are the person's to mend; then what SWR refused.
    """
    counts = summary.counts
    names = [quote(name) for name in lists or info.lists]
    if ledger is None:  # nothing was real, and nothing will be
        remember = ["--sandbox"]
    else:
        remember = [] if ledger == _LEDGER else ["--ledger", quote(ledger)]
    again = info.command.split(" ")
    if info.command in _OF_LISTS:
        again += names
    elif again[0] == "undo":  # of that run, and no other one
        again += [name.removeprefix("run ") for name in info.lists]
    if info.state == "stopped" or counts.get(Verdict.NOT_ATTEMPTED):
        words = [*again, *remember]
    elif counts.get(Verdict.INVALID):
        words = ["validate", *names]
    elif counts.get(Verdict.FAILED) and info.command in _CREATES and ledger is not None:
        words = ["retry", *remember]
    elif counts.get(Verdict.FAILED):
        words = [*again, *remember]  # what is there by now is found and left alone
    elif summary.failures and ledger is not None:
        words = ["report", *remember]
    else:
        return ""
    return " ".join(["bulkrepo", *words])


def _headline(summary: Summary) -> str:
    if not summary.total:
        return "no rows"
    settled = sum(summary.counts.values())
    done, failed = settled - summary.failures, summary.failures
    text = f"{done} of {_count(summary.total, 'row')} succeeded"
    if failed:
        text += f", {failed} did not"
    if summary.total > settled:
        text += f", {summary.total - settled} without an outcome"
    if summary.uncertain:
        verb = "is" if summary.uncertain == 1 else "are"
        text += f"; {summary.uncertain} {verb} not certain"
    return text


def _counts(counts: dict[str, int]) -> list[str]:
    known = [str(verdict) for verdict in Verdict]
    names = known + sorted(set(counts) - set(known))
    shown = [(name, counts[name]) for name in names if counts.get(name)]
    digits = max((len(str(number)) for _, number in shown), default=0)
    return [f"  {name:<13}  {number:>{digits}}" for name, number in shown[:_COUNTS]]


def _reasons(reasons: tuple[Reason, ...]) -> list[str]:
    if not reasons:
        return []
    digits = max(len(str(reason.count)) for reason in reasons[:_REASONS])
    lines = ["why:"]
    for reason in reasons[:_REASONS]:
        why = f"{reason.code}: {reason.message}" if reason.code else reason.message
        first = f" (first: {reason.example})" if reason.example else ""
        front = f"  {reason.count:>{digits}}  {reason.outcome:<13}  "
        lines.append(front + _cut(why, _WIDTH - len(front) - len(first)) + first)
    if len(reasons) > _REASONS:
        lines.append(f"  and {_count(len(reasons) - _REASONS, 'more reason')}")
    return lines


def _some(names: list[str]) -> str:
    shown = ["standard output" if name == "-" else name for name in names[:_REPORTS]]
    if len(names) > _REPORTS:
        shown.append(f"and {len(names) - _REPORTS} more")
    return ", ".join(shown)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cut(text: str, width: int = _WIDTH) -> str:
    return text if len(text) <= width else f"{text[: max(width, 20) - 1]}…"
