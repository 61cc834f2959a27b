"""All sockets of one process: receives what Redis publishes, and sends each socket its part.

One greenlet at a time runs here and no handler of a publication blocks. After a gap in the stream
the stores are read, and what may have been missed is sent; what was not missed may come twice.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol
from uuid import UUID

import structlog
from msgspec.structs import asdict

from app.domain.errors import NotFoundError
from app.domain.ids import bid_id_text
from app.observability.bid_log import log_bid_step
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
    auction_channel,
    kind_and_number,
    room_channel,
)
from app.protocol.outcomes import AuctionState, PublicBid
from app.protocol.problems import CloseCode
from app.protocol.pushes import BidRefused, BidResult, notice_push
from app.protocol.records import chat_event_decoder
from app.protocol.resources import Auction
from app.services.backlog import Admission
from app.services.bidding import Bidding, KnownBid
from app.services.chat import Chat
from app.services.live import AuctionViews, LiveViews, UserNotices
from app.services.snapshots import Snapshots
from app.services.ttl_cache import TtlCache
from app.settings import Limits
from app.web.ws.feeds import AuctionFeed, PriceFeed, RoomFeed, encode
from app.web.ws.framing import text_frame
from app.web.ws.registry import Registry
from app.web.ws.waits import OutcomeWaits
from lanes import Stage, tracing

log = structlog.get_logger()

PENDING_S = 4.0  # under load an outcome may be this late without anything being wrong
PENDING_BATCH = 1_000
PENDING_ROUND_S = 0.25  # of the five seconds between two rounds
DELIVERED_MAX = 50_000  # ids only, 10 MB; a forgotten outcome is sent again after a disconnect
DELIVERED_TTL_S = 600.0
# What is heard may have been decided so long before: after any fault work resumes within this.
PUBLISHING_S_MAX = 30.0

USER_KINDS = (USER, NOTICE)  # of channels

RecoveryStep = Callable[[], None]


class Stores(Protocol):
    """The stores read after a gap in the stream, and the admission that backlogs are passed to."""

    @property
    def admission(self) -> Admission:
        """Admission by topic."""
        ...

    @property
    def bidding(self) -> Bidding:
        """Bids and their outcomes."""
        ...

    @property
    def chat(self) -> Chat:
        """Rooms."""
        ...

    @property
    def auction_views(self) -> AuctionViews:
        """Auctions."""
        ...

    @property
    def live(self) -> LiveViews:
        """Prices of open and scheduled auctions."""
        ...

    @property
    def snapshots(self) -> Snapshots:
        """Auctions as guests see them."""
        ...

    @property
    def user_notices(self) -> UserNotices:
        """Notices."""
        ...

    def living_sessions(self, session_ids: Sequence[str]) -> set[str]:
        """Return those of the sessions that have not ended. Raise BusyError."""
        ...


class Hub:
    """Fan-out of one process."""

    def __init__(self, stores: Stores, *, limits: Limits, waits: OutcomeWaits) -> None:
        self.registry = Registry()
        self._waits = waits
        self.auctions = AuctionFeed(self.registry, limits=limits)
        self.prices = PriceFeed(self.registry)
        self.rooms = RoomFeed(self.registry)
        self._delivered: TtlCache[str, str] = TtlCache(DELIVERED_MAX, ttl_s=DELIVERED_TTL_S)
        self._stores, self._limits = stores, limits
        # By the name of the channel, as far as its colon; they get what follows that.
        self._handlers: dict[str, Callable[[str, bytes], None]] = {
            AUCTION: self._auction_state,
            AUCTIONS: self._prices,
            ROOM: self._room_message,
            USER: self._user_outcomes,
            NOTICE: self._notice,
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
            self._stores.snapshots.auction_changed(int(number))
        elif kind == AUCTIONS:
            self._stores.snapshots.clear()

    def stream_is_confirmed(self) -> None:
        """As `channel_is_confirmed`, of all."""
        self._stores.snapshots.clear()
        self._stores.bidding.rights.clear()

    def stream_is_back(self) -> None:
        """Hold the rooms' order after a reconnect, until `recovery`."""
        self.rooms.hold()

    def recovery(self, since: float) -> list[RecoveryStep]:
        """Return the steps that recover from a gap in the stream since then (monotonic seconds).

        To be called in this order; each raises BusyError while its store does not answer, and may
        then be called again. Rooms come last: they have a store of their own.
        """
        rooms = [name for name in self.registry.channels if kind_and_number(name)[0] == ROOM]
        others = [name for name in self.registry.channels if name not in rooms]
        return [
            *self.recovery_of(self.registry.user_ids(), since),
            *(partial(self._resume_channel, name) for name in others),
            self._close_ended,
            *(partial(self._resume_channel, name) for name in rooms),
        ]

    def recovery_of(self, user_ids: list[int], since: float) -> list[RecoveryStep]:
        """As `recovery`, only for what is addressed to these users."""
        return [
            partial(self._send_outcomes, user_ids, since),
            partial(self._send_refusals, user_ids, since),
            partial(self._send_notices, user_ids, since),
        ]

    def send_overdue(self) -> None:
        """Send the outcomes that were decided and not delivered within PENDING_S.

        Under load they are merely late, and reading all of them would make them later: after
        PENDING_ROUND_S the rest waits for the next round, and those read wait until all others
        were.
        """
        pending, started_at = self.registry.pending, time.monotonic()
        overdue = [bid for bid, since in pending.items() if since <= started_at - PENDING_S]
        for start in range(0, len(overdue), PENDING_BATCH):
            bids = overdue[start : start + PENDING_BATCH]
            for bid in bids:
                if pending.pop(bid, None) is not None:
                    pending[bid] = started_at
            for known in self._stores.bidding.decided([UUID(bid) for bid in bids]):
                self._deliver(known)
            if time.monotonic() - started_at > PENDING_ROUND_S:
                return

    def _send_outcomes(self, users: list[int], since: float) -> None:
        """Send the outcomes of users here, whichever gateway the bids were sent to."""
        bidding = self._stores.bidding
        for batch in bidding.decided_lately(users, _within_s(since)):
            for known in batch:
                if self._delivered.get(known.receipt.bid_id) != known.outcome.status:
                    self._deliver(known)

    def _send_refusals(self, users: list[int], since: float) -> None:
        bidding = self._stores.bidding
        for batch in bidding.refused_lately(users, _within_s(since)):
            for refused in batch:
                self._refusal(refused.auction_id, refused.refusal)

    def _send_notices(self, users: list[int], since: float) -> None:
        notices = self._stores.user_notices
        for batch in notices.published_lately(users, _within_s(since)):
            for notice in batch:
                self._push_notice(notice)

    def _auction_state(self, number: str, payload: bytes) -> None:
        auction_id = int(number)
        self._stores.snapshots.auction_changed(auction_id)
        state = fanout.auction_state_decoder.decode(payload)
        self._measure(state)
        self.auctions.offer(auction_id, state)

    def _prices(self, _: str, payload: bytes) -> None:
        items = fanout.price_items_decoder.decode(payload)
        for item in items:
            self._stores.snapshots.auction_changed(item.id)
        self.prices.offer(items)

    def _user_outcomes(self, _: str, payload: bytes) -> None:
        decided = fanout.user_outcomes_decoder.decode(payload)
        if auction_channel(decided.auction_id) not in self.registry.channels:
            self._stores.snapshots.auction_changed(decided.auction_id)  # else its state has said so
        with tracing.spans(Stage.PUSH) as spans:
            for outcome in decided.outcomes:
                self._outcome(decided.auction_id, outcome, spans)
        for refusal in decided.refused:
            self._refusal(decided.auction_id, refusal)

    def _measure(self, state: AuctionState) -> None:
        if state.bids:
            decided = datetime.fromisoformat(state.bids[-1].at).timestamp()
            self.registry.traffic.fanouts_s.append(max(0.0, time.time() - decided))

    def _outcome(
        self, auction_id: int, outcome: fanout.BidderOutcome, spans: tracing.StageSpans
    ) -> None:
        bid_id = outcome.bid_id
        self.registry.pending.pop(bid_id, None)
        self._stores.bidding.answered(auction_id, outcome)
        if self._waits:
            self._waits.notify(bid_id)
        connections = self.registry.of_user(outcome.bidder_id)
        if not connections:
            return
        self._delivered.put(bid_id, outcome.status)
        frame = text_frame(encode(_result(auction_id, outcome)))
        if outcome.traceparent is not None:
            spans.continue_trace(outcome.traceparent, bid_id=bid_id, status=outcome.status)
        for connection in connections:
            connection.push(frame)
        log_bid_step("bid_told", bid_id, status=outcome.status, sockets=len(connections))

    def _refusal(self, auction_id: int, refusal: fanout.BidderRefusal) -> None:
        bid = bid_id_text(refusal.bidder_id, auction_id, refusal.key)
        self._stores.bidding.refused(auction_id, refusal.bidder_id, bid)
        if self._waits:
            self._waits.notify(bid)
        fields = asdict(refusal)
        del fields["bidder_id"]
        frame = text_frame(encode(BidRefused(auction_id=auction_id, **fields)))
        for connection in self.registry.of_user(refusal.bidder_id):
            connection.push(frame)

    def _room_message(self, _: str, payload: bytes) -> None:
        self.rooms.on_publication(fanout.room_publication_decoder.decode(payload))

    def _chat_event(self, _: str, payload: bytes) -> None:
        event = chat_event_decoder.decode(payload)
        if event.type == "leave" and event.user_id is not None:
            self._stores.chat.member_left(event.room_id, event.user_id)
            for connection in self.registry.of_user(event.user_id):
                self.registry.leave(connection, room_channel(event.room_id))

    def _notice(self, _: str, payload: bytes) -> None:
        self._push_notice(fanout.user_notice_decoder.decode(payload))

    def _push_notice(self, published: fanout.UserNotice) -> None:
        frame = text_frame(encode(notice_push(published.notice)))
        for connection in self.registry.of_user(published.user_id):
            connection.push(frame)

    def _session_ended(self, _: str, payload: bytes) -> None:
        ended = fanout.session_ended_decoder.decode(payload)
        if ended.user_id is None:
            connections = self.registry.of_session(ended.session_id)
        else:
            connections = self.registry.of_user_but(ended.user_id, ended.kept)
        for connection in connections:
            connection.close(CloseCode.UNAUTHENTICATED, "signed out")

    def _close_ended(self) -> None:
        """Close the sockets of sessions whose end was missed."""
        here = self.registry.session_ids()
        for session_id in set(here) - self._stores.living_sessions(here):
            for connection in self.registry.of_session(session_id):
                connection.close(CloseCode.UNAUTHENTICATED, "signed out")

    def _socket_evicted(self, _: str, payload: bytes) -> None:
        evicted = fanout.socket_evicted_decoder.decode(payload)
        self.registry.evict(evicted.user_id, evicted.socket_id)

    def _backlog(self, _: str, payload: bytes) -> None:
        backlog = fanout.backlog_decoder.decode(payload)
        if backlog.published_at is not None:
            self.registry.traffic.deliveries_s.append(max(0.0, time.time() - backlog.published_at))
        self._stores.admission.update(backlog)

    def _rights_changed(self, _: str, payload: bytes) -> None:
        changed = fanout.rights_changed_decoder.decode(payload)
        self._stores.bidding.rights.forget(changed.user_id, changed.seller_id)

    def _resume_channel(self, name: str) -> None:
        kind, number = kind_and_number(name)
        if name == AUCTIONS:
            self.prices.push(self._stores.live.prices())
        elif kind == AUCTION:
            self._resume_auction(int(number))
        else:
            self.rooms.fill(self._stores.chat, int(number), self._limits.room_tail_messages)

    def _resume_auction(self, auction_id: int) -> None:
        views, bids_max = self._stores.auction_views, self._limits.snapshot_bids
        try:
            shown = views.snapshot(auction_id, None, bids_max)
        except NotFoundError:
            log.warning("resume_unknown", auction_id=auction_id)
            return
        self.auctions.offer(auction_id, state_of(shown.auction, shown.bids))

    def _deliver(self, known: KnownBid) -> None:
        outcome = fanout.BidderOutcome(
            bid_id=known.receipt.bid_id,
            bidder_id=known.bidder_id,
            key=known.receipt.key,
            **asdict(known.outcome),
        )
        with tracing.spans(Stage.PUSH) as spans:
            self._outcome(known.receipt.auction_id, outcome, spans)


