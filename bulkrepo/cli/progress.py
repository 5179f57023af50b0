"""Edge. What a person sees of a run while it goes on."""

import math
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, TextIO

import structlog
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

from bulkrepo.cli.logs import current
from bulkrepo.cli.summary import WIDTH
from bulkrepo.core.text import escape

_EVERY = 10.0  # seconds between two progress events
_REDRAW = 0.1  # seconds between two looks of the bar at the numbers


class Progress:
    """
    A run's progress: a bar on a terminal, otherwise an event every ten seconds.

    *total* may be unknown (`None`). *clock* gives monotonic seconds. With *quiet*
    nothing is shown. Inside the context, log lines for standard error go above the
    bar. If the terminal is closed meanwhile, nothing is shown and nothing fails.
    """

    def __init__(
        self,
        *,
        total: int | None,
        terminal: bool,
        quiet: bool = False,
        stderr: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total = total
        self._clock = clock
        self._log = None if terminal or quiet else structlog.get_logger()
        self._bar = _bar(stderr, clock) if terminal and not quiet else None
        self._task = self._bar.add_task("", total=total, text="") if self._bar else None
        self._shown = clock()
        self._kept: tuple[int, int, float, str | None] | None = None

    def __enter__(self) -> Self:
        if self._bar is not None:
            control = current()
            if control is not None:
                control.divert(self._above)
            with suppress(OSError):  # the terminal was closed meanwhile
                self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._draw()
            with suppress(OSError):
                self._bar.stop()
            control = current()
            if control is not None:
                control.divert(None)

    def update(
        self,
        *,
        done: int,
        failed: int = 0,
        rate: float = 0.0,
        waiting: str | None = None,
    ) -> None:
        """
        Take the rows *done* so far, how many of them *failed*, and the rows a second.

        *waiting* says why nothing moves, such as throttling. Cheap enough to call for
        every row: most calls only store the numbers.
        """
        now = self._clock()
        if self._log is not None:
            if now - self._shown >= _EVERY:
                self._shown = now
                self._log.info(
                    "run.progressed",
                    done=done,
                    total=self._total,
                    failed=failed,
                    rate=round(rate, 1),
                    left_s=_seconds_left(done, self._total, rate),
                    waiting=waiting,
                )
        elif self._bar is not None:
            self._kept = (done, failed, rate, waiting)
            if now - self._shown >= _REDRAW:
                self._shown = now
                self._draw()

    def _draw(self) -> None:
        if self._bar is not None and self._task is not None and self._kept is not None:
            done, failed, rate, waiting = self._kept
            text = status(
                done=done, total=self._total, failed=failed, rate=rate, waiting=waiting
            )
            self._bar.update(self._task, completed=done, text=text)

    def _above(self, line: str) -> None:
        if self._bar is not None:
            text = Text.from_ansi(line.rstrip("\n"))
            with suppress(OSError):
                self._bar.console.print(text, soft_wrap=True)


def width(stream: TextIO) -> int:
    """Return the line width of *stream* in characters, within reasonable bounds."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # not a terminal
        columns = 0
    return min(max(columns, 40), WIDTH) if columns else WIDTH


def status(
    *, done: int, total: int | None, failed: int, rate: float, waiting: str | None
) -> str:
    """Return the text beside the bar, such as `40/145  12.5/s  1 failed  8s left`."""
    parts = [f"{done}/{total}" if total is not None else f"{done}"]
    if rate > 0:
        parts.append(f"{rate:.1f}/s")
    if failed:
        parts.append(f"{failed} failed")
    if waiting:
        parts.append(escape(waiting))
    left = _seconds_left(done, total, rate)
    if left:
        parts.append(f"{_duration(left)} left")
    return "  ".join(parts)


def _seconds_left(done: int, total: int | None, rate: float) -> int | None:
    if total is None or rate <= 0:
        return None
    return math.ceil(max(total - done, 0) / rate)


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


def _bar(stderr: TextIO | None, clock: Callable[[], float]) -> Bar:
    console = Console(
        file=sys.stderr if stderr is None else stderr,
        force_terminal=True,
        highlight=False,
        markup=False,
        emoji=False,
    )
    return Bar(
        BarColumn(),
        TextColumn("{task.fields[text]}", markup=False),
        console=console,
        get_time=clock,
        transient=True,  # the summary takes its place
        redirect_stdout=False,  # a report may be going there
        redirect_stderr=False,
    )
