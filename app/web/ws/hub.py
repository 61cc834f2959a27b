"""What Redis publishes, on its way to the sockets of this process.

One greenlet at a time runs here and no handler of a publication blocks.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from app.protocol import fanout
from app.protocol.channels import (
    AUCTION,
    AUCTIONS,
    BACKLOGS,
    CHAT_EVENTS,
    EVICTIONS,
    NOTICE,
    RIGHTS,
    ROOM,
    SESSIONS,
    USER,
    kind_and_number,
    room_channel,
)
from app.protocol.outcomes import AuctionState
from app.protocol.problems import CloseCode
from app.protocol.records import chat_event_decoder
from app.web.ws.deliveries import Deliveries
from app.web.ws.feeds import AuctionFeed, PriceFeed, RoomFeed
from app.web.ws.registry import Registry
from app.web.ws.services import GatewayServices

log = structlog.get_logger()

USER_KINDS = (USER, NOTICE)  # of channels


class Hub:
    """Fan-out of one process."""

    def __init__(self, services: GatewayServices, registry: Registry) -> None:
        self.registry = registry
        self.deliveries = Deliveries(services, registry)
        self.auctions = AuctionFeed(registry, limits=services.limits, clock=services.clock)
        self.prices = PriceFeed(registry)
        self.rooms = RoomFeed(registry)
        self._services = services
        # By the name of the channel, as far as its colon; they get what follows that.
        self._handlers: dict[str, Callable[[str, bytes], None]] = {
            AUCTION: self._auction_state,
            AUCTIONS: self._prices,
            ROOM: self._room_message,
            USER: self.deliveries.on_outcomes,
            NOTICE: self.deliveries.on_notice,
            CHAT_EVENTS: self._chat_event,
            SESSIONS: self._session_ended,
            EVICTIONS: self._socket_evicted,
            BACKLOGS: self._backlog,
            RIGHTS: self._rights_changed,
        }

    def on_message(self, channel: str, payload: bytes) -> None:
        """Handle one publication; one that cannot be decoded is logged and skipped."""
        kind, number = kind_and_number(channel)
        try:
            self._handlers[kind](number, payload)
        except Exception:
            log.exception("publication_failed", channel=channel)

    def needs(self, channel: str) -> bool:
        """Return whether a socket here needs the channel."""
        kind, number = kind_and_number(channel)
        if kind in USER_KINDS:
            return self.registry.has_user(int(number))
        return channel in self.registry.channels

    def channel_is_confirmed(self, channel: str) -> None:
        """Drop cached reads of the channel, which may lack a change from before its
        subscription."""
        kind, number = kind_and_number(channel)
        if kind == AUCTION:
            self._services.snapshots.auction_changed(int(number))
        elif kind == AUCTIONS:
            self._services.snapshots.clear()

    def stream_is_confirmed(self) -> None:
        """As `channel_is_confirmed`, of all."""
        self._services.snapshots.clear()
        self._services.bidding.rights.clear()

    def stream_is_back(self) -> None:
        """Hold the rooms' order after a reconnect, until its recovery."""
        self.rooms.hold()

    def _auction_state(self, number: str, payload: bytes) -> None:
        auction_id = int(number)
        self._services.snapshots.auction_changed(auction_id)
        state = fanout.auction_state_decoder.decode(payload)
        self._measure(state)
        self.auctions.offer(auction_id, state)

    def _measure(self, state: AuctionState) -> None:
        if state.bids:
            decided_at = datetime.fromisoformat(state.bids[-1].at).timestamp()
            self.registry.traffic.fanouts_s.append(
                max(0.0, self._services.wall_clock() - decided_at)
            )

    def _prices(self, _: str, payload: bytes) -> None:
        items = fanout.price_items_decoder.decode(payload)
        for item in items:
            self._services.snapshots.auction_changed(item.id)
        self.prices.offer(items)

    def _room_message(self, _: str, payload: bytes) -> None:
        self.rooms.on_publication(fanout.room_publication_decoder.decode(payload))

    def _chat_event(self, _: str, payload: bytes) -> None:
        event = chat_event_decoder.decode(payload)
        if event.type == "leave" and event.user_id is not None:
            self._services.chat.member_left(event.room_id, event.user_id)
            for connection in self.registry.of_user(event.user_id):
                self.registry.leave(connection, room_channel(event.room_id))

    def _session_ended(self, _: str, payload: bytes) -> None:
        ended = fanout.session_ended_decoder.decode(payload)
        if ended.user_id is None:
            connections = self.registry.of_session(ended.session_id)
        else:
            connections = self.registry.of_user_but(ended.user_id, ended.kept)
        for connection in connections:
            connection.close(CloseCode.UNAUTHENTICATED, "signed out")

    def _socket_evicted(self, _: str, payload: bytes) -> None:
        evicted = fanout.socket_evicted_decoder.decode(payload)
        self.registry.evict(evicted.user_id, evicted.socket_id)

    def _backlog(self, _: str, payload: bytes) -> None:
        backlog = fanout.backlog_decoder.decode(payload)
        if backlog.published_at is not None:
            self.registry.traffic.deliveries_s.append(
                max(0.0, self._services.wall_clock() - backlog.published_at)
            )
        self._services.admission.update(backlog)

    def _rights_changed(self, _: str, payload: bytes) -> None:
        changed = fanout.rights_changed_decoder.decode(payload)
        self._services.bidding.rights.forget(changed.user_id, changed.seller_id)


def user_of(channel: str) -> int | None:
    """Return the user of a channel; None when it belongs to no user."""
    kind, number = kind_and_number(channel)
    return int(number) if kind in USER_KINDS else None
