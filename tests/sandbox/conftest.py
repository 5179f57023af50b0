"""What every test of the sandbox gets."""

from collections.abc import AsyncIterator

import pytest

from tests.support.sandbox_client import Client, started


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Give a client of a well-behaved sandbox with the organization `demo`."""
    async with started() as found:
        yield found
