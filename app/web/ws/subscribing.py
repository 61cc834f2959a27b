"""Subscriptions: first the channel is subscribed, then the snapshot is read, then the pushes
between are sent."""

from collections.abc import Sequence
from typing import Protocol

from app.domain.errors import BusyError, DomainError, NotFoundError, UnauthenticatedError
from app.protocol.channels import (
    AUCTIONS,
    ROOM,
    kind_and_number,
    notice_channel,
    user_channel,
)
from app.protocol.frames import Subscribe
from app.protocol.pushes import Answer, SubscribedAuction, SubscribedAuctions, SubscribedRoom
from app.protocol.types import INT64_MAX
from app.services.accounts import Identity
from app.services.live import Snapshot
from app.web.ws.connection import Connection
from app.web.ws.registry import Registry
from app.web.ws.services import GatewayServices


class Stream(Protocol):
    """The publications of Redis."""

    def listen_to(self, channels: Sequence[str], timeout_s: float) -> bool:
        """Subscribe to these channels; return whether that was confirmed in time."""
        ...

    def expect(self, channels: Sequence[str], timeout_s: float) -> None:
        """As `listen_to`; what is missed before the confirmation is recovered."""
        ...


class Online(Protocol):
    """The number of sockets at a channel, over all gateways."""

    def count(self, channel: str) -> int:
        """Return the latest number of sockets."""
        ...


class Subscribing:
    """Joins sockets to channels."""

    def __init__(
        self, services: GatewayServices, registry: Registry, *, stream: Stream, online: Online
    ) -> None:
        self._services, self._registry, self._limits = services, registry, services.limits
        self._stream, self._online = stream, online

    def expect_user(self, user_id: int) -> None:
        """Subscribe to a user's channels before a socket is theirs.

        Without Redis what they miss is recovered as after any gap.
        """
        channels = (user_channel(user_id), notice_channel(user_id))
        self._stream.expect(channels, self._limits.store_timeout_s)

    def expect_bidder(self, user_id: int) -> None:
        """Subscribe to a bidder's channels before a bid over HTTP, and for a while after."""
        self._stream.expect([user_channel(user_id)], self._limits.store_timeout_s)

    def subscribe(self, connection: Connection, frame: Subscribe) -> None:
        """Answer with the snapshot. Raise what the snapshot raises: then nothing has changed."""
        name = frame.channel
        self._check(connection, name)
        if not self._stream.listen_to([name], self._limits.store_timeout_s):
            raise BusyError("the live stream is away")
        self._check_count(connection, name)  # others have been carried out meanwhile
        if not connection.is_open:
            return
        channel = self._registry.join(connection, name)
        try:
            answer, covered = self._snapshot(connection, frame)
        except Exception:
            if not channel.not_joined(connection):
                self._registry.leave(connection, name)
            raise
        connection.answer(answer)
        channel.joined(connection, covered)

    def _check(self, connection: Connection, name: str) -> None:
        room = kind_and_number(name)[0] == ROOM
        if room and connection.identity is None:
            raise UnauthenticatedError(detail="sign in first")
        self._check_count(connection, name)
        if room and connection.identity is not None:
            self._services.chat.check_member(_number(name), connection.identity.user_id)

    def _check_count(self, connection: Connection, name: str) -> None:
        full = len(connection.channels) >= self._limits.subscriptions_per_socket_max
        if full and name not in connection.channels:
            raise DomainError("TOO_MANY_SUBSCRIPTIONS", "unsubscribe from something first")

    def _snapshot(self, connection: Connection, frame: Subscribe) -> tuple[Answer, int]:
        """Return the answer, and the number up to which it covers pushes."""
        name = frame.channel
        if name == AUCTIONS:
            items = self._services.snapshots.prices()
            return SubscribedAuctions(re=frame.id, channel=name, items=items), -1
        if kind_and_number(name)[0] == ROOM:
            return self._room(frame)
        return self._auction(connection, frame)

    def _auction(self, connection: Connection, frame: Subscribe) -> tuple[Answer, int]:
        shown = self._shown(_number(frame.channel), connection.identity)
        answer = SubscribedAuction(
            re=frame.id, channel=frame.channel, auction=shown.auction, bids=shown.bids
        )
        return answer, shown.auction.version

    def _shown(self, auction_id: int, viewer: Identity | None) -> Snapshot:
        if viewer is None:
            return self._services.snapshots.auction(auction_id)
        return self._services.auction_views.snapshot(
            auction_id, viewer.user_id, self._limits.snapshot_bids
        )

    def _room(self, frame: Subscribe) -> tuple[Answer, int]:
        snapshot = self._services.chat.snapshot(
            _number(frame.channel), after_seq=frame.after_seq, limit=self._limits.room_tail_messages
        )
        after = -1 if frame.after_seq is None else frame.after_seq
        covered = max((message.seq for message in snapshot.messages), default=after)
        answer = SubscribedRoom(
            re=frame.id,
            channel=frame.channel,
            messages=snapshot.messages,
            seq=max(covered, 0),
            members_online=self._online.count(frame.channel),
            truncated=snapshot.truncated,
        )
        return answer, covered


def _number(name: str) -> int:
    number = int(name.partition(":")[2])
    if number > INT64_MAX:
        raise NotFoundError("no such thing")
    return number
