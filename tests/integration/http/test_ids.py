"""Ids in paths and queries are ASCII digits without leading zeros (wire.md): nothing else names."""

from collections.abc import Callable

import pytest

from tests.integration.http.market import Market, code
from tests.integration.http.resources import Resources

FULL_WIDTH = str.maketrans("0123456789", "".join(chr(0xFF10 + n) for n in range(10)))
ARABIC = str.maketrans("0123456789", "".join(chr(0x0660 + n) for n in range(10)))
WRITTEN: dict[str, Callable[[str], str]] = {
    "leading zero": lambda number: f"0{number}",
    "full width": lambda number: number.translate(FULL_WIDTH),
    "arabic": lambda number: number.translate(ARABIC),
    "last digit full width": lambda number: number[:-1] + number[-1].translate(FULL_WIDTH),
    "plus": lambda number: f"+{number}",
    "blank": lambda number: f"{number}%20",
    "underscore": lambda number: f"{number[:1]}_{number[1:]}",
    "fraction": lambda number: f"{number}.0",
}
CALLS = (
    ("GET", "/api/products/{product_id}"), ("PATCH", "/api/products/{product_id}"),
    ("DELETE", "/api/products/{product_id}"), ("GET", "/api/auctions/{auction_id}"),
    ("PATCH", "/api/auctions/{auction_id}"), ("POST", "/api/auctions/{auction_id}/cancel"),
    ("POST", "/api/auctions/{auction_id}/bids"), ("GET", "/api/auctions/{auction_id}/bids"),
    ("GET", "/api/rooms/{room_id}"), ("POST", "/api/rooms/{room_id}/join"),
    ("POST", "/api/rooms/{room_id}/leave"), ("GET", "/api/rooms/{room_id}/messages"),
)  # fmt: skip


@pytest.fixture(scope="module")
def resources(market: Market) -> Resources:
    return Resources.of(market)


@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_an_id_in_another_notation_is_not_found(
    resources: Resources, method: str, path: str, way: str
) -> None:
    prefix, _, number = resources.path(path.partition("}")[0] + "}").rpartition("/")
    other = f"{prefix}/{WRITTEN[way](number)}{path.partition('}')[2]}"
    assert code(resources.market.call(method, other, resources.seller)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "bid_id",
    [
        "0" * 32, "{00000000-0000-0000-0000-000000000000}",
        "\uff100000000-0000-0000-0000-000000000000",
        "urn:uuid:00000000-0000-0000-0000-000000000000",
    ],
)  # fmt: skip
def test_a_bid_id_in_another_notation_is_not_found(resources: Resources, bid_id: str) -> None:
    answer = resources.market.call("GET", f"/api/bids/{bid_id}", resources.seller)
    assert code(answer) == (404, "NOT_FOUND")
