"""Repeats, reused keys, failed bids, aliases and the decision log (rules 17 and 18)."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from app.domain.decision_log import LogLine, verify_chain
from app.domain.errors import BrokenChainError
from app.domain.ids import automatic_bid_id, bid_id
from app.domain.ledger import (
    DecidedBid,
    DecidedControl,
    KnownBid,
    Ledger,
    RepeatedBid,
    ReusedKey,
    fold,
)
from app.domain.records import BidKind
from tests.unit.domain.builders import ANN, AUCTION, BOB, CEM, SELLER, Lane, after


def test_a_repeat_gets_the_first_outcome_and_has_no_effect() -> None:
    lane = Lane()
    first = lane.bid(ANN, 2_000, key="a", at=1)
    lane.bid(BOB, 3_000, at=2)
    before = lane.auction
    entry = lane.place(ANN, 2_000, key="a", at=9, confirm=False)
    assert isinstance(entry, RepeatedBid)
    assert (entry.outcome, entry.alias) == (first, 1)
    assert lane.auction == before


def test_a_rejected_bid_stays_rejected_when_repeated() -> None:
    lane = Lane(starts_at=after(60))
    lane.bid(ANN, 2_000, key="a", at=1)
    entry = lane.place(ANN, 2_000, key="a", at=61)
    assert isinstance(entry, RepeatedBid)
    assert entry.outcome.code == "NOT_STARTED"
    assert lane.auction.status == "scheduled"


@pytest.mark.parametrize(("amount", "kind"), [(2_001, "exact"), (2_000, "max")])
def test_a_key_used_for_another_bid_is_refused(amount: int, kind: BidKind) -> None:
    lane = Lane()
    lane.bid(ANN, 2_000, "exact", key="a")
    before = lane.auction
    assert isinstance(lane.place(ANN, amount, kind, key="a", at=9), ReusedKey)
    assert lane.auction == before


def test_the_same_key_of_another_user_is_another_bid() -> None:
    lane = Lane()
    lane.bid(ANN, 2_000, key="a")
    assert isinstance(lane.place(BOB, 3_000, key="a"), DecidedBid)


def test_bids_known_from_earlier_batches_are_recognised() -> None:
    lane = Lane()
    first = lane.bid(ANN, 2_000, key="a")
    again = Ledger(lane.auction, aliases=lane.ledger.aliases, known=lane.ledger.known)
    entry = again.apply(lane.records[0])
    assert isinstance(entry, RepeatedBid)
    assert (entry.outcome, entry.alias) == (first, 1)


def test_a_failed_bid_is_decided_again_once() -> None:
    """A dead letter was no answer, so even another body is decided."""
    lane = Lane()
    failed = KnownBid(amount=1_500, kind="max", status="failed", outcome=None)
    lane.ledger = Ledger(lane.auction, known={bid_id(ANN, AUCTION, "a"): failed})
    entry = lane.place(ANN, 2_000, key="a")
    assert isinstance(entry, DecidedBid)
    assert entry.decision.outcome.seq == 1
    assert isinstance(lane.place(ANN, 2_000, key="a"), RepeatedBid)


def test_a_known_bid_has_an_outcome_unless_it_failed() -> None:
    with pytest.raises(ValueError, match="outcome"):
        KnownBid(amount=1, kind="max", status="accepted", outcome=None)


def test_aliases_are_given_in_the_order_of_the_first_decided_bid() -> None:
    lane = Lane()
    placed = [(CEM, 1), (ANN, 2_000), (CEM, 3_000), (BOB, 1)]
    assert [lane.decided(*bid).alias for bid in placed] == [1, 2, 1, 3]
    assert lane.auction.alias_count == 3
    assert lane.ledger.aliases == {CEM: 1, ANN: 2, BOB: 3}


def test_a_later_batch_continues_with_only_the_aliases_it_needs() -> None:
    lane = Lane()
    for n, bidder_id in enumerate((ANN, BOB, CEM)):
        lane.bid(bidder_id, 2_000 + 1_000 * n)
    later = Ledger(lane.auction, aliases={CEM: 3})
    lane.ledger = later
    entry = lane.decided(9, 9_000)
    assert (entry.alias, entry.leader_alias) == (4, 4)
    verify_chain(lines_of(lane), lane.auction.chain)


def test_a_ledger_without_its_leaders_alias_is_refused() -> None:
    lane = Lane()
    lane.bid(ANN, 2_000)
    with pytest.raises(ValueError, match="leader"):
        Ledger(lane.auction, aliases={BOB: 2})


def test_each_decision_has_the_leaders_alias() -> None:
    lane = Lane()
    assert lane.decided(ANN, 1).leader_alias is None
    lane.bid(BOB, 5_000, "max")
    entry = lane.decided(ANN, 2_000)
    assert (entry.alias, entry.leader_alias) == (1, 2)


def lines_of(lane: Lane) -> list[LogLine]:
    return [
        line
        for entry in lane.entries
        if isinstance(entry, DecidedBid | DecidedControl)
        for line in entry.lines
    ]


def full_lane() -> Lane:
    """One of everything."""
    lane = Lane(reserve_price=9_000, starts_at=after(1))
    lane.start(at=1)
    lane.bid(ANN, 5_000, "max", key="a")
    lane.bid(BOB, 2_000, key="b")
    lane.place(BOB, 2_000, key="b")
    lane.place(BOB, 2_500, key="b")
    lane.bid(CEM, 1)
    lane.lower_reserve(4_000)
    lane.lower_reserve(3_000)
    lane.cancel(at=2)
    lane.close(at=3)
    lane.close(at=3_600)
    return lane


def test_the_decision_log_has_exactly_the_decisions() -> None:
    lane = full_lane()
    bodies = [json.loads(line.body) for line in lines_of(lane)]
    assert [body["type"] for body in bodies] == [
        "start", "bid", "bid", "automatic", "bid", "reserve", "reserve", "cancel", "close", "close",
    ]  # fmt: skip
    assert [body["decision"].get("effect") for body in bodies[5:]] == [
        "reserve_lowered", "refused", "refused", "void", "sold",
    ]  # fmt: skip
    verify_chain(lines_of(lane), lane.auction.chain)


def test_a_line_has_the_fields_of_rule_18_and_no_secret() -> None:
    lane = full_lane()
    lines = lines_of(lane)
    start, leading, outbid, automatic = (json.loads(line.body) for line in lines[:4])
    assert start["previous_hash"] == "0" * 64
    assert leading == {
        "previous_hash": lines[0].hash,
        "type": "bid",
        "bid_id": str(bid_id(ANN, AUCTION, "a")),
        "alias": 1,
        "amount": 1_000,
        "kind": "max",
        "position": {"partition": 3, "offset": 101},
        "decided_at": "2026-11-23T12:00:01.000Z",
        "decision": {
            "status": "accepted",
            "standing": "leading",
            "code": None,
            "seq": 1,
            "price": 1_000,
            "minimum_next_bid": 1_100,
            "ends_at": "2026-11-23T13:00:00.000Z",
        },
    }
    assert (outbid["amount"], outbid["decision"]["standing"]) == (2_000, "outbid")
    assert automatic["bid_id"] == str(automatic_bid_id(bid_id(BOB, AUCTION, "b")))
    assert (automatic["alias"], automatic["amount"], automatic["kind"]) == (1, 2_100, None)
    assert (automatic["decision"]["seq"], automatic["position"]["offset"]) == (3, 102)
    sold = json.loads(lines[-1].body)["decision"]
    assert (sold["winner"], sold["price"]) == (1, 4_000)
    assert not any("5000" in line.body or "9000" in line.body for line in lines)


def test_a_line_is_canonical_json_and_its_hash_that_of_its_bytes() -> None:
    for line in lines_of(full_lane()):
        content = json.loads(line.body)
        assert line.body == json.dumps(
            content, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        assert line.hash == sha256(line.body.encode("utf-8")).hexdigest()


def test_an_empty_log_ends_where_a_new_auction_does() -> None:
    verify_chain([], Lane().auction.chain)


@pytest.mark.parametrize("body", ["", "7", "[]", '{"previous_hash":null}'])
def test_an_invalid_line_breaks_the_chain(body: str) -> None:
    forged = LogLine(body, sha256(body.encode()).hexdigest())
    with pytest.raises(BrokenChainError) as caught:
        verify_chain([forged], forged.hash)
    assert (caught.value.code, caught.value.line) == ("BROKEN_CHAIN", 0)


def test_a_truncated_log_is_found_by_the_auctions_hash() -> None:
    lane = full_lane()
    with pytest.raises(BrokenChainError, match="does not end"):
        verify_chain(lines_of(lane)[:-1], lane.auction.chain)


def test_fold_is_one_entry_for_each_record() -> None:
    lane = full_lane()
    start = replace(Lane(reserve_price=9_000, starts_at=after(1)).auction)
    assert fold(start, lane.records) == (lane.auction, tuple(lane.entries))


def test_a_seller_who_bids_is_refused_under_an_alias_too() -> None:
    entry = Lane().decided(SELLER, 2_000)
    assert (entry.alias, entry.decision.outcome.code) == (1, "OWN_AUCTION")
