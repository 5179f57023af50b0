"""What an answer of SWR or IAM means."""

from enum import IntEnum, auto
from typing import Any

import msgspec


class AnswerKind(IntEnum):
    """
    What an answer means for the row that asked.

    An integer, as a plain enum would be hashed by Python code for every answer.
    """

    DONE = auto()
    EXISTS = auto()
    CONFLICT = auto()  # a 409 whose code does not tell which: reading settles it
    ABSENT = auto()  # the repository is not there
    BUSY = auto()  # certainly not done; worth another try
    BROKEN = auto()  # a 5xx or 408: may have been done; worth another try
    UNSURE = auto()  # no answer after sending: may have been done
    UNREACHABLE = auto()  # certainly not sent
    THROTTLED = auto()
    UNAUTHORIZED = auto()
    FORBIDDEN = auto()
    NO_NAMESPACE = auto()
    QUOTA = auto()
    REFUSED = auto()
    WRONG_ENDPOINT = auto()


class Limit(msgspec.Struct, frozen=True):
    """At most *count* requests in *seconds*."""

    count: int
    seconds: float


class Answer(msgspec.Struct, frozen=True, gc=False):
    """
    An answer, understood.

    *retry_after* is seconds, *limits* are the throttling rules that the message named,
    *seen* is what the request wanted to read, *total* how many of these there are.
    """

    kind: AnswerKind
    status: int | None = None
    code: str | None = None
    message: str | None = None
    request_id: str | None = None
    retry_after: float | None = None
    limits: tuple[Limit, ...] = ()
    seen: Any = None
    total: int | None = None

    @property
    def unsure(self) -> bool:
        """Whether the request may have been carried out although it looks failed."""
        return self.kind is AnswerKind.BROKEN or self.kind is AnswerKind.UNSURE
