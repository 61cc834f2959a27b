"""The terms of an auction, frozen at its creation: prices, times, rules.

`make_terms` is the only constructor: it checks the bounds of wire.md between fields and fills in
live mode and the last possible end (rule 12).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from app.domain.errors import FieldFault, InvalidError
from app.domain.increments import StepTable
from app.domain.money import Currency, is_amount
from app.domain.rules import Rules
from app.domain.time import whole_ms

AuctionMode = Literal["timed", "live"]

START_LEAD_MAX: Final = timedelta(days=90)
DURATION_MIN: Final = timedelta(seconds=5)
DURATION_MAX: Final = timedelta(days=90)
SOFT_CLOSE_S_MAX: Final = 3600
EXTENSIONS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class SoftClose:
    """A seller's own soft close instead of the rules' (rule 12); seconds."""

    window_s: int
    extend_s: int
    extensions_max: int


@dataclass(frozen=True, slots=True)
class Terms:
    """The frozen part of an auction; amounts in minor units, times aware UTC, whole ms."""

    auction_id: int
    seller_id: int
    currency: Currency
    mode: AuctionMode
    starting_price: int
    reserve_price: int | None
    buy_now_price: int | None
    created_at: datetime
    starts_at: datetime
    scheduled_ends_at: datetime
    last_ends_at: datetime
    window_s: int
    extend_s: int
    rules: Rules

    @property
    def step_table(self) -> StepTable:
        """The bid steps of this auction's currency (rule 4)."""
        return self.rules.step_table(self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A seller's request; amounts in minor units, times aware; None: as the rules say."""

    currency: Currency
    starting_price: int
    mode: AuctionMode = "timed"
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    reserve_price: int | None = None
    buy_now_price: int | None = None
    soft_close: SoftClose | None = None


def make_terms(
    offer: Offer, *, auction_id: int, seller_id: int, now: datetime, rules: Rules
) -> Terms:
    """Return the terms of a new auction requested at `now`.

    A start that is absent or past is `now`. A live lot without an end lasts `live_lot_s`. Raise
    `InvalidError` with every field that breaks a bound of wire.md.
    """
    created_at = whole_ms(now)
    start = created_at if offer.starts_at is None else max(created_at, whole_ms(offer.starts_at))
    # A start that is too late is a fault: its end could be after the last representable year.
    end = _scheduled_end(offer, min(start, created_at + START_LEAD_MAX), rules)
    soft = offer.soft_close or _default_soft_close(offer.mode, rules)
    faults = _price_faults(offer) + _time_faults(created_at, start, end) + _soft_faults(soft)
    if faults or end is None:
        raise InvalidError(faults)
    return Terms(
        auction_id=auction_id,
        seller_id=seller_id,
        currency=offer.currency,
        mode=offer.mode,
        starting_price=offer.starting_price,
        reserve_price=offer.reserve_price,
        buy_now_price=offer.buy_now_price,
        created_at=created_at,
        starts_at=start,
        scheduled_ends_at=end,
        last_ends_at=_last_end(offer.mode, start, end, soft=soft, rules=rules),
        window_s=soft.window_s,
        extend_s=soft.extend_s,
        rules=rules,
    )


def _scheduled_end(offer: Offer, start: datetime, rules: Rules) -> datetime | None:
    if offer.ends_at is not None:
        return whole_ms(offer.ends_at)
    return start + timedelta(seconds=rules.live_lot_s) if offer.mode == "live" else None


def _default_soft_close(mode: AuctionMode, rules: Rules) -> SoftClose:
    if mode == "live":
        return SoftClose(rules.live_window_s, rules.live_extend_s, rules.extensions_max)
    return SoftClose(rules.soft_close_window_s, rules.soft_close_extend_s, rules.extensions_max)


def _last_end(
    mode: AuctionMode, start: datetime, end: datetime, *, soft: SoftClose, rules: Rules
) -> datetime:
    """Rule 12: the end that no extension passes; never before the scheduled one."""
    if mode == "live":
        return max(end, start + timedelta(seconds=rules.live_last_end_s))
    total_s = min(soft.extensions_max * soft.extend_s, rules.extension_total_max_s)
    return end + timedelta(seconds=total_s)


def _price_faults(offer: Offer) -> list[FieldFault]:
    starting, reserve, buy_now = offer.starting_price, offer.reserve_price, offer.buy_now_price
    given = {"starting_price": starting, "reserve_price": reserve, "buy_now_price": buy_now}
    faults = [
        FieldFault(field, "OUT_OF_RANGE", "must be a whole number from 1 to 10^12")
        for field, value in given.items()
        if not is_amount(value) and (value is not None or field == "starting_price")
    ]
    if faults:
        return faults
    if reserve is not None and reserve < starting:
        message = "must not be under the starting price"
        faults.append(FieldFault("reserve_price", "TOO_LOW", message))
    if buy_now is not None and (buy_now <= starting or buy_now < (reserve or 0)):
        message = "must be above the starting price and not under the reserve"
        faults.append(FieldFault("buy_now_price", "TOO_LOW", message))
    return faults


def _time_faults(now: datetime, start: datetime, end: datetime | None) -> list[FieldFault]:
    faults = []
    if start - now > START_LEAD_MAX:
        faults.append(FieldFault("starts_at", "TOO_LATE", "must be at most 90 days ahead"))
    if end is None:
        faults.append(FieldFault("ends_at", "REQUIRED", "is required except in live mode"))
    elif not DURATION_MIN <= end - start <= DURATION_MAX:
        message = "must be 5 seconds to 90 days after the start"
        faults.append(FieldFault("ends_at", "OUT_OF_RANGE", message))
    return faults


def _soft_faults(soft: SoftClose) -> list[FieldFault]:
    bounds = (
        ("window_s", soft.window_s, SOFT_CLOSE_S_MAX),
        ("extend_s", soft.extend_s, SOFT_CLOSE_S_MAX),
        ("extensions_max", soft.extensions_max, EXTENSIONS_MAX),
    )
    return [
        FieldFault(f"soft_close.{name}", "OUT_OF_RANGE", f"must be 0 to {most}")
        for name, value, most in bounds
        if not 0 <= value <= most
    ]
