"""
Pure. What an answer of SWR means: by its error code first, by its status second.

The status alone misreads quotas (400, 500), throttling (403), a busy server (409),
permissions (401) and dead tokens (400). The codes are from the error-code pages of the
SWR API reference and of the API gateway.
"""

import re

import msgspec

from bulkrepo.http.dates import http_date, server_time
from bulkrepo.http.messages import NoReply, Reply, Request
from bulkrepo.swr.answers import Answer, Kind, Limit

MESSAGE_LIMIT = 500
"""Characters of a message that are kept."""

_SWR = "SVCSTG.SWR."

# Code -> kind. Codes of 7 digits are SWR's, the prefix left out.
_BY_CODE = {
    "4090006": Kind.EXISTS,  # "The image already exists."
    "4090023": Kind.BUSY,  # "The system is busy. Please try again later."
    "4031032": Kind.THROTTLED,  # request count exceeds the maximum, under 403
    "4031042": Kind.THROTTLED,  # too many requests, under 403
    "4001048": Kind.UNAUTHORIZED,  # no token in the context, under 400
    "4000031": Kind.UNAUTHORIZED,  # AK/SK invalid
    "4001013": Kind.UNAUTHORIZED,  # AK/SK empty
    "4010000": Kind.UNAUTHORIZED,  # token may have expired
    "4011044": Kind.FORBIDDEN,  # created by another user, under 401
    "4011064": Kind.FORBIDDEN,  # another account's, under 401
    "4040058": Kind.NO_NAMESPACE,
    "4041061": Kind.NO_NAMESPACE,
    "4040083": Kind.WRONG_ENDPOINT,  # URL not found
    "4000097": Kind.QUOTA,  # organizations
    "4000098": Kind.QUOTA,  # repositories
    "5007019": Kind.QUOTA,  # repositories, under 500
    "0310": Kind.UNAUTHORIZED,  # "The project is unavailable", whatever is asked
    "0101": Kind.WRONG_ENDPOINT,  # the API does not exist or is not published
}

_BY_STATUS = {
    401: Kind.UNAUTHORIZED,
    403: Kind.FORBIDDEN,
    408: Kind.BROKEN,
    409: Kind.CONFLICT,
    429: Kind.THROTTLED,
}

_GATEWAY = re.compile(r"API(?:GW|G)\.(\d{4})$")


def read(reply: Reply | NoReply, *, request: Request, now: float) -> Answer:
    """
    Say what *reply* means for *request*.

    *now* is epoch seconds, for `Retry-After` with a date. Never raises: there is a kind
    for whatever came.
    """
    if isinstance(reply, NoReply):
        kind = Kind.UNSURE if reply.sent else Kind.UNREACHABLE
        return Answer(kind, code=f"no-reply.{reply.kind}", message=reply.detail)
    status, headers = reply.status, reply.headers
    request_id = headers.get("X-Request-Id")
    if 200 <= status < 300:
        if request.creates and not reply.body:
            return Answer(Kind.DONE, status, None, None, request_id)
        return _success(reply, request, request_id)
    code, message, inner_id = _error(reply.body)
    answer_to_wait = status in (403, 429) or status >= 500
    return Answer(
        _kind(status, code, makes=request.method == "POST"),
        status,
        code,
        message or _plain(reply),
        request_id or headers.get("X-IAM-Trace-Id") or inner_id,
        _retry_after(reply, now) if answer_to_wait else None,
        _named_limits(message) if message and answer_to_wait else (),
    )


def no_organization(code: str | None) -> bool:
    """Whether an error code says that the organization does not exist."""
    return _BY_CODE.get(_number(code) or "") is Kind.NO_NAMESPACE


def _success(reply: Reply, request: Request, request_id: str | None) -> Answer:
    if _is_html(reply):
        page = _plain(reply)
        return Answer(Kind.WRONG_ENDPOINT, reply.status, None, page, request_id)
    seen = None
    total = None
    if request.wants is not None:
        try:
            seen = msgspec.json.decode(reply.body, type=request.wants, strict=False)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # A truncated or empty body proves nothing.
            message = "the answer is not the JSON that was asked for"
            return Answer(Kind.BROKEN, reply.status, None, message, request_id)
        total = _total(reply)
    return Answer(
        Kind.DONE, reply.status, None, None, request_id, seen=seen, total=total
    )


