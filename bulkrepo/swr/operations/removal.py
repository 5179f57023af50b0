"""Pure. Taking back what a run created: only what is certainly that, and empty."""

from bulkrepo.core.outcomes import Verdict
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.operations.conclusion import Conclusion, Flow, stamp, unread
from bulkrepo.swr.requests import delete as deleting
from bulkrepo.swr.requests import show as showing

_SLACK = 1.0
"""Seconds by which a creation time may be off, beyond what is known of the clocks."""


def undo(
    namespace: str,
    repository: str,
    *,
    made: tuple[float, float] | None,
    dry_run: bool = False,
) -> Flow:
    """
    Remove a repository that we created, if it is still that one and holds no image.

    *made* is from when to when we created it, in epoch seconds of the server's clock;
    None: that is not certain. It is read before each delete: one whose reply was lost
    may have made room for somebody else's. SWR itself refuses to delete what holds
    images, should some arrive in this moment.
    """
    if made is None:
        return _kept(
            Answer(AnswerKind.REFUSED), "it is not certain that this run created it"
        )
    first, last = made[0] - _SLACK, made[1] + _SLACK
    lost, again = None, True
    while True:
        look = (yield showing(namespace, repository)).answer
        if look.kind is not AnswerKind.DONE:
            return _unseen(look, lost)
        why = _why_keep(look, first, last, lost=lost is not None)
        if why is not None:
            return why
        if dry_run:
            return Conclusion(outcome=Verdict.TO_REMOVE, answer=look)
        if lost is not None and not again:
            return _failed(lost, "read afterwards: it is still there")
        heard = yield deleting(namespace, repository)
        answer, again = heard.answer, heard.again
        sure = lost is None and not again and not answer.unsure
        if sure or answer.kind in (AnswerKind.DONE, AnswerKind.ABSENT):
            return _answered(answer)
        lost, first, last = answer, look.seen.made, look.seen.made


def _why_keep(
    look: Answer, first: float, last: float, *, lost: bool
) -> Conclusion | None:
    """
    Give why what a *look* shows is not to be removed; None: it is the one we created.

    That one was created from *first* to *last*, epoch seconds. *lost*: a delete of ours
    may have been carried out.
    """
    when, images = look.seen.made, look.seen.num_images
    strange = when is None or not first <= when <= last
    if not (images or strange):
        return None
    if images:
        reason = f"it holds {images} image{'s' * (images > 1)}"
    elif when is None:
        reason = "SWR shows no creation time that would prove it to be the same one"
    else:
        reason = "it was not created by this run: somebody made it anew"
    evidence = [f"created {stamp(when)}"] if when is not None and strange else []
    if strange and lost:
        evidence.append("a delete whose reply was lost may have removed ours")
    return _kept(
        look, reason, "; ".join(evidence) or None, certain=not (strange and lost)
    )


def _unseen(look: Answer, lost: Answer | None) -> Conclusion:
    """Conclude from a *look* that shows nothing, after a *lost* delete, if any."""
    if look.kind is AnswerKind.ABSENT:
        evidence = "read after a lost reply: it is not there any more"
        return _gone(look) if lost is None else _gone(lost, evidence)
    if lost is None:
        return _failed(look, "it could not be read, and was left alone")
    evidence = f"may have been removed; {unread(look)}"
    return _failed(lost, evidence, certain=False)


def _answered(answer: Answer) -> Conclusion:
    """Conclude from an *answer* to a delete that leaves no doubt."""
    if answer.kind is AnswerKind.DONE:
        return Conclusion(outcome=Verdict.REMOVED, answer=answer)
    if answer.kind is AnswerKind.ABSENT:
        return _gone(answer)
    if answer.status == 406:
        return _kept(answer, "SWR refuses to delete it: it holds images")
    return _failed(answer, None)


def _kept(
    answer: Answer, reason: str, evidence: str | None = None, *, certain: bool = True
) -> Conclusion:
    return Conclusion(
        outcome=Verdict.KEPT,
        answer=answer,
        certain=certain,
        reason=reason,
        evidence=evidence,
        alone=True,
    )


def _gone(answer: Answer, evidence: str = "it was not there any more") -> Conclusion:
    return Conclusion(outcome=Verdict.REMOVED, answer=answer, evidence=evidence)


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
