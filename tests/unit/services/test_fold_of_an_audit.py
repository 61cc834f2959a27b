"""An audit under broken code reports it, and does not fail itself."""

from app.domain.auction import open_auction
from app.domain.ids import bid_id
from app.domain.ledger import KnownBid
from app.domain.records import BidPlaced, Position
from app.services.auditing.fold import Fold
from app.services.auditing.invariants import INVARIANTS
from lanes.audit.results import AuditResults
from tests.unit.domain.builders import ANN, AUCTION, Lane, after, make


def test_an_undecidable_record_is_a_violation() -> None:
    results = AuditResults(INVARIANTS)
    fold = Fold(open_auction(make()), results)
    bid = BidPlaced(
        bid_id=bid_id(ANN, AUCTION, "k"), bidder_id=ANN, amount=5_000, kind="exact", confirm=True,
        key="k", position=Position(0, 1), log_time=after(1),
    )  # fmt: skip
    outcome = Lane().bid(ANN, 5_000, key="k")
    # The stored answer of a bidder who is not in Kafka: recognising the repeat raises.
    fold.begin({bid.bid_id: KnownBid(bid.amount, bid.kind, "accepted", outcome)})
    fold.apply("auction-bid/0/1", bid, [])
    fold.end()
    assert results.violated == ["I15"]
    assert results["I15"].checked == 1
