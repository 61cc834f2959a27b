"""Recording spans by OpenTelemetry's SDK, and exporting them over OTLP/HTTP.

Imported only while tracing is on. Spans are exported by a thread (a greenlet in a gateway) of the
SDK's. It holds a bounded number of them: while the collector is away or hangs, the oldest are lost.
"""

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import Token
from dataclasses import replace
from os import environ

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.environment_variables import OTEL_BSP_MAX_EXPORT_BATCH_SIZE
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, ParentBasedTraceIdRatio, Sampler
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.domain.errors import DomainError
from app.settings import Settings
from lanes import Span, Stage
from lanes.tracing import TRACEPARENT, Headers, StageSpans, T, TracingError

# Encoding takes 50 µs a span, in which a gateway's loop does nothing else: 3 ms.
EXPORT_BATCH_SPANS = 64

KINDS = {
    Stage.PLACE: SpanKind.PRODUCER,
    Stage.INGEST: SpanKind.CONSUMER,
    Stage.SETTLE: SpanKind.CONSUMER,
    Stage.DEAD_LETTER: SpanKind.CONSUMER,
    Stage.RELAY: SpanKind.PRODUCER,
    Stage.BROADCAST: SpanKind.CONSUMER,
    Stage.PUSH: SpanKind.PRODUCER,
}
# OpenTelemetry's words, where it has one for ours; all others are named as they are.
ATTRIBUTES = {
    "topic": "messaging.destination.name",
    "partition": "messaging.destination.partition.id",
    "offset": "messaging.kafka.offset",
    "key": "messaging.kafka.message.key",
    "records": "messaging.batch.message_count",
    "http_status": "http.response.status_code",
    "bid_id": "bid.id",
    "auction_id": "auction.id",
    "status": "bid.status",
    "code": "bid.code",
}

_CONTEXTS_INSIDE = re.compile(rb'"traceparent":"([^"]+)"')
_w3c = TraceContextTextMapPropagator()


class RecordedSpan(Span):
    """A span of the SDK."""

    def __init__(self, span: trace.Span) -> None:
        self.is_recorded = span.is_recording()
        self._span = span
        self._token: Token[Context] | None = None

    def __enter__(self) -> "RecordedSpan":
        self._token = attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._leave()
        if error is not None:
            self.end(_code(error))

    def annotate(self, **attributes: str | int | None) -> None:
        """Add attributes."""
        self._span.set_attributes(_named(attributes))

    def end(self, error: str = "") -> None:
        """End."""
        if error:
            self._span.set_attribute("error.type", error)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()

    def _leave(self) -> None:
        if self._token is not None:
            detach(self._token)
            self._token = None


class RequestSpan(RecordedSpan):
    """The span of a request, recorded or not: nothing below it may decide otherwise."""

    def end(self, error: str = "") -> None:
        """End, and be current no more."""
        self._leave()
        super().end(error)


class RecordedSpans(StageSpans):
    """The spans of one stage."""

    def __init__(
        self, tracer: trace.Tracer, stage: Stage, attributes: Mapping[str, str | int | None]
    ) -> None:
        self._tracer, self._stage, self._attributes = tracer, stage, attributes
        self._spans: list[RecordedSpan] = []
        self._contexts: list[str] = []

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        for span in self._spans:
            span.end("" if error is None else _code(error))

    def continue_trace(self, traceparent: str | None, **attributes: str | int | None) -> str | None:
        """Begin a span after each of these contexts."""
        if traceparent is None:
            return None
        continued = [self._after(context, attributes) for context in traceparent.split()]
        self._contexts += continued
        return " ".join(continued)

    def continue_traces(self, items: Sequence[T]) -> Sequence[T]:
        """Return the items with the contexts of spans after their own."""
        return [
            item if item.traceparent is None else replace(item, traceparent=self._continue(item))
            for item in items
        ]

    def inject(self, messages: Sequence[T]) -> Sequence[T]:
        """Return the messages with all contexts."""
        if not self._contexts:
            return messages
        return [replace(message, traceparent=" ".join(self._contexts)) for message in messages]

    def continue_traces_in(self, traceparent: str | None, value: bytes) -> bytes:
        """Return the JSON with the newer contexts of the traces named in it."""
        continued = self.continue_trace(traceparent)
        if continued is None:
            return value
        newer = {_trace_id(context): context for context in continued.split()}

        def replaced(found: re.Match[bytes]) -> bytes:
            contexts = found[1].decode(errors="replace").split()
            newest = " ".join(newer.get(_trace_id(context), context) for context in contexts)
            return b'"traceparent":"%s"' % newest.encode()

        return _CONTEXTS_INSIDE.sub(replaced, value)

    def _continue(self, item: T) -> str | None:
        names = ("topic", "partition", "offset")
        return self.continue_trace(
            item.traceparent, **{name: getattr(item, name, None) for name in names}
        )

    def _after(self, context: str, attributes: Mapping[str, str | int | None]) -> str:
        """Begin a span; what cannot be followed, or is not to be recorded here, is passed on."""
        parent = _parent(context)
        if not _is_sampled(parent):
            return context
        span = self._tracer.start_span(
            self._stage,
            parent,
            KINDS[self._stage],
            _named({**self._attributes, **attributes}),
        )
        if not span.is_recording():
            return context
        self._spans.append(RecordedSpan(span))
        return _text(trace.set_span_in_context(span))


