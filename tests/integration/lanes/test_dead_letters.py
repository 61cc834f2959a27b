"""Records that cannot be settled become dead letters, and their lane continues."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from app.adapters.postgres import schema
from app.adapters.postgres.outcomes import PostgresOutcomes
from app.adapters.postgres.settling import PostgresAuctionStore
from app.domain.auction import genesis
from app.domain.ids import bid_id
from app.domain.ledger import fold
from app.protocol.channels import user_channel
from app.protocol.topics import AUCTION_BID
from app.services.settling import AuctionLane, decode
from lanes.dead_letter import Parking
from lanes.errors import BadRecordError
from lanes.postgres import schema as lane_schema
from lanes.record import InboxRecord
from lanes.topic import dead_letter_topic
from tests import kafka_log
from tests.bid_values import bid_value
from tests.integration.lanes.cluster import LaneCluster, Lot
from tests.integration.lanes.test_fan_out import collect, listening
from tests.waiting import CALL_S, wait_until

POISON = 666_666
UNKNOWN = 10**15  # no auction has this id


@contextmanager
def poisoned(cluster: LaneCluster) -> Iterator[None]:
    """While inside, no bid of POISON can be decided: a database that refuses a value for good."""
    run(cluster, f"ALTER TABLE bids ADD CONSTRAINT poison CHECK (amount <> {POISON} "
               "OR status = 'failed') NOT VALID")  # fmt: skip
    try:
        yield
    finally:
        run(cluster, "ALTER TABLE bids DROP CONSTRAINT poison")


@contextmanager
def contended(cluster: LaneCluster, lot: Lot) -> Iterator[None]:
    """While inside, another writer is always first in settling this auction."""
    run(cluster, f"""
        CREATE FUNCTION contend() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          RETURN CASE WHEN OLD.id = {lot.auction_id}
                 AND current_query() LIKE 'EXECUTE auction_save%'
                 THEN NULL ELSE NEW END; END $$;
        CREATE TRIGGER contend BEFORE UPDATE ON auctions
          FOR EACH ROW EXECUTE FUNCTION contend()""")  # fmt: skip
    try:
        yield
    finally:
        run(cluster, "DROP TRIGGER contend ON auctions; DROP FUNCTION contend()")


def run(cluster: LaneCluster, statement: str) -> None:
    with cluster.container.engine.begin() as connection:
        connection.execute(text(statement))


def letters(cluster: LaneCluster, key: object) -> list[Any]:
    """Dead letters of a lane, in log order."""
    table = lane_schema.dead_letters
    with cluster.container.engine.connect() as connection:
        found = table.select().where(table.c.key == str(key)).order_by(table.c.offset)
        return list(connection.execute(found))


def is_parked(cluster: LaneCluster, key: object) -> bool:
    table = lane_schema.parked_lanes
    with cluster.container.engine.connect() as connection:
        return connection.execute(table.select().where(table.c.key == str(key))).first() is not None


def park(cluster: LaneCluster, key: object) -> None:
    """As an operator does."""
    with cluster.container.begin() as transaction:
        cluster.container.lanes.park(
            transaction, topic=AUCTION_BID.name, key=str(key), parking=Parking("Held", "by hand")
        )


def free(cluster: LaneCluster, key: object) -> None:
    """Unpark, as an operator does when the code is fixed."""
    inbox, parked = lane_schema.inbox, lane_schema.parked_lanes
    with cluster.container.engine.begin() as connection:
        connection.execute(inbox.update().where(inbox.c.key == str(key)).values(attempts=0))
        connection.execute(parked.delete().where(parked.c.key == str(key)))


def check(cluster: LaneCluster, lot: Lot, partition: int) -> None:
    """State and chain are the fold of the log less its dead letters."""
    dead = {row.offset for row in letters(cluster, lot.auction_id)}
    log = [record for record in cluster.log(lot, partition) if record.offset not in dead]
    state = cluster.state(lot)
    expected, _ = fold(genesis(state), [decode(record) for record in log])
    assert (state.chain, state.bid_count) == (expected.chain, expected.bid_count)


def test_a_poison_record_becomes_a_dead_letter(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    bidder = lot.bidders[1]
    with listening(cluster, user_channel(bidder)) as pubsub, poisoned(cluster):
        futures = [
            cluster.bid(lot, bidder=lot.bidders[n], amount=2_000 * (n + 1), key=f"k{n}")
            for n in range(3)
        ]
        poison = cluster.bid(lot, bidder=bidder, amount=POISON, key="poison").get(timeout=CALL_S)
        futures += [
            cluster.bid(lot, bidder=lot.bidders[n], amount=2_000 * (n + 1), key=f"k{n}")
            for n in range(3, 8)
        ]
        place = [future.get(timeout=CALL_S) for future in futures].pop()
        published = collect(
            pubsub,
            lambda e: (
                e["auction_id"] == lot.auction_id
                and any(o["status"] == "failed" for o in e["outcomes"])
            ),
            until=1,
        )
        wait_until(lambda: cluster.state(lot).bid_count == 8, what="the rest is decided")
    (outcome,) = published[0]["outcomes"]
    assert (outcome["bid_id"], outcome["bidder_id"], outcome["key"]) == (
        str(bid_id(bidder, lot.auction_id, "poison")), bidder, "poison",
    )  # fmt: skip
    assert outcome["price"] is None
    (letter,) = letters(cluster, lot.auction_id)
    assert (letter.offset, letter.reason, letter.error_class) == (
        poison.offset, "HandlerError", "BadDataError",
    )  # fmt: skip
    assert letter.attempts >= 3, "twice with others and once alone; two workers may try at once"
    assert letter.consumer_group == "auction"
    assert letter.trace_id == str(bid_id(bidder, lot.auction_id, "poison"))
    (row,) = [row for row in cluster.rows(schema.bids, lot) if row.status == "failed"]
    assert (row.offset, row.amount, row.seq, row.price) == (poison.offset, POISON, None, None)
    assert cluster.waiting(lot) == 0
    check(cluster, lot, place.partition)


def test_the_dead_letter_topic_has_the_bytes_and_their_source(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    bidder = lot.bidders[0]
    with poisoned(cluster):
        place = cluster.bid(lot, bidder=bidder, amount=POISON, key="poison").get(timeout=CALL_S)
        wait_until(lambda: letters(cluster, lot.auction_id), what="it is given up")
    (original,) = [r for r in cluster.log(lot, place.partition) if r.offset == place.offset]
    topic = dead_letter_topic(AUCTION_BID).name

    def sent() -> list[Any]:
        records = kafka_log.records(cluster.container.settings, topic, {place.partition: 0})
        return [record for record in records if record.key == str(lot.auction_id).encode()]

    wait_until(sent, what="it is in the dead-letter topic")
    (record,) = sent()
    assert record.value.decode() == original.payload
    headers = {name: value.decode() for name, value in record.headers}
    first_failed_at = headers.pop("first_failed_at")
    log_time = headers.pop("original_log_time")
    assert int(headers.pop("attempts")) >= 3
    assert "23514" in headers.pop("error_message")
    assert headers == {
        "original_topic": AUCTION_BID.name,
        "original_partition": str(place.partition),
        "original_offset": str(place.offset),
        "consumer_group": "auction",
        "reason": "HandlerError",
        "error_class": "BadDataError",
        "trace_id": str(bid_id(bidder, lot.auction_id, "poison")),
        "replay_count": "0",
    }
    assert first_failed_at.endswith("Z")
    assert log_time.endswith("Z")


def test_a_repeated_failed_bid_is_decided_again(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    bidder = lot.bidders[0]
    with poisoned(cluster):
        first = cluster.bid(lot, bidder=bidder, amount=POISON, key="poison").get(timeout=CALL_S)
        wait_until(lambda: letters(cluster, lot.auction_id), what="it is given up")
    again = cluster.bid(lot, bidder=bidder, amount=POISON, key="poison").get(timeout=CALL_S)
    wait_until(lambda: cluster.state(lot).bid_count == 1, what="it is decided")
    (row,) = cluster.rows(schema.bids, lot)
    assert (row.status, row.offset, row.price) == ("accepted", again.offset, POISON)
    assert [letter.offset for letter in letters(cluster, lot.auction_id)] == [first.offset]
    check(cluster, lot, again.partition)


def test_a_failed_bid_sent_again_is_pending(
    cluster: LaneCluster,
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    bidder, outcomes = lot.bidders[0], PostgresOutcomes(cluster.container.engine)
    bid = bid_id(bidder, lot.auction_id, "k")
    with poisoned(cluster):
        cluster.bid(lot, bidder=bidder, amount=POISON, key="k").get(timeout=CALL_S)
        wait_until(lambda: letters(cluster, lot.auction_id), what="it is given up")
    (failed,) = outcomes.decided([bid])
    assert (failed.outcome.status, failed.outcome.price) == ("failed", None)
    assert failed.answers(failed.receipt)
    park(cluster, lot.auction_id)
    cluster.bid(lot, bidder=bidder, amount=POISON, key="k").get(timeout=CALL_S)
    wait_until(lambda: cluster.waiting(lot) == 1, what="it waits again")
    waiting = cluster.container.bidding.status(bidder, lot.auction_id, "k")
    assert waiting is not None
    assert waiting.outcome.status == "pending"
    assert not failed.answers(waiting.receipt)
    free(cluster, lot.auction_id)
    wait_until(lambda: cluster.state(lot).bid_count == 1, what="it is decided")
    (decided,) = outcomes.decided([bid])
    assert decided.outcome.status == "accepted"
    assert decided.answers(failed.receipt)


def test_a_repeat_of_an_answered_bid_that_fails_changes_nothing(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    bidder = lot.bidders[0]
    first = cluster.bid(lot, bidder=bidder, amount=5_000, key="k").get(timeout=CALL_S)
    cluster.wait_decided(lot, 1)
    with contended(cluster, lot):
        cluster.bid(lot, bidder=bidder, amount=5_000, key="k").get(timeout=CALL_S)
        wait_until(lambda: letters(cluster, lot.auction_id), what="the repeat is given up")
    (row,) = cluster.rows(schema.bids, lot)
    assert (row.status, row.offset) == ("accepted", first.offset)


def test_records_with_only_conflicts_become_dead_letters(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    with contended(cluster, lot):
        for number in range(3):
            bidder = lot.bidders[number]
            cluster.bid(lot, bidder=bidder, amount=2_000 * (number + 1), key="k").get(
                timeout=CALL_S
            )
        wait_until(lambda: len(letters(cluster, lot.auction_id)) == 3, what="all are given up")
    found = letters(cluster, lot.auction_id)
    assert {letter.reason for letter in found} == {"VersionConflict"}
    assert {letter.attempts for letter in found} == {
        cluster.container.settings.limits.retries_max + 1
    }
    assert {row.status for row in cluster.rows(schema.bids, lot)} == {"failed"}
    place = cluster.bid(lot, bidder=lot.bidders[4], amount=9_000, key="k").get(timeout=CALL_S)
    wait_until(lambda: cluster.state(lot).bid_count == 1, what="the lane goes on")
    check(cluster, lot, place.partition)


def test_a_record_of_an_unknown_auction_is_a_dead_letter(cluster: LaneCluster) -> None:
    value = b'{"v":1,"type":"close","auction_id":%d}' % UNKNOWN
    cluster.put(str(UNKNOWN).encode(), value).get(timeout=CALL_S)
    wait_until(lambda: letters(cluster, UNKNOWN), what="it is given up")
    (letter, *_) = letters(cluster, UNKNOWN)
    assert (letter.reason, bytes(letter.payload)) == ("UnknownAuction", value)


def test_a_forged_bid_in_the_inbox_notifies_no_user(
    cluster: LaneCluster,
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    key, (owner, forger) = str(lot.auction_id), lot.bidders[:2]
    value = bid_value(forger, lot.auction_id, amount=99_000, id_of=owner)
    payload = msgspec.json.encode(value).decode()
    forged = InboxRecord(AUCTION_BID.name, 0, UNKNOWN, key, payload, datetime.now(UTC))
    lane = AuctionLane(PostgresAuctionStore(), lambda: None)
    with cluster.container.begin() as transaction:
        with pytest.raises(BadRecordError) as refused:
            lane.settle(transaction, lane.load(transaction, {key: [forged]}), {key: [forged]})
        (event,) = lane.fail(transaction, key, [forged]).messages
    assert refused.value.reason == "BadIdentity"
    assert msgspec.json.decode(event.payload)["outcomes"] == []
    assert cluster.rows(schema.bids, lot) == []


def test_a_failing_lane_is_parked_and_resumes_after_the_fix(
    cluster: LaneCluster,
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    most = cluster.container.settings.limits.dead_letters_per_lane_max
    with poisoned(cluster):
        futures = [
            cluster.bid(lot, bidder=lot.bidders[n % 20], amount=POISON, key=f"k{n}")
            for n in range(most + 5)
        ]
        places = [future.get(timeout=CALL_S) for future in futures]
        wait_until(lambda: is_parked(cluster, lot.auction_id), what="the lane is parked")
        assert len(letters(cluster, lot.auction_id)) == most
        assert cluster.waiting(lot) == 5
        last = cluster.bid(lot, bidder=lot.bidders[0], amount=700_000, key="after").get(
            timeout=CALL_S
        )
        wait_until(lambda: cluster.waiting(lot) == 6, what="what comes later waits too")
    free(cluster, lot.auction_id)
    wait_until(lambda: cluster.waiting(lot) == 0, what="the sweep wakes it")
    stored = [place.offset for place in places[most:]] + [last.offset]
    decided = [row for row in cluster.rows(schema.bids, lot) if row.status != "failed"]
    assert [row.offset for row in decided] == stored
    check(cluster, lot, last.partition)


def test_a_newer_schema_parks_the_lane_without_a_dead_letter(
    cluster: LaneCluster,
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    key = str(lot.auction_id).encode()
    cluster.bid(lot, bidder=lot.bidders[0], amount=2_000, key="before").get(timeout=CALL_S)
    newer = {"v": 2, "type": "bid", "auction_id": lot.auction_id, "colour": "red"}
    cluster.put(key, msgspec.json.encode(newer)).get(timeout=CALL_S)
    cluster.bid(lot, bidder=lot.bidders[1], amount=4_000, key="after").get(timeout=CALL_S)
    wait_until(lambda: is_parked(cluster, lot.auction_id), what="the lane is parked")
    wait_until(lambda: cluster.waiting(lot) == 2, what="what was before it is settled")
    assert cluster.state(lot).bid_count == 1
    assert letters(cluster, lot.auction_id) == []


def test_a_long_held_lock_is_waited_for(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    with cluster.container.engine.begin() as connection:
        connection.execute(
            text("UPDATE auctions SET mode = mode WHERE id = :id"), {"id": lot.auction_id}
        )
        for number in range(3):
            bidder = lot.bidders[number]
            cluster.bid(lot, bidder=bidder, amount=2_000 * (number + 1), key="k").get(
                timeout=CALL_S
            )
        log = cluster.stack.control.log_file(cluster.name("worker-bids-0")).parent
        wait_until(lambda: _deferred(log, lot.auction_id), what="settling was put off")
    wait_until(lambda: cluster.state(lot).bid_count == 3, what="all are decided")
    assert letters(cluster, lot.auction_id) == []


def _deferred(logs: Any, auction_id: int) -> bool:
    mark = f'"key":"{auction_id}"'
    return any(
        "settle_deferred" in line and mark in line
        for file in logs.glob("lanes-worker-bids-*.log")
        for line in file.read_text(encoding="utf-8").splitlines()
    )
