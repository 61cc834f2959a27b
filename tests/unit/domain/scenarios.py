"""Random auctions and logs for the property tests, kept near where the rules bite.

A log is drawn as one number a record and then built without looking at any state, as a real log is:
amounts lie on and around a ladder of steps above the starting price, times around the end.
"""

from dataclasses import dataclass
from datetime import datetime
from math import prod
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from app.domain.auction import Auction, open_auction
from app.domain.ids import bid_id
from app.domain.ledger import Entry, Ledger
from app.domain.records import (
    BidPlaced,
    CancelRequested,
    CloseDue,
    Control,
    Position,
    Record,
    ReserveLoweringRequested,
    StartDue,
    VoidRequested,
)
from app.domain.rules import Rules
from app.domain.terms import SoftClose, Terms
from tests.unit.domain.builders import ADMIN, AUCTION, SELLER, OfferFields, after, make

# Twelve properties run on this many logs each: 6,000 cases. A failure prints the blob
# that reproduces it.
PROPERTY: Final = settings(
    max_examples=500,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
END: Final = 100
RULES: Final = Rules(confirm_factor=3, cancel_lead_s=20, extension_total_max_s=40)
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
    offer: OfferFields = {
        "starting_price": starting,
        "currency": draw(st.sampled_from(("KRW", "USD", "JPY"))),
        "reserve_price": reserve,
        "buy_now_price": None if above is None else (reserve or starting) + above * starting,
        "starts_at": draw(st.sampled_from((None, after(30)))),
        "mode": draw(st.sampled_from(("timed", "timed", "live"))),
        "soft_close": SoftClose(10, *draw(st.sampled_from(((10, 30), (4, 30), (25, 1), (9, 0))))),
    }
    return make(rules=RULES, ends=END, **offer)


_KINDS = (
    *("max", "exact") * 7, "start", "close", "close", "reserve", "repeat", "reuse", "cancel",
    "void", "blocked", "limited",
)  # fmt: skip
_ACTORS = (*BIDDERS, *BIDDERS, SELLER)
_RUNGS = range(10)
_JITTERS = (0, 0, 0, 0, 1, -1)
_FLAGS = (True, False, True)
_STEPS_MS = (0, 1, 500, 1_000, 2_000, 12_000, -1, -4_000)
# One number for each record, taken apart below: six draws instead would cost four times as much.
_CODES = prod(map(len, (_STEPS_MS, _KINDS, _ACTORS, _RUNGS, _JITTERS, _FLAGS)))
_PLAN = st.lists(st.integers(0, _CODES - 1), min_size=5, max_size=25)


@dataclass(frozen=True, slots=True)
class _Step:
    record_kind: str
    actor_id: int
    rung: int
    jitter: int
    flag: bool
    step_ms: int


def _step(code: int) -> _Step:
    code, step_ms = divmod(code, len(_STEPS_MS))
    code, record_kind = divmod(code, len(_KINDS))
    code, actor = divmod(code, len(_ACTORS))
    code, rung = divmod(code, len(_RUNGS))
    flag, jitter = divmod(code, len(_JITTERS))
    return _Step(
        _KINDS[record_kind],
        _ACTORS[actor],
        rung,
        _JITTERS[jitter],
        _FLAGS[flag],
        _STEPS_MS[step_ms],
    )


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """An auction and up to 25 records, with repeats, reused keys and log times stepping back."""
    terms = draw(offers())
    at_ms = draw(st.sampled_from((0, 29_000, 80_000, 88_000)))
    records: list[Record] = []
    for offset, step in enumerate(map(_step, draw(_PLAN))):
        at_ms = max(0, at_ms + step.step_ms)
        records.append(_record(terms, records, step, Position(0, offset), after(at_ms / 1000)))
    return Scenario(terms, records)


def _record(
    terms: Terms, earlier: list[Record], step: _Step, position: Position, log_time: datetime
) -> Record:
    rung = step.rung + position.offset // 2  # later bids are higher, or most would be too low
    amount = terms.starting_price + rung * (terms.starting_price // 10 + 1) + step.jitter
    amount = max(1, amount)
    control = _control(step, amount, position, log_time)
    if control is not None:
        return control
    bids = [record for record in earlier if isinstance(record, BidPlaced)]
    if step.record_kind in ("repeat", "reuse") and bids:
        more = int(step.record_kind == "reuse")
        return _repeat(bids[step.rung % len(bids)], more, position, log_time)
    return _bid(step, amount, position, log_time)


def _control(step: _Step, amount: int, position: Position, log_time: datetime) -> Control | None:
    asker_id = step.actor_id if step.actor_id == BIDDERS[0] else SELLER
    match step.record_kind:
        case "start":
            return StartDue(position, log_time)
        case "close":
            return CloseDue(position, log_time)
        case "cancel":
            return CancelRequested(asker_id, "broken" if step.flag else None, position, log_time)
        case "reserve":
            return ReserveLoweringRequested(asker_id, amount, position, log_time)
        case "void":
            return VoidRequested(ADMIN, step.actor_id, "why", position, log_time)
    return None


def _bid(step: _Step, amount: int, position: Position, log_time: datetime) -> BidPlaced:
    key = f"k{position.offset}"
    return BidPlaced(
        bid_id=bid_id(step.actor_id, AUCTION, key),
        bidder_id=step.actor_id,
        amount=amount,
        kind="max" if step.record_kind == "max" else "exact",
        confirm=step.flag,
        key=key,
        position=position,
        log_time=log_time,
        limit=amount - step.flag if step.record_kind == "limited" else None,
        blocked=step.record_kind == "blocked",
    )


def _repeat(bid: BidPlaced, more: int, position: Position, log_time: datetime) -> BidPlaced:
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
