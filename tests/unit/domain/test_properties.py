"""Invariants of every sequence of records that the rules alone can break."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.auction import Auction, genesis, open_auction
from app.domain.decision_log import LogLine, verify_chain
from app.domain.errors import BrokenChainError
from app.domain.ledger import DecidedBid, DecidedControl, Entry, fold
from app.domain.records import BidPlaced, Record, ReserveLoweringRequested, VoidRequested
from app.domain.terms import Terms
from tests.unit.domain.batches import Batches
from tests.unit.domain.builders import SELLER
from tests.unit.domain.scenarios import PROPERTY, Scenario, run, scenarios

Accepted = tuple[Auction, DecidedBid, Auction]
"""The auction before an accepted bid, the bid, the auction after it."""


def accepted(scenario: Scenario) -> list[Accepted]:
    states, entries = run(scenario)
    return [
        (before, entry, now)
        for before, entry, now in zip(states[:-1], entries, states[1:], strict=True)
        if isinstance(entry, DecidedBid) and entry.decision.outcome.status == "accepted"
    ]


def lines_of(entries: Sequence[Entry]) -> list[LogLine]:
    decided = [entry for entry in entries if isinstance(entry, DecidedBid | DecidedControl)]
    return [line for entry in decided for line in entry.lines]


@PROPERTY
@given(scenarios())
def test_only_a_void_lowers_the_price_and_the_leader_covers_it(
    scenario: Scenario,
) -> None:
    states, entries = run(scenario)
    for before, entry, now in zip(states[:-1], entries, states[1:], strict=True):
        if now.voided_ids == before.voided_ids:
            assert now.price >= before.price
        else:
            assert isinstance(entry.record, VoidRequested)
            assert now.price <= before.price
        assert now.leader_maximum is None or now.leader_maximum >= now.price
        if now.reserve_price is not None and now.leader_id is not None:
            assert (now.reserve_state == "met") == (now.price >= now.reserve_price)


@PROPERTY
@given(scenarios())
def test_seq_counts_the_accepted_rows_without_a_hole(scenario: Scenario) -> None:
    seqs: list[int | None] = []
    for _, entry, now in accepted(scenario):
        seqs.append(entry.decision.outcome.seq)
        if entry.decision.automatic is not None:
            seqs.append(entry.decision.automatic.seq)
        assert seqs == list(range(1, now.bid_count + 1))


@PROPERTY
@given(scenarios())
def test_the_leader_is_the_earliest_of_the_highest(scenario: Scenario) -> None:
    bids: list[BidPlaced] = []
    for _, entry, now in accepted(scenario):
        record = entry.record
        bids.append(record)
        counted = [bid for bid in bids if bid.bidder_id not in now.voided_ids]
        highest = max(counted, key=lambda bid: bid.amount)  # of equals the first
        best = (highest.amount, highest.bidder_id)
        assert (now.leader_maximum, now.leader_id) == best
        assert (entry.decision.outcome.standing == "leading") == (best[1] == record.bidder_id)


@PROPERTY
@given(scenarios())
def test_no_bid_is_accepted_out_of_time_or_from_the_seller(scenario: Scenario) -> None:
    for before, entry, _ in accepted(scenario):
        at = entry.decision.outcome.decided_at
        assert before.terms.starts_at <= at < before.ends_at
        assert not before.ended
        assert entry.record.bidder_id != SELLER


@PROPERTY
@given(scenarios())
def test_every_accepted_amount_met_the_minimum_at_its_moment(scenario: Scenario) -> None:
    """I8: the leader's raise and a buy-now aside."""
    for before, entry, now in accepted(scenario):
        record = entry.record
        if record.bidder_id == before.leader_id:
            assert record.amount > (before.leader_maximum or 0)
        elif entry.decision.bought:
            assert record.amount >= (before.terms.buy_now_price or 0)
            assert before.reserve_state == "not_met" or before.leader_id is None
        else:
            assert record.amount >= before.minimum
        assert now.price <= max(record.amount, before.leader_maximum or 0)


@PROPERTY
@given(scenarios())
def test_an_auction_ends_once(scenario: Scenario) -> None:
    states, entries = run(scenario)
    ends = [now for before, now in pairwise(states) if now.ended != before.ended]
    assert len(ends) <= 1
    endings = sum(
        (isinstance(entry, DecidedBid) and entry.decision.bought)
        or (
            isinstance(entry, DecidedControl)
            and entry.decision.effect in ("sold", "unsold", "cancelled")
        )
        for entry in entries
    )
    assert endings == len(ends)
    for end in ends:
        final = states[-1]
        same = replace(
            end, decided_at=final.decided_at, alias_count=final.alias_count, chain=final.chain
        )
        assert final == same
        won = end.leader_id if end.status == "closed" and end.reserve_state != "not_met" else None
        assert end.winner_id == won
        assert end.winning_amount == (None if won is None else end.price)


@PROPERTY
@given(scenarios())
def test_decision_times_rise_and_the_end_moves_by_rule(
    scenario: Scenario,
) -> None:
    states, entries = run(scenario)
    for before, entry, now in zip(states[:-1], entries, states[1:], strict=True):
        if before.decided_at is not None and now.decided_at is not None:
            assert now.decided_at >= before.decided_at
        if isinstance(entry, DecidedBid | DecidedControl):
            assert now.decided_at is not None
            assert now.decided_at >= entry.record.log_time
        bought = isinstance(entry, DecidedBid) and entry.decision.bought
        assert bought or before.ends_at <= now.ends_at <= now.terms.last_ends_at
        assert now.extensions - before.extensions == (now.ends_at > before.ends_at)


