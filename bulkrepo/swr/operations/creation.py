"""Pure. How a repository comes to be as wanted, and what is known of it afterwards."""

from bulkrepo.core.outcomes import Verdict
from bulkrepo.core.rows import Doubt, RepoSpec, join_doubts
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.operations.conclusion import Conclusion, Flow, drift, judged, unread
from bulkrepo.swr.requests import create as creating
from bulkrepo.swr.requests import show as showing
from bulkrepo.swr.requests import update as updating

_ROUNDS = 3
"""How often a 409 may contradict what reading shows before the row is given up."""


def create(spec: RepoSpec, *, doubt: Doubt | None, amend: bool = False) -> Flow:
    """
    Create *spec*; conclude what is there in the end, and whether we made it.

    *doubt* is about earlier processes' tries, if any may have been carried out.
    *amend*: what is there and differs is changed.
    """
    heard = None
    for _ in range(_ROUNDS):
        heard = yield creating(spec)
        answer = heard.answer
        if answer.kind is AnswerKind.DONE:
            # It was not there a moment ago, so no earlier try was carried out.
            return Conclusion(Verdict.CREATED, answer)
        doubt = join_doubts(doubt, heard.doubt)
        there = answer.kind is AnswerKind.EXISTS
        if not there and answer.kind is not AnswerKind.CONFLICT and doubt is None:
            return Conclusion(outcome=Verdict.FAILED, answer=answer)
        look = (yield showing(spec.namespace, spec.repository)).answer
        if look.kind is AnswerKind.DONE and look.seen is not None:
            found = judged(spec, answer, look.seen, doubt=doubt)
            if amend and found.differences:
                return (yield from change(spec, found.differences))
            return found
        if look.kind is not AnswerKind.ABSENT:
            return _unread(answer, look, doubt=doubt)
        if not there and answer.kind is not AnswerKind.CONFLICT:
            evidence = "not there when read afterwards"
            return _failed(answer, evidence, doubt)
    assert heard is not None  # noqa: S101 - the loop ran
    evidence = f"{_ROUNDS} times SWR refused to create it and did not show it either"
    return _failed(heard.answer, evidence, doubt)


def change(spec: RepoSpec, differences: dict[str, list[object]]) -> Flow:
    """
    Make what is there as *spec* wants it; *differences* are what is to change.

    After a lost reply it is read before each further try: what somebody else changed
    meanwhile is left alone.
    """
    lost, again = False, True
    while True:
        heard = yield updating(spec)
        answer, again = heard.answer, heard.again
        if answer.kind is AnswerKind.DONE:
            return Conclusion(Verdict.UPDATED, answer, differences=differences)
        lost = lost or again or answer.unsure
        if not lost:
            return _unchanged(answer, differences, None)
        look = (yield showing(spec.namespace, spec.repository)).answer
        if look.kind is not AnswerKind.DONE:
            evidence = f"may have been changed; {unread(look)}"
            return _unchanged(answer, differences, evidence, certain=False)
        left = drift(spec, look.seen)
        if not left:
            return Conclusion(
                outcome=Verdict.UPDATED,
                answer=answer,
                differences=differences,
                evidence="read after a lost reply: it is as wanted",
            )
        if _found(left) != _found(differences):
            return Conclusion(
                outcome=Verdict.DIFFERS,
                answer=answer,
                differences=left,
                evidence="read after a lost reply: somebody else changed it meanwhile",
            )
        if not again:
            return _unchanged(answer, left, "read afterwards: it still differs")


def _found(differences: dict[str, list[object]]) -> dict[str, object]:
    """Give what was found; a list and a repository may show nothing differently."""
    return {field: found or "" for field, (_, found) in differences.items()}


def _unchanged(
    answer: Answer,
    differences: dict[str, list[object]],
    evidence: str | None,
    *,
    certain: bool = True,
) -> Conclusion:
    return Conclusion(
        outcome=Verdict.FAILED,
        answer=answer,
        certain=certain,
        differences=differences,
        evidence=evidence,
        alone=True,  # others of the organization may be ours to change
    )


def _failed(answer: Answer, evidence: str, doubt: Doubt | None) -> Conclusion:
    """Conclude that it is not known to be there; what was lost may yet create it."""
    return Conclusion(
        outcome=Verdict.FAILED,
        answer=answer,
        certain=doubt is None,
        evidence=evidence,
        doubt=doubt,
    )


def _unread(answer: Answer, look: Answer, *, doubt: Doubt | None) -> Conclusion:
    """Conclude without being able to read the repository."""
    evidence = unread(look)
    if answer.kind is not AnswerKind.EXISTS:
        if doubt is not None:
            evidence = f"may have been created; {evidence}"
        return _failed(answer, evidence, doubt)
    if doubt is not None:
        evidence = f"an earlier try of ours may have created it; {evidence}"
    return Conclusion(
        outcome=Verdict.EXISTS,
        answer=answer,
        certain=False,
        evidence=evidence,
        doubt=doubt,
    )
