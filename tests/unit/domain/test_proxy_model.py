"""Proxy bidding compared with a simple model."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.increments import StepTable
from app.domain.records import BidKind
from tests.unit.domain.builders import Lane
from tests.unit.domain.scenarios import PROPERTY

Bid = tuple[int, int, BidKind]


class Model:
    """Computes the price from all accepted bids, where the rules go bid by bid.

    The top bid leads, the earlier of equals. It pays a step above the best bid of anybody else,
    at most itself, but never less than the highest exact amount that took the lead, and the
    reserve as soon as it covers that. Only others raise the price; the leader alone cannot.
    """

    def __init__(self, starting_price: int, reserve_price: int, steps: StepTable) -> None:
        self.price = self._floor = starting_price
        self.leader_id = self.maximum = 0
        self.accepted: list[Bid] = []
        self._reserve_price = reserve_price
        self._steps = steps

    def place(self, bid: Bid) -> None:
        bidder_id, amount, kind = bid
        leads = bidder_id == self.leader_id
        least = self._floor if not self.accepted else self._a_step_above(self.price)
        if amount < (self.maximum + 1 if leads else least):
            return
        self.accepted.append(bid)
        if amount > self.maximum:
            if kind == "exact" and not leads:
                self._floor = amount
            self.leader_id, self.maximum = bidder_id, amount
        paid = self.price if leads else max(self._floor, self._beaten())
        covered = self._reserve_price if self.maximum >= self._reserve_price else 0
        self.price = max(paid, covered)

    def _beaten(self) -> int:
        others = [amount for bidder, amount, _ in self.accepted if bidder != self.leader_id]
        return min(self.maximum, self._a_step_above(max(others))) if others else 0

    def _a_step_above(self, price: int) -> int:
        return price + self._steps.step(price)


@PROPERTY
@given(
    st.sampled_from((1, 100, 9_000, 48_000)),
    st.sampled_from((None, 0, 2_000)),
    st.lists(
        st.tuples(
            st.sampled_from((2, 3, 4)), st.integers(0, 6_000), st.sampled_from(("max", "exact"))
        ),
        max_size=20,
    ),
)
def test_price_leader_and_maximum_are_those_of_the_model(
    starting_price: int, above: int | None, plan: list[Bid]
) -> None:
    reserve_price = None if above is None else starting_price + above
    lane = Lane(starting_price=starting_price, reserve_price=reserve_price)
    model = Model(starting_price, reserve_price or 0, lane.auction.terms.step_table)
    for bidder_id, rise, kind in plan:
        bid = (bidder_id, starting_price + rise, kind)
        model.place(bid)
        lane.bid(*bid)
        auction = lane.auction
        assert (auction.price, auction.leader_id or 0, auction.leader_maximum or 0) == (
            model.price,
            model.leader_id,
            model.maximum,
        )
