"""Pure. What came of a run, on one screen."""

import math
import textwrap

from bulkrepo.core.outcomes import Verdict
from bulkrepo.core.results import Reason, RunInfo, Summary
from bulkrepo.core.text import escape

_COUNTS = 10  # outcomes that are shown
_LINES = 25  # lines in all
_REASONS = 8  # groups of failures that are shown
_REPORTS = 4  # names of reports that are shown

WIDTH = 160
"""Characters of a line at most, after which it is cut."""


def render_summary(
    info: RunInfo,
    summary: Summary,
    *,
    reports: list[str],
    command: str = "",
    ignore: bool = False,
    suspects: tuple[str, ...] = (),
    width: int = WIDTH,
) -> str:
    """
    Put a run in at most 25 lines of plain text; the last one is what to type next.

    *command* is that, if there is anything. *ignore*: what differs is no failure.
    *suspects* say which valid rows are hardly meant.
    *width* is that of a line: one that is longer goes on in the next, and there are
    fewer reasons then. Ends without a line break.
    """
    lines = [_headline(summary, ignore=ignore), *_exposed(summary), *_opened(summary)]
    lines += suspects
    return _screen(info, summary, lines, reports, command, ignore=ignore, width=width)


def render_plan(
    info: RunInfo,
    summary: Summary,
    *,
    reports: list[str],
    organizations: tuple[str, ...],
    command: str = "",
    ignore: bool = False,
    suspects: tuple[str, ...] = (),
    width: int = WIDTH,
) -> str:
    """
    Say in at most 25 lines of plain text what `create` would do with the same lists.

    *organizations* are those that it would create; the rest is as for `summary`.
    """
    lines = [_planned(summary, ignore=ignore), *_exposed(summary), *_opened(summary)]
    if not ignore:
        lines += _hidden(summary)
    if organizations:
        few = ", ".join(organizations[:_REPORTS])
        more = len(organizations) - _REPORTS
        lines.append(
            f"{_count(len(organizations), 'organization')} to create: {few}"
            + (f" and {more} more" if more > 0 else "")
        )
    lines += suspects
    return _screen(info, summary, lines, reports, command, ignore=ignore, width=width)


def _screen(
    info: RunInfo,
    summary: Summary,
    lines: list[str],
    reports: list[str],
    command: str,
    *,
    ignore: bool,
    width: int,
) -> str:
    above = [part for line in lines for part in _wrapped(line, width)]
    if info.stopped:  # what to do stands at its end
        above += _wrapped(f"stopped: {info.stopped}", width, most=2 * WIDTH)
    above += [_cut(escape(line), width) for line in _counts(summary.counts)]
    below = [_cut(escape(f"report: {_some(reports)}"))] if reports else []
    below.append(f"next: {command or 'nothing to do'}")
    reasons = [
        reason
        for reason in summary.reasons
        if not (ignore and reason.outcome is Verdict.DIFFERS)
    ]
    # What is to be typed or opened stays whole, and a terminal breaks it.
    taken = len(above) + sum(math.ceil(len(line) / width) for line in below)
    why = _reasons(reasons, most=_LINES - taken, width=width)
    return "\n".join([*above, *why, *below])


def _planned(summary: Summary, *, ignore: bool) -> str:
    """Say in a line what is to be done, and of how many rows that is not known."""
    counts = summary.counts

    def told(*verdicts: tuple[Verdict, str]) -> list[str]:
        return [f"{counts[name]} {what}" for name, what in verdicts if counts.get(name)]

    parts = told((Verdict.TO_CREATE, "to create"), (Verdict.TO_UPDATE, "to update"))
    if not parts:
        parts = told((Verdict.INVALID, "invalid"))
        if not ignore:
            parts += told((Verdict.DIFFERS, "not as wanted"))
    undone = counts.get(Verdict.FAILED, 0) + counts.get(Verdict.NOT_ATTEMPTED, 0)
    if undone:
        parts.append(f"{undone} could not be planned")
    there = counts.get(Verdict.EXISTS, 0) + counts.get(Verdict.CREATED, 0)
    said = ", ".join(parts) or "nothing to do"
    return f"{_count(summary.total, 'row')}: {said}; {there} there as wanted"


