"""
Pure. Conversations with SWR as generators: yield a request, be sent what was heard.

The engine drives them and knows none; they decide and never wait.
"""

from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

import msgspec

from bulkrepo.model import RepoSpec, Verdict
from bulkrepo.skew import Skew
from bulkrepo.wire import Answer, Kind, Request, moment
from bulkrepo.wire import create as creating
from bulkrepo.wire import show as showing


class Heard(msgspec.Struct, frozen=True, gc=False):
    """
    What came of a request, all tries together.

    *answer* is the last one. *unsure_at* is the time (epoch seconds) at which the
    first try left whose answer does not say whether it was carried out.
    """

    answer: Answer
    unsure_at: float | None = None


class Conclusion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of a row, and the *answer* that says so. *doubt* as in `Outcome`."""

    outcome: Verdict
    answer: Answer
    certain: bool = True
    differences: dict[str, list[object]] | None = None
    evidence: str | None = None
    doubt: float | None = None


Flow = Generator[Request, Heard, Conclusion]

_ROUNDS = 3
"""How often a 409 may contradict what reading shows before the row is given up."""


def create(spec: RepoSpec, *, doubt: float | None, skew: Skew) -> Flow:
    """
    Create *spec*; conclude what is there in the end, and whether we made it.

    *doubt* is the time of an earlier process's try, if one may have been carried out.
    """
    heard = None
    for _ in range(_ROUNDS):
        heard = yield creating(spec)
        answer = heard.answer
        if answer.kind is Kind.DONE:
            # It was not there a moment ago, so no earlier try was carried out.
            return Conclusion(outcome=Verdict.CREATED, answer=answer)
        if doubt is None:
            doubt = heard.unsure_at
        there = answer.kind is Kind.EXISTS
        if not there and answer.kind is not Kind.CONFLICT and doubt is None:
            return Conclusion(outcome=Verdict.FAILED, answer=answer)
        look = (yield showing(spec.namespace, spec.repository)).answer
        if look.kind is Kind.DONE and look.seen is not None:
            return _compare(spec, answer, look.seen, doubt=doubt, skew=skew)
        if look.kind is not Kind.ABSENT:
            return _unread(answer, look, doubt=doubt)
        if not there and answer.kind is not Kind.CONFLICT:
            evidence = "not there when read afterwards"
            return _failed(answer, evidence, doubt)
    assert heard is not None  # noqa: S101 - the loop ran
    evidence = f"{_ROUNDS} times SWR refused to create it and did not show it either"
    return _failed(heard.answer, evidence, doubt)


def _failed(answer: Answer, evidence: str, doubt: float | None) -> Conclusion:
    """Conclude that it is not known to be there; what was lost may yet create it."""
    return Conclusion(
        outcome=Verdict.FAILED,
        answer=answer,
        certain=doubt is None,
        evidence=evidence,
        doubt=doubt,
    )


def _compare(
    spec: RepoSpec,
    answer: Answer,
    seen: dict[str, Any],
    *,
    doubt: float | None,
    skew: Skew,
) -> Conclusion:
    """Conclude from the repository as SWR shows it."""
    differences = drift(spec, seen)
    if differences:
        return Conclusion(
            outcome=Verdict.DIFFERS, answer=answer, differences=differences
        )
    if doubt is None:
        return Conclusion(outcome=Verdict.EXISTS, answer=answer)
    made = moment(seen.get("created", seen.get("created_at")))
    if made is None:
        return Conclusion(
            outcome=Verdict.EXISTS,
            answer=answer,
            certain=False,
            evidence="an earlier try of ours may have created it; "
            "SWR shows no creation time",
            doubt=doubt,
        )
    # A time that SWR cut to whole seconds or milliseconds was a little later.
    shown = 1.0 if made.is_integer() else 0.001
    if made + shown <= skew.earliest(doubt):
        evidence = f"created {_stamp(made)}, before our first try"
        return Conclusion(outcome=Verdict.EXISTS, answer=answer, evidence=evidence)
    return Conclusion(
        outcome=Verdict.CREATED,
        answer=answer,
        certain=False,
        evidence=f"found after a lost reply, as wanted, created {_stamp(made)}",
    )


def _unread(answer: Answer, look: Answer, *, doubt: float | None) -> Conclusion:
    """Conclude without being able to read the repository."""
    why = look.code or look.status or "no answer"
    evidence = f"it could not be read ({why})"
    if answer.kind is not Kind.EXISTS:
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


def drift(spec: RepoSpec, seen: dict[str, Any]) -> dict[str, list[object]]:
    """Give what SWR shows differently, as `{field: [wanted, found]}`."""
    wanted = {
        "is_public": spec.is_public,
        "category": spec.category,
        "description": spec.description,
    }
    return {
        field: [want, seen.get(field)]
        for field, want in wanted.items()
        if want is not None and not _same(want, seen.get(field))
    }


def _same(want: object, found: object) -> bool:
    return want == found or (want == "" and found is None)  # empty may not be shown


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
