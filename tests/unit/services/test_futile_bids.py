"""What the count of bids without effect remembers, and for how long."""

import weakref

from app.services.futile_bids import DROPPED_MAX, LANES_MAX, WINDOW_S, FutileBids


class BidId(str):
    """An id whose end can be seen."""

    __slots__ = ("__weakref__",)


class Counted:
    """A gateway's count, its clock, and the ids it was given."""

    def __init__(self) -> None:
        self.now = 0.0
        self.bids = FutileBids(20, clock=lambda: self.now)
        self._ids: list[weakref.ref[BidId]] = []

    def place(self, bidder_id: int) -> None:
        """Place another bid of this bidder's on one auction."""
        bid_id = BidId(f"bid {len(self._ids)}")
        self._ids.append(weakref.ref(bid_id))
        self.bids.placed(bidder_id, 1, bid_id)

    @property
    def remembered(self) -> list[bool]:
        """Of each bid placed, whether it is remembered."""
        return [bid_id() is not None for bid_id in self._ids]


def test_bidders_who_have_gone_are_forgotten_as_others_bid() -> None:
    counted = Counted()
    for bidder_id in range(2 * DROPPED_MAX):
        counted.place(bidder_id)
    counted.now = WINDOW_S
    counted.place(100)
    assert counted.remembered == [*[False] * DROPPED_MAX, *[True] * DROPPED_MAX, True]
    counted.place(101)
    assert counted.remembered == [*[False] * 2 * DROPPED_MAX, True, True]


def test_a_bidder_who_goes_on_is_remembered() -> None:
    counted = Counted()
    counted.place(1)
    counted.place(2)
    counted.now = WINDOW_S - 1
    counted.place(1)
    counted.now = WINDOW_S
    counted.place(3)
    assert counted.remembered == [True, False, True, True]


def test_a_bidder_whose_bids_were_accepted_is_forgotten() -> None:
    counted = Counted()
    counted.place(1)
    counted.bids.forget(1, 1, "bid 0")
    counted.place(2)
    counted.place(3)
    counted.now = WINDOW_S
    counted.place(4)
    assert counted.remembered == [False, False, False, True]


def test_of_too_many_bidders_the_longest_unused_is_forgotten() -> None:
    counted = Counted()
    for bidder_id in range(LANES_MAX):
        counted.place(bidder_id)
    assert all(counted.remembered)
    counted.place(LANES_MAX)
    assert counted.remembered == [False, *[True] * LANES_MAX]
