"""The sockets of this process, by user, session and channel; and who is owed which outcome."""

import time
from collections import defaultdict
from typing import TypeVar

from app.protocol.problems import CloseCode
from app.web.ws.channel import Channel
from app.web.ws.connection import Connection
from app.web.ws.identity import Identity
from app.web.ws.traffic import Traffic

K = TypeVar("K", int, str)

OWED_MAX = 100_000  # ids only; the oldest are forgotten, their owners ask by `bid.status`


class Registry:
    """Plain bookkeeping; nothing here blocks or sends."""

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self.traffic = Traffic()
        self.channels: dict[str, Channel] = {}
        self.owed: dict[str, float] = {}  # bid id → monotonic seconds it was placed at
        self._by_user: defaultdict[int, set[Connection]] = defaultdict(set)
        self._by_session: defaultdict[str, set[Connection]] = defaultdict(set)
        self._by_address: defaultdict[str, set[Connection]] = defaultdict(set)
        self._address_groups: dict[Connection, str] = {}

    def add(self, connection: Connection, address_group: str = "") -> None:
        """A socket was opened, from an address of this group."""
        self.connections.add(connection)
        self._address_groups[connection] = address_group
        self._by_address[address_group].add(connection)

    def guests_of(self, address_group: str) -> int:
        """How many sockets from there belong to nobody who has signed in."""
        connections = self._by_address.get(address_group, ())
        return sum(connection.identity is None for connection in connections)

    def identify(self, connection: Connection, identity: Identity) -> None:
        """A socket is this user's, by this session."""
        self._forget_identity(connection)
        connection.identity = identity
        self._by_user[identity.user_id].add(connection)
        self._by_session[identity.session_id].add(connection)

    def remove(self, connection: Connection) -> None:
        """A socket is gone, from everywhere."""
        self.connections.discard(connection)
        _discard(self._by_address, self._address_groups.pop(connection, ""), connection)
        self._forget_identity(connection)
        for name in list(connection.channels):
            self.leave(connection, name)

    def join(self, connection: Connection, name: str) -> Channel:
        """The socket begins to listen."""
        channel = self.channels.setdefault(name, Channel())
        channel.join(connection)
        connection.channels.add(name)
        return channel

    def leave(self, connection: Connection, name: str) -> None:
        """The socket listens no more; a channel without listeners is forgotten."""
        connection.channels.discard(name)
        channel = self.channels.get(name)
        if channel is not None:
            channel.leave(connection)
            if not len(channel):
                del self.channels[name]

    def of_user(self, user_id: int) -> list[Connection]:
        """The user's sockets here."""
        return list(self._by_user.get(user_id, ()))

    def has_user(self, user_id: int) -> bool:
        """Whether the user has a socket here."""
        return user_id in self._by_user

    def oldest(self, user_id: int, kept_max: int) -> list[str]:
        """The ids of the user's sockets here but the `kept_max` last heard from."""
        here = [connection for connection in self.of_user(user_id) if connection.is_open]
        here.sort(key=lambda connection: connection.heard_at)
        return [connection.id for connection in here[: max(0, len(here) - kept_max)]]

    def evict(self, user_id: int, socket_id: str) -> None:
        """Close this socket, if it is here: a newer one of its user has taken its place."""
        for connection in self.of_user(user_id):
            if connection.id == socket_id:
                connection.close(CloseCode.TOO_MANY_SOCKETS, "a newer socket has come")

    def of_session(self, session_id: str) -> list[Connection]:
        """The session's sockets here."""
        return list(self._by_session.get(session_id, ()))

    def of_user_but(self, user_id: int, session_id: str | None) -> list[Connection]:
        """The user's sockets here that are of another session."""
        kept = self._by_session.get(session_id or "", set())
        return [connection for connection in self.of_user(user_id) if connection not in kept]

    def session_ids(self) -> list[str]:
        """The sessions that have sockets here."""
        return list(self._by_session)

    def owe(self, bid_id: str) -> None:
        """An outcome of this bid must reach its bidder."""
        if len(self.owed) >= OWED_MAX:
            del self.owed[next(iter(self.owed))]
        self.owed[bid_id] = time.monotonic()

    def sockets_by_user(self, now: float) -> dict[int, dict[str, float]]:
        """By user, by id: seconds since the open socket was heard from."""
        return {
            user_id: {c.id: now - c.heard_at for c in connections if c.is_open}
            for user_id, connections in self._by_user.items()
        }

    def user_ids(self) -> list[int]:
        """Everybody who is signed in here."""
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