def user_of(channel: str) -> int | None:
    """Return the user of a channel; None when it belongs to no user."""
    kind, number = kind_and_number(channel)
    return int(number) if kind in USER_KINDS else None


def state_of(auction: Auction, bids: list[PublicBid]) -> AuctionState:
    """Return the state of a resource, as if it were the newest event."""
    return AuctionState(
        version=auction.version,
        status=auction.status,
        price=auction.price,
        minimum_next_bid=auction.minimum_next_bid,
        bid_count=auction.bid_count,
        leader=auction.leader,
        reserve=auction.reserve,
        ends_at=auction.ends_at,
        extensions=auction.extensions,
        winner=auction.winner,
        last_ends_at=auction.last_ends_at,
        bids=bids,
        from_seq=bids[0].seq if bids else auction.bid_count + 1,
        voided=auction.voided,
    )


def _within_s(since: float) -> float:
    """Return how many seconds back to look for what was published since `since`."""
    return time.monotonic() - since + PUBLISHING_S_MAX


def _result(auction_id: int, outcome: fanout.BidderOutcome) -> BidResult:
    return BidResult(
        bid_id=outcome.bid_id,
        key=outcome.key,
        auction_id=auction_id,
        status=outcome.status,
        standing=outcome.standing,
        code=outcome.code,
        seq=outcome.seq,
        alias=outcome.alias,
        price=outcome.price,
        minimum_next_bid=outcome.minimum_next_bid,
        ends_at=outcome.ends_at,
        decided_at=outcome.decided_at,
    )
