"""A handle to stop a run from outside."""

from bulkrepo.core.errors import StoppedError
from bulkrepo.engine.scheduler import Engine


class Control:
    """A handle to stop a run in progress from outside."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._stop: tuple[str, int] | None = None

    @property
    def sending(self) -> bool:
        """Whether the lists are read and the first request may have been sent."""
        return self._engine is not None

    def stop(self, reason: str, *, exit_code: int = 3) -> None:
        """Start no more rows, finish those in flight, write the reports, end."""
        self._stop = self._stop or (reason, exit_code)
        if self._engine is not None:
            self._engine.stop(reason, exit_code=exit_code)

    def check(self) -> None:
        """Raise StoppedError if the run was stopped before it had an engine."""
        if self._stop is not None:
            error = StoppedError(f"{self._stop[0]}; nothing was sent")
            error.exit_code = self._stop[1]  # type: ignore[misc]  # this one's own
            raise error

    def steer(self, engine: Engine) -> None:
        """Make `stop` stop *engine*."""
        self.check()
        self._engine = engine
