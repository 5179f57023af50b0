"""Pure. Taking back what a run created: only what is certainly that, and empty."""

from bulkrepo.flows.common import Conclusion, Flow, stamp
from bulkrepo.model import Verdict
from bulkrepo.skew import Skew
from bulkrepo.wire import Answer, Kind, Shown
from bulkrepo.wire import delete as deleting
from bulkrepo.wire import show as showing

_SLACK = 1.0
"""Seconds by which a creation time may be off, beyond what is known of the clocks."""


def undo(
    namespace: str,
    repository: str,
    *,
    made: tuple[float, float] | None,
    skew: Skew,
    dry_run: bool = False,
) -> Flow:
    """
    Remove a repository that we created, if it is still that one and holds no image.

    *made* is when our request left and when its answer was here, in epoch seconds of
    our clock; None: it is not certain that we created it. SWR itself refuses to delete
    what holds images, should some arrive in this moment.
    """
    if made is None:
        return _kept(Answer(Kind.REFUSED), "it is not certain that this run created it")
    look = (yield showing(namespace, repository)).answer
    if look.kind is Kind.ABSENT:
        return _gone(look)
    if look.kind is not Kind.DONE:
        return _failed(look, "it could not be read, and was left alone")
    why = _not_ours(look.seen, made, skew)
    if why is not None:
        return _kept(look, why)
    if dry_run:
        return Conclusion(outcome=Verdict.TO_REMOVE, answer=look)
    answer = (yield deleting(namespace, repository)).answer
    if answer.unsure:
        look = (yield showing(namespace, repository)).answer
        if look.kind is Kind.ABSENT:
            evidence = "read after a lost reply: it is not there any more"
            return Conclusion(outcome=Verdict.REMOVED, answer=answer, evidence=evidence)
        if look.kind is Kind.DONE:
            return _failed(answer, "read afterwards: it is still there")
        unread = look.code or look.status or "no answer"
        evidence = f"may have been removed; it could not be read ({unread})"
        return _failed(answer, evidence, certain=False)
    if answer.kind is Kind.DONE:
        return Conclusion(outcome=Verdict.REMOVED, answer=answer)
    if answer.kind is Kind.ABSENT:
        return _gone(answer)
    if answer.status == 406:
        return _kept(answer, "SWR refuses to delete it: it holds images")
    return _failed(answer, None)


def _not_ours(seen: Shown, made: tuple[float, float], skew: Skew) -> str | None:
    """Say why a repository is not to be removed; None: it is the one we created."""
    if seen.num_images:
        return f"it holds {seen.num_images} image{'s' * (seen.num_images > 1)}"
    when = seen.made
    if when is None:
        return "SWR shows no creation time that would prove it to be the same one"
    first, last = skew.earliest(made[0]) - _SLACK, skew.latest(made[1]) + _SLACK
    if not first <= when <= last:
        return f"created {stamp(when)}, not by this run: somebody made it anew"
    return None


def _kept(answer: Answer, reason: str) -> Conclusion:
    return Conclusion(outcome=Verdict.KEPT, answer=answer, reason=reason, alone=True)


def _gone(answer: Answer) -> Conclusion:
    return Conclusion(
        outcome=Verdict.REMOVED, answer=answer, evidence="it was not there any more"
    )


def _failed(
    answer: Answer, evidence: str | None, *, certain: bool = True
) -> Conclusion:
    return Conclusion(
        outcome=Verdict.FAILED,
        answer=answer,
        certain=certain,
        evidence=evidence,
        alone=True,
    )
