"""Pure. The outcome of a row, from its conclusion or from how far it got."""

from bulkrepo.core.outcomes import UNPROVEN, UNTOLD, Claim, Outcome, Verdict
from bulkrepo.core.rows import Doubt
from bulkrepo.swr.answers import Answer
from bulkrepo.swr.operations.conclusion import Conclusion


def concluded(
    claim: Claim,
    conclusion: Conclusion,
    *,
    attempts: int | None = None,
    started_at: float | None = None,
    elapsed: float = 0.0,
) -> Outcome:
    """
    Give the outcome of a row that was concluded after *elapsed* seconds.

    *attempts* and *started_at* are None if it needed no request of its own.
    """
    answer = conclusion.answer
    # By position: so many keywords would cost twice as much, for every row.
    return Outcome(
        claim.id,
        conclusion.outcome,
        conclusion.certain,
        conclusion.differences,
        answer.status,
        answer.code,
        answer.message,
        answer.request_id,
        conclusion.reason,
        conclusion.evidence,
        claim.attempts if attempts is None else attempts,
        started_at,
        None if started_at is None else round(elapsed * 1000, 1),
        conclusion.doubt,
    )


def interrupted(
    claim: Claim,
    answer: Answer | None,
    *,
    reason: str,
    attempts: int,
    started_at: float | None,
    doubt: Doubt | None,
    untold: bool,
) -> Outcome:
    """
    Give the outcome of a row that was begun when the run stopped for *reason*.

    *doubt* is about all tries so far, *untold* as in `retrying.Attempts`.
    """
    evidence = UNTOLD if untold else None
    so_far = "its tries so far failed" if answer else "what is there was not read"
    return Outcome(
        id=claim.id,
        outcome=Verdict.NOT_ATTEMPTED,
        status=answer.status if answer else None,
        code=answer.code if answer else None,
        message=answer.message if answer else None,
        request_id=answer.request_id if answer else None,
        certain=doubt is None and not untold,
        reason=f"{reason}; {so_far}",
        evidence=evidence if doubt is None else UNPROVEN,
        attempts=attempts,
        started_at=started_at,
        doubt=doubt,
    )


def not_attempted(claim: Claim, reason: str) -> Outcome:
    """Give the outcome of a row that nothing was sent for."""
    return Outcome(
        id=claim.id,
        outcome=Verdict.NOT_ATTEMPTED,
        certain=claim.doubt is None,
        reason=reason,
        evidence=None if claim.doubt is None else UNPROVEN,
        attempts=claim.attempts,
        doubt=claim.doubt,
    )
