"""Requests by route and status, by prometheus-flask-exporter; /metrics is not on this port.

Requests without a route are only counted: their method and path are any text.
"""

from flask import Flask, Request, request
from prometheus_client import CollectorRegistry
from prometheus_flask_exporter import NO_PREFIX, PrometheusMetrics

from app.observability.metrics import UNMATCHED_REQUESTS
from lanes.declarations import SECONDS

UNMATCHED = "unmatched"  # stands for the endpoint of what no route answers


def endpoint(incoming: Request = request) -> str:
    """Return the name of the route of a request: one of a closed set."""
    return incoming.endpoint or UNMATCHED


@PrometheusMetrics.do_not_track()  # type: ignore[untyped-decorator]
def leave_out() -> None:
    """Keep this request out of the metrics."""


def install_metering(app: Flask) -> None:
    """Measure every request of `app` that a route answers."""
    exporter = PrometheusMetrics.for_app_factory(
        path=None,
        group_by=endpoint,
        defaults_prefix=NO_PREFIX,
        buckets=SECONDS,
        registry=CollectorRegistry(),  # there may be other applications in this process
    )
    exporter.init_app(app)

    @app.before_request
    def leave_out_unmatched() -> None:
        if request.url_rule is None:
            UNMATCHED_REQUESTS.inc()
            leave_out()
