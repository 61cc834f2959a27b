"""The sequence of bids as bidders and watchers receive it (wire.md)."""

from uuid import uuid4

from stack.client import RECEIPT
from stack.websocket_client import Frame
from tests.e2e.bidding import OUTCOME, bid, channel_of, place, refusal, watch
from tests.e2e.client import Socket
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person


def states(socket: Socket, lot: Frame) -> list[Frame]:
    """The states of the auction that were pushed."""
    return socket.pushes("auction.state", channel=channel_of(lot))


def test_a_bid_is_received_decided_and_seen_by_others(
    gateway: Gateway, seller: Person, anna: Person
) -> None:
    lot = create_lot(seller)
    with anna.enter() as bidder, gateway.enter() as viewer:
        snapshot = watch(viewer, lot)
        assert snapshot["auction"]["price"] == 1_000
        assert snapshot["auction"]["leader"] is None
        assert snapshot["bids"] == []
        key = uuid4().hex
        answer = place(bidder, lot, 1_500, key=key)
        result = bidder.push("bid.result", key=key)
        state = viewer.push("auction.state", auction_id=lot["id"], bid_count=1)
    assert set(answer) == {"re", "type", *RECEIPT}
    assert (answer["key"], answer["amount"], answer["kind"]) == (key, 1_500, "exact")
    assert set(result) == {"type", "bid_id", "key", "auction_id", *OUTCOME}
    assert (result["status"], result["standing"], result["code"]) == ("accepted", "leading", None)
    assert (result["seq"], result["alias"], result["price"]) == (1, 1, 1_500)
    assert result["minimum_next_bid"] == 1_600
    assert state["version"] > snapshot["auction"]["version"]
    assert (state["price"], state["leader"], state["from_seq"]) == (1_500, {"alias": 1}, 1)
    assert [(b["seq"], b["amount"], b["alias"], b["automatic"]) for b in state["bids"]] == [
        (1, 1_500, 1, False)
    ]


def test_a_maximum_bids_automatically_until_it_is_exceeded(
    gateway: Gateway, seller: Person, anna: Person, ben: Person
) -> None:
    lot = create_lot(seller)
    with anna.enter() as hers, ben.enter() as his, gateway.enter() as viewer:
        watch(viewer, lot)
        first = bid(hers, lot, 5_000, kind="max").outcome
        assert (first["standing"], first["price"]) == ("leading", 1_000)
        second = bid(his, lot, 2_000).outcome
        assert (second["status"], second["standing"]) == ("accepted", "outbid")
        assert (second["seq"], second["price"]) == (2, 2_100)
        third = bid(his, lot, 6_000).outcome
        assert (third["standing"], third["seq"], third["price"]) == ("leading", 4, 6_000)
        notice = hers.push("notice", kind="outbid", auction_id=lot["id"])
        viewer.push("auction.state", auction_id=lot["id"], bid_count=4)
    assert notice["id"] > 0
    seen = [b for state in states(viewer, lot) for b in state["bids"]]
    assert [(b["seq"], b["alias"], b["amount"], b["automatic"]) for b in seen] == [
        (1, 1, 1_000, False),
        (2, 2, 2_000, False),
        (3, 1, 2_100, True),
        (4, 2, 6_000, False),
    ]
    versions = [state["version"] for state in states(viewer, lot)]
    assert versions == sorted(set(versions))


def test_every_socket_of_the_bidder_gets_the_outcome(seller: Person, anna: Person) -> None:
    lot = create_lot(seller)
    with anna.enter() as phone, anna.enter() as desk:
        answers = bid(phone, lot, 1_000)
        result = desk.push("bid.result", bid_id=answers.receipt["bid_id"])
    assert {name: result[name] for name in OUTCOME} == answers.outcome
    assert not [frame for frame in desk.frames if frame["type"] == "bid.received"]


def test_a_bid_near_the_end_moves_it(gateway: Gateway, seller: Person, anna: Person) -> None:
    soft_close = {"window_s": 3_600, "extend_s": 3_600, "extensions_max": 1}
    lot = create_lot(seller, lasts_s=600, soft_close=soft_close)
    with anna.enter() as bidder, gateway.enter() as viewer:
        watch(viewer, lot)
        outcome = bid(bidder, lot, 1_000).outcome
        state = viewer.push("auction.state", auction_id=lot["id"], extensions=1)
    assert outcome["ends_at"] == state["ends_at"] > lot["ends_at"]
    assert state["ends_at"] <= state["last_ends_at"] == lot["last_ends_at"]


def test_the_same_bid_again_gets_its_first_outcome(
    seller: Person, anna: Person, ben: Person
) -> None:
    lot = create_lot(seller)
    with anna.enter() as hers, ben.enter() as his:
        first = bid(hers, lot, 1_000)
        bid(his, lot, 2_000)
        repeated = bid(hers, lot, 1_000, key=first.key, confirm=True)
        hers.wait_for(lambda: len(hers.pushes("bid.result", key=first.key)) == 2, what="a second")
        status = hers.request("bid.status", auction_id=lot["id"], key=first.key)
        over_http = anna.request(
            "POST",
            f"/api/auctions/{lot['id']}/bids",
            {"amount": 1_000},
            headers={"Idempotency-Key": first.key, "Prefer": "wait=5"},
        )
        results = hers.pushes("bid.result", key=first.key)
    assert all(result == results[0] for result in results)
    assert repeated.receipt["bid_id"] == first.receipt["bid_id"]
    assert {name: status[name] for name in RECEIPT} == first.receipt
    assert {name: status[name] for name in OUTCOME} == first.outcome
    assert over_http.status_code == 200
    assert {name: over_http.json()[name] for name in OUTCOME} == first.outcome
    assert seller.call("GET", f"/api/auctions/{lot['id']}")["bid_count"] == 2


