"""Headers of every answer: what a browser may do with it."""

from urllib.parse import urlsplit

from flask import Flask, Response, request

from app.settings import Settings

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# Where the house is reached by TLS: for a year no browser tries it without. Names below the house's
# own may be somebody else's.
STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=31536000"}
POLICY = (
    "default-src 'self'; connect-src 'self' {socket}; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    "; object-src 'none'"
)


def install_headers(app: Flask, settings: Settings) -> None:
    """Add them where a view has not set its own."""
    policies = {
        urlsplit(origin).netloc: POLICY.format(socket=_socket_of(origin))
        for origin in settings.origins
    }
    default = policies[urlsplit(settings.base_url).netloc]

    is_secure = settings.base_url.startswith("https:")
    headers = {**HEADERS, **(STRICT_TRANSPORT if is_secure else {})}

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        policy = policies.get(request.host, default)
        response.headers.setdefault("Content-Security-Policy", policy)
        return response


def _socket_of(origin: str) -> str:
    """The source of the page's socket. Safari before 15.4 does not take it for 'self'."""
    return origin.replace("http", "ws", 1)
