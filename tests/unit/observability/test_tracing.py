"""Tracing: spans, sampling, and no effect while it is off."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBasedTraceIdRatio, Sampler

from app.domain.errors import BusyError
from app.observability.spans import SpanRecorder
from app.settings import SettingsError, read_settings
from lanes import tracing
from lanes.tracing import TRACEPARENT, Stage
from tests.unit.protocol.test_settings import GOOD

TRACE, CLIENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE}-{CLIENT}-01"
UNSAMPLED = f"00-{TRACE}-{CLIENT}-00"
OTHER = f"00-{'a' * 32}-{'b' * 16}-01"
ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}

# Redis's client imports what the SDK has for metrics, wherever it is installed.
IMPORTED = """
import sys
import wsgi, workers.celery_app, bridge.__main__
tracing = ("opentelemetry.sdk.trace", "opentelemetry.exporter", "app.observability.spans")
print([name for name in sys.modules if name.startswith(tracing)])
"""


@dataclass(frozen=True, slots=True)
class Item:
    topic: str
    offset: int
    traceparent: str | None


class Spans:
    """The spans that this process records."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()

    def record(self, sampler: Sampler) -> None:
        provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        tracing.record_with(SpanRecorder(provider))

    @property
    def ended(self) -> tuple[ReadableSpan, ...]:
        return self._exporter.get_finished_spans()


@pytest.fixture
def spans() -> Iterator[Spans]:
    """Sample everything by default."""
    recorded = Spans()
    recorded.record(ParentBasedTraceIdRatio(1.0))
    yield recorded
    tracing.record_with(None)


def context(span: ReadableSpan) -> str:
    found = span.get_span_context()
    assert found is not None
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"


def parent(span: ReadableSpan) -> str:
    return "" if span.parent is None else f"{span.parent.span_id:016x}"


def modules(**changes: str) -> str:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        (sys.executable, "-c", IMPORTED),
        env={**plain, **GOOD, **changes},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_without_tracing_no_process_imports_opentelemetry_sdk() -> None:
    assert modules() == "[]"
    assert modules(**ENDPOINT, OTEL_SDK_DISABLED="true") == "[]"


def test_without_tracing_no_record_has_a_header() -> None:
    items = [Item("bids", 1, SAMPLED)]
    with tracing.begin(Stage.PLACE) as span, tracing.spans(Stage.SETTLE) as stage:
        assert not span.is_recorded
        assert tracing.current_headers() == []
        assert tracing.extract([(TRACEPARENT, SAMPLED.encode())]) is None
        assert stage.continue_traces(items) is items
        assert stage.inject(items) is items
        assert stage.continue_traces_in(SAMPLED, b"{}") == b"{}"


@pytest.mark.parametrize(
    ("changes", "is_traced"),
    [
        ({}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_SERVICE_NAME": "house", "OTEL_TRACES_SAMPLER": "always_on"}, False),
    ],
)
def test_the_standard_variables_switch_tracing_on(
    changes: dict[str, str],
    is_traced: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert read_settings({**GOOD, **changes}).is_traced is is_traced


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_TRACES_EXPORTER", "zipkin"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_SAMPLER", "some"), ("OTEL_TRACES_SAMPLER_ARG", "1.1"),
        ("OTEL_TRACES_SAMPLER_ARG", "few"),
    ],
)  # fmt: skip
def test_an_unsupported_variable_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({**GOOD, name: value})


def test_a_span_is_a_child_and_records_its_error(spans: Spans) -> None:
    sent: list[tuple[str, bytes]] = []

    def refuse() -> None:
        with tracing.begin(Stage.PLACE):
            sent.extend(tracing.current_headers())
            raise BusyError("no broker")

    request = tracing.serve("POST /api/x", "")
    with pytest.raises(BusyError):
        refuse()
    request.end()
    placed, served = spans.ended
    assert sent == [(TRACEPARENT, context(placed).encode())]
    assert parent(placed) == context(served).split("-")[2]
    assert not placed.status.is_ok
    assert placed.attributes == {"error.type": "BUSY"}
    assert tracing.current_headers() == []


def test_each_stage_is_the_child_of_the_one_that_its_item_names(spans: Spans) -> None:
    items = [Item("bids", 1, SAMPLED), Item("bids", 2, None), Item("bids", 3, f"{OTHER} {SAMPLED}")]
    with tracing.spans(Stage.INGEST) as stage:
        first, second, third = stage.continue_traces(items)
        (message,) = stage.inject([Item("events", 0, None)])
    assert second is items[1]
    ended = spans.ended
    assert first.traceparent == context(ended[0])
    assert third.traceparent == f"{context(ended[1])} {context(ended[2])}"
    assert [parent(one) for one in ended] == [CLIENT, "b" * 16, CLIENT]
    assert message.traceparent == f"{first.traceparent} {third.traceparent}"
    assert [one.attributes and one.attributes["messaging.kafka.offset"] for one in ended] == [
        1, 3, 3,
    ]  # fmt: skip


def test_headers_that_are_not_w3cs_or_not_sampled_are_no_context(spans: Spans) -> None:
    bad = [
        None,
        b"",
        b"\x00",
        b"\xff" * 55,
        UNSAMPLED.encode(),
        SAMPLED.encode() + b"\x00",
        b"a" * 9_999,
    ]
    headers = [(TRACEPARENT, one) for one in bad]
    assert tracing.extract([*headers, ("other", SAMPLED.encode())]) is None
    good = [(TRACEPARENT, SAMPLED.encode()), (TRACEPARENT, OTHER.encode())]
    assert tracing.extract([*headers, *good]) == f"{SAMPLED} {OTHER}"
    assert tracing.headers_of(tracing.extract(good)) == good


def test_only_contexts_are_replaced_in_what_is_published(spans: Spans) -> None:
    value = b'{"key":"%s","x":[{"traceparent":"%s"},{"traceparent":"%s"}]}'
    names = (SAMPLED.encode(), SAMPLED.encode(), OTHER.encode())
    with tracing.spans(Stage.BROADCAST) as stage:
        published = stage.continue_traces_in(SAMPLED, value % names)
    (span,) = spans.ended
    assert published == value % (names[0], context(span).encode(), names[2])


def served(traceparent: str) -> bool:
    """Whether a request is recorded; a bid below it must be, or not be, likewise."""
    request = tracing.serve("POST /api/x", traceparent)
    with tracing.begin(Stage.PLACE) as bid:
        assert bool(tracing.current_headers()) is bid.is_recorded is request.is_recorded
        bid.end()
    request.end()
    return request.is_recorded


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_clients_trace_is_continued_but_not_its_sampling(spans: Spans, flags: str) -> None:
    assert served(f"00-{TRACE}-{CLIENT}-{flags}")
    assert {context(one).split("-")[1] for one in spans.ended} == {TRACE}
    assert parent(spans.ended[-1]) == CLIENT


@pytest.mark.parametrize("traceparent", ["", SAMPLED, UNSAMPLED, f"00-{'0' * 31}1-{CLIENT}-01"])
def test_a_client_cannot_raise_the_sampling_rate(spans: Spans, traceparent: str) -> None:
    spans.record(ParentBasedTraceIdRatio(0.0))
    assert not any(served(traceparent) for _ in range(100))
    spans.record(ParentBasedTraceIdRatio(0.5))
    assert 400 < sum(served(traceparent) for _ in range(1_000)) < 600
    spans.record(ALWAYS_ON)
    assert all(served(traceparent) for _ in range(10))
