"""Crashes, repeats, lost wake-ups, conflicts, zombies and outages, thousands of histories of them:
nothing is lost, doubled or out of order in any.

SIMULATED_HISTORIES in the environment is how many. A history that fails is printed as a program,
with the blob that plays it again; `--hypothesis-seed` plays a whole run again.
"""

import os
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.domain.ids import bid_id
from app.domain.records import BidKind
from app.domain.time import rfc3339
from app.protocol.records import BidValue, CancelValue, CloseValue, ReserveValue, VoidValue
from lanes.testing.checks import SerialRun, check_fail, check_order
from lanes.testing.simulation import NOW
from lanes.testing.steps import FAULTS, NUMBERS, STATEMENTS_MAX, Append, Deliver, Fault, Run, Step
from tests.simulation.invariants import check
from tests.simulation.model import (
    AUCTIONS,
    LANE,
    SELLER,
    UNKNOWN_AUCTION,
    auction_house,
    open_auctions,
)

POISON, NEWER, DEADLY = "poison", "newer", "deadly"
Control = CancelValue | CloseValue | ReserveValue | VoidValue


def _bid(
    auction_id: int, bidder_id: int, amount: int, kind: BidKind, key: str, right: dict[str, Any]
) -> BidValue:
    return BidValue(
        v=1,
        bid_id=bid_id(bidder_id, auction_id, key),
        auction_id=auction_id,
        bidder_id=bidder_id,
        amount=amount,
        kind=kind,
        confirm=True,
        key=key,
        received_at=rfc3339(NOW),
        **right,
    )


auctions = st.sampled_from(AUCTIONS)
bids = st.builds(
    _bid,
    auctions,
    st.integers(1, 3),
    st.integers(10, 60).map(lambda hundreds: hundreds * 100),
    st.sampled_from(["exact", "max"]),
    st.sampled_from([*"abcdefgh", POISON, f"{POISON}2", NEWER, DEADLY]),
    st.sampled_from([{}, {}, {"limit": 4_000}, {"blocked": True}]),
)
controls = st.one_of(
    st.builds(CloseValue, st.just(1), st.sampled_from([*AUCTIONS, UNKNOWN_AUCTION])),
    st.builds(CancelValue, st.just(1), auctions, st.just(SELLER), st.none()),
    st.builds(ReserveValue, st.just(1), auctions, st.just(SELLER), st.just(7_000)),
    st.builds(VoidValue, st.just(1), auctions, st.just(SELLER), st.integers(1, 3), st.just("why")),
)


def _append(value: BidValue | Control) -> Append:
    """A bid or a control reaches the log; some bids are poison, or newer."""
    name = value.key if isinstance(value, BidValue) else ""
    key, payload = b"%d" % value.auction_id, msgspec.json.encode(value)
    return Append(
        key,
        payload,
        is_poison=name.startswith(POISON),
        is_newer=name == NEWER,
        is_deadly=name == DEADLY,
    )


numbers = st.integers(0, NUMBERS - 1)
appends = st.one_of(bids, bids, bids, controls).map(_append)
runs = st.one_of(
    st.builds(Deliver, numbers),
    st.builds(
        Run, st.sampled_from(["owner", "worker", "worker"]), numbers, st.integers(1, STATEMENTS_MAX)
    ),
)
lots = st.builds(
    lambda steps, times: steps * times,
    st.lists(appends, min_size=1, max_size=6),
    st.integers(1, 2),  # the whole lot perhaps twice
)
works = st.lists(runs, min_size=5, max_size=60)
faults = st.builds(Fault, st.sampled_from(FAULTS), numbers).map(lambda fault: [fault])
undecodable = st.builds(
    Append, st.sampled_from([None, b"1", b"\xff", b"2"]), st.sampled_from([b"{", b"\xff"])
).map(lambda append: [append])


class Histories(RuleBasedStateMachine):
    """One rule, because a history without one of several would be of no use."""

    def __init__(self) -> None:
        super().__init__()
        self.simulation = auction_house()
        self.serial = SerialRun(LANE.handler, writers=(), setup=open_auctions)

    @rule(steps=st.one_of(works, works, works, lots, lots, faults, faults, undecodable))
    def apply(self, steps: list[Step]) -> None:
        for step in steps:
            step.apply(self.simulation)

    @invariant()
    def invariants_hold(self) -> None:
        check(self.simulation)
        check_order(self.simulation)
        check_fail(self.simulation)
        self.serial.check(self.simulation)

    def teardown(self) -> None:
        try:
            self.simulation.finish()
            self.invariants_hold()
        finally:
            self.simulation.close()


TestHistories = pytest.mark.timeout(3_600)(Histories.TestCase)
TestHistories.settings = settings(
    max_examples=int(os.environ.get("SIMULATED_HISTORIES", "500")),
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
