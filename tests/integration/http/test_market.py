"""Products, auctions and their lists: who may do what, and what a page shows (wire.md)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from app.protocol.fanout import RoomPublication
from app.protocol.records import ChatMessageValue
from tests.containers import Container
from tests.integration.http.market import Market, Person, code, faults, in_s


def test_only_the_seller_changes_a_product(market: Market, plain_user: Person) -> None:
    seller = market.person("Soo")
    product = market.product(seller, sale_type="direct", price=500)
    path = f"/api/products/{product['id']}"
    changed = market.call("PATCH", path, seller, {"name": " 꽃병 ", "price": 700}).get_json()
    assert (changed["name"], changed["description"], changed["price"]) == ("꽃병", "d", 700)
    assert market.call("PATCH", path, seller, {}).get_json() == changed
    assert market.call("GET", path, plain_user).get_json() == {**changed, "is_seller": False}
    assert changed["is_seller"]
    for method, body in (("PATCH", {"name": "mine"}), ("DELETE", None)):
        assert code(market.call(method, path, plain_user, body)) == (403, "FORBIDDEN")
    assert market.call("DELETE", path, seller).status_code == 204
    for method, body in (("GET", None), ("PATCH", {"name": "n"}), ("DELETE", None)):
        assert code(market.call(method, path, seller, body)) == (404, "NOT_FOUND")
    assert product["id"] not in [
        p["id"] for p in market.items("/api/products", seller_id=seller.id)
    ]


def test_a_price_belongs_to_a_direct_sale_alone(market: Market, plain_user: Person) -> None:
    usual = {"name": "n", "description": "", "currency": "KRW"}
    for wrong in ({"sale_type": "direct"}, {"sale_type": "auction", "price": 5}):
        answer = market.call("POST", "/api/products", plain_user, {**usual, **wrong})
        assert faults(answer) == {"price"}


@pytest.mark.parametrize("starts_in_s", [None, 600])
def test_while_an_auction_is_live_its_product_stays_as_it_is(
    market: Market, starts_in_s: float | None
) -> None:
    seller = market.person()
    start = {} if starts_in_s is None else {"starts_at": in_s(starts_in_s)}
    auction = market.auction(seller, **start)
    path = f"/api/products/{auction['product']['id']}"
    for method, body in (("PATCH", {"name": "n"}), ("DELETE", None)):
        assert code(market.call(method, path, seller, body)) == (409, "AUCTION_LIVE")
    market.settled(auction["id"], status="cancelled")
    assert market.call("PATCH", path, seller, {"name": "n"}).status_code == 200
    assert market.call("DELETE", path, seller).status_code == 204
    assert market.call("GET", f"/api/auctions/{auction['id']}").status_code == 200


def test_a_new_auction_has_the_requested_terms(market: Market, plain_user: Person) -> None:
    seller = market.person("Soo")
    auction = market.auction(seller, reserve_price=5_000, buy_now_price=9_000)
    assert (auction["status"], auction["price"], auction["minimum_next_bid"]) == (
        "open", 1_000, 1_000,
    )  # fmt: skip
    assert (auction["reserve"], auction["leader"], auction["winner"]) == ("not_met", None, None)
    assert auction["seller"] == {"id": seller.id, "nickname": "Soo"}
    assert "5000" not in str({k: v for k, v in auction.items() if not k.endswith("_at")})
    path = f"/api/auctions/{auction['id']}"
    none = {
        "standing": "none", "alias": None, "maximum": None, "watching": False, "limit": 10**12,
        "blocked": False,
    }  # fmt: skip
    assert market.call("GET", path, plain_user).get_json()["mine"] == none
    assert "mine" not in market.call("GET", path).get_json()


def test_an_auction_without_a_future_start_starts_at_once(market: Market) -> None:
    seller = market.person()
    past = market.auction(seller, starts_at="0001-01-01T00:00:00+23:59")
    ahead = market.auction(seller, starts_at=in_s(60))
    lot = market.auction(seller, mode="live", ends_at=None)
    assert [a["status"] for a in (past, ahead, lot)] == ["open", "scheduled", "open"]
    assert past["starts_at"] > "2026"


@pytest.mark.parametrize(
    ("start", "field"),
    [
        ({"ends_at": None}, "ends_at"),
        ({"ends_at": in_s(2)}, "ends_at"),
        ({"ends_at": in_s(91 * 86_400)}, "ends_at"),
        ({"starts_at": in_s(91 * 86_400), "ends_at": in_s(92 * 86_400)}, "starts_at"),
        ({"reserve_price": 999}, "reserve_price"),
        ({"buy_now_price": 1_000}, "buy_now_price"),
        ({"reserve_price": 3_000, "buy_now_price": 2_999}, "buy_now_price"),
        ({"soft_close": {"window_s": 3_601, "extend_s": 0, "extensions_max": 0}}, "soft_close"),
        ({"soft_close": {"window_s": 0, "extend_s": 0, "extensions_max": 101}}, "soft_close"),
        ({"soft_close": {"window_s": 0, "extend_s": 0}}, "soft_close"),
    ],
)
def test_a_bound_between_fields_is_kept(market: Market, start: Any, field: str) -> None:
    seller = market.person()
    body = {
        "product_id": market.product(seller)["id"], "starting_price": 1_000,
        "ends_at": in_s(3_600), **start,
    }  # fmt: skip
    assert faults(market.call("POST", "/api/auctions", seller, body)) == {field}


def test_an_auction_is_of_an_own_product_for_sale_by_auction(
    market: Market, plain_user: Person
) -> None:
    seller = market.person()
    usual = {"starting_price": 1, "ends_at": in_s(600)}

    def create_auction(who: Person, product_id: int) -> Any:
        return market.call("POST", "/api/auctions", who, {"product_id": product_id, **usual})

    assert code(create_auction(plain_user, market.product(seller)["id"])) == (403, "FORBIDDEN")
    assert code(create_auction(seller, 10**15)) == (404, "NOT_FOUND")
    direct = market.product(seller, sale_type="direct", price=5)
    assert faults(create_auction(seller, direct["id"])) == {"product_id"}


def at_once(app: Flask, call: Callable[[Any], Any], times: int = 8) -> list[Any]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(lambda _: call(app.test_client()), range(times)))


def test_concurrent_requests_make_one_live_auction_of_a_product(app: Flask, market: Market) -> None:
    seller = market.person()
    product_id = market.product(seller)["id"]
    body = {"product_id": product_id, "starting_price": 1, "ends_at": in_s(600)}
    answers = at_once(app, lambda c: c.post("/api/auctions", json=body, headers=seller.headers))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] + [409] * 7
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert code(refused) == (409, "AUCTION_EXISTS")


def test_auctions_are_found_by_status_and_words(market: Market) -> None:
    seller, word = market.person(), uuid4().hex
    names = (f"{word} 50% off", f"{word.upper()} a_b", f"{word} 도자기", f"{word} aXb")
    lots = [market.auction(seller, name=name)["id"] for name in names]
    by_status = dict(zip(("open", "closed", "cancelled", "scheduled"), lots, strict=True))
    for status, lot in by_status.items():
        market.settled(lot, status=status)
    for status, lot in by_status.items():
        found = market.items("/api/auctions", status=status, query=word)
        assert [auction["id"] for auction in found] == [lot]

    def ids(query: str) -> list[int]:
        return [auction["id"] for auction in market.items("/api/auctions", query=query)]

    assert ids(word) == lots[::-1]
    assert ids(f"{word} 50%") == [lots[0]]
    assert ids(f"{word} a_b") == [lots[1]]
    assert ids(f"{word} 도자") == [lots[2]]
    for operator in ("%", "' OR '1'='1", "'; DROP TABLE bids --", '{"$gt": ""}', "\\"):
        assert ids(f"{word}{operator}") == []


@pytest.mark.parametrize(
    ("name", "other"), [("50% off", "50 off"), ("a_b", "aXb"), ("c\\d", "cd")], ids=["%", "_", "\\"]
)
def test_characters_special_to_like_are_searched_literally(
    market: Market, name: str, other: str
) -> None:
    seller, word = market.person(), uuid4().hex
    lot, _ = (market.auction(seller, name=f"{word} {one}")["id"] for one in (name, other))
    found = market.items("/api/auctions", query=f"{word} {name}")
    assert [auction["id"] for auction in found] == [lot]


@pytest.mark.parametrize("sort", ["newest", "ending", "price"])
def test_pages_neither_repeat_nor_miss_while_others_are_added(market: Market, sort: str) -> None:
    seller, word = market.person(), uuid4().hex
    ends = [in_s(3_600), in_s(7_200)]
    lots = [
        market.auction(seller, name=word, starting_price=1_000 * (n % 2 + 1), ends_at=ends[n % 2])
        for n in range(6)
    ]
    key: dict[str, Callable[[Any], Any]] = {
        "newest": lambda a: -a["id"],
        "ending": lambda a: (a["ends_at"], a["id"]),
        "price": lambda a: (a["price"], a["id"]),
    }
    expected = [lot["id"] for lot in sorted(lots, key=key[sort])]
    seen, cursor = [], None
    for _ in range(3):
        query = {"query": word, "sort": sort, "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = market.call("GET", "/api/auctions", query_string=query).get_json()
        seen += [auction["id"] for auction in page["items"]]
        cursor = page["next_cursor"]
        # Before all that is still to come, in each of the three orders.
        market.auction(seller, name=word, starting_price=1, ends_at=in_s(60))
    assert seen == expected


def test_a_cursor_of_another_list_is_refused(market: Market) -> None:
    seller = market.person()
    for _ in range(2):
        market.auction(seller)

    def cursor(path: str, **query: Any) -> str:
        answer = market.call("GET", path, query_string={"limit": 1, **query})
        return str(answer.get_json()["next_cursor"])

    wrong: list[tuple[str, str, dict[str, str]]] = [
        ("/api/auctions", cursor("/api/products"), {}),
        ("/api/products", cursor("/api/auctions"), {}),
        ("/api/auctions", cursor("/api/auctions", sort="price"), {"sort": "ending"}),
    ]
    for path, forged, query in wrong:
        answer = market.call("GET", path, query_string={"cursor": forged, **query})
        assert faults(answer) == {"cursor"}


def test_notices_are_newest_first_and_read_up_to_one(market: Market, plain_user: Person) -> None:
    reader = market.person()
    row = """INSERT INTO notices (user_id, auction_id, kind, params, at)
        VALUES (%s, 1, 'won', '{}', now())"""
    with market.engine.begin() as connection:
        for user_id in (reader.id, plain_user.id, reader.id, reader.id):
            connection.exec_driver_sql(row, (user_id,))
    found = market.items("/api/me/notices", reader, limit=1)
    ids = [notice["id"] for notice in found]
    assert len(ids) == 3
    assert ids == sorted(ids, reverse=True)
    answer = market.call("POST", "/api/me/notices/read", reader, {"up_to": ids[1]})
    assert (answer.status_code, answer.get_data()) == (204, b"")
    with market.engine.connect() as connection:
        unread = "SELECT id, user_id FROM notices WHERE read_at IS NULL"
        left = {tuple(row) for row in connection.exec_driver_sql(unread)}
    assert (ids[0], reader.id) in left
    assert [user for _, user in left].count(reader.id) == 1
    assert plain_user.id in [user for _, user in left]


def test_concurrent_requests_make_one_room_of_an_auction(app: Flask, market: Market) -> None:
    seller = market.person()
    body = {"type": "auction", "auction_id": market.auction(seller)["id"]}
    answers = at_once(app, lambda c: c.post("/api/rooms", json=body, headers=seller.headers))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    for wrong in ({"type": "direct", "auction_id": 1}, {"type": "group", "auction_id": 1}):
        assert faults(market.call("POST", "/api/rooms", seller, wrong)) == {"type"}


def test_members_read_a_room_and_joining_is_published_once(
    market: Market, plain_user: Person
) -> None:
    seller = market.person()
    body = {"type": "auction", "auction_id": market.auction(seller, name="lot")["id"]}
    room = market.made("/api/rooms", seller, body)
    path = f"/api/rooms/{room['id']}"
    assert (room["member"], room["members"], room["name"]) == (False, 0, "lot")
    assert code(market.call("GET", f"{path}/messages", seller)) == (403, "NOT_MEMBER")
    for who in (seller, seller, plain_user):
        assert market.call("POST", f"{path}/join", who).get_json()["member"]
    assert market.call("GET", path, seller).get_json()["members"] == 2
    assert [r["id"] for r in market.items("/api/rooms", seller)] == [room["id"]]
    answer = market.call("GET", f"{path}/messages", seller)
    assert answer.get_json() == {"items": [], "next_cursor": None}
    for _ in range(2):
        assert not market.call("POST", f"{path}/leave", seller).get_json()["member"]
    assert code(market.call("GET", f"{path}/messages", seller)) == (403, "NOT_MEMBER")
    assert market.items("/api/rooms", seller) == []
    with market.engine.connect() as connection:
        notice_kinds = (
            "SELECT payload::json->>'type' FROM outbox "
            "WHERE topic = 'chat-event' AND key = %s ORDER BY id"
        )
        kinds = connection.exec_driver_sql(notice_kinds, (str(room["id"]),)).scalars()
        assert list(kinds) == ["enter", "enter", "leave"]


def test_messages_are_read_before_and_after_a_cursor(
    market: Market, container: Container, plain_user: Person
) -> None:
    body = {"type": "auction", "auction_id": market.auction(plain_user)["id"]}
    room_id = market.made("/api/rooms", plain_user, body)["id"]
    market.made(f"/api/rooms/{room_id}/join", plain_user, None)
    container.messages.save_many([publication(room_id, plain_user, seq) for seq in (0, 3, 7, 9)])

    def seqs(**query: int) -> list[int]:
        path = f"/api/rooms/{room_id}/messages"
        page = market.call("GET", path, plain_user, query_string=query).get_json()
        return [message["seq"] for message in page["items"]]

    assert seqs() == [0, 3, 7, 9]
    assert seqs(limit=2) == [7, 9]
    assert seqs(before_seq=7) == [0, 3]
    assert seqs(before_seq=9, limit=2) == [3, 7]
    assert seqs(after_seq=0, limit=2) == [3, 7]
    assert seqs(before_seq=0) == seqs(after_seq=9) == []


def publication(room_id: int, sender: Person, seq: int) -> RoomPublication:
    value = ChatMessageValue(
        v=1, message_id=uuid4(), room_id=room_id, sender_id=sender.id,
        text="안녕", key="k", sent_at=in_s(0),
    )  # fmt: skip
    return RoomPublication(seq=seq, message=value)
