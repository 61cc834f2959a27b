"""Structured logs: one JSON line an event, static names, ids instead of objects."""

import logging
import sys

import msgspec
import structlog


def configure_logging(level: str, *, process: str) -> None:
    """Log from `level` up to standard error as JSON lines that name the `process`."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s", force=True)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_render),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def _render(event: object, **_: object) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
