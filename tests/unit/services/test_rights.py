"""The rights in a bid's record, refused bidders, and what is cached of the store."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from app.domain.errors import (
    BusyError,
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
)
from app.protocol.records import BidderOutcome
from app.services.bidding import Bidding, Lot, Offer
from app.services.futile_bids import WINDOW_S, FutileBids
from app.services.log import OnAcknowledged
from app.services.rights import NOT_PROVED, Bidder, Pair, Right, RightsToBid
from app.settings import Limits
from lanes.topic import Topic
from tests.waiting import CALL_S, wait_until

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ANN, BOB, SELLER, OTHER_SELLER, NOBODY = 2, 3, 1, 9, 99
AUCTION, OTHER_AUCTION = 42, 43
LIMITS = Limits(bid_limit_krw=1_000, bid_limit_usd=50)


@dataclass
class Store:
    """The store of rights, the log and the clock; counts reads of rights."""

    bidders: dict[int, Bidder] = field(default_factory=dict)
    blocks: set[tuple[int, int]] = field(default_factory=set)
    reads: int = 0
    is_away: bool = False
    meanwhile: Callable[[], object] = lambda: None
    appended: list[dict[str, object]] = field(default_factory=list)
    now: float = 0.0

    def rights(self, pairs: Sequence[Pair]) -> dict[Pair, tuple[Bidder, bool]]:
        self.reads += 1
        if self.is_away:
            raise BusyError("away")
        found = {
            (user_id, seller_id): (
                self.bidders.get(user_id, Bidder(is_proved=True, limits={})),
                (seller_id, user_id) in self.blocks,
            )
            for user_id, seller_id in pairs
            if user_id != NOBODY
        }
        self.meanwhile()
        return found

    def lots(self, auction_ids: Sequence[int]) -> dict[int, Lot]:
        lots = {AUCTION: Lot(SELLER, "KRW"), OTHER_AUCTION: Lot(OTHER_SELLER, "USD")}
        return {auction_id: lots[auction_id] for auction_id in auction_ids if auction_id in lots}

    def check(self, topic: Topic) -> None:
        return None

    def append_soon(self, topic: Topic, *, key: int, value: bytes, done: OnAcknowledged) -> None:
        if self.appended and self.appended[-1] == {}:
            raise BusyError("full")
        self.appended.append(json.loads(value))


class BiddingSetup:
    """A gateway's bidding on it."""

    def __init__(self, *, per_minute: int = 20, must_be_proved: bool = True) -> None:
        self.store = Store()
        self.rights = RightsToBid(
            self.store,
            must_be_proved=must_be_proved,
            limits=LIMITS,
            clock=lambda: self.store.now,
        )
        futile = FutileBids(per_minute, clock=lambda: self.store.now)
        self.bidding = Bidding(
            self.store,  # type: ignore[arg-type]
            self.store,  # type: ignore[arg-type]
            rights=self.rights,
            futile=futile,
            clock=lambda: NOW,
        )
        self._keys = 0

    def bid(self, who: int = ANN, on: int = AUCTION, key: str = "") -> dict[str, object]:
        """Place a bid with a new key; return its record without the fields of every bid."""
        self._keys += 1
        offer = Offer(who, on, 500, "exact", confirm=False, key=key or f"k{self._keys}")
        self.bidding.place_soon(offer, lambda _: None)
        record = self.store.appended[-1]
        return {name: record[name] for name in ("limit", "blocked") if name in record}

    def decide(self, status: str, *, who: int = ANN, key: str = "", repeated: bool = False) -> None:
        """Deliver an outcome of the newest bid, or of that with this key."""
        bid = next(
            record for record in reversed(self.store.appended) if record["key"] == key or not key
        )
        outcome = BidderOutcome(
            bid_id=str(bid["bid_id"]), bidder_id=who, key=str(bid["key"]), status=status,  # type: ignore[arg-type]
            standing=None, code=None, seq=None, alias=None, price=None, minimum_next_bid=None,
            ends_at=None, decided_at=None, repeated=repeated,
        )  # fmt: skip
        self.bidding.answered(AUCTION, outcome)


def test_a_record_has_the_bidders_limit_in_its_currency() -> None:
    setup = BiddingSetup()
    assert setup.bid() == {"limit": 1_000}
    assert setup.bid(on=OTHER_AUCTION) == {"limit": 50}


def test_a_users_own_limit_overrides_the_default() -> None:
    setup = BiddingSetup()
    setup.store.bidders[ANN] = Bidder(is_proved=True, limits={"KRW": 7})
    assert setup.bid() == {"limit": 7}
    assert setup.bid(on=OTHER_AUCTION) == {"limit": 50}


