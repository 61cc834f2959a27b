"""For each kind of tampering the audit names the invariant that is broken."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from kafka import KafkaAdminClient, OffsetAndMetadata, TopicPartition

from app.adapters.postgres import schema
from app.protocol.topics import AUCTION_BID, AUCTION_EVENT, INGEST_GROUP
from lanes.kafka.connect import make_producer
from lanes.kafka.security import client_arguments
from lanes.postgres import schema as lane_schema
from tests.integration.audit.scenario import Lot, SettledScenario, new_lot
from tests.integration.audit.tampering import added, changed, without

auctions, bids, decisions = schema.auctions, schema.bids, schema.decisions
inbox, outbox = lane_schema.inbox, lane_schema.outbox


def violated(settled: SettledScenario, lot: Lot) -> dict[str, str]:
    """The invariants that are violated, each with its first example."""
    results = settled.audit(lot)
    return {name: results[name].examples[0] for name in results.violated}


def numbered(settled: SettledScenario, seq: int) -> Any:
    """The row of the open auction with this seq."""
    return (bids.c.auction_id == settled.open.auction_id) & (bids.c.seq == seq)


def too_low(settled: SettledScenario) -> Any:
    """The one rejected row of the open auction: nothing else follows from it."""
    return (bids.c.auction_id == settled.open.auction_id) & (bids.c.code == "TOO_LOW")


def decided(lot: Lot, effect: str) -> Any:
    """The one row of `decisions` with this effect."""
    return (decisions.c.auction_id == lot.auction_id) & (decisions.c.effect == effect)


def of(lot: Lot) -> Any:
    return auctions.c.id == lot.auction_id


@pytest.fixture(scope="module", autouse=True)
def untouched(settled: SettledScenario) -> Any:
    """Check at the end that every tampering was undone."""
    yield
    assert violated(settled, settled.open) == {}
    assert violated(settled, settled.sold) == {}


def waiting_since(settled: SettledScenario, taken_at: datetime) -> Any:
    """Set the ingest time of the waiting record inside; I4 checks how long it waits."""
    return changed(
        settled, inbox, inbox.c.key == str(settled.waiting.auction_id), taken_at=taken_at
    )


def test_an_untampered_database_is_clean(settled: SettledScenario) -> None:
    for lot in (settled.open, settled.sold):
        assert violated(settled, lot) == {}
    with waiting_since(settled, datetime.now(UTC)):
        assert violated(settled, settled.waiting) == {}


def test_a_missing_decision_leaves_its_record_unaccounted(settled: SettledScenario) -> None:
    (repeat,) = [row for row in settled.decisions(settled.open) if row.effect == "repeat"]
    with without(settled, decisions, decided(settled.open, "repeat")):
        found = violated(settled, settled.open)
    assert list(found) == ["I2"]
    assert f"auction-bid/{repeat.partition}/{repeat.offset}" in found["I2"]


def test_a_record_in_two_places_is_noticed(settled: SettledScenario) -> None:
    (row,) = [row for row in settled.bids(settled.open) if row.code == "TOO_LOW"]
    place = {"topic": AUCTION_BID.name, "partition": row.partition, "offset": row.offset}
    twice = {"key": str(row.auction_id), "payload": "{}", "log_time": row.log_time}
    with added(settled, inbox, **place, **twice):
        assert list(violated(settled, settled.open)) == ["I2"]


def test_a_deleted_dead_letter_leaves_a_record_unaccounted(
    settled: SettledScenario,
) -> None:
    letters = lane_schema.dead_letters
    # Its id is the database's: it cannot be put back as it was, but moved away.
    with changed(settled, letters, letters.c.key == str(settled.open.auction_id), partition=99):
        assert list(violated(settled, settled.open)) == ["I2"]


def test_an_amount_that_is_not_the_records_is_noticed(settled: SettledScenario) -> None:
    with changed(settled, bids, too_low(settled), amount=11):
        found = violated(settled, settled.open)
    assert list(found) == ["I3"]
    assert f"auction {settled.open.auction_id} bid" in found["I3"]


def test_a_bid_moved_to_another_offset_is_noticed_twice(
    settled: SettledScenario,
) -> None:
    # By nature two: the record is in no place now, and the row has no record. What the decision
    # log says of its position is the record's, so the chain holds.
    with changed(settled, bids, too_low(settled), offset=10**9):
        assert list(violated(settled, settled.open)) == ["I2", "I3"]


def test_a_record_that_waits_too_long_is_noticed_unless_parked(
    settled: SettledScenario,
) -> None:
    lot = settled.waiting
    with waiting_since(settled, datetime.now(UTC) - timedelta(seconds=31)):
        assert list(violated(settled, lot)) == ["I4"]
        lane = {"topic": AUCTION_BID.name, "key": str(lot.auction_id)}
        with added(settled, lane_schema.parked_lanes, **lane, reason="HandlerError", message="m"):
            results = settled.audit(lot)
    assert results.violated == []
    assert any(f"parked lane auction-bid/{lot.auction_id}" in note for note in results["I4"].notes)


def test_an_id_that_is_not_derived_from_the_bid_is_noticed(settled: SettledScenario) -> None:
    row = next(row for row in settled.bids(settled.open) if row.code == "TOO_LOW")
    with changed(settled, bids, too_low(settled), bid_id=uuid4()):
        found = violated(settled, settled.open)
    assert list(found) == ["I5"]
    assert str(row.bid_id) in found["I5"]


def test_a_hole_in_seq_is_noticed(settled: SettledScenario) -> None:
    # By nature two: a seq is part of what was decided.
    last = max(row.seq or 0 for row in settled.bids(settled.open))
    with changed(settled, bids, numbered(settled, last), seq=last + 1):
        assert list(violated(settled, settled.open)) == ["I6", "I15"]


@pytest.mark.parametrize(
    "values",
    [{"price": 1}, {"bid_count": 1}, {"leader_id": None}, {"leader_maximum": 1}, {"extensions": 1},
     {"ends_at": datetime(2100, 1, 1, tzinfo=UTC)}],
)  # fmt: skip
def test_a_state_that_is_not_the_fold_of_its_log_is_noticed(
    settled: SettledScenario, values: dict[str, Any]
) -> None:
    with changed(settled, auctions, of(settled.open), **values):
        found = violated(settled, settled.open)
    assert list(found) == ["I7"]
    assert next(iter(values)) in found["I7"]


def test_a_price_that_falls_is_noticed(settled: SettledScenario) -> None:
    # By nature two: the rules would not have decided so.
    with changed(settled, bids, numbered(settled, 4), price=1_500):
        assert list(violated(settled, settled.open)) == ["I8", "I15"]


def test_a_price_lowered_by_a_void_is_no_violation(settled: SettledScenario) -> None:
    prices = [row.price for row in settled.bids(settled.voided) if row.status == "accepted"]
    assert prices != sorted(prices)
    assert violated(settled, settled.voided) == {}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"price": 6_000}, ["I8", "I15"]),  # the new leader's maximum is 5,000
        ({"price": 999}, ["I8", "I15"]),  # under the starting price
        ({"leader": 2}, ["I15"]),
        ({"alias": 1}, ["I15"]),
    ],
)
def test_a_void_with_another_effect_is_noticed(
    settled: SettledScenario, change: dict[str, int], found: list[str]
) -> None:
    (row,) = [row for row in settled.decisions(settled.voided) if row.effect == "bids_voided"]
    where = decided(settled.voided, "bids_voided")
    with changed(settled, decisions, where, detail={**row.detail, **change}):
        assert list(violated(settled, settled.voided)) == found


def test_a_missing_voided_bidder_is_noticed(settled: SettledScenario) -> None:
    with changed(settled, auctions, of(settled.voided), voided_ids=[]):
        assert list(violated(settled, settled.voided)) == ["I7"]


def test_an_accepted_bid_of_a_voided_bidder_is_noticed(settled: SettledScenario) -> None:
    # By nature three: it is neither the record's bidder, nor the one of whom its id is derived.
    last = max(row.seq or 0 for row in settled.bids(settled.voided))
    which = (bids.c.auction_id == settled.voided.auction_id) & (bids.c.seq == last - 1)
    with changed(settled, bids, which, bidder_id=settled.voided.bidders[2]):
        assert "I9" in violated(settled, settled.voided)


def test_an_accepted_amount_under_the_minimum_is_noticed(settled: SettledScenario) -> None:
    # By nature two: it is not the amount of the record either.
    with changed(settled, bids, numbered(settled, 4), amount=3_001):
        assert list(violated(settled, settled.open)) == ["I3", "I8"]


def test_a_bid_accepted_after_the_end_is_noticed(settled: SettledScenario) -> None:
    # By nature two: no log time gives this decision time.
    late = datetime(2100, 1, 1, tzinfo=UTC)
    with changed(settled, bids, numbered(settled, 1), decided_at=late):
        assert list(violated(settled, settled.open)) == ["I9", "I15"]


def test_a_bid_of_the_seller_is_noticed(settled: SettledScenario) -> None:
    # By nature three: it is neither the record's bidder, nor the one of whom its id is derived.
    with changed(settled, bids, numbered(settled, 1), bidder_id=settled.open.seller):
        assert list(violated(settled, settled.open)) == ["I3", "I5", "I9"]


def test_a_second_ending_is_noticed(settled: SettledScenario) -> None:
    # By nature three: it is not what the rules decide, and a bid is accepted after it.
    with changed(settled, decisions, decided(settled.open, "void"), effect="sold"):
        assert list(violated(settled, settled.open)) == ["I9", "I10", "I15"]


def test_a_winner_who_did_not_lead_is_noticed(settled: SettledScenario) -> None:
    # By nature two: the winner is part of the auction's state.
    other = settled.sold.bidders[1]
    with changed(settled, auctions, of(settled.sold), winner_id=other):
        assert list(violated(settled, settled.sold)) == ["I7", "I10"]


def test_a_version_that_was_never_published_is_noticed(settled: SettledScenario) -> None:
    with changed(settled, auctions, of(settled.open), version=auctions.c.version + 1):
        assert list(violated(settled, settled.open)) == ["I11"]


def test_a_version_left_out_between_two_is_noticed(settled: SettledScenario) -> None:
    lot = new_lot(settled.container, lasts_s=3_600)
    publish(settled, lot, versions=[0, 1, 0, 1])  # repeats are right
    with without_outbox(settled, lot):
        with changed(settled, auctions, of(lot), version=1):
            assert violated(settled, lot) == {}
        publish(settled, lot, versions=[3])
        with changed(settled, auctions, of(lot), version=3):
            found = violated(settled, lot)
    # A process that starts now must not mistake this for a restored database.
    publish(settled, lot, versions=[0])
    assert list(found) == ["I11"]
    assert "version 3 follows 1" in found["I11"]


def publish(settled: SettledScenario, lot: Lot, *, versions: list[int]) -> None:
    """Publish what the audit reads of a state, as the relay would."""
    producer = make_producer(settled.container.settings.kafka, name="tests")
    for version in versions:
        value = {"v": 1, "auction_id": lot.auction_id, "version": version}
        producer.send(
            AUCTION_EVENT.name, key=b"%d" % lot.auction_id, value=msgspec.json.encode(value)
        )
    producer.close(timeout=10)


def without_outbox(settled: SettledScenario, lot: Lot) -> Any:
    """The first state of the auction, which is not relayed here, counts as sent."""
    return changed(settled, outbox, outbox.c.key == str(lot.auction_id), topic="nowhere")


def test_a_message_left_in_the_outbox_is_noticed(settled: SettledScenario) -> None:
    long_ago = datetime.now(UTC) - timedelta(seconds=6)
    auction_id = settled.open.auction_id
    payload = f'{{"auction_id":{auction_id},"version":1}}'
    message = {"topic": AUCTION_EVENT.name, "key": str(auction_id), "payload": payload}
    with added(settled, outbox, **message, created_at=long_ago):
        assert list(violated(settled, settled.open)) == ["I11"]


def test_a_committed_offset_ahead_of_progress_is_noticed(settled: SettledScenario) -> None:
    admin = KafkaAdminClient(**client_arguments(settled.container.settings.kafka))
    part = TopicPartition(AUCTION_BID.name, settled.receipts[0].partition)
    before = admin.list_group_offsets({INGEST_GROUP: [part]})[INGEST_GROUP][part]
    try:
        admin.alter_group_offsets(INGEST_GROUP, {part: OffsetAndMetadata(10**6, "", -1)})
        found = violated(settled, settled.open)
    finally:
        admin.alter_group_offsets(INGEST_GROUP, {part: before})
        admin.close()
    assert list(found) == ["I12"]
    assert f"auction-bid/{part.partition}" in found["I12"]


def test_one_link_of_the_decision_chain_is_noticed(settled: SettledScenario) -> None:
    with changed(settled, bids, numbered(settled, 2), chain="0" * 64):
        found = violated(settled, settled.open)
        assert list(found) == ["I15"]
    assert "chain" in found["I15"]
    with changed(settled, decisions, decided(settled.open, "void"), chain="0" * 64):
        assert list(violated(settled, settled.open)) == ["I15"]


def test_a_decision_by_another_clock_is_noticed(settled: SettledScenario) -> None:
    (row,) = [row for row in settled.bids(settled.open) if row.code == "TOO_LOW"]
    later = row.decided_at + timedelta(milliseconds=1)
    with changed(settled, bids, too_low(settled), decided_at=later):
        assert list(violated(settled, settled.open)) == ["I15"]
