"""Decisions of an ended auction are moved to the archive, and every answer stays the same."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from app.adapters.postgres import schema
from app.adapters.postgres.archive import PostgresArchive
from app.domain.ids import bid_id
from app.protocol.outcomes import PublicBid
from app.protocol.topics import AUCTION_BID
from app.services.bidding import KnownBid
from bridge.audit import audit
from lanes.audit.ports import Scope
from lanes.postgres import schema as lane_schema
from tests.integration.audit.scenario import new_lot
from tests.integration.lanes.cluster import LaneCluster, Lot
from tests.waiting import CALL_S, stretched, wait_until

TODAY = 0  # days: everything that has ended
BATCH = 7  # rows at once: an auction is moved in many transactions
BIDDERS = 5
KEYS = [f"k{number}" for number in range(60)]
ROUNDS_MAX = 50  # more would keep the archive busy for as long as they come
KEYS_LATE = [f"late{number}" for number in range(5)]


def opened(cluster: LaneCluster, *, lasts_s: float) -> Lot:
    """Create and publish an auction."""
    lot = new_lot(cluster.container, lasts_s=lasts_s, bidders=BIDDERS)
    return Lot(lot.auction_id, lot.bidders)


def place(cluster: LaneCluster, lot: Lot, keys: Sequence[str]) -> None:
    """Bid by turns, every fourth time too low, and wait until the log has it."""
    futures = [bid(cluster, lot, number, key) for number, key in enumerate(keys)]
    for future in futures:
        future.get(timeout=CALL_S)


def bid(cluster: LaneCluster, lot: Lot, number: int, key: str, amount: int | None = None) -> Any:
    """The future of a bid that is the same whenever it is made."""
    chosen_amount = amount or (1 if number % 4 == 3 else 10_000 * (number + 1))
    kind = "max" if number % 3 == 0 else "exact"
    return cluster.bid(lot, bidder=bidder_of(lot, number), amount=chosen_amount, key=key, kind=kind)


def bidder_of(lot: Lot, number: int) -> int:
    return lot.bidders[number % BIDDERS]


def known(cluster: LaneCluster, lot: Lot, keys: Sequence[str]) -> list[KnownBid | None]:
    """The outcomes that bidders receive."""
    status = cluster.container.bidding.status
    return [status(bidder_of(lot, number), lot.auction_id, key) for number, key in enumerate(keys)]


def history(cluster: LaneCluster, lot: Lot) -> list[PublicBid]:
    """All accepted bids, page by page."""
    pages: list[PublicBid] = []
    while page := cluster.container.auction_views.history(lot.auction_id, len(pages), 10):
        pages += page
    return pages


def count(cluster: LaneCluster, table: Any, lot: Lot) -> int:
    with cluster.container.engine.connect() as connection:
        of_lot = select(func.count()).where(table.c.auction_id == lot.auction_id)
        return int(connection.execute(of_lot).scalar_one())


def archive(cluster: LaneCluster) -> None:
    """Move all there is, as a run of the housekeeping does."""
    chore = PostgresArchive(cluster.container.engine, days=TODAY)
    while chore.remove(BATCH).more:
        pass


def violated(cluster: LaneCluster, lot: Lot) -> dict[str, str]:
    results = audit(cluster.container, Scope(lane=str(lot.auction_id)), [])
    return {name: results[name].examples[0] for name in results.violated}


def test_archiving_under_load_changes_no_answer(
    cluster: LaneCluster,
) -> None:
    ended, busy = opened(cluster, lasts_s=stretched(6)), opened(cluster, lasts_s=3_600)
    place(cluster, ended, KEYS)
    cluster.wait_closed(ended)
    before = known(cluster, ended, KEYS), history(cluster, ended), seen(cluster, ended)
    assert {one.outcome.status for one in before[0] if one} == {"accepted", "rejected"}
    stop = threading.Event()

    def storm() -> None:
        for _ in range(ROUNDS_MAX):
            if stop.is_set():
                break
            place(cluster, busy, KEYS)
            place(cluster, ended, KEYS)  # repeats: first outcomes, whichever table they are in
            place(cluster, ended, KEYS_LATE)

    with ThreadPoolExecutor(3) as pool:
        storming = pool.submit(storm)
        moving = [pool.submit(archive, cluster) for _ in range(2)]
        for one in moving:
            one.result(timeout=CALL_S)
        stop.set()
        storming.result(timeout=CALL_S)
    wait_until(lambda: is_idle(cluster, ended, busy), what="all is decided and published")
    archive(cluster)
    assert count(cluster, schema.bids, ended) == count(cluster, schema.decisions, ended) == 0
    assert count(cluster, schema.bids_archive, ended) >= len(KEYS) + len(KEYS_LATE)
    assert count(cluster, schema.bids_archive, busy) == 0
    assert (known(cluster, ended, KEYS), history(cluster, ended), seen(cluster, ended)) == before
    late = known(cluster, ended, KEYS_LATE)
    assert {one.outcome.code for one in late if one} == {"CLOSED"}
    assert all(late)
    assert violated(cluster, ended) == {}
    assert violated(cluster, busy) == {}


def is_idle(cluster: LaneCluster, *lots: Lot) -> bool:
    """Return whether all records are ingested, decided and published."""
    ends = {
        part: end for part, (_, end) in cluster.container.log_reader.bounds(AUCTION_BID).items()
    }
    progress, unsent = (
        lane_schema.ingest_progress,
        select(func.count()).select_from(lane_schema.outbox),
    )
    taken = select(progress.c.partition, progress.c.next_offset).where(
        progress.c.topic == AUCTION_BID.name
    )
    with cluster.container.engine.connect() as connection:
        offsets = {row.partition: row.next_offset for row in connection.execute(taken)}
        waiting = connection.execute(unsent).scalar_one() + sum(map(cluster.waiting, lots))
    return offsets == ends and waiting == 0


def seen(cluster: LaneCluster, lot: Lot) -> Any:
    """The newest bids of a page that opens, and what a bidder sees of the own bids."""
    snapshot = cluster.container.auction_views.snapshot(lot.auction_id, lot.bidders[0], 20)
    return snapshot.bids, snapshot.auction.mine


@pytest.fixture
def archived(cluster: LaneCluster) -> Lot:
    """An auction with two bids, all of it in the archive."""
    lot = opened(cluster, lasts_s=stretched(6))
    place(cluster, lot, KEYS[:2])
    cluster.wait_closed(lot)
    archive(cluster)
    assert count(cluster, schema.bids, lot) == 0
    return lot


def test_a_repeat_of_an_archived_bid_gets_its_outcome(cluster: LaneCluster, archived: Lot) -> None:
    bidder, outcomes = bidder_of(archived, 0), cluster.container.bidding
    bid(cluster, archived, 0, KEYS[0]).get(timeout=CALL_S)
    bid(cluster, archived, 0, KEYS[0], amount=99_000).get(timeout=CALL_S)
    wait_until(lambda: count(cluster, schema.decisions, archived) == 2, what="both are decided")
    (found_outcome,) = [one for batch in outcomes.decided_lately([bidder], 60) for one in batch]
    assert found_outcome.receipt.bid_id == str(bid_id(bidder, archived.auction_id, KEYS[0]))
    assert found_outcome.outcome.status == "accepted"
    (refused,) = [one for batch in outcomes.refused_lately([bidder], 60) for one in batch]
    assert (refused.refusal.key, refused.refusal.amount) == (KEYS[0], 99_000)
    archive(cluster)
    assert count(cluster, schema.decisions, archived) == 0, "what came late follows"
    assert violated(cluster, archived) == {}


def test_a_bid_with_an_archived_outcome_never_fails_later(
    cluster: LaneCluster, archived: Lot
) -> None:
    handler = cluster.container.lane_topics[AUCTION_BID.name].handler
    (record, *_) = cluster.log(archived, partition_of(cluster, archived))
    with cluster.container.begin() as transaction:
        handler.fail(transaction, str(archived.auction_id), [record])
        assert handler.settled(transaction, [record.payload.encode()]) == [True]
    assert count(cluster, schema.bids, archived) == 0


def partition_of(cluster: LaneCluster, lot: Lot) -> int:
    with cluster.container.engine.connect() as connection:
        table = schema.bids_archive
        found = select(table.c.partition).where(table.c.auction_id == lot.auction_id).limit(1)
        return int(connection.execute(found).scalar_one())
