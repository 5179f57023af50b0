"""
Edge. An SWR and IAM on localhost that misbehaves on request.

It was written from the service's documentation alone and imports nothing of ours, so
that client and sandbox cannot share a mistake. `service` decides what a request is
answered, without a socket; `server` owns the socket.

    async with Sandbox(Settings(organizations=("demo",), error_rate=0.1)) as box:
        ...  # talk to box.url, then look at box.repositories
"""

from bulkrepo.sandbox.server import Sandbox, application, serve
from bulkrepo.sandbox.settings import Settings

__all__ = ["Sandbox", "Settings", "application", "serve"]
