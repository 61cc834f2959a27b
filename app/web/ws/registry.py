"""The sockets of this process, by user, session and channel; and the bids whose outcomes are
pending."""

from collections import defaultdict
from itertools import islice
from typing import TypeVar

from app.protocol.channels import kind_and_number
from app.protocol.problems import CloseCode
from app.services.accounts import Identity
from app.web.ws.channel import Channel
from app.web.ws.connection import Connection
from app.web.ws.services import Clock
from app.web.ws.traffic import Traffic

K = TypeVar("K", int, str)

PENDING_MAX = 100_000  # ids only; the oldest are forgotten, their owners ask by `bid.status`


class Registry:
    """Bookkeeping; nothing here blocks or sends. `clock` is in monotonic seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.is_draining = False  # nothing that comes is handled any more
        self.connections: set[Connection] = set()
        self.traffic = Traffic()
        self.channels: dict[str, Channel] = {}
        self.pending: dict[str, float] = {}  # bid id → monotonic seconds it was placed at
        self._by_user: defaultdict[int, set[Connection]] = defaultdict(set)
        self._by_session: defaultdict[str, set[Connection]] = defaultdict(set)
        self._by_address: defaultdict[str, set[Connection]] = defaultdict(set)
        self._address_groups: dict[Connection, str] = {}

    def add(self, connection: Connection, address_group: str = "") -> None:
        """Add a socket, from an address of this group."""
        self.connections.add(connection)
        self._address_groups[connection] = address_group
        self._by_address[address_group].add(connection)

    def guests_of(self, address_group: str) -> int:
        """Return the number of sockets from this address group without a signed-in user."""
        connections = self._by_address.get(address_group, ())
        return sum(connection.identity is None for connection in connections)

    def identify(self, connection: Connection, identity: Identity) -> None:
        """Set the user and the session of a socket."""
        self._forget_identity(connection)
        connection.identity = identity
        self._by_user[identity.user_id].add(connection)
        self._by_session[identity.session_id].add(connection)

    def remove(self, connection: Connection) -> None:
        """Remove a socket from everywhere."""
        self.connections.discard(connection)
        _discard(self._by_address, self._address_groups.pop(connection, ""), connection)
        self._forget_identity(connection)
        for name in list(connection.channels):
            self.leave(connection, name)

    def join(self, connection: Connection, name: str) -> Channel:
        """Add the socket to the channel."""
        channel = self.channels.setdefault(name, Channel())
        channel.join(connection)
        connection.channels.add(name)
        return channel

    def leave(self, connection: Connection, name: str) -> None:
        """Remove the socket from the channel; a channel without listeners is dropped."""
        connection.channels.discard(name)
        channel = self.channels.get(name)
        if channel is not None:
            channel.leave(connection)
            if not len(channel):
                del self.channels[name]

    def of_user(self, user_id: int) -> list[Connection]:
        """Return the user's sockets here."""
        return list(self._by_user.get(user_id, ()))

    def has_user(self, user_id: int) -> bool:
        """Whether the user has a socket here."""
        return user_id in self._by_user

    def oldest(self, user_id: int, kept_max: int) -> list[str]:
        """Return the ids of the user's sockets here but the `kept_max` with the latest frames."""
        here = [connection for connection in self.of_user(user_id) if connection.is_open]
        here.sort(key=lambda connection: connection.received_at)
        return [connection.id for connection in here[: max(0, len(here) - kept_max)]]

    def evict(self, user_id: int, socket_id: str) -> None:
        """Close this socket, if it is here, in favour of a newer one of its user."""
        for connection in self.of_user(user_id):
            if connection.id == socket_id:
                connection.close(CloseCode.TOO_MANY_SOCKETS, "a newer socket has come")

    def of_session(self, session_id: str) -> list[Connection]:
        """Return the session's sockets here."""
        return list(self._by_session.get(session_id, ()))

    def of_user_but(self, user_id: int, session_id: str | None) -> list[Connection]:
        """Return the user's sockets here that belong to another session."""
        kept = self._by_session.get(session_id or "", set())
        return [connection for connection in self.of_user(user_id) if connection not in kept]

    def users_at(self, kind: str, at_most: int) -> dict[int, set[int]]:
        """Return the signed-in users at the channels of this kind, by the channel's number, of so
        many subscriptions."""
        subscriptions = (
            (name, connection.identity.user_id)
            for connection in self.connections
            if connection.identity is not None
            for name in connection.channels
        )
        users: defaultdict[str, set[int]] = defaultdict(set)
        for name, user_id in islice(subscriptions, at_most):
            users[name].add(user_id)
        channels = ((*kind_and_number(name), at) for name, at in users.items())
        return {int(number): at for found, number, at in channels if found == kind}

    def session_ids(self) -> list[str]:
        """The sessions that have sockets here."""
        return list(self._by_session)

    def expect_outcome(self, bid_id: str) -> None:
        """Record that the bid's outcome must be delivered."""
        if len(self.pending) >= PENDING_MAX:
            del self.pending[next(iter(self.pending))]
        self.pending[bid_id] = self._clock()

    def sockets_by_user(self) -> dict[int, dict[str, float]]:
        """Return by user and socket id the seconds since the last frame, of open sockets."""
        now = self._clock()
        return {
            user_id: {c.id: now - c.received_at for c in connections if c.is_open}
            for user_id, connections in self._by_user.items()
        }

    def user_ids(self) -> list[int]:
        """Return the users signed in here."""
        return list(self._by_user)

    def _forget_identity(self, connection: Connection) -> None:
        identity = connection.identity
        if identity is None:
            return
        _discard(self._by_user, identity.user_id, connection)
        _discard(self._by_session, identity.session_id, connection)


def _discard(index: dict[K, set[Connection]], key: K, connection: Connection) -> None:
    connections = index.get(key)
    if connections is not None:
        connections.discard(connection)
        if not connections:
            del index[key]
