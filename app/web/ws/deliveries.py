"""What is addressed to single users, sent to each of their sockets here: outcomes of bids, refused
keys, notices."""

from msgspec.structs import asdict

from app.domain.ids import bid_id_text
from app.observability.bid_log import log_bid_step
from app.protocol import fanout
from app.protocol.channels import auction_channel
from app.protocol.pushes import bid_refused, bid_result, notice_push
from app.protocol.records import BidderOutcome, BidderRefusal
from app.services.bidding import KnownBid
from app.services.ttl_cache import TtlCache
from app.web.ws.feeds import encode
from app.web.ws.framing import text_frame
from app.web.ws.registry import Registry
from app.web.ws.services import GatewayServices
from lanes import Stage, tracing

DELIVERED_MAX = 50_000  # ids only, 10 MB; a forgotten outcome is sent again after a disconnect
DELIVERED_TTL_S = 600.0


class Deliveries:
    """Knows which outcomes were delivered lately, so that a recovery does not repeat them."""

    def __init__(self, services: GatewayServices, registry: Registry) -> None:
        self._registry, self._waits = registry, services.waits
        self._bidding, self._snapshots = services.bidding, services.snapshots
        self._delivered: TtlCache[str, str] = TtlCache(DELIVERED_MAX, ttl_s=DELIVERED_TTL_S)

    def on_outcomes(self, _: str, payload: bytes) -> None:
        """Deliver what was decided of a user's bids on one auction."""
        decided = fanout.user_outcomes_decoder.decode(payload)
        if auction_channel(decided.auction_id) not in self._registry.channels:
            self._snapshots.auction_changed(decided.auction_id)  # else its state has said so
        with tracing.spans(Stage.PUSH) as spans:
            for outcome in decided.outcomes:
                self._outcome(decided.auction_id, outcome, spans)
        for refusal in decided.refused:
            self.refusal(decided.auction_id, refusal)

    def on_notice(self, _: str, payload: bytes) -> None:
        """Deliver a notice that was published."""
        self.notice(fanout.user_notice_decoder.decode(payload))

    def outcome_unless_delivered(self, known: KnownBid) -> None:
        """Deliver the outcome of a stored bid, unless it was delivered lately."""
        if self._delivered.get(known.receipt.bid_id) != known.outcome.status:
            self.outcome(known)

    def outcome(self, known: KnownBid) -> None:
        """Deliver the outcome of a stored bid."""
        outcome = BidderOutcome(
            bid_id=known.receipt.bid_id,
            bidder_id=known.bidder_id,
            key=known.receipt.key,
            **asdict(known.outcome),
        )
        with tracing.spans(Stage.PUSH) as spans:
            self._outcome(known.receipt.auction_id, outcome, spans)

    def refusal(self, auction_id: int, refusal: BidderRefusal) -> None:
        """Deliver the refusal of a key that named another bid."""
        bid = bid_id_text(refusal.bidder_id, auction_id, refusal.key)
        self._bidding.refused(auction_id, refusal.bidder_id, bid)
        if self._waits:
            self._waits.notify(bid)
        frame = text_frame(encode(bid_refused(auction_id, refusal)))
        for connection in self._registry.of_user(refusal.bidder_id):
            connection.push(frame)

    def notice(self, published: fanout.UserNotice) -> None:
        """Deliver a notice."""
        frame = text_frame(encode(notice_push(published.notice)))
        for connection in self._registry.of_user(published.user_id):
            connection.push(frame)

    def _outcome(self, auction_id: int, outcome: BidderOutcome, spans: tracing.StageSpans) -> None:
        bid_id = outcome.bid_id
        self._registry.pending.pop(bid_id, None)
        self._bidding.answered(auction_id, outcome)
        if self._waits:
            self._waits.notify(bid_id)
        connections = self._registry.of_user(outcome.bidder_id)
        if not connections:
            return
        self._delivered.put(bid_id, outcome.status)
        frame = text_frame(encode(bid_result(auction_id, outcome)))
        if outcome.traceparent is not None:
            spans.continue_trace(outcome.traceparent, bid_id=bid_id, status=outcome.status)
        for connection in connections:
            connection.push(frame)
        log_bid_step("bid_delivered", bid_id, status=outcome.status, sockets=len(connections))
