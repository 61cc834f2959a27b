"""What a gateway reads after a reconnect: recent outcomes, refusals and notices of its users."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import update

from app.adapters.postgres import schema
from app.adapters.postgres.live import PostgresLive
from app.adapters.postgres.outcomes import PostgresOutcomes
from app.domain.ids import bid_id
from tests.integration.lanes.cluster import LaneCluster, Lot
from tests.waiting import CALL_S

LATELY_S = 60.0


def answered(cluster: LaneCluster, bidders: Sequence[int]) -> list[str]:
    outcomes = PostgresOutcomes(cluster.container.engine)
    batches = outcomes.decided_lately(bidders, LATELY_S)
    return [known.receipt.bid_id for batch in batches for known in batch]


def age(cluster: LaneCluster, lot: Lot) -> None:
    """Make all that was decided an hour older."""
    bids = schema.bids
    older = {"settled_at": bids.c.settled_at - timedelta(hours=1)}
    with cluster.container.engine.begin() as connection:
        connection.execute(update(bids).where(bids.c.auction_id == lot.auction_id).values(older))


def test_own_outcomes_are_found_by_when_they_were_settled(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    first, second, other = lot.bidders[:3]
    for number, bidder in enumerate((first, second, other)):
        cluster.bid(lot, bidder=bidder, amount=2_000 * (number + 1), key="k")
    cluster.wait_decided(lot, 3)
    own = [str(bid_id(bidder, lot.auction_id, "k")) for bidder in (first, second)]
    assert answered(cluster, [first, second]) == own
    age(cluster, lot)
    assert answered(cluster, [first, second]) == []


def test_a_repeat_gets_the_old_outcome_or_a_key_conflict(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    bidder = lot.bidders[0]
    cluster.bid(lot, bidder=bidder, amount=2_000, key="k").get(timeout=CALL_S)
    cluster.wait_decided(lot, 1)
    age(cluster, lot)
    cluster.bid(lot, bidder=bidder, amount=2_000, key="k").get(timeout=CALL_S)
    place = cluster.bid(lot, bidder=bidder, amount=9_000, key="k", kind="max").get(timeout=CALL_S)
    cluster.wait_decided(lot, 3)
    assert answered(cluster, [bidder]) == [str(bid_id(bidder, lot.auction_id, "k"))]
    outcomes = PostgresOutcomes(cluster.container.engine)
    ((refused,),) = outcomes.refused_lately([bidder], LATELY_S)
    item = refused.refusal
    assert (refused.auction_id, item.bidder_id, item.key) == (lot.auction_id, bidder, "k")
    assert (item.amount, item.kind, item.code) == (9_000, "max", "KEY_REUSED")
    assert (item.partition, item.offset) == (place.partition, place.offset)


def test_unread_notices_are_found_until_they_are_read(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    outbid, leader = lot.bidders[:2]
    for number, bidder in enumerate((outbid, leader)):
        cluster.bid(lot, bidder=bidder, amount=2_000 * (number + 1), key="k")
    cluster.wait_decided(lot, 2)
    live = PostgresLive(cluster.container.engine)
    ((item,),) = live.published_lately([outbid, leader], LATELY_S)
    assert (item.user_id, item.notice.kind) == (outbid, "outbid")
    live.acknowledge(outbid, item.notice.id)
    assert list(live.published_lately([outbid], LATELY_S)) == []
