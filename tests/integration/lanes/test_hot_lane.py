"""One hot auction, four workers, kills: every record is decided once and in log order."""

import random
from functools import partial
from typing import Any

from app.adapters.postgres import schema
from tests.integration.lanes.cluster import LaneCluster
from tests.waiting import CALL_S, stretched, wait_until

BIDS = 1_000
KILL_EVERY = 200
REPEATED = 10  # every tenth bid is sent twice


def test_four_workers_and_kills_keep_order_and_lose_nothing(cluster: LaneCluster) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    lot = cluster.auction(lasts_s=3_600)
    futures: list[Any] = []
    for number in range(BIDS):
        bid = partial(
            cluster.bid,
            lot,
            bidder=lot.bidders[number % len(lot.bidders)],
            amount=1_000 + number * 20 + chance.randrange(8_000),
            key=f"k{number}",
            kind=chance.choice(["exact", "max"]),
        )
        futures += [bid() for _ in range(2 if number % REPEATED == 0 else 1)]
        if number % KILL_EVERY == 0:
            cluster.producer.flush()
            cluster.kill("bridge", f"worker-bids-{chance.randrange(4)}")
    cluster.producer.flush()
    places = [future.get(timeout=CALL_S) for future in futures]
    cluster.wait_decided(lot, len(places))

    log = cluster.check_against_log(lot, places[0].partition)
    assert len(log) >= len(places)


def test_an_auction_closes_by_a_record_soon_after_its_end(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=stretched(6))
    cluster.bid(lot, bidder=lot.bidders[0], amount=5_000, key="only").get(timeout=CALL_S)
    cluster.wait_closed(lot)
    state = cluster.state(lot)
    assert state.winner_id == lot.bidders[0]
    assert state.closed_at == state.ends_at
    closes = [row for row in cluster.rows(schema.decisions, lot) if row.effect == "sold"]
    assert len(closes) == 1
    assert closes[0].decided_at >= state.ends_at
    notified = {(notice.kind, notice.user_id) for notice in cluster.notices(lot)}
    assert notified == {("sold", state.terms.seller_id), ("won", lot.bidders[0])}
    wait_until(
        lambda: all(notice.published_at for notice in cluster.notices(lot)),
        what="both are published",
    )


def test_the_displaced_leader_is_notified_once_a_minute(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    first, second = lot.bidders[:2]
    for number in range(6):
        bidder = (first, second)[number % 2]
        cluster.bid(lot, bidder=bidder, amount=2_000 * (number + 1), key=f"k{number}")
        cluster.wait_decided(lot, number + 1)
    notified = [(notice.kind, notice.user_id) for notice in cluster.notices(lot)]
    assert notified == [("outbid", first), ("outbid", second)]


def test_undecodable_bytes_are_kept_and_delay_no_record(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    key = str(lot.auction_id).encode()
    for value in (b"\xff\xfe", b"{", b"[]", b'{"v":1,"type":"bid"}', b'{"v":1,"type":"nonsense"}'):
        cluster.put(key, value).get(timeout=CALL_S)
    cluster.bid(lot, bidder=lot.bidders[0], amount=2_000, key="after").get(timeout=CALL_S)
    wait_until(lambda: cluster.state(lot).bid_count == 1, what="the bid after them is decided")
    with cluster.container.engine.connect() as connection:
        kept = connection.exec_driver_sql(
            "SELECT count(*) FROM dead_letters WHERE key = %s", (key.decode(),)
        ).scalar_one()
    assert kept == 5
