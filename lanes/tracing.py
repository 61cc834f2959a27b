"""One trace of a record over all processes.

The context of a span travels as the text of W3C's `traceparent`: in headers of Kafka, in rows of
the inbox and the outbox, in the outcomes of an event. Several, those of a batch, are separated by
spaces. Only a sampled trace has one. While tracing is off, as it is by default, nothing of
OpenTelemetry is imported, and everything here ends with one comparison.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, Protocol, Self, TypeVar

from lanes.errors import LanesError

TRACEPARENT = "traceparent"

Headers = list[tuple[str, bytes]]
"""As Kafka's client takes and gives them."""


class Stage(StrEnum):
    """The spans on the way of a bid, beside that of a request."""

    PLACE = "bid.place"  # the frame, or the request, until Kafka has acknowledged the record
    INGEST = "ingest"  # the record, until it is in the inbox
    SETTLE = "settle"  # read from the inbox, until what was decided is committed
    DEAD_LETTER = "dead_letter"  # instead of it, until that is committed
    RELAY = "relay"  # read from the outbox, until Kafka has acknowledged the message
    BROADCAST = "broadcast"  # the message, until Redis has it
    PUSH = "bid.push"  # the outcome, until it is given to the sockets of its bidder


class TracingError(LanesError):
    """Spans cannot be exported as the environment says; the message is one line."""


class Traced(Protocol):
    """A frozen dataclass that carries the contexts of the traces it belongs to."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def traceparent(self) -> str | None:
        """Contexts, or None."""


T = TypeVar("T", bound=Traced)


class Span:
    """One span. This one belongs to no trace, and does nothing."""

    is_recorded: bool = False

    def __enter__(self) -> Self:
        """Be the parent of what begins inside, and of the records that are appended."""
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """End only when an error was raised."""

    def annotate(self, **attributes: str | int | None) -> None:
        """Add what is known, under the words of spans.py; None is left out."""

    def end(self, error: str = "") -> None:
        """End, once, with the code of what went wrong."""


class StageSpans:
    """The spans of one stage, one for each trace that passes it; they end when it is left.

    This one has none, and leaves everything as it is.
    """

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """End all, with the error that was raised."""

    def continue_trace(self, traceparent: str | None, **_: str | int | None) -> str | None:
        """Begin a span after each of these contexts; return the contexts of the new spans."""
        return traceparent

    def continue_traces(self, items: Sequence[T]) -> Sequence[T]:
        """Return the items, each with the contexts of the spans begun after its own."""
        return items

    def inject(self, messages: Sequence[T]) -> Sequence[T]:
        """Return the messages with the contexts of all spans begun here."""
        return messages

    def continue_traces_in(self, traceparent: str | None, value: bytes) -> bytes:  # noqa: ARG002
        """Continue these traces; return the JSON with their contexts replaced in it."""
        return value


class Recorder(Protocol):
    """Records spans, by OpenTelemetry or otherwise; installed by `record_with`."""

    def begin(self, stage: Stage) -> Span:
        """A span below the current one, or of a new trace."""
        ...

    def serve(self, name: str, traceparent: str) -> Span:
        """The span of a client's request, current until it ends."""
        ...

    def spans(self, stage: Stage, attributes: Mapping[str, str | int | None]) -> StageSpans:
        """The spans of a stage."""
        ...

    def headers(self) -> Headers:
        """The current span's context, if it is recorded."""
        ...

    def extract(self, headers: Iterable[tuple[str, bytes | None]]) -> str | None:
        """The contexts of sampled traces in the headers of a record."""
        ...

    def flush(self, wait_s: float) -> None:
        """Export what has ended."""

    def stop(self, wait_s: float) -> None:
        """Export what has ended, and nothing after it."""


EXPORT_WAIT_S = 2.0  # for a collector that does not answer, at the end of a process

_NO_SPAN = Span()
_NO_SPANS = StageSpans()
_recorder: Recorder | None = None


def record_with(recorder: Recorder | None) -> Recorder | None:
    """Record spans in this process with `recorder` from now on; return the one before."""
    global _recorder
    before, _recorder = _recorder, recorder
    return before


def flush_tracing() -> None:
    """Export what has ended, waiting EXPORT_WAIT_S at most: before the process may be killed."""
    if _recorder is not None:
        _recorder.flush(EXPORT_WAIT_S)


def stop_tracing() -> None:
    """Export what has ended, waiting EXPORT_WAIT_S at most: before the process ends."""
    recorder = record_with(None)
    if recorder is not None:
        recorder.stop(EXPORT_WAIT_S)


def is_tracing() -> bool:
    """Return whether this process records spans."""
    return _recorder is not None


def begin(stage: Stage) -> Span:
    """Begin a span below the current one; without one, whether to record is the sampler's say."""
    return _NO_SPAN if _recorder is None else _recorder.begin(stage)


def serve(name: str, traceparent: str) -> Span:
    """Begin the span of a request, current until it ends; a valid `traceparent` is its parent."""
    return _NO_SPAN if _recorder is None else _recorder.serve(name, traceparent)


def spans(stage: Stage, **attributes: str | int | None) -> StageSpans:
    """The spans of a stage, all with these attributes."""
    return _NO_SPANS if _recorder is None else _recorder.spans(stage, attributes)


def current_headers() -> Headers:
    """Return the headers of a record appended now: none unless the current span is recorded."""
    return [] if _recorder is None else _recorder.headers()


def extract(headers: Iterable[tuple[str, bytes | None]]) -> str | None:
    """Return the contexts in the headers of a record; those not in W3C's format or not sampled are
    left out."""
    return None if _recorder is None else _recorder.extract(headers)


def headers_of(traceparent: str | None) -> Headers:
    """Return the headers of a record with these contexts, one for each."""
    if traceparent is None:
        return []
    return [(TRACEPARENT, context.encode()) for context in traceparent.split()]
