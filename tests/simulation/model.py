"""The application in memory: auctions, and the simulated lane topic of their bids."""

from datetime import timedelta

from app.domain.auction import Auction, open_auction
from app.domain.records import Record
from app.domain.rules import Rules
from app.domain.terms import Offer, SoftClose, make_terms
from app.protocol.topics import AUCTION_BID, INGEST_GROUP
from app.services import settling
from app.services.settling import AuctionLane
from lanes.handler import LaneTopic
from lanes.record import InboxRecord, RawRecord
from lanes.testing import MemoryStore, Simulation
from lanes.testing.simulation import NOW
from tests.simulation.auctions import MemoryAuctions

AUCTIONS = (1, 2, 3)
UNKNOWN_AUCTION = 99
SELLER = 100
LASTS_S = 120
LANE = LaneTopic(
    topic=AUCTION_BID,
    group=INGEST_GROUP,
    queue="bids",
    check=settling.check,
    identify=settling.identify,
    handler=AuctionLane(MemoryAuctions(), notify=lambda: None),
    is_text=True,
)


def auction_house() -> Simulation:
    """Return a simulation with AUCTIONS open and nothing in the log."""
    simulation = Simulation(LANE)
    open_auctions(simulation.store)
    return simulation


def open_auctions(store: MemoryStore) -> None:
    """Fill the tables with AUCTIONS, without a bid."""
    for auction_id in AUCTIONS:
        store.rows("auctions")[auction_id] = _auction(auction_id)


def settled_records(simulation: Simulation, auction_id: int) -> list[Record]:
    """The records of an auction that have had their effect, as the log has them, in its order."""
    decided = {
        (row.partition, row.offset)
        for row in simulation.store.rows("bids").values()
        if row.status != "failed"
    }
    decided |= {(part, offset) for _, part, offset in simulation.store.rows("decisions")}
    return [
        settling.decode(_inbox_record(raw))
        for log in simulation.log
        for raw in log
        if raw.key == b"%d" % auction_id and (raw.partition, raw.offset) in decided
    ]


def _inbox_record(raw: RawRecord) -> InboxRecord:
    payload = (raw.value or b"").decode()
    key = (raw.key or b"").decode()
    return InboxRecord(raw.topic, raw.partition, raw.offset, key, payload, raw.log_time)


def _auction(auction_id: int) -> Auction:
    offer = Offer(
        currency="KRW",
        starting_price=1_000,
        ends_at=NOW + timedelta(seconds=LASTS_S),
        reserve_price=None if auction_id == 1 else 8_000,
        buy_now_price=90_000 if auction_id == 3 else None,
        soft_close=SoftClose(10, 10, 3),
    )
    terms = make_terms(offer, auction_id=auction_id, seller_id=SELLER, now=NOW, rules=Rules())
    return open_auction(terms)
