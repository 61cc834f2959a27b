"""The route `/ws`: who is let in, and how Flask hands the socket over.

What is refused is refused in the handshake, by HTTP: a wrong Origin 403, a full or draining
gateway 503. Compression is never negotiated: one small frame can unpack to any size.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request
from flask_sock import Sock

from app.bootstrap import Container
from app.services.backlog import Admission
from app.services.bidding import Bidding
from app.services.chat import Chat
from app.services.live import AuctionViews, LiveViews, UserNotices
from app.settings import Settings
from app.web.ws.gateway import Gateway
from app.web.ws.identity import Identity
from app.web.ws.waits import OutcomeWaits

PATH = "/ws"
EXTENSION = "ws_gateway"
RETRY_AFTER_S = 2

Authenticate = Callable[[str], Identity]


class _NoThread:
    """Stands for the thread in which simple-websocket would read: the handler reads itself."""

    def __init__(self, target: Callable[[], None]) -> None:
        self.name = ""
        self.target = target

    def start(self) -> None:
        """Does nothing: that is its purpose."""


class HouseParty:
    """What the sockets need, out of the container."""

    def __init__(
        self, container: Container, *, authenticate: Authenticate, auction_views: AuctionViews
    ) -> None:
        self._container = container
        self._authenticate = authenticate
        self.auction_views: AuctionViews = auction_views

    @property
    def admission(self) -> Admission:
        """Which topics take more."""
        return self._container.admission

    @property
    def bidding(self) -> Bidding:
        """Bids."""
        return self._container.bidding

    @property
    def chat(self) -> Chat:
        """Rooms."""
        return self._container.chat

    @property
    def live(self) -> LiveViews:
        """What moves."""
        return self._container.live

    @property
    def user_notices(self) -> UserNotices:
        """Notices."""
        return self._container.live

    def authenticate(self, token: str) -> Identity:
        """Whose token this is. Raises UnauthenticatedError."""
        return self._authenticate(token)

    def start_log(self) -> None:
        """Connect to the log, in the background."""
        self._container.producer.start()

    def flush_log(self, timeout_s: float) -> None:
        """Wait for acknowledgements."""
        self._container.producer.flush(timeout_s)


def register_ws(
    app: Flask,
    container: Container,
    *,
    authenticate: Authenticate,
    auction_views: AuctionViews,
    waits: OutcomeWaits,
) -> Gateway:
    """Add `/ws` to `app`; nothing is connected or started before the first use or `watch`.

    `waits` is told of every outcome that the gateway hears of.
    """
    party = HouseParty(container, authenticate=authenticate, auction_views=auction_views)
    gateway = Gateway(
        container.settings,
        party,
        redis=container.fanout,
        shared=container.presence,
        waits=waits,
    )
    app.extensions[EXTENSION] = gateway
    app.config["SOCK_SERVER_OPTIONS"] = {"thread_class": _NoThread}

    @app.before_request
    def handshake() -> Response | None:
        if request.path != PATH:
            return None
        request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        return _refusal(gateway, container.settings)

    def websocket(server: Any) -> None:  # noqa: ANN401 - simple-websocket has no types
        server.connected = False  # else a second close frame is sent after ours
        gateway.serve(server.sock)

    sock: Any = Sock(app)
    sock.route(PATH)(websocket)
    return gateway


def gateway_of(app: Flask) -> Gateway:
    """The gateway that `register_ws` made."""
    gateway = app.extensions[EXTENSION]
    assert isinstance(gateway, Gateway)  # noqa: S101 - tells the type checker
    return gateway


def _refusal(gateway: Gateway, settings: Settings) -> Response | None:
    if not _is_origin_allowed(settings):
        return Response(status=403)
    if gateway.is_draining or gateway.is_full:
        return Response(status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
    return None


def _is_origin_allowed(settings: Settings) -> bool:
    origin = request.headers.get("Origin")
    if origin is None:
        return settings.allow_missing_origin or "Authorization" in request.headers
    return origin in settings.origins
