"""Structured logs: one JSON line an event, static names, ids instead of objects."""

import logging
import sys

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger


def configure_logging(level: str, *, process: str) -> None:
    """Log from `level` up to standard error as JSON lines that name the `process`."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s", force=True)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _named(process),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_render),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _named(process: str) -> Processor:
    """Adds the process, in every thread and greenlet."""

    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {"process": process, **event}

    return add


def _render(event: object, **_: object) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
