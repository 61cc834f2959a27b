"""Crashes, repeats, lost wake-ups, conflicts, zombies and outages, thousands of histories of them:
nothing is lost, doubled or out of order in any.

SIMULATED_HISTORIES in the environment is how many. A history that fails is printed as a program,
with the blob that plays it again; `--hypothesis-seed` plays a whole run again.
"""

import os
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.domain.ids import bid_id
from app.domain.time import rfc3339
from app.protocol.records import BidValue, CancelValue, CloseValue, ReserveValue, VoidValue
from app.protocol.types import BidKind
from tests.simulation.invariants import check
from tests.simulation.model import (
    AUCTIONS,
    NOW,
    POISON,
    SELLER,
    UNKNOWN_AUCTION,
    Simulation,
)

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
    st.sampled_from([*"abcdefgh", POISON, f"{POISON}2"]),
    st.sampled_from([{}, {}, {"limit": 4_000}, {"blocked": True}]),
)
controls = st.one_of(
    st.builds(CloseValue, st.just(1), st.sampled_from([*AUCTIONS, UNKNOWN_AUCTION])),
    st.builds(CancelValue, st.just(1), auctions, st.just(SELLER), st.none()),
    st.builds(ReserveValue, st.just(1), auctions, st.just(SELLER), st.just(7_000)),
    st.builds(VoidValue, st.just(1), auctions, st.just(SELLER), st.integers(1, 3), st.just("why")),
)


@dataclass(frozen=True)
class Append:
    """Records reach the log, the whole lot perhaps twice."""

    values: list[BidValue | Control]
    times: int

    def apply(self, simulation: Simulation) -> None:
        for value in self.values * self.times:
            simulation.append(b"%d" % value.auction_id, msgspec.json.encode(value))


@dataclass(frozen=True)
class UndecodableRecord:
    """A producer writes an undecodable record."""

    key: bytes | None
    value: bytes

    def apply(self, simulation: Simulation) -> None:
        simulation.append(self.key, self.value)


@dataclass(frozen=True)
class Work:
    """Processes do steps, in this order."""

    chances: list[int]

    def apply(self, simulation: Simulation) -> None:
        for chance in self.chances:
            simulation.run_step(chance)


@dataclass(frozen=True)
class FaultStep:
    """A fault, or its end, by the name of the method."""

    what: str
    chance: int

    def apply(self, simulation: Simulation) -> None:
        getattr(simulation, self.what)(self.chance)


FAULTS = (
    "move_clock", "rebalance", "kill", "refuse", "lose_commit_answer", "lose_task", "repeat_task",
    "sweep", "repair_code", "break_code", "replay",
)  # fmt: skip
chances = st.integers(0, 99)
values = st.one_of(bids, bids, bids, controls)
works = st.builds(Work, st.lists(chances, min_size=5, max_size=60))
fault_steps = st.builds(FaultStep, st.sampled_from(FAULTS), chances)
appends = st.builds(Append, st.lists(values, min_size=1, max_size=6), st.integers(1, 2))
undecodable = st.builds(
    UndecodableRecord,
    st.sampled_from([None, b"1", b"\xff", b"2"]),
    st.sampled_from([b"{", b"\xff"]),
)


class Histories(RuleBasedStateMachine):
    """One rule, because a history without one of several would be of no use."""

    def __init__(self) -> None:
        super().__init__()
        self.simulation = Simulation()

    @rule(
        what=st.one_of(works, works, works, appends, appends, fault_steps, fault_steps, undecodable)
    )
    def step(self, what: Append | UndecodableRecord | Work | FaultStep) -> None:
        what.apply(self.simulation)

    @invariant()
    def invariants_hold(self) -> None:
        check(self.simulation)

    def teardown(self) -> None:
        self.simulation.finish()
        check(self.simulation)


TestHistories = pytest.mark.timeout(3_600)(Histories.TestCase)
TestHistories.settings = settings(
    max_examples=int(os.environ.get("SIMULATED_HISTORIES", "500")),
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
