"""A span of every request to the API, below the client's own when it sends `traceparent`.

The client's trace is taken over, not its wish to be recorded: see docs/tracing.md.
"""

from flask import Flask, Response, g, request

from lanes import Span, tracing
from lanes.tracing import TRACEPARENT

API = "/api/"


def install_tracing(app: Flask) -> None:
    """Trace the requests of `app`, if this process traces at all."""
    if not tracing.is_tracing():
        return

    @app.before_request
    def begin() -> None:
        if request.url_rule is not None and request.url_rule.rule.startswith(API):
            traceparent = request.headers.get(TRACEPARENT, "")
            g.span = tracing.serve(request.endpoint or "", traceparent)

    @app.after_request
    def annotate(response: Response) -> Response:
        span: Span | None = g.get("span")
        if span is not None:
            span.annotate(http_status=response.status_code)
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        span: Span | None = g.pop("span", None)
        if span is not None:
            span.end()
