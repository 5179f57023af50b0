"""Pure. Reading what is there, one repository at a time: nothing is changed."""

from bulkrepo.core.outcomes import Verdict
from bulkrepo.core.rows import Doubt, RepoSpec
from bulkrepo.http.messages import Request
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.operations.conclusion import Conclusion, Flow, judged, stamp
from bulkrepo.swr.requests import show as showing

_READONLY = "no permission to create in the organization: it may only be read"
NOT_LISTED = Answer(AnswerKind.ABSENT)
"""What is known of a repository that a whole list of its organization lacks."""


def plan(
    spec: RepoSpec,
    *,
    doubt: Doubt | None,
    amend: bool = False,
    absent: bool = False,
    readonly: bool = False,
) -> Flow:
    """
    Conclude what `create` would do. *absent*: it is known not to be there.

    *readonly*: nothing may be created in its organization. *doubt* and *amend* are as
    for `create`.
    """
    look = NOT_LISTED if absent else (yield _show(spec)).answer
    if look.kind is AnswerKind.ABSENT and readonly:
        return Conclusion(outcome=Verdict.FAILED, answer=look, reason=_READONLY)
    if look.kind is AnswerKind.ABSENT:
        return Conclusion(outcome=Verdict.TO_CREATE, answer=look)
    if look.kind is not AnswerKind.DONE:
        return _homeless(look) or _unread(look)
    return planned(judged(spec, look, look.seen, doubt=doubt), amend=amend)


def planned(found: Conclusion, *, amend: bool) -> Conclusion:
    """Give what `create` would make of what was *found* there."""
    if amend and found.differences:
        return Conclusion(
            outcome=Verdict.TO_UPDATE,
            answer=found.answer,
            differences=found.differences,
        )
    return found


def verify(spec: RepoSpec) -> Flow:
    """Conclude whether it is there and as wanted."""
    look = (yield _show(spec)).answer
    if look.kind is AnswerKind.ABSENT:
        return Conclusion(
            outcome=Verdict.FAILED, answer=look, evidence="read: it is not there"
        )
    if look.kind is not AnswerKind.DONE:
        return _homeless(look) or _unread(look)
    return proven(spec, look)


def proven(spec: RepoSpec, look: Answer) -> Conclusion:
    """Conclude from what SWR shows, and say what proves it."""
    found = judged(spec, look, look.seen, doubt=None)
    made = look.seen.made
    when = "" if made is None else f", created {stamp(made)}"
    return Conclusion(
        outcome=found.outcome,
        answer=look,
        differences=found.differences,
        evidence=f"shown by SWR{when}",
    )


def _show(spec: RepoSpec) -> Request:
    return showing(spec.namespace, spec.repository)


def _homeless(look: Answer) -> Conclusion | None:
    """Conclude that it is not there, where its organization is not either."""
    if look.kind is not AnswerKind.NO_NAMESPACE:
        return None
    evidence = "read: its organization is not there"
    return Conclusion(outcome=Verdict.FAILED, answer=look, evidence=evidence)


def _unread(look: Answer) -> Conclusion:
    return Conclusion(
        outcome=Verdict.FAILED,
        answer=look,
        certain=False,
        evidence="it could not be read",
        alone=True,
    )