def test_a_key_that_names_another_bid_is_refused(seller: Person, anna: Person) -> None:
    lot = create_lot(seller)
    with anna.enter() as phone, anna.enter() as desk:
        first = bid(phone, lot, 1_000)
        answer = place(phone, lot, 2_000, key=first.key, kind="max")
        refused = desk.push("bid.refused", key=first.key)
        status = phone.request("bid.status", auction_id=lot["id"], key=first.key)
    assert answer["type"] == "bid.received"
    assert refused == {
        "type": "bid.refused",
        "key": first.key,
        "auction_id": lot["id"],
        "amount": 2_000,
        "kind": "max",
        "partition": answer["partition"],
        "offset": answer["offset"],
        "code": "KEY_REUSED",
    }
    assert {name: status[name] for name in OUTCOME} == first.outcome
    over_http = anna.request(
        "POST",
        f"/api/auctions/{lot['id']}/bids",
        {"amount": 3_000},
        headers={"Idempotency-Key": first.key, "Prefer": "wait=5"},
    )
    assert (over_http.status_code, over_http.json()["code"]) == (409, "KEY_REUSED")


def test_a_bid_that_was_never_sent_is_unknown(seller: Person, anna: Person) -> None:
    lot = create_lot(seller)
    with anna.enter() as socket:
        answer = socket.request("bid.status", auction_id=lot["id"], key="never-sent")
    assert answer == {
        "re": 2,
        "type": "bid.status",
        "auction_id": lot["id"],
        "key": "never-sent",
        "status": "unknown",
    }


def test_a_rejected_bid_has_an_outcome_and_changes_no_price(
    seller: Person, anna: Person, ben: Person
) -> None:
    lot = create_lot(seller)
    later = create_lot(seller, starts_in_s=3_600)
    with seller.enter() as sellers, anna.enter() as hers, ben.enter() as his:
        assert refusal(sellers, lot, 1_000) == "OWN_AUCTION"
        assert refusal(hers, later, 1_000) == "NOT_STARTED"
        assert refusal(hers, lot, 999) == "TOO_LOW"
        assert refusal(hers, lot, 5_001) == "CONFIRM_NEEDED"
        assert bid(hers, lot, 5_001, confirm=True).outcome["price"] == 5_001
        assert refusal(hers, lot, 5_001) == "NOT_ABOVE_OWN_MAXIMUM"
        assert refusal(his, lot, 5_100) == "TOO_LOW"
    shown = seller.call("GET", f"/api/auctions/{lot['id']}")
    assert (shown["price"], shown["bid_count"], shown["leader"]) == (5_001, 1, {"alias": 2})


def test_buying_now_ends_the_auction(gateway: Gateway, seller: Person, anna: Person) -> None:
    lot = create_lot(seller, buy_now_price=4_000)
    with anna.enter() as buyer, seller.enter() as sellers, gateway.enter() as viewer:
        watch(viewer, lot)
        assert refusal(buyer, lot, 4_000) == "CONFIRM_NEEDED"
        bought = bid(buyer, lot, 4_000, confirm=True).outcome
        state = viewer.push("auction.state", auction_id=lot["id"], status="closed")
        assert buyer.push("notice", auction_id=lot["id"])["kind"] == "won"
        assert sellers.push("notice", auction_id=lot["id"])["kind"] == "sold"
        assert refusal(buyer, lot, 5_000, confirm=True) == "CLOSED"
    assert (bought["standing"], bought["price"]) == ("leading", 4_000)
    assert state["winner"] == {"alias": bought["alias"], "amount": 4_000}
    assert state["ends_at"] == bought["ends_at"] == bought["decided_at"]
    shown = seller.call("GET", f"/api/auctions/{lot['id']}")
    assert shown["winner_user"] == {"id": anna.id, "nickname": anna.nickname}
    assert anna.call("GET", f"/api/auctions/{lot['id']}")["mine"]["standing"] == "won"


def test_a_lower_reserve_and_a_cancel_are_pushed_at_once(
    gateway: Gateway, seller: Person, anna: Person
) -> None:
    path = (
        f"/api/auctions/{(lot := create_lot(seller, reserve_price=50_000, lasts_s=90_000))['id']}"
    )
    with anna.enter() as bidder, gateway.enter() as viewer:
        assert watch(viewer, lot)["auction"]["reserve"] == "not_met"
        bid(bidder, lot, 5_000)
        seller.call("PATCH", path, {"reserve_price": 5_000})
        viewer.push("auction.state", auction_id=lot["id"], reserve="met")
        seller.call("POST", f"{path}/cancel", {"reason": "broken"})
        state = viewer.push("auction.state", auction_id=lot["id"], status="cancelled")
        bidder.push("notice", auction_id=lot["id"], kind="cancelled")
        assert refusal(bidder, lot, 6_000) == "CLOSED"
    assert state["winner"] is None