def test_a_record_says_that_this_seller_has_blocked_the_bidder() -> None:
    setup = BiddingSetup()
    setup.store.blocks.add((SELLER, ANN))
    assert setup.bid() == {"limit": 1_000, "blocked": True}
    assert setup.bid(on=OTHER_AUCTION) == {"limit": 50}
    assert setup.bid(BOB) == {"limit": 1_000}


def test_rights_are_read_once_per_bidder_and_seller() -> None:
    setup = BiddingSetup()
    assert setup.bidding.cached_right(ANN, AUCTION) is None
    for _ in range(5):
        setup.bid()
    assert setup.store.reads == 1
    assert setup.bidding.cached_right(ANN, AUCTION) is not None
    assert setup.bidding.cached_right(BOB, AUCTION) is None


def test_only_changed_rights_are_read_again() -> None:
    setup = BiddingSetup()
    for who in (ANN, BOB):
        setup.bid(who)
        setup.bid(who, OTHER_AUCTION)
    setup.store.bidders[ANN] = Bidder(is_proved=True, limits={"KRW": 7})
    setup.rights.forget(ANN)
    setup.store.blocks.add((OTHER_SELLER, BOB))
    setup.rights.forget(BOB, OTHER_SELLER)
    reads = setup.store.reads
    assert setup.bid(BOB) == {"limit": 1_000}
    assert setup.store.reads == reads
    assert setup.bid(ANN) == {"limit": 7}
    assert setup.bid(BOB, OTHER_AUCTION) == {"limit": 50, "blocked": True}


def test_a_right_that_changed_during_the_read_is_not_cached() -> None:
    setup = BiddingSetup()
    setup.store.meanwhile = lambda: setup.rights.forget(ANN)
    setup.bid()
    assert setup.bidding.cached_right(ANN, AUCTION) is None


def test_after_a_disconnect_all_rights_are_read_again() -> None:
    setup = BiddingSetup()
    setup.bid()
    setup.rights.clear()
    setup.bid()
    assert setup.store.reads == 2


def bid_every_second(setup: BiddingSetup, seconds: int, *bidders: int) -> None:
    """Each of them bids once a second, and the rights are refreshed as a gateway does."""
    for _ in range(seconds):
        for who in bidders:
            assert setup.bidding.cached_right(who, AUCTION) is not None, setup.store.now
        setup.rights.refresh()
        setup.store.now += 1.0


def test_no_bid_of_those_who_go_on_bidding_waits_for_the_store() -> None:
    setup, others = BiddingSetup(), range(100, 150)
    for who in (ANN, *others):
        setup.bid(who)
    setup.store.bidders[ANN] = Bidder(is_proved=True, limits={"KRW": 7})
    first_reads = setup.store.reads
    bid_every_second(setup, 300, ANN, *others)
    assert setup.store.reads - first_reads <= 300, "one a second, whatever the number of bidders"
    assert setup.bidding.cached_right(ANN, AUCTION) == Right(7, blocked=False)


def test_first_bids_that_come_together_share_a_read() -> None:
    setup, crowd, released = BiddingSetup(), range(100, 150), Event()
    setup.store.meanwhile = lambda: released.wait(CALL_S)
    reads = setup.rights._reads
    with ThreadPoolExecutor(len(crowd) + 1) as threads:
        first = threads.submit(setup.rights.of, ANN, SELLER, "KRW")
        wait_until(lambda: setup.store.reads == 1, what="a read has begun")
        others = [threads.submit(setup.rights.of, who, SELLER, "KRW") for who in crowd]
        wait_until(
            lambda: reads._next is not None and len(reads._next.keys) == len(crowd),
            what="all others wait",
        )
        released.set()
        rights = {waiting.result(CALL_S) for waiting in (first, *others)}
    assert rights == {Right(1_000, blocked=False)}
    assert setup.store.reads == 2


def test_rights_of_those_who_stopped_bidding_are_not_read() -> None:
    setup = BiddingSetup()
    setup.bid()
    setup.rights.refresh()
    for _ in range(120):
        setup.store.now += 1.0
        setup.rights.refresh()
    assert setup.store.reads == 1
    assert setup.bidding.cached_right(ANN, AUCTION) is None


def test_rights_of_expected_bidders_are_read_together_and_stay_cached() -> None:
    setup, watchers = BiddingSetup(), range(100, 150)
    for _ in range(300):
        setup.bidding.expect_bids({AUCTION: watchers, OTHER_AUCTION: [ANN], 99: [ANN]})
        setup.rights.refresh()
        for watcher in watchers:
            assert setup.bidding.cached_right(watcher, AUCTION) is not None, setup.store.now
        setup.store.now += 1.0
    assert setup.store.reads <= 300, "one a second, whatever the number of bidders"
    assert setup.bidding.cached_right(ANN, OTHER_AUCTION) is not None


