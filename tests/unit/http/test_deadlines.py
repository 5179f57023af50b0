"""Deadlines that share a timer."""

import asyncio
from collections.abc import Iterator

import pytest

from bulkrepo.http.deadlines import DeadlineTimer


@pytest.fixture
def overdue() -> Iterator[DeadlineTimer]:
    """Give deadlines of a hundredth of a second."""
    shared = DeadlineTimer(0.01)
    yield shared
    shared.close()


async def _wait(overdue: DeadlineTimer, gate: asyncio.Event) -> str:
    """Wait at *gate* as a request does for its answer."""
    task = asyncio.current_task()
    assert task is not None
    overdue.begin(task)
    try:
        await gate.wait()
    except asyncio.CancelledError:
        if not overdue.ours(task):
            raise
        return "overdue"
    finally:
        overdue.end(task)
    return "answered"


async def test_each_request_has_its_own_time(overdue: DeadlineTimer) -> None:
    """Those that are answered live on; the others end, also in a later round."""
    good, never = asyncio.Event(), asyncio.Event()
    waits = [asyncio.create_task(_wait(overdue, never)) for _ in range(3)]
    quick = asyncio.create_task(_wait(overdue, good))
    await asyncio.sleep(0)
    good.set()

    assert await quick == "answered"
    assert await asyncio.gather(*waits) == ["overdue"] * 3
    assert await asyncio.create_task(_wait(overdue, never)) == "overdue"


async def test_a_task_goes_on_after_a_request_that_was_overdue(
    overdue: DeadlineTimer,
) -> None:
    """The cancellation was ours, and nothing of it is left."""
    never = asyncio.Event()

    assert await _wait(overdue, never) == "overdue"
    assert await _wait(overdue, never) == "overdue"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_cancellation_of_somebody_else_passes(overdue: DeadlineTimer) -> None:
    """Ctrl-C is no timeout."""
    wait = asyncio.create_task(_wait(overdue, asyncio.Event()))
    await asyncio.sleep(0)
    wait.cancel()

    with pytest.raises(asyncio.CancelledError):
        await wait
