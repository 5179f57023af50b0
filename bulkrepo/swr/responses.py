"""
Pure. What an answer of SWR means: by its error code first, by its status second.

The status alone misreads quotas (400, 500), throttling (403), a busy server (409),
permissions (401) and dead tokens (400). The codes are from the error-code pages of the
SWR API reference and of the API gateway.
"""

import re
from typing import Any

import msgspec

from bulkrepo.http.dates import http_date, server_time
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.swr.answers import Answer, AnswerKind, Limit
from bulkrepo.swr.error_bodies import read_error, shorten
from bulkrepo.swr.requests import RepositoryInfo, shows_another

_SWR = "SVCSTG.SWR."

# Code -> kind. Codes of 7 digits are SWR's, the prefix left out.
_BY_CODE = {
    "4090006": AnswerKind.EXISTS,  # "The image already exists."
    "4090023": AnswerKind.BUSY,  # "The system is busy. Please try again later."
    "4031032": AnswerKind.THROTTLED,  # request count exceeds the maximum, under 403
    "4031042": AnswerKind.THROTTLED,  # too many requests, under 403
    "4001048": AnswerKind.UNAUTHORIZED,  # no token in the context, under 400
    "4000031": AnswerKind.UNAUTHORIZED,  # AK/SK invalid
    "4001013": AnswerKind.UNAUTHORIZED,  # AK/SK empty
    "4010000": AnswerKind.UNAUTHORIZED,  # token may have expired
    "4011044": AnswerKind.FORBIDDEN,  # created by another user, under 401
    "4011064": AnswerKind.FORBIDDEN,  # another account's, under 401
    "4040058": AnswerKind.NO_NAMESPACE,
    "4041061": AnswerKind.NO_NAMESPACE,
    "4040083": AnswerKind.WRONG_ENDPOINT,  # URL not found
    "4000097": AnswerKind.QUOTA,  # organizations
    "4000098": AnswerKind.QUOTA,  # repositories
    "5007019": AnswerKind.QUOTA,  # repositories, under 500
    "0310": AnswerKind.UNAUTHORIZED,  # "The project is unavailable", whatever is asked
    "0101": AnswerKind.WRONG_ENDPOINT,  # the API does not exist or is not published
}

_BY_STATUS = {
    401: AnswerKind.UNAUTHORIZED,
    403: AnswerKind.FORBIDDEN,
    408: AnswerKind.BROKEN,
    409: AnswerKind.CONFLICT,
    421: AnswerKind.BUSY,  # meant for another connection, and not processed
    425: AnswerKind.BUSY,  # too early, and not processed
    429: AnswerKind.THROTTLED,
    505: AnswerKind.REFUSED,  # our HTTP is too new for it, and stays so
}

_PATIENT = frozenset({AnswerKind.BUSY, AnswerKind.BROKEN, AnswerKind.THROTTLED})
"""Kinds for which an answer may say how long to wait."""

_GATEWAY = re.compile(r"API(?:GW|G)\.(\d{4})$")


def read(reply: Response | TransportFailure, *, request: Request, now: float) -> Answer:
    """
    Say what *reply* means for *request*.

    *now* is epoch seconds, for `Retry-After` with a date. Never raises: there is a kind
    for whatever came.
    """
    if isinstance(reply, TransportFailure):
        kind = AnswerKind.UNSURE if reply.sent else AnswerKind.UNREACHABLE
        return Answer(kind, code=f"no-reply.{reply.kind}", message=reply.detail)
    status, headers = reply.status, reply.headers
    request_id = headers.get("X-Request-Id")
    if 200 <= status < 300:
        if request.creates and not reply.body:
            return Answer(AnswerKind.DONE, status, None, None, request_id)
        return _success(reply, request, request_id)
    if status < 200:
        message = "this is no status of an answer"
        return Answer(AnswerKind.UNSURE, status, None, message, request_id)
    error = read_error(reply.body)
    wait = _retry_after(reply, now)
    kind = _kind(status, error.code, makes=request.method == "POST")
    if status == 413 and kind is AnswerKind.REFUSED and wait is not None:
        kind = AnswerKind.BUSY  # too large only for now
    patient = kind in _PATIENT
    return Answer(
        kind,
        status,
        error.code,
        error.message or _plain(reply),
        request_id or headers.get("X-IAM-Trace-Id") or error.request_id,
        wait if patient else None,
        _named_limits(error.message) if error.message and patient else (),
    )


def no_organization(code: str | None) -> bool:
    """Whether an error code says that the organization does not exist."""
    return _BY_CODE.get(_number(code) or "") is AnswerKind.NO_NAMESPACE


