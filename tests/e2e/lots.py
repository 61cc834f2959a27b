"""Auctions as the tests make them."""

from typing import Any

from stack.client import User, in_seconds
from stack.websocket_client import Frame

NO_SOFT_CLOSE = {"window_s": 0, "extend_s": 0, "extensions_max": 0}


def create_lot(
    seller: User, *, starts_in_s: float | None = None, lasts_s: float = 3_600, **fields: Any
) -> Frame:
    """A new product's auction, by default open for an hour from 1,000 won and never extended.

    `fields` are those of `POST /api/auctions`.
    """
    starts_at = {} if starts_in_s is None else {"starts_at": in_seconds(starts_in_s)}
    lasts_s += starts_in_s or 0
    terms = {"soft_close": NO_SOFT_CLOSE, **starts_at, **fields}
    return seller.open_auction(lasts_s=lasts_s, **terms)
