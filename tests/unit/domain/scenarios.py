"""Random auctions and logs for the property tests, kept near where the rules bite.

A log is drawn as small tuples and then built without looking at any state, as a real log is:
amounts lie on and around a ladder of steps above the starting price, times around the end.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from app.domain.auction import Auction, open_auction
from app.domain.ids import bid_id
from app.domain.ledger import Entry, Ledger
from app.domain.records import (
    BidPlaced,
    CancelAsked,
    CloseDue,
    Position,
    Record,
    ReserveAsked,
    StartDue,
)
from app.domain.rules import Rules
from app.domain.terms import SoftClose, Terms
from tests.unit.domain.builders import AUCTION, SELLER, Asked, after, make

# Twelve properties run on this many logs each: over 10,000 cases. A failure prints the blob
# that reproduces it.
PROPERTY: Final = settings(
    max_examples=900,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
END: Final = 100
RULES: Final = Rules(cancel_lead_s=20, extension_total_max_s=40)
BIDDERS: Final = (2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Terms and a log."""

    terms: Terms
    records: list[Record]


@st.composite
def offers(draw: st.DrawFn) -> Terms:
    """Auctions of 100 s with a window of 10 s; start, prices, currency and mode vary."""
    starting = draw(st.sampled_from((1, 100, 1_000, 9_800, 49_000)))
    rung = draw(st.sampled_from((None, None, 0, 3, 6)))
    reserve = None if rung is None else starting + rung * (starting // 10 + 1)
    above = draw(st.sampled_from((None, None, None, 1, 20)))
    offer: Asked = {
        "starting_price": starting,
        "currency": draw(st.sampled_from(("KRW", "USD", "JPY"))),
        "reserve_price": reserve,
        "buy_now_price": None if above is None else (reserve or starting) + above * starting,
        "starts_at": draw(st.sampled_from((None, after(30)))),
        "mode": draw(st.sampled_from(("timed", "timed", "live"))),
        "soft_close": SoftClose(10, 10, draw(st.sampled_from((0, 1, 30)))),
    }
    return make(rules=RULES, ends=END, **offer)


_CONTROLS = ("start", "close", "close", "reserve", "repeat", "reuse")
_STEP = st.tuples(
    st.sampled_from((*("max", "exact") * 14, *_CONTROLS * 2, "cancel")),
    st.sampled_from((*BIDDERS, *BIDDERS, SELLER)),
    st.integers(0, 9),  # rungs of a ladder above the starting price
    st.sampled_from((0, 0, 0, 0, 1, -1)),
    st.sampled_from((True, True, True, False)),
)
_STEP_MS = st.sampled_from((0, 1, 200, 500, 1_000, 2_000, 12_000, -1, -4_000))
_PLAN = st.lists(st.tuples(_STEP, _STEP_MS), min_size=5, max_size=25)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """An auction and up to 25 records, with repeats, reused keys and log times stepping back."""
    terms = draw(offers())
    at_ms = draw(st.sampled_from((0, 29_000, 60_000, 88_000)))
    records: list[Record] = []
    for offset, (step, step_ms) in enumerate(draw(_PLAN)):
        at_ms = max(0, at_ms + step_ms)
        records.append(_record(terms, records, step, Position(0, offset), after(at_ms / 1000)))
    return Scenario(terms, records)


def _record(
    terms: Terms,
    earlier: list[Record],
    step: tuple[str, int, int, int, bool],
    position: Position,
    log_time: datetime,
) -> Record:
    what, actor_id, number, jitter, flag = step
    asker_id = actor_id if actor_id == BIDDERS[0] else SELLER
    rung = number + position.offset // 2  # later bids are higher, or most would be too low
    amount = max(1, terms.starting_price + rung * (terms.starting_price // 10 + 1) + jitter)
    match what:
        case "start":
            return StartDue(position, log_time)
        case "cancel":
            return CancelAsked(asker_id, "broken" if flag else None, position, log_time)
        case "reserve":
            return ReserveAsked(asker_id, amount, position, log_time)
        case "repeat" | "reuse":
            bids = [record for record in earlier if isinstance(record, BidPlaced)]
            if bids:
                return _again(bids[number % len(bids)], int(what == "reuse"), position, log_time)
    if what not in ("max", "exact"):
        return CloseDue(position, log_time)
    key = f"k{position.offset}"
    return BidPlaced(
        bid_id=bid_id(actor_id, AUCTION, key),
        bidder_id=actor_id,
        amount=amount,
        kind="max" if what == "max" else "exact",
        confirm=flag,
        key=key,
        position=position,
        log_time=log_time,
    )


def _again(bid: BidPlaced, more: int, position: Position, log_time: datetime) -> BidPlaced:
    return BidPlaced(
        bid_id=bid.bid_id,
        bidder_id=bid.bidder_id,
        amount=bid.amount + more,
        kind=bid.kind,
        confirm=not bid.confirm,
        key=bid.key,
        position=position,
        log_time=log_time,
    )


def run(scenario: Scenario) -> tuple[list[Auction], list[Entry]]:
    """The states around each record (one more than records), and the entries."""
    ledger = Ledger(open_auction(scenario.terms))
    states, entries = [ledger.auction], []
    for record in scenario.records:
        entries.append(ledger.apply(record))
        states.append(ledger.auction)
    return states, entries