def _success(reply: Response, request: Request, request_id: str | None) -> Answer:
    """Read a 2xx: done with an empty or a JSON body, if that is what was asked for."""
    wants, status = request.wants, reply.status
    if wants is None and not reply.body:
        return Answer(AnswerKind.DONE, status, None, None, request_id)
    try:
        seen = msgspec.json.decode(
            reply.body, type=Any if wants is None else wants, strict=False
        )
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        if wants is None or _is_html(reply):
            page = _plain(reply) or "neither JSON nor an empty body"
            return Answer(AnswerKind.WRONG_ENDPOINT, status, None, page, request_id)
        # A truncated or empty body proves nothing.
        message = "the answer is not the JSON that was asked for"
        return Answer(AnswerKind.BROKEN, status, None, message, request_id)
    if wants is None:
        return Answer(AnswerKind.DONE, status, None, None, request_id)
    if isinstance(seen, RepositoryInfo) and shows_another(request, seen):
        message = f"another repository is shown: {seen.namespace or ''}/{seen.name}"
        return Answer(AnswerKind.REFUSED, status, None, shorten(message), request_id)
    return Answer(
        AnswerKind.DONE, status, None, None, request_id, seen=seen, total=_total(reply)
    )


_RANGE = re.compile(r"\s*\d+-\d+/(\d{1,9})\s*$")


def _total(reply: Response) -> int | None:
    """Read `Content-Range: {offset}-{count}/{total}`; None if it is not given."""
    found = _RANGE.match(reply.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _kind(status: int, code: str | None, *, makes: bool) -> AnswerKind:
    number = _number(code)
    known = _BY_CODE.get(number or "")
    if known is not None:
        return known
    if 300 <= status < 400:
        return AnswerKind.WRONG_ENDPOINT
    # A page or method that does not exist, and no error code: this is not SWR.
    if status in (404, 405, 501) and (code is None or code == str(status)):
        return AnswerKind.WRONG_ENDPOINT
    if status == 404 and code is not None:
        # What is to be created cannot be absent; a gateway knows of no repositories.
        elsewhere = makes or _GATEWAY.match(code)
        return AnswerKind.REFUSED if elsewhere else AnswerKind.ABSENT
    usual = AnswerKind.BROKEN if status >= 500 else AnswerKind.REFUSED
    return _BY_STATUS.get(status, usual)


def _number(code: str | None) -> str | None:
    """Give the number in a code: `0101` of `APIGW.0101`; other forms as they are."""
    if code is None:
        return None
    if code.startswith(_SWR):
        return code[len(_SWR) :]
    gateway = _GATEWAY.match(code)
    return gateway[1] if gateway else code


def _is_html(reply: Response) -> bool:
    kind = reply.headers.get("Content-Type", "").lower()
    return kind.startswith("text/html") or reply.body[:64].lstrip().startswith(b"<")


_TITLE = re.compile(rb"<title>(.{1,200}?)</title", re.IGNORECASE | re.DOTALL)


def _plain(reply: Response) -> str | None:
    """Give the best message of a body that is no JSON error: a title, or its text."""
    if 300 <= reply.status < 400:
        return f"redirected to {reply.headers.get('Location', 'nowhere')}"[:200]
    if _is_html(reply):
        title = _TITLE.search(reply.body)
        name = title[1].decode("utf-8", "replace").strip() if title else "untitled"
        return f"a web page answered: {name}"
    if reply.body.lstrip()[:1] in _JSON:
        return None  # JSON of a shape nobody knows may hold anything, even secrets
    return shorten(reply.body[:2000].decode("utf-8", "replace").strip()) or None


_JSON = (b"{", b"[", b'"')
"""How JSON begins that has words in it, cut off perhaps."""

_RULE = re.compile(
    r"limit:\s*(\d{1,9}),\s*time:\s*(\d{1,9})\s*(second|minute|hour|day)",
    re.IGNORECASE,
)
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


def _named_limits(message: str) -> tuple[Limit, ...]:
    """Read all of `policy user over ratelimit,limit:200,time:5 minute` and the like."""
    rules = (
        Limit(int(count), float(int(number) * _UNITS[unit.lower()]))
        for count, number, unit in _RULE.findall(message)
    )
    return tuple(rule for rule in rules if rule.count and rule.seconds)


def _retry_after(reply: Response, now: float) -> float | None:
    """Read `Retry-After`, as seconds or as a date, as seconds from *now*."""
    value = reply.headers.get("Retry-After")
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    when = http_date(value)
    if when is None:
        return None
    theirs = server_time(reply)  # the date is by the server's clock, not by ours
    return max(0.0, when.timestamp() - (now if theirs is None else theirs))


def said(answer: Answer) -> str:
    """Give an answer in a few words, for a message to people."""
    words = (str(answer.status or ""), answer.code or "", answer.message or "")
    return " ".join(dict.fromkeys(word for word in words if word))
