"""The route `/ws`: the checks of the handshake, and the handover of the socket from Flask.

Refusals are HTTP answers to the handshake: a bad handshake 400 or 426, a wrong Origin 403, a full
or draining gateway 503, an address with too many sockets of guests 429. Compression is never
negotiated: one small frame can unpack to any size.
"""

import base64
import binascii
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request
from flask_sock import Sock
from gevent import socket

from app.bootstrap.gateway import WebContainer
from app.observability.security_log import SecurityEvent, log_security_seldom
from app.services.accounts import Identity
from app.settings import Settings
from app.web.addresses import address_group, is_trusted, request_address
from app.web.metering import leave_out
from app.web.problem import problem
from app.web.ws.gateway import Gateway
from app.web.ws.services import GatewayServices
from app.web.ws.waits import OutcomeWaits

PATH = "/ws"
EXTENSION = "ws_gateway"
RETRY_AFTER_S = 2
VERSION = "13"  # of the protocol: RFC 6455 knows no other
KEY_BYTES = 16
# All that the library behind flask-sock may read: it raises on some of the others.
HANDSHAKE_HEADERS = frozenset(
    {
        "HTTP_HOST", "HTTP_UPGRADE", "HTTP_CONNECTION",
        "HTTP_SEC_WEBSOCKET_KEY", "HTTP_SEC_WEBSOCKET_VERSION",
    }
)  # fmt: skip


class _NoThread:
    """Replaces the thread in which simple-websocket would read: the handler reads itself."""

    def __init__(self, target: Callable[[], None]) -> None:
        self.name = ""
        self.target = target

    def start(self) -> None:
        """Does nothing: that is its purpose."""


def register_ws(
    app: Flask,
    container: WebContainer,
    *,
    authenticate: Callable[[str], Identity],
    waits: OutcomeWaits,
) -> Gateway:
    """Add `/ws` to `app`; nothing is connected or started before the first use or `watch`.

    `waits` is notified of every outcome that the gateway receives.
    """
    gateway = Gateway(_services(container, authenticate, waits))
    app.extensions[EXTENSION] = gateway
    app.config["SOCK_SERVER_OPTIONS"] = {"thread_class": _NoThread}

    @app.before_request
    def handshake() -> Response | None:
        if request.path != PATH:
            return None
        refusal = _handshake_fault() or _refusal(gateway, container.settings)
        for name in [name for name in request.environ if name.startswith("HTTP_")]:
            if name not in HANDSHAKE_HEADERS:
                del request.environ[name]
        return refusal

    def websocket(server: Any) -> None:  # noqa: ANN401 - simple-websocket has no types
        leave_out()  # the duration of a handshake is no request's duration
        server.connected = False  # else a second close frame is sent after ours
        gateway.serve_soon(_detached(server.sock), g.address_group)

    sock: Any = Sock(app)
    sock.route(PATH)(websocket)
    return gateway


def _services(
    container: WebContainer, authenticate: Callable[[str], Identity], waits: OutcomeWaits
) -> GatewayServices:
    return GatewayServices(
        limits=container.settings.limits,
        clock=time.monotonic,
        wall_clock=time.time,
        admission=container.admission,
        bidding=container.bidding,
        chat=container.chat,
        auction_views=container.auction_views,
        live=container.live,
        snapshots=container.snapshots,
        user_notices=container.live,
        shared_sockets=container.presence,
        fanout=container.fanout,
        waits=waits,
        authenticate=authenticate,
        living_sessions=container.sessions.alive,
        start_producers=container.start_producers,
        flush_producers=container.flush_producers,
    )


def gateway_of(app: Flask) -> Gateway:
    """Return the gateway that `register_ws` created."""
    gateway = app.extensions[EXTENSION]
    assert isinstance(gateway, Gateway)  # noqa: S101 - tells the type checker
    return gateway


def _detached(sock: socket.socket) -> socket.socket:
    """Return a duplicate of the socket: gunicorn closes `sock` when the request is over."""
    detached = socket.socket(fileno=sock.detach())
    detached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return detached


def _handshake_fault() -> Response | None:
    """Refuse what is no handshake of RFC 6455 (4.2.1): 400, or 426 for another version."""
    headers = request.headers
    connection = {word.strip() for word in headers.get("Connection", "").lower().split(",")}
    if headers.get("Upgrade", "").lower() != "websocket" or "upgrade" not in connection:
        return _upgrade_required("this is a WebSocket")
    if request.method != "GET" or request.environ["SERVER_PROTOCOL"] != "HTTP/1.1":
        return problem("MALFORMED", "a handshake is a GET of HTTP/1.1")
    if not _is_key(headers.get("Sec-WebSocket-Key", "")):
        return problem("MALFORMED", "Sec-WebSocket-Key is not 16 bytes in base64")
    if headers.get("Sec-WebSocket-Version") != VERSION:
        return _upgrade_required(f"the version is {VERSION}")
    return None


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _upgrade_required(detail: str) -> Response:
    answer = problem("UPGRADE_REQUIRED", detail)
    answer.headers["Upgrade"] = "websocket"
    answer.headers["Sec-WebSocket-Version"] = VERSION
    return answer


def _refusal(gateway: Gateway, settings: Settings) -> Response | None:
    address = request_address(settings)
    if not _is_origin_allowed(settings):
        log_security_seldom(SecurityEvent.ORIGIN_REFUSED, address=address)
        return problem("FORBIDDEN", "this Origin may not open a socket")
    if gateway.is_draining or gateway.is_full:
        return _busy()
    g.address_group = address_group(address)
    is_exempt = is_trusted(address, settings)
    if not is_exempt and gateway.has_too_many_guests(g.address_group):
        log_security_seldom(
            SecurityEvent.RATE_LIMITED, address=g.address_group, endpoint="websocket"
        )
        return problem("RATE_LIMITED", "too many sockets of guests from this address")
    return None


def _busy() -> Response:
    answer = problem("BUSY", "the gateway takes no more sockets")
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _is_origin_allowed(settings: Settings) -> bool:
    origin = request.headers.get("Origin")
    return settings.allow_missing_origin if origin is None else origin in settings.origins
