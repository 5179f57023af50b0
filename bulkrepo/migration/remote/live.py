"""
Wiring. The pages of a live registry, as documents of a listing.

The caller is not asynchronous: an event loop runs only while a page is waited for.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from bulkrepo.core.system_clock import SystemClock
from bulkrepo.core.version import VERSION
from bulkrepo.http.client import Client
from bulkrepo.http.tls import trusted
from bulkrepo.migration.listings.document_reader import Document
from bulkrepo.migration.remote import (
    credential_helpers,
    docker_credentials,
    pagination,
    products,
    urls,
)
from bulkrepo.migration.remote.fetcher import RegistryFetcher

_TIMEOUT = 60.0
"""Seconds for a page: a catalog may take long to put together."""


@contextmanager
def listed(
    source: str,
    *,
    registry: str | None,
    cacert: str | None,
    environment: Mapping[str, str],
    say: Callable[[str], object] | None,
) -> Iterator[Iterator[Document]]:
    """
    Give the pages that the registry at the URL *source* lists, read one by one.

    *say* is told which product it is, and which credential is used. Raises
    SettingsError or StoppedError where it cannot be listed.
    """
    place = urls.place(source)

    def login(
        product: products.RegistryProduct,
    ) -> docker_credentials.RegistryLogin | None:
        said = docker_credentials.from_environment(environment)
        if said is not None or not product.docker:
            return said
        for docker in credential_helpers.configurations(environment):
            found = docker_credentials.from_docker(
                place.host, docker, credential_helpers.helper
            )
            if found is not None:
                return found
        return None

    client = Client(
        place.origin,
        timeout=_TIMEOUT,
        connections=1,
        user_agent=f"bulkrepo/{VERSION}",
        tls=trusted(cacert),
    )
    with asyncio.Runner() as runner:
        runner.run(client.__aenter__())
        try:
            fetching = RegistryFetcher(
                client, place, registry=registry, login=login, clock=SystemClock()
            )
            pages = runner.run(fetching.begin())
            if say is not None:
                say(f"{fetching.told}\n")
            yield _documents(runner, fetching, pages)
        finally:
            runner.run(client.__aexit__(None, None, None))


def _documents(
    runner: asyncio.Runner, fetching: RegistryFetcher, pages: pagination.Conversation
) -> Iterator[Document]:
    try:
        step = next(pages, None)
        while step is not None:
            if isinstance(step, str):
                step = pages.send(runner.run(fetching.page(step)))
            else:
                yield step
                step = next(pages, None)
    except StopIteration:
        return
    except pagination.RefusedError as error:
        raise fetching.refusal(error.url, error.reply, less=error.less) from None
