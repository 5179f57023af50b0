"""The logger: structlog's if the program has configured it, else silent."""

import logging

import structlog
from structlog.typing import FilteringBoundLogger

_SILENT = structlog.make_filtering_bound_logger(logging.CRITICAL)
"""Above all our levels: structlog would print to standard output by default."""


def logger() -> FilteringBoundLogger:
    """Give a logger, silent unless the program has configured structlog."""
    if structlog.is_configured():
        made: FilteringBoundLogger = structlog.get_logger()
        return made
    silent: FilteringBoundLogger = structlog.wrap_logger(None, wrapper_class=_SILENT)
    return silent
