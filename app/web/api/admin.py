"""Routes of admins: dead letters, and voiding a bidder's bids."""

from app.observability.security_log import SecurityEvent, log_security
from app.protocol.dead_letters import DeadLetter, DeadLetterQuery, ReplayAnswer, ReplayRequest
from app.protocol.resources import Auction, AuctionVoid, Listed
from app.services.auctions import AuctionHouse
from app.services.dead_letters import DeadLetterAdministration
from app.web.api.route import Answer, Call, Route, awaited


def admin_routes(dead_letters: DeadLetterAdministration) -> list[Route]:
    """Dead letters."""

    def replayed(call: Call) -> Answer:
        requested_by = f"user:{call.identity.user_id}"
        answer = dead_letters.replay(call.body, requested_by=requested_by)
        log_security(SecurityEvent.REPLAYED, by=requested_by, records=_replayed(answer))
        return Answer(answer)

    return [
        Route(
            method="GET", path="/api/admin/dead-letters", summary="Dead letters", auth="admin",
            handle=lambda c: Answer(dead_letters.page(c.query)),
            query=DeadLetterQuery, answers={200: Listed[DeadLetter]},
        ),
        Route(
            method="POST", path="/api/admin/dead-letters/replay", summary="Replay dead letters",
            auth="admin", handle=replayed, body=ReplayRequest, answers={200: ReplayAnswer},
            codes=("NOT_FOUND",),
        ),
    ]  # fmt: skip


def void_routes(house: AuctionHouse) -> list[Route]:
    """Rule 20."""

    def voided(call: Call) -> Answer:
        admin_id, auction_id = call.identity.user_id, call.ids["auction_id"]
        result = house.void(admin_id, auction_id, call.body, by=f"user:{admin_id}")
        return awaited(result.auction, is_decided=result.is_decided)

    return [
        Route(
            method="POST", path="/api/admin/auctions/<int:auction_id>/void",
            summary="Void a bidder's bids", auth="admin", handle=voided, body=AuctionVoid,
            answers={200: Auction, 202: Auction},
            codes=("NOT_FOUND", "CLOSED", "NOT_STARTED", "ALREADY_VOIDED", "BUSY", "BID_UNKNOWN"),
        ),
    ]  # fmt: skip


def _replayed(answer: ReplayAnswer) -> int:
    return sum(result.result in ("replayed", "unknown") for result in answer.items)