def test_a_changed_right_of_expected_bidders_is_read_before_they_bid() -> None:
    setup = BiddingSetup()
    for limit in (7, 8):
        setup.store.bidders[ANN] = Bidder(is_proved=True, limits={"KRW": limit})
        setup.rights.forget(ANN)
        setup.bidding.expect_bids({AUCTION: [ANN]})
        setup.rights.refresh()
        assert setup.bidding.cached_right(ANN, AUCTION) == Right(limit, blocked=False)


def test_without_the_store_a_right_expires_in_its_time() -> None:
    setup = BiddingSetup()
    setup.bid()
    setup.store.is_away = True
    with pytest.raises(BusyError):
        bid_every_second(setup, 60, ANN)
    assert setup.bidding.cached_right(ANN, AUCTION) is not None
    setup.store.now = LIMITS.rights_ttl_s
    assert setup.bidding.cached_right(ANN, AUCTION) is None


def test_a_right_that_changed_during_a_refresh_is_read_again() -> None:
    setup = BiddingSetup()
    setup.bid()
    setup.store.meanwhile = lambda: setup.rights.forget(ANN)
    while setup.store.reads == 1:
        bid_every_second(setup, 1, ANN)
    assert setup.bidding.cached_right(ANN, AUCTION) is None


def test_an_unverified_user_may_bid_once_verified() -> None:
    setup = BiddingSetup()
    setup.store.bidders[ANN] = Bidder(is_proved=False, limits={})
    with pytest.raises(ForbiddenError) as refused:
        setup.bid()
    assert refused.value.detail == NOT_PROVED
    assert setup.store.appended == []
    del setup.store.bidders[ANN]
    assert setup.bid() == {"limit": 1_000}


def test_without_the_setting_an_unproved_address_may_bid() -> None:
    setup = BiddingSetup(must_be_proved=False)
    setup.store.bidders[ANN] = Bidder(is_proved=False, limits={})
    assert setup.bid() == {"limit": 1_000}


def test_bids_of_unknown_users_or_auctions_are_refused() -> None:
    with pytest.raises(UnauthenticatedError):
        BiddingSetup().bid(NOBODY)
    with pytest.raises(NotFoundError):
        BiddingSetup().bid(on=1)


def test_the_page_has_a_text_for_every_reason() -> None:
    page = Path("app/web/client/src/wire/refusals.ts").read_text(encoding="utf-8")
    assert all(f'"{reason}"' in page for reason in (NOT_PROVED, "this account is suspended"))


def limited(setup: BiddingSetup, **bid_fields: object) -> float | None:
    """After how many seconds another bid may come; None: it came."""
    try:
        setup.bid(**bid_fields)  # type: ignore[arg-type]
    except RateLimitedError as error:
        return error.retry_after_s
    return None


def test_undecided_bids_are_refused_beyond_so_many_a_minute() -> None:
    setup = BiddingSetup(per_minute=3)
    for _ in range(3):
        setup.bid()
        setup.store.now += 1
    assert limited(setup) == WINDOW_S - 3
    assert (limited(setup, on=OTHER_AUCTION), limited(setup, who=BOB)) == (None, None)
    setup.store.now = WINDOW_S
    assert limited(setup) is None


def test_accepted_bids_do_not_count_and_refused_ones_do() -> None:
    setup = BiddingSetup(per_minute=3)
    for _ in range(9):
        setup.bid()
        setup.decide("accepted")
    for _ in range(3):
        setup.bid()
        setup.decide("rejected")
    assert limited(setup) == WINDOW_S


def test_refused_bids_of_other_gateways_count() -> None:
    setup, other = BiddingSetup(per_minute=3), BiddingSetup(per_minute=3)
    for _ in range(3):
        other.bid()
        setup.store.appended.append(other.store.appended[-1])
        setup.decide("rejected")
    assert limited(setup) == WINDOW_S


def test_every_repeat_of_a_bid_counts() -> None:
    setup = BiddingSetup(per_minute=3)
    setup.bid(key="a")
    setup.decide("accepted")
    for _ in range(3):
        setup.bid(key="a")
        setup.decide("accepted", repeated=True)
    assert limited(setup, key="a") == WINDOW_S


def test_a_bid_that_kafka_refused_does_not_count() -> None:
    setup = BiddingSetup(per_minute=1)
    setup.store.appended.append({})
    with pytest.raises(BusyError):
        setup.bid()
    setup.store.appended.clear()
    assert limited(setup) is None
    assert limited(setup) == WINDOW_S


def test_a_refused_bidder_causes_limited_reads_a_minute() -> None:
    setup = BiddingSetup(per_minute=3)
    setup.store.bidders[ANN] = Bidder(is_proved=False, limits={})
    for _ in range(3):
        with pytest.raises(ForbiddenError):
            setup.bid()
    assert limited(setup) == WINDOW_S
    assert setup.store.reads == 3
