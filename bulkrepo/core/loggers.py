"""Shell. Where events go: to the program's callback, and to structlog if configured."""

import logging
from collections.abc import Callable
from inspect import iscoroutinefunction

import structlog
from structlog.typing import FilteringBoundLogger

from bulkrepo.core.rows import Event, SettingsError

_SILENT = structlog.make_filtering_bound_logger(logging.CRITICAL)
"""Above all our levels: structlog would print to standard output by default."""


def logger() -> FilteringBoundLogger:
    """Give a logger, silent unless the program has configured structlog."""
    if structlog.is_configured():
        made: FilteringBoundLogger = structlog.get_logger()
        return made
    silent: FilteringBoundLogger = structlog.wrap_logger(None, wrapper_class=_SILENT)
    return silent


class Teller:
    """
    Calls *on_event* until that raises; then *stop* is called, and *on_event* no more.

    `check`, at the end of the run, raises the same error. `SettingsError` for a
    callback that would have to be awaited.
    """

    def __init__(
        self,
        on_event: Callable[[Event], None] | None,
        stop: Callable[[str], None],
    ) -> None:
        if iscoroutinefunction(on_event):
            raise SettingsError("on_event: wants a plain function, nobody awaits it")
        self.on_event = on_event
        self._stop = stop
        self._error: Exception | None = None

    def __call__(self, event: Event) -> None:
        """Tell of *event*."""
        if self.on_event is not None:
            try:
                self.on_event(event)
            except Exception as error:  # noqa: BLE001 - a stranger's; raised later
                self.on_event, self._error = None, error
                self._stop(f"on_event raised {error!r}")

    def check(self) -> None:
        """Raise what *on_event* raised, if it did."""
        if self._error is not None:
            raise self._error
