"""Tracing of this process, by OpenTelemetry (docs/tracing.md)."""

from app.settings import Settings
from lanes.tracing import record_with


def configure_tracing(settings: Settings, *, process: str) -> None:
    """Trace in this process, if the environment says so; `process` is its kind.

    To be called once, before the first span; a Celery worker's children inherit it. Raises
    TracingError.
    """
    if settings.is_traced:
        from app.observability.spans import make_recorder  # noqa: PLC0415 - nothing when off

        record_with(make_recorder(settings, process=process))
