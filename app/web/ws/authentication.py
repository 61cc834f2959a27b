"""Who a socket belongs to: its `auth`, the limit of sockets a user has, its end."""

from app.domain.errors import UnauthenticatedError
from app.protocol import frames
from app.protocol.problems import CloseCode
from app.protocol.pushes import FrameLimits, Welcome
from app.protocol.resources import Person
from app.services.accounts import Identity
from app.web.ws.connection import Connection
from app.web.ws.notices import NoticeFrames
from app.web.ws.registry import Registry
from app.web.ws.services import GatewayServices
from app.web.ws.subscribing import Subscribing


class Authentication:
    """Gives sockets to users, and takes them away."""

    def __init__(
        self,
        services: GatewayServices,
        registry: Registry,
        *,
        subscribing: Subscribing,
        notices: NoticeFrames,
    ) -> None:
        self._services, self._registry = services, registry
        self._subscribing, self._notices = subscribing, notices

    def on_auth(self, connection: Connection, frame: frames.Auth) -> None:
        """Give the socket to the user of the token, or to a guest; a renewal keeps its user."""
        identity = None
        if frame.token is not None:
            identity = self._identity(connection, frame.token, "bad token")
            if identity is None:
                return
        if not self._is_identified(connection, identity):
            return
        # Again, now that the session's end would be noticed.
        if frame.token is not None and not self._identity(connection, frame.token, "signed out"):
            return
        if connection.is_open:
            connection.set_ready()
            connection.answer(self._welcome(connection, frame.id))
            self._notices.send_unread_soon(connection)

    def closed(self, connection: Connection) -> None:
        """Forget a socket that has ended; its frames of LASTING are still carried out."""
        identity = connection.identity
        self._registry.remove(connection)
        if identity is not None:
            self._services.shared_sockets.release_socket(identity.user_id, connection.id)

    def _identity(self, connection: Connection, token: str, otherwise: str) -> Identity | None:
        """Return who the token belongs to; None when it is void: then the socket is closed."""
        try:
            return self._services.authenticate(token)
        except UnauthenticatedError:
            connection.close(CloseCode.UNAUTHENTICATED, otherwise)
            return None

    def _is_identified(self, connection: Connection, identity: Identity | None) -> bool:
        """Give the socket to this user; return False when it is another's, or has ended."""
        before = connection.identity
        if before is not None and (identity is None or identity.user_id != before.user_id):
            connection.close(CloseCode.UNAUTHENTICATED, "another user")
            return False
        if identity is None:
            return True
        if before is None:
            self._subscribing.expect_user(identity.user_id)
            if not self._is_claimed(connection, identity.user_id):
                return False
        self._registry.identify(connection, identity)
        return True

    def _is_claimed(self, connection: Connection, user_id: int) -> bool:
        """Register the socket, which evicts the one silent for longest; return False when the
        socket ended meanwhile."""
        shared, sockets_max = (
            self._services.shared_sockets,
            self._services.limits.sockets_per_user_max,
        )
        evicted = shared.claim_socket(user_id, connection.id)
        if not connection.is_open:
            shared.release_socket(user_id, connection.id)
            return False
        if evicted is None:  # then at least not too many here
            evicted = self._registry.oldest(user_id, sockets_max - 1)
        for socket_id in evicted:
            self._registry.evict(user_id, socket_id)
        return True

    def _welcome(self, connection: Connection, frame_id: int) -> Welcome:
        identity, limits = connection.identity, self._services.limits
        return Welcome(
            re=frame_id,
            connection_id=connection.id,
            user=None if identity is None else Person(identity.user_id, identity.nickname),
            server_ms=self._services.now_ms(),
            ping_s=limits.ping_s,
            limits=FrameLimits(
                frame_bytes_max=limits.frame_bytes_max,
                frames_per_s_max=limits.frames_per_s_max,
                subscriptions_max=limits.subscriptions_per_socket_max,
            ),
        )
