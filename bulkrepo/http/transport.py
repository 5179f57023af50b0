"""Shell. The interface through which requests are sent."""

from collections.abc import Mapping
from typing import Protocol

from bulkrepo.http.messages import Request, Response, TransportFailure


class Transport(Protocol):
    """Sends requests to SWR, or to IAM if the request says so."""

    async def send(
        self, request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        """Send one request; a failure is returned, not raised."""
        ...
