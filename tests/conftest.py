"""What every test gets, and the bridge that lets aioresponses fake the cloud."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from inspect import signature
from typing import Any, Self
from unittest.mock import Mock

import aiohttp
import pytest
import structlog
from aioresponses import aioresponses
from hypothesis import settings as hypothesis

from bulkrepo.runs import runner
from bulkrepo.sandbox import Sandbox
from tests.support.boxes import ANYTHING
from tests.support.fakes import Hasty

hypothesis.register_profile("here", deadline=None)  # a busy machine is no fault
hypothesis.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.load_profile("ci" if os.environ.get("CI") == "true" else "here")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As in a shell's background job, whose children would ignore it as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: those of workbooks tell the time, and differ."""
    return argname if isinstance(val, bytes) else None


class _Canned(aiohttp.ClientResponse):
    """Bridge for aioresponses 0.7.9 on aiohttp 3.14 (aioresponses issue 289)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "stream_writer" in signature(aiohttp.ClientResponse.__init__).parameters:
            kwargs.setdefault("stream_writer", Mock())
        super().__init__(*args, **kwargs)


class FakeCloud(aioresponses):
    """Answers in place of a server, without a socket."""

    def __enter__(self) -> Self:
        """Take the place of the network."""
        super().__enter__()
        return self

    def add(self, *args: Any, **kwargs: Any) -> None:
        """Add an answer to give, on any aiohttp."""
        super().add(*args, **({"response_class": _Canned} | kwargs))


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    """Give a cloud that answers what is added, and refuses everything else."""
    with FakeCloud() as fake:
        yield fake


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    """Give a well-behaved sandbox in which every organization exists."""
    async with Sandbox(ANYTHING) as found:
        yield found


@pytest.fixture(autouse=True)
def _forget_logging() -> Iterator[None]:
    """Let no test see how another one set up its logs."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a whole run not wait for long: its clock is not for its callers to give."""
    monkeypatch.setattr(runner, "SystemClock", Hasty)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine's proxies stay out of the tests."""
    for name in tuple(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
