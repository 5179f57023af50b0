"""Pure. What all conversations with SWR share: their shape, and how to compare."""

from collections.abc import Generator
from datetime import UTC, datetime

import msgspec

from bulkrepo.core.outcomes import Verdict
from bulkrepo.core.rows import Doubt, RepoSpec
from bulkrepo.http.messages import Request
from bulkrepo.swr.answers import Answer
from bulkrepo.swr.requests import RepositoryInfo


class FinalAnswer(msgspec.Struct, frozen=True, gc=False):
    """
    What came of a request, all tries together.

    *answer* is the last one. *doubt* is about the tries whose answers do not say
    whether they were carried out.

    *again*: it was an update or a delete that may have been carried out, and has tries
    left. They wait for the flow, which reads what is there and may send it again, at
    once: the pause between tries is over.
    """

    answer: Answer
    doubt: Doubt | None = None
    again: bool = False


class Conclusion(msgspec.Struct, frozen=True, gc=False):
    """
    What became of a row, and the *answer* that says so. *doubt* as in `Outcome`.

    *alone*: it says nothing about other rows of the organization.
    """

    outcome: Verdict
    answer: Answer
    certain: bool = True
    differences: dict[str, list[object]] | None = None
    reason: str | None = None
    evidence: str | None = None
    doubt: Doubt | None = None
    alone: bool = False


Flow = Generator[Request, FinalAnswer, Conclusion]


_LATE = 600.0
"""Seconds after which a request that was lost is no longer carried out, we assume."""


def judged(
    spec: RepoSpec, answer: Answer, seen: RepositoryInfo, *, doubt: Doubt | None
) -> Conclusion:
    """
    Conclude from the repository as SWR shows it, alone or in a list.

    *doubt* is about tries of ours that may have created it. Both times are by the
    server's clock: what is older than our first try is not ours, and what was created
    about when we tried probably is. All else is left open.
    """
    differences = drift(spec, seen)
    if differences:
        return Conclusion(
            outcome=Verdict.DIFFERS, answer=answer, differences=differences
        )
    if doubt is None:
        return Conclusion(outcome=Verdict.EXISTS, answer=answer)
    made = seen.made
    if made is None:
        return _undecided(answer, doubt, "SWR shows no creation time")
    # A time that SWR cut to whole seconds or milliseconds was a little later.
    shown = 1.0 if made.is_integer() else 0.001
    when = f"created {stamp(made)}"
    if not doubt.since:
        return _undecided(answer, doubt, f"{when}; SWR's clock was not known then")
    if made + shown <= doubt.since:
        evidence = f"{when}, before our first try"
        return Conclusion(outcome=Verdict.EXISTS, answer=answer, evidence=evidence)
    if doubt.until is not None and made > doubt.until + _LATE:
        return _undecided(answer, doubt, f"{when}, long after that")
    return Conclusion(
        outcome=Verdict.CREATED,
        answer=answer,
        certain=False,
        evidence=f"found after a lost reply, as wanted, {when}",
    )


def _undecided(answer: Answer, doubt: Doubt, why: str) -> Conclusion:
    return Conclusion(
        outcome=Verdict.EXISTS,
        answer=answer,
        certain=False,
        evidence=f"an earlier try of ours may have created it; {why}",
        doubt=doubt,
    )


def drift(spec: RepoSpec, seen: RepositoryInfo) -> dict[str, list[object]]:
    """Give what SWR shows differently, as `{field: [wanted, found]}`."""
    differences: dict[str, list[object]] = {}
    if spec.is_public != seen.is_public:
        differences["is_public"] = [spec.is_public, seen.is_public]
    if spec.category is not None and spec.category != seen.category:
        differences["category"] = [spec.category, seen.category]
    # An empty description may not be shown.
    if spec.description is not None and spec.description != (seen.description or ""):
        differences["description"] = [spec.description, seen.description]
    return differences


def unread(look: Answer) -> str:
    """Say that the repository could not be read, and why."""
    why = look.code or (look.status and look.message) or look.status or "no answer"
    return f"it could not be read ({why})"


def stamp(seconds: float) -> str:
    """Give epoch seconds as RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
