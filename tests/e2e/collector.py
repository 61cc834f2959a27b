"""A collector of OTLP over HTTP: it decodes the spans that it receives."""

import socket
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status

from stack.ports import HOST
from tests.waiting import wait_until

PATH = "/v1/traces"


@dataclass(frozen=True, slots=True)
class Received:
    """A span as it came; ids in hexadecimal, `parent` empty for the first of a trace."""

    trace: str
    id: str
    parent: str
    name: str
    kind: str
    started_ns: int
    ended_ns: int
    has_failed: bool
    attributes: dict[str, str | int]
    service: str
    process: str


class Collector:
    """Everything that came, oldest first."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{HOST}:{port}"
        self.spans: list[Received] = []

    @classmethod
    @contextmanager
    def open(cls) -> Iterator["Collector"]:
        """A collector on a port of its own, until left."""
        with ThreadingHTTPServer((HOST, 0), _Handler) as server:
            collector = cls(server.server_port)
            _Handler.collector = collector
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield collector
            finally:
                server.shutdown()
                thread.join()

    def add(self, request: bytes) -> None:
        """Decode a request. Raises DecodeError."""
        decoded = ExportTraceServiceRequest.FromString(request)
        self.spans += [span for group in decoded.resource_spans for span in _received(group)]

    def trace_of(self, bid_id: str, *, until: Collection[str]) -> dict[str, Received]:
        """The spans of a bid's trace by their names, once those called `until` are there."""
        bids = ("bid.id", bid_id)
        wait_until(
            lambda: any(bids in one.attributes.items() for one in list(self.spans)),
            what=f"a span of {bid_id}",
        )
        (trace,) = {one.trace for one in self.spans if bids in one.attributes.items()}
        return self.trace(trace, until=until)

    def trace(self, trace: str, *, until: Collection[str]) -> dict[str, Received]:
        """Return the spans of a trace by name, once those called `until` have arrived.

        Of two with one name it is that which others came from: a batch that another owner has taken
        meanwhile leaves a span from which nothing comes.
        """

        def found() -> dict[str, Received]:
            spans = [one for one in list(self.spans) if one.trace == trace]
            parents = {one.parent for one in spans}
            spans.sort(key=lambda one: one.id in parents)
            return {one.name: one for one in spans}

        wait_until(lambda: set(until) <= found().keys(), what=f"{sorted(until)} in {trace}")
        return found()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    collector: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_ours = self.path == PATH and self.headers["Content-Type"] == "application/x-protobuf"
        if is_ours:
            self.collector.add(body)
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200 if is_ours else 404)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's word
        """Nothing."""


def _received(group: ResourceSpans) -> Iterator[Received]:
    resource = _values(group.resource.attributes)
    for scope in group.scope_spans:
        for span in scope.spans:
            yield Received(
                trace=span.trace_id.hex(),
                id=span.span_id.hex(),
                parent=span.parent_span_id.hex(),
                name=span.name,
                kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                started_ns=span.start_time_unix_nano,
                ended_ns=span.end_time_unix_nano,
                has_failed=span.status.code == Status.STATUS_CODE_ERROR,
                attributes=_values(span.attributes),
                service=str(resource["service.name"]),
                process=str(resource["auction.process"]),
            )


def _values(attributes: Iterable[KeyValue]) -> dict[str, str | int]:
    return {
        one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value")
        for one in attributes
    }


class Hanging:
    """A collector that accepts connections and never answers."""

    def __init__(self, server: socket.socket) -> None:
        self.url = f"http://{HOST}:{server.getsockname()[1]}"
        self.accepted: list[socket.socket] = []

    @classmethod
    @contextmanager
    def open(cls) -> Iterator["Hanging"]:
        """On a port of its own, until left."""
        with socket.create_server((HOST, 0)) as server:
            hanging = cls(server)
            thread = threading.Thread(target=hanging._accept, args=(server,), daemon=True)
            thread.start()
            try:
                yield hanging
            finally:
                server.shutdown(socket.SHUT_RDWR)
                thread.join()
                for stream in hanging.accepted:
                    stream.close()

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                self.accepted.append(server.accept()[0])
            except OSError:
                return
