"""Shell. Where events go: to structlog, as it is set up, and else nowhere."""

import logging

import structlog
from structlog.typing import FilteringBoundLogger

_SILENT = structlog.make_filtering_bound_logger(logging.CRITICAL)
"""Above every level of ours. structlog by itself would print to standard output."""


def logger() -> FilteringBoundLogger:
    """Give a logger. A program that has not set structlog up wants no log."""
    if structlog.is_configured():
        made: FilteringBoundLogger = structlog.get_logger()
        return made
    silent: FilteringBoundLogger = structlog.wrap_logger(None, wrapper_class=_SILENT)
    return silent
