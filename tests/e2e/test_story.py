"""The story of one bid after another, as those who bid and watch are told it (wire.md)."""

from uuid import uuid4

from tests.e2e.lots import put_up
from tests.e2e.people import Gateway, Person


def test_a_bid_is_received_decided_and_seen_by_others(
    gateway: Gateway, seller: Person, anna: Person
) -> None:
    lot = put_up(seller)
    with anna.enter() as bidder, gateway.enter() as viewer:
        snapshot = viewer.ask("subscribe", channel=f"auction:{lot['id']}")
        assert (snapshot["auction"]["id"], snapshot["bids"]) == (lot["id"], [])
        receipt = bidder.ask("bid.place", auction_id=lot["id"], amount=1_500, key=uuid4().hex)
        result = bidder.push("bid.result", bid_id=receipt["bid_id"])
        assert (result["status"], result["standing"], result["price"]) == (
            "accepted",
            "leading",
            1_500,
        )
        state = viewer.push("auction.state", auction_id=lot["id"], bid_count=1)
        assert state["version"] > snapshot["auction"]["version"]
        assert state["price"] == 1_500
