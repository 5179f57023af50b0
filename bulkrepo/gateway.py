"""Shell. Where requests go, as those who send them see it."""

from collections.abc import Mapping
from typing import Protocol

from bulkrepo.wire import NoReply, Reply, Request


class Gateway(Protocol):
    """Where requests go: to SWR, and those that say so to IAM."""

    async def send(
        self, request: Request, headers: Mapping[str, str]
    ) -> Reply | NoReply:
        """Send one request; what goes wrong is a value."""
        ...