class SpanRecorder:
    """Records spans in this process, and in those that are forked from it."""

    def __init__(self, provider: TracerProvider, *, reads_parents: bool = True) -> None:
        """`reads_parents`: whether a client's `traceparent` is read."""
        self._provider, self._reads_parents = provider, reads_parents
        self._tracer = provider.get_tracer("auction-house")

    def begin(self, stage: Stage) -> Span:
        """A span below the current one, or of a new trace."""
        current = trace.get_current_span().get_span_context()
        if current.is_valid and not current.trace_flags.sampled:
            return Span()
        span = self._tracer.start_span(stage, kind=KINDS[stage])
        return RecordedSpan(span) if span.is_recording() else Span()

    def serve(self, name: str, traceparent: str) -> Span:
        """The span of a request, current until it ends."""
        parent = self._client_context(name, traceparent)
        span = RequestSpan(self._tracer.start_span(name, parent, SpanKind.SERVER))
        return span.__enter__()

    def spans(self, stage: Stage, attributes: Mapping[str, str | int | None]) -> StageSpans:
        """The spans of a stage."""
        return RecordedSpans(self._tracer, stage, attributes)

    def headers(self) -> Headers:
        """The current span's context, if it is recorded."""
        if not trace.get_current_span().is_recording():
            return []
        return [(TRACEPARENT, _text(None).encode())]

    def extract(self, headers: Iterable[tuple[str, bytes | None]]) -> str | None:
        """The contexts of sampled traces."""
        values = [value for name, value in headers if name == TRACEPARENT and value is not None]
        given = [value.decode(errors="replace") for value in values]
        parents = [parent for text in given if _is_sampled(parent := _parent(text))]
        return " ".join(map(_text, parents)) or None

    def flush(self, wait_s: float) -> None:
        """Export what has ended, for so long; the rest goes on in the background."""
        _within(wait_s, self._provider.force_flush)

    def stop(self, wait_s: float) -> None:
        """Export what has ended, and nothing after it. What is not through in time is lost."""
        _within(wait_s, self._provider.shutdown)

    def _client_context(self, name: str, traceparent: str) -> Context:
        """The client's span as a parent, sampled or not as our own sampler says of a new trace.

        Not of the client's trace: who may choose its id could have everything recorded.
        """
        parent = _parent(traceparent) if self._reads_parents else Context()
        client = trace.get_current_span(parent).get_span_context()
        if not client.is_valid:
            return Context()
        new_id = self._provider.id_generator.generate_trace_id()
        decided = self._provider.sampler.should_sample(Context(), new_id, name, SpanKind.SERVER)
        is_sampled = decided.decision is Decision.RECORD_AND_SAMPLE
        flags = TraceFlags.SAMPLED if is_sampled else TraceFlags.DEFAULT
        context = SpanContext(
            client.trace_id, client.span_id, is_remote=True, trace_flags=TraceFlags(flags)
        )
        return trace.set_span_in_context(NonRecordingSpan(context), Context())


def make_recorder(settings: Settings, *, process: str) -> SpanRecorder:
    """Record spans of a process of this kind, and export them as the environment says.

    Raises TracingError when it cannot be obeyed.
    """
    try:
        provider = _exporting_provider(settings, process)
    except (ValueError, OSError) as error:
        raise TracingError(f"spans cannot be exported: {error}") from error
    return SpanRecorder(provider, reads_parents=settings.reads_traceparent)


def _exporting_provider(settings: Settings, process: str) -> TracerProvider:
    given = OTELResourceDetector().detect().attributes
    ours = {
        "service.name": process,
        "service.namespace": "auction-house",
        "auction.process": settings.process_name or process,
    }
    provider = TracerProvider(
        sampler=_sampler(settings),
        resource=Resource.create({**ours, **given}),
        shutdown_on_exit=False,  # it waits for half a minute: see stop_tracing
    )
    batch = None if OTEL_BSP_MAX_EXPORT_BATCH_SIZE in environ else EXPORT_BATCH_SPANS
    exporter = OTLPSpanExporter()
    provider.add_span_processor(BatchSpanProcessor(exporter, max_export_batch_size=batch))
    return provider


def _within(seconds: float, act: Callable[[], object]) -> None:
    """Wait no longer for an act of the SDK, which heeds no timeout of ours."""
    acting = threading.Thread(target=act, daemon=True)
    acting.start()
    acting.join(seconds)


def _sampler(settings: Settings) -> Sampler | None:
    """None: the one that the SDK reads from OTEL_TRACES_SAMPLER."""
    if settings.otel_traces_sampler:
        return None
    return ParentBasedTraceIdRatio(settings.otel_traces_sampler_arg)


def _parent(traceparent: str) -> Context:
    """The context that W3C's text names; an empty one when it is not W3C's."""
    return _w3c.extract({TRACEPARENT: traceparent}, Context())


def _is_sampled(context: Context) -> bool:
    found = trace.get_current_span(context).get_span_context()
    return found.is_valid and found.trace_flags.sampled


def _text(context: Context | None) -> str:
    """The context of the span in `context`, or of the current one, as W3C writes it."""
    carrier: dict[str, str] = {}
    _w3c.inject(carrier, context)
    return carrier[TRACEPARENT]


def _trace_id(traceparent: str) -> str:
    return traceparent.partition("-")[2].partition("-")[0]


def _named(attributes: Mapping[str, str | int | None]) -> dict[str, str | int]:
    return {
        ATTRIBUTES.get(name, name): value for name, value in attributes.items() if value is not None
    }


def _code(error: BaseException) -> str:
    return error.code if isinstance(error, DomainError) else type(error).__name__