def _exposed(summary: Summary) -> list[str]:
    """Say loudest what is open to everybody and should not be."""
    if not summary.exposed:
        return []
    verb, first = _be(summary.exposed), summary.exposed_example
    number = _count(summary.exposed, "repository", "repositories")
    return [f"!! {number} {verb} PUBLIC and should be private (first: {first})"]


def _hidden(summary: Summary) -> list[str]:
    """Say as loudly what would be opened to everybody."""
    if not summary.hidden:
        return []
    verb, first = _be(summary.hidden), summary.hidden_example
    number = _count(summary.hidden, "repository", "repositories")
    would = "--on-differs update would make PUBLIC"
    if summary.counts.get(Verdict.TO_UPDATE):
        would = "would become PUBLIC"
        return [f"!! {number} {verb} private and {would} (first: {first})"]
    return [f"!! {number} {verb} private, which {would} (first: {first})"]


def _opened(summary: Summary) -> list[str]:
    """Count what is public because a list or an option says so: no fault, but told."""
    if not summary.opened:
        return []
    would = summary.counts.get(Verdict.TO_CREATE)
    verb = "would be created" if would else f"{_be(summary.opened)} now"
    number = _count(summary.opened, "repository", "repositories")
    return [f"{number} {verb} PUBLIC, as wanted (first: {summary.opened_example})"]


def _be(number: int) -> str:
    return "is" if number == 1 else "are"


def _headline(summary: Summary, *, ignore: bool) -> str:
    if not summary.total:
        return "no rows"
    settled = sum(summary.counts.values())
    failed = summary.failures
    if ignore:
        failed -= summary.counts.get(Verdict.DIFFERS, 0)
    done = settled - failed
    text = f"{done} of {_count(summary.total, 'row')} succeeded"
    if failed:
        text += f", {failed} did not"
    if summary.total > settled:
        text += f", {summary.total - settled} without an outcome"
    if summary.uncertain:
        text += f"; {summary.uncertain} {_be(summary.uncertain)} not certain"
    return text


def _counts(counts: dict[str, int]) -> list[str]:
    known = [str(verdict) for verdict in Verdict]
    names = known + sorted(set(counts) - set(known))
    shown = [(name, counts[name]) for name in names if counts.get(name)]
    digits = max((len(str(number)) for _, number in shown), default=0)
    return [f"  {name:<13}  {number:>{digits}}" for name, number in shown[:_COUNTS]]


def _reasons(reasons: list[Reason], *, most: int, width: int) -> list[str]:
    """Give as many reasons as fit in *most* lines, and say how many more there are."""
    if not reasons:
        return []
    digits = max(len(str(reason.count)) for reason in reasons[:_REASONS])
    lines, shown = ["why:"], 0
    for reason in reasons[:_REASONS]:
        why = f"{reason.code}: {reason.message}" if reason.code else reason.message
        first = f" (first: {reason.example})" if reason.example else ""
        front = f"  {reason.count:>{digits}}  {reason.outcome:<13}  "
        text = front + _cut(escape(why), WIDTH - len(front) - len(first)) + first
        more = _wrapped(text, width, indent=len(front))
        if shown and len(lines) + len(more) >= most:
            break
        lines += more[: max(1, most - len(lines) - 1)]
        shown += 1
    if len(reasons) > shown:
        lines.append(f"  and {_count(len(reasons) - shown, 'more reason')}")
    return lines


def _some(names: list[str]) -> str:
    shown = ["standard output" if name == "-" else name for name in names[:_REPORTS]]
    if len(names) > _REPORTS:
        shown.append(f"and {len(names) - _REPORTS} more")
    return ", ".join(shown)


def _count(number: int, noun: str, many: str | None = None) -> str:
    return f"{number} {noun if number == 1 else many or f'{noun}s'}"


def _wrapped(text: str, width: int, *, most: int = WIDTH, indent: int = 2) -> list[str]:
    """Break a line between words, and a word only where it is longer than a line."""
    text = _cut(escape(text), most)
    if len(text) <= width:
        return [text]
    return textwrap.wrap(
        text,
        width,
        break_on_hyphens=False,
        subsequent_indent=" " * indent,
    )


def _cut(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else f"{text[: max(width, 20) - 1]}…"
