"""The program's callback for events, called until it raises."""

from collections.abc import Callable
from inspect import iscoroutinefunction

from bulkrepo.core.errors import SettingsError
from bulkrepo.core.results import Event


class EventCallback:
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
