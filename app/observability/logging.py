"""Structured logs: one JSON line an event, static names, ids instead of objects.

What libraries say goes the same way, from WARNING up, and never in floods.
"""

import logging
import logging.config
import os
import sys
import time
from typing import Final

import msgspec
import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_logger_name
from structlog.typing import EventDict, Processor, WrappedLogger

# While a broker is away its client logs the same line many times a second.
REPEAT_AFTER_S = 10.0


class Seldom(logging.Filter):
    """Lets each call site in a library log once in REPEAT_AFTER_S; `held_back` counts the lines
    between."""

    def __init__(self) -> None:
        super().__init__()
        self._call_sites: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to let it through."""
        call_site, now = (record.pathname, record.lineno), time.monotonic()
        logged_at, held_back = self._call_sites.get(call_site, (-REPEAT_AFTER_S, 0))
        if now - logged_at < REPEAT_AFTER_S:
            self._call_sites[call_site] = (logged_at, held_back + 1)
            return False
        self._call_sites[call_site] = (now, 0)
        record.held_back = held_back
        return True


def configure_logging(level: str, *, process: str) -> None:
    """Log from `level` up to standard error as JSON lines that name the `process`."""
    _configure_libraries(_annotated(process), RENDERED)
    structlog.configure(
        processors=json_lines(process),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        # One write a line, so that threads and processes do not cut each other short.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def json_lines(process: str) -> list[Processor]:
    """Make each event a JSON line that names the `process`, the level and the time."""
    return [*_annotated(process), *RENDERED]


def _annotated(process: str) -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        _named(process),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _configure_libraries(ours: list[Processor], rendered: list[Processor]) -> None:
    json_lines = {
        "()": ProcessorFormatter,
        "foreign_pre_chain": [*ours, add_logger_name, ExtraAdder(["held_back"])],
        "processors": [ProcessorFormatter.remove_processors_meta, *rendered],
    }
    handler = {"class": "logging.StreamHandler", "formatter": "json"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"seldom": {"()": Seldom}},
            "formatters": {"json": json_lines},
            "handlers": {"all": handler, "seldom": {**handler, "filters": ["seldom"]}},
            "root": {"level": "WARNING", "handlers": ["all"]},
            "loggers": {
                "kafka": {"handlers": ["seldom"], "propagate": False},
                # Likewise for a collector, and for headers that any client may send.
                "opentelemetry": {"handlers": ["seldom"], "propagate": False},
                # It leaves the logger tree, and logs its workers' starts and ends.
                "gunicorn.error": {"level": "INFO", "handlers": ["all"], "propagate": False},
            },
        }
    )
    logging.captureWarnings(True)  # noqa: FBT003 - not ours


def _named(process: str) -> Processor:
    """Adds the process, in every thread and greenlet."""

    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {"process": process, "pid": os.getpid(), **event}

    return add


def _render(event: object, **_: object) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


RENDERED: Final[list[Processor]] = [
    structlog.processors.format_exc_info,
    structlog.processors.JSONRenderer(serializer=_render),
]
