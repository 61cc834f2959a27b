"""Products and auctions as sellers make them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from stack.websocket_client import Frame
from tests.e2e.people import Person

NO_SOFT_CLOSE = {"window_s": 0, "extend_s": 0, "extensions_max": 0}


def in_seconds(seconds: float) -> str:
    """The time so long from now, as the API takes it."""
    then = datetime.now(UTC) + timedelta(seconds=seconds)
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def create_lot(
    seller: Person, *, starts_in_s: float | None = None, lasts_s: float = 3_600, **fields: Any
) -> Frame:
    """A new product's auction, by default open for an hour from 1,000 won and never extended.

    `fields` are those of `POST /api/auctions`.
    """
    product = {"name": "유리병", "description": "", "sale_type": "auction"}
    body = {
        "product_id": seller.call("POST", "/api/products", product)["id"],
        "starting_price": 1_000,
        "ends_at": in_seconds((starts_in_s or 0) + lasts_s),
        "soft_close": NO_SOFT_CLOSE,
        **({} if starts_in_s is None else {"starts_at": in_seconds(starts_in_s)}),
        **fields,
    }
    return seller.call("POST", "/api/auctions", body)
