"""Auctions start and end by themselves, and all clients are notified."""

from tests.e2e.bidding import bid, refusal, watch
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.waiting import stretched


def test_an_auction_starts_closes_and_names_its_winner(
    gateway: Gateway, seller: Person, anna: Person, ben: Person
) -> None:
    lot = create_lot(seller, starts_in_s=stretched(2), lasts_s=stretched(6))
    with (
        anna.enter() as hers,
        ben.enter() as his,
        seller.enter() as sellers,
        gateway.enter() as viewer,
    ):
        assert watch(viewer, lot)["auction"]["status"] == "scheduled"
        assert refusal(hers, lot, 1_000) == "NOT_STARTED"
        viewer.push("auction.state", auction_id=lot["id"], status="open")
        assert bid(his, lot, 1_000).outcome["standing"] == "leading"
        assert bid(hers, lot, 3_000).outcome["standing"] == "leading"
        closed = viewer.push("auction.state", auction_id=lot["id"], status="closed")
        assert hers.push("notice", auction_id=lot["id"], kind="won")
        assert his.push("notice", auction_id=lot["id"], kind="lost")
        assert sellers.push("notice", auction_id=lot["id"], kind="sold")
        assert refusal(his, lot, 9_000) == "CLOSED"
    assert closed["winner"] == {"alias": 1, "amount": 3_000}
    assert closed["ends_at"] == lot["ends_at"]
    shown = anna.call("GET", f"/api/auctions/{lot['id']}")
    assert (shown["status"], shown["closed_at"]) == ("closed", lot["ends_at"])
    assert shown["winner"] == closed["winner"]
    statuses = [state["status"] for state in viewer.pushes("auction.state", auction_id=lot["id"])]
    assert statuses == sorted(statuses, key=["scheduled", "open", "closed"].index)


def test_an_auction_without_bids_is_unsold(gateway: Gateway, seller: Person) -> None:
    lot = create_lot(seller, lasts_s=stretched(5.5))
    with seller.enter() as sellers, gateway.enter() as viewer:
        watch(viewer, lot)
        closed = viewer.push("auction.state", auction_id=lot["id"], status="closed")
        sellers.push("notice", auction_id=lot["id"], kind="unsold")
    assert (closed["winner"], closed["bid_count"]) == (None, 0)
