"""Shared snapshots are never behind the pushes (I13)."""

from itertools import count
from typing import Any

from stack.websocket_client import Frame
from tests.e2e.bidding import bid, channel_of, watch
from tests.e2e.conftest import Limited
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person

BIDS = 15  # within the time that a snapshot is kept there are several


def shown(gateway: Gateway, path: str, who: Person | None = None) -> Any:
    headers = {} if who is None else {"Authorization": f"Bearer {who.token}"}
    answer = gateway.http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(gateway: Gateway, lot: Frame) -> Frame:
    items: list[Frame] = shown(gateway, "/api/auctions?sort=newest&limit=5")["items"]
    return next(item for item in items if item["id"] == lot["id"])


def test_a_guests_snapshot_is_never_behind_the_pushes(
    limited: Limited, seller: Person, anna: Person
) -> None:
    gateway, lot, path = limited.patient, create_lot(seller), ""
    path = f"/api/auctions/{lot['id']}"
    with anna.enter(gateway) as bidder, gateway.enter() as guest, gateway.enter() as other:
        watch(guest, lot)
        for amount in (10_000 * number for number in range(1, BIDS + 1)):
            shown(gateway, path)  # kept from now on, and so is the list
            listed(gateway, lot)
            other.request("subscribe", channel="auctions")
            answers = bid(bidder, lot, amount, confirm=True)
            seq = answers.outcome["seq"]
            pushed = guest.wait_for(
                lambda seq=seq: [  # type: ignore[misc]
                    push for push in guest.pushes("auction.state") if push["bid_count"] >= seq
                ],
                what=f"the state with bid {seq}",
            )[0]
            assert shown(gateway, path)["version"] >= pushed["version"]
            assert listed(gateway, lot)["version"] >= pushed["version"]
            snapshot = other.request("subscribe", channel=channel_of(lot))
            assert snapshot["auction"]["version"] >= pushed["version"]
            assert snapshot["bids"][-1]["seq"] >= seq
            prices = other.request("subscribe", channel="auctions")["items"]
            assert {"id": lot["id"], "bid_count": seq}.items() <= prices_of(prices, lot).items()


def prices_of(items: list[Frame], lot: Frame) -> Frame:
    return next(item for item in items if item["id"] == lot["id"])


def test_an_own_bid_shows_at_once(limited: Limited, seller: Person, anna: Person) -> None:
    gateway, lot, amounts = limited.patient, create_lot(seller), count(10_000, 10_000)
    path = f"/api/auctions/{lot['id']}"
    with anna.enter(gateway) as bidder:
        for _ in range(BIDS):
            shown(gateway, path, anna)
            amount = next(amounts)
            bid(bidder, lot, amount, confirm=True)
            assert shown(gateway, path, anna)["mine"]["maximum"] == amount
            assert (
                bidder.request("subscribe", channel=channel_of(lot))["auction"]["mine"]["maximum"]
                == amount
            )