@PROPERTY
@given(scenarios())
def test_the_state_is_that_of_a_log_without_voided_bidders(
    scenario: Scenario,
) -> None:
    """Bids that had an effect are accepted again when decided again."""
    states, entries = run(scenario)
    effective: list[BidPlaced | ReserveLoweringRequested] = []
    for entry, now in zip(entries, states[1:], strict=True):
        if is_accepted(entry):
            assert isinstance(entry, DecidedBid)
            if entry.decision.bought:
                return
            effective.append(entry.record)
        if isinstance(entry, DecidedControl) and isinstance(entry.record, ReserveLoweringRequested):
            effective += [entry.record] if entry.decision.effect == "reserve_lowered" else []
        assert standing(now) == standing(without(now.voided_ids, effective, scenario.terms))


def is_accepted(entry: Entry) -> bool:
    return isinstance(entry, DecidedBid) and entry.decision.outcome.status == "accepted"


def standing(auction: Auction) -> tuple[int, int | None, int | None]:
    return auction.price, auction.leader_id, auction.leader_maximum


def without(
    voided_ids: Collection[int],
    effective: Sequence[BidPlaced | ReserveLoweringRequested],
    terms: Terms,
) -> Auction:
    """The auction after these records but for those bidders', all at its start."""
    counted = [
        replace(record, log_time=terms.starts_at)
        for record in effective
        if isinstance(record, ReserveLoweringRequested) or record.bidder_id not in voided_ids
    ]
    confirmed = [
        replace(record, confirm=True) if isinstance(record, BidPlaced) else record
        for record in counted
    ]
    begun = open_auction(replace(terms, buy_now_price=None))
    again, entries = fold(begun, confirmed)
    bids = [entry for entry in entries if isinstance(entry, DecidedBid)]
    assert all(is_accepted(bid) for bid in bids)
    return again


@PROPERTY
@given(scenarios())
def test_voided_blocked_and_over_limit_bids_are_never_accepted(scenario: Scenario) -> None:
    for before, entry, _ in accepted(scenario):
        bid = entry.record
        assert bid.bidder_id not in before.voided_ids
        assert not bid.blocked
        assert bid.limit is None or bid.amount <= bid.limit


@PROPERTY
@given(scenarios())
def test_replaying_a_log_less_its_repeats_gives_the_same_rows(scenario: Scenario) -> None:
    states, entries = run(scenario)
    decided = [entry for entry in entries if isinstance(entry, DecidedBid | DecidedControl)]
    again = fold(genesis(states[-1]), [entry.record for entry in decided])
    assert again == (states[-1], tuple(decided))


@PROPERTY
@given(scenarios(), st.data())
def test_any_split_into_batches_gives_the_same(scenario: Scenario, data: st.DataObject) -> None:
    """Each batch gets only what settling would look up for it."""
    at_once = Batches(scenario.terms)
    at_once.settle(scenario.records)
    parts, rest = Batches(scenario.terms), scenario.records
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        parts.settle(rest[:size])
        rest = rest[size:]
    assert parts.auction == at_once.auction
    assert parts.entries == at_once.entries
    assert parts.notices == at_once.notices


@PROPERTY
@given(scenarios(), st.data())
def test_the_chain_verifies_and_any_tampering_is_found(
    scenario: Scenario, data: st.DataObject
) -> None:
    states, entries = run(scenario)
    lines, head = lines_of(entries), states[-1].chain
    verify_chain(lines, head)
    assume(lines)
    at = data.draw(st.integers(0, len(lines) - 1))
    match data.draw(st.sampled_from(("change", "forge", "drop", "double", "swap"))):
        case "change":
            lines[at] = replace(lines[at], body=_altered(lines[at].body, data))
        case "forge":
            body = _altered(lines[at].body, data)
            lines[at] = LogLine(body, sha256(body.encode()).hexdigest())
        case "drop":
            del lines[at]
        case "double":
            lines.insert(at, lines[at])
        case "swap":
            other = data.draw(st.integers(0, len(lines) - 1))
            assume(other != at)
            lines[at], lines[other] = lines[other], lines[at]
    with pytest.raises(BrokenChainError):
        verify_chain(lines, head)


def _altered(body: str, data: st.DataObject) -> str:
    at = data.draw(st.integers(0, len(body) - 1))
    character = data.draw(st.sampled_from('0129abn",:{ ').filter(lambda c: c != body[at]))
    return body[:at] + character + body[at + 1 :]


@PROPERTY
@given(scenarios(), st.integers(1, 10**6))
def test_nothing_published_depends_on_an_unreached_maximum(scenario: Scenario, more: int) -> None:
    """Had the last leader been ready to pay more, the whole log would read the same (rule 17).

    Voids aside: they bring back leaders whose maximum was reached.
    """
    records: list[Record] = [
        replace(record, confirm=True, limit=None) if isinstance(record, BidPlaced) else record
        for record in scenario.records
        if not isinstance(record, VoidRequested)
    ]
    terms = replace(scenario.terms, reserve_price=None, buy_now_price=None)
    scenario = Scenario(terms, records)
    rows = accepted(scenario)
    states, entries = run(scenario)
    final = states[-1]
    assume(final.leader_maximum is not None and final.price < final.leader_maximum)
    setting = [entry.record for _, entry, now in rows if entry.record.bidder_id == now.leader_id][
        -1
    ]
    changed = [
        replace(record, amount=record.amount + more)
        if isinstance(record, BidPlaced)
        and (record.bid_id, record.amount) == (setting.bid_id, setting.amount)
        else record
        for record in records
    ]
    again, repeated_entries = fold(states[0], changed)
    assert again.leader_maximum == setting.amount + more
    assert lines_of(repeated_entries) == lines_of(entries)
