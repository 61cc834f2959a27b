"""Headers of every answer: what a browser may do with it."""

from urllib.parse import urlsplit

from flask import Flask, Response, request

from app.settings import Settings

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}
POLICY = (
    "default-src 'self'; connect-src 'self' {socket}; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def install_headers(app: Flask, settings: Settings) -> None:
    """Add them where a view has not set its own."""
    policies = {
        urlsplit(origin).netloc: POLICY.format(socket=_socket_of(origin))
        for origin in settings.origins
    }
    default = policies[urlsplit(settings.base_url).netloc]

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        policy = policies.get(request.host, default)
        response.headers.setdefault("Content-Security-Policy", policy)
        return response


def _socket_of(origin: str) -> str:
    """The source of the page's socket. Safari before 15.4 does not take it for 'self'."""
    return origin.replace("http", "ws", 1)
