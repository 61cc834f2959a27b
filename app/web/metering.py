"""How long each call took, by route and status."""

import time

from flask import Flask, Response, g, request

from app.observability.metrics import HTTP_SECONDS

BEGUN_AT = "begun_at"  # monotonic seconds, in Flask's `g`; without it nothing is measured
UNMATCHED = "unmatched"  # stands for the endpoint of what no route answers


def endpoint() -> str:
    """Return the name of the route of this request: one of a closed set, whatever is asked for."""
    return request.endpoint or UNMATCHED


def install_metering(app: Flask) -> None:
    """Measure every request of `app`."""

    @app.before_request
    def begin() -> None:
        g.setdefault(BEGUN_AT, time.monotonic())

    @app.after_request
    def end(response: Response) -> Response:
        begun_at = g.pop(BEGUN_AT, None)
        if begun_at is not None:
            took_s = time.monotonic() - begun_at
            HTTP_SECONDS.labels(endpoint(), response.status_code).observe(took_s)
        return response