_RANGE = re.compile(r"\s*\d+-\d+/(\d{1,9})\s*$")


def _total(reply: Reply) -> int | None:
    """Read `Content-Range: {offset}-{count}/{total}`; None if it is not given."""
    found = _RANGE.match(reply.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _kind(status: int, code: str | None, *, makes: bool) -> Kind:
    number = _number(code)
    known = _BY_CODE.get(number or "")
    if known is not None:
        return known
    if 300 <= status < 400:
        return Kind.WRONG_ENDPOINT
    # A page or method that does not exist, and no error code: this is not SWR.
    if status in (404, 405, 501) and (code is None or code == str(status)):
        return Kind.WRONG_ENDPOINT
    if status == 404 and code is not None:
        # What is to be created cannot be absent; a gateway knows of no repositories.
        elsewhere = makes or _GATEWAY.match(code)
        return Kind.REFUSED if elsewhere else Kind.ABSENT
    if status >= 500:
        return Kind.BROKEN
    return _BY_STATUS.get(status, Kind.REFUSED)


def _number(code: str | None) -> str | None:
    """Give the number in a code: `0101` of `APIGW.0101`; other forms as they are."""
    if code is None:
        return None
    if code.startswith(_SWR):
        return code[len(_SWR) :]
    gateway = _GATEWAY.match(code)
    return gateway[1] if gateway else code


_CODES = ("errorCode", "error_code", "code")
_MESSAGES = ("errorMessage", "error_msg", "errorMsg", "message")


def _error(body: bytes) -> tuple[str | None, str | None, str | None]:
    """
    Give code, message and request id of an error body, whatever its shape.

    SWR sends `{"errors": [{...}], "error_code": ...}`, older ones only the list, its
    documentation prints a bare list, the gateway a flat object, and IAM
    `{"error": {"code": 401, ...}}`. `encoded_authorization_message` is never read.
    """
    found = _decoded(body)
    outer = found if isinstance(found, dict) else {}
    request_id = _text(outer.get("request_id"))
    for place in (outer.get("errors"), found, outer.get("error")):
        inner = place[0] if isinstance(place, list) and place else place
        if not isinstance(inner, dict):
            continue
        code = next((c for key in _CODES if (c := _text(inner.get(key)))), None)
        message = next((m for key in _MESSAGES if (m := _text(inner.get(key)))), None)
        if code is None and (message is None or "message" in inner):
            continue  # nobody's errors have a `message` alone
        detail = _text(inner.get("detail"))
        if detail and message and detail not in message:
            message = f"{message} ({detail})"
        return code, _short(message), request_id
    return None, None, request_id


def _decoded(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def _short(message: str | None) -> str | None:
    if message is None or len(message) <= MESSAGE_LIMIT:
        return message
    return message[: MESSAGE_LIMIT - 1] + "…"


def _is_html(reply: Reply) -> bool:
    kind = reply.headers.get("Content-Type", "").lower()
    return kind.startswith("text/html") or reply.body[:64].lstrip().startswith(b"<")


_TITLE = re.compile(rb"<title>([^<]{1,200})", re.IGNORECASE)


def _plain(reply: Reply) -> str | None:
    """Give the best message of a body that is no JSON error: a title, or its text."""
    if 300 <= reply.status < 400:
        return f"redirected to {reply.headers.get('Location', 'nowhere')}"[:200]
    if _is_html(reply):
        title = _TITLE.search(reply.body)
        name = title[1].decode("utf-8", "replace").strip() if title else "untitled"
        return f"a web page answered: {name}"
    if _decoded(reply.body) is not None:
        return None  # JSON of a shape nobody knows may hold anything, even secrets
    return _short(reply.body[:2000].decode("utf-8", "replace").strip()) or None


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


def _retry_after(reply: Reply, now: float) -> float | None:
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
