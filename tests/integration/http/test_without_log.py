"""Without Kafka, calls that write to it are BUSY, and all others work."""

from typing import Any

import pytest

from tests.integration.http.applications import application, refused_address
from tests.integration.http.market import Market, code


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/bids", {"amount": 2_000}),
        ("POST", "/cancel", {}),
        ("PATCH", "", {"reserve_price": 1_500}),
    ],
)
def test_the_answer_is_busy_with_retry_after(
    environment: dict[str, str], market: Market, method: str, path: str, body: Any
) -> None:
    seller, bidder = market.person(), market.person()
    auction = market.auction(seller, reserve_price=2_000)
    who = bidder if path == "/bids" else seller
    with (
        refused_address() as address,
        application(environment, KAFKA_BOOTSTRAP_SERVERS=address) as client,
    ):
        answer = client.open(
            f"/api/auctions/{auction['id']}{path}",
            method=method,
            json=body,
            headers={**who.headers, "Idempotency-Key": "k"},
        )
        assert code(answer) == (503, "BUSY")
        assert int(answer.headers["Retry-After"]) > 0
        assert client.get(f"/api/auctions/{auction['id']}").get_json()["bid_count"] == 0
