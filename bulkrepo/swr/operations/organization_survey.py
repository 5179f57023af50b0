"""
Pure. What an organization holds, by its list: a page for every thousand rows.

The list may grow and shrink while it is read. What is missed for that reason is merely
asked for one by one, as without a survey.
"""

from collections.abc import Generator
from enum import StrEnum
from math import ceil

import msgspec

from bulkrepo.http.messages import Request
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.operations.conclusion import FinalAnswer
from bulkrepo.swr.requests import PAGE, RepositoryInfo
from bulkrepo.swr.requests import organization as reading
from bulkrepo.swr.requests import page as listing


class Extent(StrEnum):
    """How much is known of an organization after a survey."""

    WHOLE = "whole"  # what was not listed is not there
    PART = "part"  # the rest costs more than asking for each row
    MISSING = "missing"  # the organization does not exist
    UNREADABLE = "unreadable"  # it may not be listed, or not now


class RepositoryPage(msgspec.Struct, frozen=True):
    """One page of a list, of that organization only; *answer* is the one it came in."""

    shown: list[RepositoryInfo]
    answer: Answer


class PageFindings(msgspec.Struct, frozen=True):
    """What came of a survey; *answer* is the last one. *auth* as in `Organization`."""

    extent: Extent
    answer: Answer | None = None
    auth: int | None = None


Survey = Generator[Request | RepositoryPage, FinalAnswer | int, PageFindings]
"""Yields requests and pages: is sent what was heard, or how many rows are left."""


def worth_it(rows: int) -> bool:
    """Whether a survey may cost fewer requests than *rows* posts: it takes two."""
    return rows > 2


def survey(namespace: str, *, known: bool, always: bool = False) -> Survey:
    """
    List *namespace* while that costs fewer requests than asking for what is left.

    *known*: the organization is known to exist. *always*: whatever it costs.
    """
    auth = None
    if not known:
        answer = _answer((yield reading(namespace)))
        if answer.kind in (AnswerKind.NO_NAMESPACE, AnswerKind.ABSENT):
            return PageFindings(Extent.MISSING, answer)
        if answer.kind is not AnswerKind.DONE:
            return PageFindings(Extent.UNREADABLE, answer)
        auth = answer.seen.auth
    offset = pages = 0
    first = most = 0
    shrunk = False
    while True:
        answer = _answer((yield listing(namespace, offset)))
        if answer.kind is not AnswerKind.DONE:
            return PageFindings(Extent.UNREADABLE, answer, auth)
        seen: list[RepositoryInfo] = answer.seen
        shown = [one for one in seen if one.namespace in (None, namespace)]
        left = yield RepositoryPage(shown, answer)
        assert isinstance(left, int)  # noqa: S101 - the protocol
        offset += len(seen)
        pages += 1
        more = len(seen) == PAGE if answer.total is None else offset < answer.total
        total = answer.total or offset + more
        # What went from a page that we had read moved another one past us, unseen.
        shrunk, most = shrunk or total < most, max(total, most)
        first = first or total
        if not seen or not more or left == 0:
            return PageFindings(Extent.PART if shrunk else Extent.WHOLE, answer, auth)
        # A list that grows as fast as we read has no end.
        endless = pages > 2 * ceil(first / PAGE) + 10
        if endless or (not always and ceil((total - offset) / PAGE) >= left):
            return PageFindings(Extent.PART, answer, auth)


def _answer(heard: FinalAnswer | int) -> Answer:
    assert isinstance(heard, FinalAnswer)  # noqa: S101 - the protocol
    return heard.answer
