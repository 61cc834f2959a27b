"""I2 to I10 in memory, as far as they hold at every moment."""

import json
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

from app.domain.auction import genesis
from app.domain.ledger import DecidedControl, fold
from lanes.record import OutboxMessage
from lanes.testing.simulation import Simulation
from tests.simulation.model import AUCTIONS, settled_records


def check(simulation: Simulation) -> None:
    """Raises AssertionError naming the invariant."""
    _one_row_per_record(simulation)
    _rows_have_records(simulation)
    _one_answer_each(simulation)
    for auction_id in AUCTIONS:
        _sequence(simulation, auction_id)
        _fold(simulation, auction_id)
        _prices_and_times(simulation, auction_id)
    _versions_rise(simulation)


def _one_row_per_record(simulation: Simulation) -> None:
    """I2."""
    rows = simulation.store.rows
    bids = [row for row in rows("bids").values() if row.record is not None]
    dead = {(letter.partition, letter.offset) for letter in simulation.dead_letters}
    assert {(r.partition, r.offset) for r in bids if r.status == "failed"} <= dead, "I2: failed"
    places = Counter((r.partition, r.offset) for r in bids if r.status != "failed")
    places.update((part, offset) for _, part, offset in rows("decisions"))
    places.update((record.partition, record.offset) for record in simulation.waiting)
    places.update(dead)
    taken = {
        (part, offset): 1
        for part, progress in simulation.progress.items()
        for offset in range(progress)
    }
    assert places == taken, f"I2: {places - Counter(taken)} {Counter(taken) - places}"


def _rows_have_records(simulation: Simulation) -> None:
    """I3."""
    for (auction_id, _), row in simulation.store.rows("bids").items():
        if row.record is not None:
            raw = simulation.log[row.partition][row.offset]
            decoded = json.loads(raw.value or b"")
            assert raw.key == b"%d" % auction_id, "I3: auction"
            assert decoded["bid_id"] == str(row.bid_id), "I3: bid"
            assert (decoded["bidder_id"], decoded["amount"]) == (row.bidder_id, row.amount), (
                "I3: body"
            )


def _one_answer_each(simulation: Simulation) -> None:
    """I5: a bid has one outcome, besides `failed`."""
    answers = defaultdict(set)
    for event in _events(simulation):
        for outcome in event["outcomes"]:
            if outcome["status"] != "failed":
                fields = {name: decoded for name, decoded in outcome.items() if name != "repeated"}
                answers[outcome["bid_id"]].add(json.dumps(fields, sort_keys=True))
    assert all(len(fields) == 1 for fields in answers.values()), "I5"


def _sequence(simulation: Simulation, auction_id: int) -> None:
    """I6."""
    rows = [r for (of, _), r in simulation.store.rows("bids").items() if of == auction_id and r.seq]
    rows.sort(key=lambda row: row.seq)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1)), "I6: holes"
    offsets = [row.offset for row in rows]
    assert offsets == sorted(offsets), "I6: order"


def _fold(simulation: Simulation, auction_id: int) -> None:
    """I7, and that the chain of decisions is that of the log."""
    auction = simulation.store.rows("auctions")[auction_id]
    expected, _ = fold(genesis(auction), settled_records(simulation, auction_id))
    for name in (
        "price",
        "leader_id",
        "bid_count",
        "ends_at",
        "winner_id",
        "status",
        "voided_ids",
        "chain",
    ):
        assert getattr(auction, name) == getattr(expected, name), f"I7: {name} of {auction_id}"


def _prices_and_times(simulation: Simulation, auction_id: int) -> None:
    """I8, I9 and I10 from the rows, without the rules' help."""
    auction = simulation.store.rows("auctions")[auction_id]
    rows = [r for (of, _), r in simulation.store.rows("bids").items() if of == auction_id]
    accepted = sorted((r for r in rows if r.outcome and r.seq), key=lambda row: row.seq)
    falls = [
        (before.offset, now.offset)
        for before, now in pairwise(accepted)
        if now.outcome.price < before.outcome.price
    ]
    voids = [
        entry
        for entry in _controls(simulation, auction_id)
        if entry.decision.effect == "bids_voided"
    ]
    for first, last in falls:
        assert any(first < entry.record.position.offset < last for entry in voids), "I8"
    for void in voids:
        voided_id = void.record.bidder_id
        late = [row for row in accepted if row.offset > void.record.position.offset]
        assert all(row.bidder_id != voided_id for row in late), "I9: voided"
    for row in accepted:
        assert row.bidder_id != auction.terms.seller_id, "I9: seller"
        assert auction.terms.starts_at <= row.outcome.decided_at < auction.terms.last_ends_at, "I9"
    ends = [
        entry
        for entry in _controls(simulation, auction_id)
        if entry.decision.effect in ("sold", "unsold", "cancelled")
    ]
    assert len(ends) <= 1, "I10"
    if ends and accepted:
        assert accepted[-1].offset < ends[0].record.position.offset, "I9: after the end"


def _controls(simulation: Simulation, auction_id: int) -> list[Any]:
    """Return the decisions of the auction's records that are no bids."""
    return [
        entry
        for entry in simulation.store.rows("decisions").values()
        if isinstance(entry, DecidedControl)
        and simulation.log[entry.record.position.partition][entry.record.position.offset].key
        == b"%d" % auction_id
    ]


def _versions_rise(simulation: Simulation) -> None:
    """Messages leave in the order of the versions."""
    versions = defaultdict(list)
    for event in _events(simulation):
        versions[event["auction_id"]].append(event["version"])
    assert all(found == sorted(set(found)) for found in versions.values()), "I11"


def _events(simulation: Simulation) -> list[dict[str, Any]]:
    return [
        json.loads(message.payload)
        for message in simulation.store.sent
        if isinstance(message, OutboxMessage)
    ]
