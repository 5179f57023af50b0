"""Times as HTTP headers and RFC 3339 write them."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bulkrepo.http.messages import Response


def server_time(reply: Response) -> float | None:
    """Give the server's own clock as epoch seconds, from the `Date` header."""
    when = http_date(reply.headers.get("Date"))
    return None if when is None else when.timestamp()


def http_date(value: str | None) -> datetime | None:
    """Give the time that a header says, aware; one without a zone is UTC."""
    if value is None:
        return None
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year of twenty digits overflows
        return None
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)


_STAMP = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$")


def moment(value: object) -> float | None:
    """
    Give an RFC 3339 time as epoch seconds, with 0 to 9 fraction digits; else `None`.

    A time without a zone is UTC, as SWR's are.
    """
    match = _STAMP.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    zone = "+00:00" if match[3] in (None, "Z") else match[3]
    try:
        whole = datetime.fromisoformat(match[1] + zone).timestamp()
    except ValueError:
        return None
    return whole + float(match[2] or 0)
