"""Bids and sellers' requests over HTTP: receipts, outcomes, refusals (wire.md, HTTP)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from stack.websocket_client import Frame
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.freezing import frozen
from tests.waiting import wait_until

LONG_S = 24 * 3_600
RECEIPT = ("bid_id", "key", "auction_id", "amount", "kind", "partition", "offset", "log_time")


def bid(
    person: Person, lot: Frame, amount: int, *, key: str = "", wait_s: int = 5, **body: Any
) -> httpx.Response:
    """Place a bid under a key of its own, by default again and again until it has its outcome."""
    headers = {"Idempotency-Key": key or uuid4().hex}
    if wait_s:
        headers["Prefer"] = f"wait={wait_s}"
    answers: list[httpx.Response] = []

    def is_answered() -> bool:
        path = f"/api/auctions/{lot['id']}/bids"
        answers.append(person.request("POST", path, {"amount": amount, **body}, headers=headers))
        return not wait_s or answers[-1].status_code != httpx.codes.ACCEPTED

    wait_until(is_answered, what="the bid is decided")
    return answers[-1]


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which must be a problem document."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def outcome(person: Person, lot: Frame, amount: int, **fields: Any) -> Frame:
    """The decided bid."""
    answer = bid(person, lot, amount, **fields)
    assert answer.status_code == 200, answer.text
    found: Frame = answer.json()
    return found


def test_a_bid_without_wait_returns_a_receipt_and_is_found_by_id(
    seller: Person, anna: Person, ben: Person
) -> None:
    lot = create_lot(seller)
    answer = bid(anna, lot, 1_500, key="first", wait_s=0)
    receipt = answer.json()
    assert answer.status_code == 202
    assert tuple(receipt) == RECEIPT
    decided = outcome(anna, lot, 1_500, key="first")
    assert {name: decided[name] for name in RECEIPT} == receipt
    path = f"/api/bids/{receipt['bid_id']}"
    assert anna.call("GET", path) == decided
    for other in (ben, seller):
        assert code(other.request("GET", path)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ([("Prefer", "WAIT=5")], 200),
        ([("prefer", 'Wait="5"')], 200),
        ([("Prefer", "wait = 5; x=y")], 200),
        ([("Prefer", 'respond-async; x="a, wait=0", wait=99')], 200),
        ([("Prefer", "handling=lenient"), ("Prefer", "wait=5")], 200),
        ([("Prefer", "wait=5, wait=0")], 200),
        ([("Prefer", "wait=0"), ("Prefer", "wait=5")], 202),
        ([("Prefer", "handling=lenient; wait=5")], 202),
        ([("Prefer", 'x="wait=5"')], 202),
        ([("Prefer", "wait=\uff15".encode())], 202),
        ([("Prefer", "await=5")], 202),
    ],
)
def test_preferences_are_read_as_their_rfc_says(
    seller: Person, anna: Person, prefer: list[tuple[str, Any]], status: int
) -> None:
    lot = create_lot(seller)
    headers = [("Authorization", f"Bearer {anna.token}"), ("Idempotency-Key", "k"), *prefer]
    answer = anna.gateway.http.post(
        f"/api/auctions/{lot['id']}/bids", json={"amount": 1_500}, headers=headers
    )
    assert answer.status_code == status, answer.text


def test_a_repeated_key_gets_the_first_outcome_or_a_conflict(
    seller: Person, anna: Person, ben: Person
) -> None:
    lot = create_lot(seller)
    first = outcome(anna, lot, 2_000, key="k")
    assert (first["status"], first["standing"], first["seq"]) == ("accepted", "leading", 1)
    outcome(ben, lot, 3_000)
    assert outcome(anna, lot, 2_000, key="k", confirm=True) == first
    assert code(bid(anna, lot, 2_001, key="k")) == (409, "KEY_REUSED")
    assert code(bid(anna, lot, 2_000, key="k", kind="max")) == (409, "KEY_REUSED")
    assert outcome(ben, lot, 5_000, key="k")["status"] == "accepted", "a key is its bidder's own"


def test_a_refusal_by_the_rules_is_an_outcome(seller: Person, anna: Person) -> None:
    lot, later = create_lot(seller), create_lot(seller, starts_in_s=600)
    cases = [
        (anna, lot, 999, "TOO_LOW"),
        (anna, lot, 5_001, "CONFIRM_NEEDED"),
        (seller, lot, 2_000, "OWN_AUCTION"),
        (anna, later, 2_000, "NOT_STARTED"),
    ]
    for person, where, amount, expected in cases:
        found = outcome(person, where, amount)
        assert (found["status"], found["code"], found["seq"]) == ("rejected", expected, None)
    outcome(anna, lot, 2_000)
    assert outcome(anna, lot, 2_000)["code"] == "NOT_ABOVE_OWN_MAXIMUM"
    seller.call("POST", f"/api/auctions/{later['id']}/cancel")
    assert outcome(anna, later, 2_000)["code"] == "CLOSED"
    unknown = {"id": 10**15}
    assert code(bid(anna, unknown, 2_000)) == (404, "NOT_FOUND")


def test_the_history_shows_aliases_and_public_amounts_only(
    gateway: Gateway, seller: Person, anna: Person, ben: Person
) -> None:
    lot = create_lot(seller)
    outcome(anna, lot, 4_000, kind="max")
    outcome(ben, lot, 2_000)
    outcome(ben, lot, 900)  # refused: not in the history
    path = f"/api/auctions/{lot['id']}/bids"
    page = gateway.http.get(path, params={"limit": 2}).json()
    shown = [(b["seq"], b["amount"], b["alias"], b["automatic"]) for b in page["items"]]
    assert shown == [(1, 1_000, 1, False), (2, 2_000, 2, False)]
    rest = gateway.http.get(path, params={"cursor": page["next_cursor"]}).json()
    assert [(b["seq"], b["amount"], b["alias"], b["automatic"]) for b in rest["items"]] == [
        (3, 2_100, 1, True)
    ]
    assert rest["next_cursor"] is None
    assert gateway.http.get(path, params={"after_seq": 2}).json() == rest
    assert "4000" not in gateway.http.get(path).text


def test_my_bids_show_my_standing(seller: Person, anna: Person, ben: Person) -> None:
    lot = create_lot(seller)
    outcome(anna, lot, 4_000, kind="max")
    outcome(ben, lot, 2_000)
    mine = {a["id"]: a["mine"] for a in anna.call("GET", "/api/me/bids")["items"]}[lot["id"]]
    assert (mine["standing"], mine["alias"], mine["maximum"]) == ("leading", 1, 4_000)
    mine = {a["id"]: a["mine"] for a in ben.call("GET", "/api/me/bids")["items"]}[lot["id"]]
    assert (mine["standing"], mine["alias"], mine["maximum"]) == ("outbid", 2, 2_000)
    assert ben.call("GET", f"/api/auctions/{lot['id']}")["mine"] == mine


def test_a_cancel_is_free_without_bids_and_final(seller: Person, anna: Person) -> None:
    lot = create_lot(seller)
    path = f"/api/auctions/{lot['id']}/cancel"
    assert code(anna.request("POST", path)) == (403, "FORBIDDEN")
    cancelled = seller.call("POST", path)
    assert (cancelled["status"], cancelled["winner"]) == ("cancelled", None)
    assert code(seller.request("POST", path)) == (409, "CLOSED")


def test_with_bids_a_cancel_needs_a_reason_and_twelve_hours(seller: Person, anna: Person) -> None:
    soon, late = create_lot(seller, lasts_s=3_600), create_lot(seller, lasts_s=LONG_S)
    for lot in (soon, late):
        outcome(anna, lot, 2_000)
    reason = {"reason": "깨졌습니다"}
    answer = seller.request("POST", f"/api/auctions/{soon['id']}/cancel", reason)
    assert code(answer) == (409, "CANCEL_TOO_LATE")
    path = f"/api/auctions/{late['id']}/cancel"
    for nothing in (None, {}, {"reason": None}):
        answer = seller.request("POST", path, nothing)
        assert code(answer) == (422, "INVALID")
        assert answer.json()["errors"][0]["field"] == "reason"
    assert seller.call("POST", path, reason)["status"] == "cancelled"
    (notice, *_) = anna.call("GET", "/api/me/notices")["items"]
    assert (notice["kind"], notice["auction_id"], notice["params"]) == (
        "cancelled", late["id"], {**reason, "product": late["product"]["name"]},
    )  # fmt: skip


def test_the_reserve_may_be_lowered_to_the_starting_price_once(
    seller: Person, anna: Person
) -> None:
    lot = create_lot(seller, reserve_price=5_000)
    outcome(anna, lot, 4_000, kind="max")
    path = f"/api/auctions/{lot['id']}"
    assert code(anna.request("PATCH", path, {"reserve_price": 3_000})) == (403, "FORBIDDEN")
    for wrong in (999, 5_000, 6_000):
        answer = seller.request("PATCH", path, {"reserve_price": wrong})
        assert code(answer) == (409, "RESERVE_INVALID")
    lowered = seller.call("PATCH", path, {"reserve_price": 3_000})
    assert (lowered["reserve"], lowered["price"]) == ("met", 3_000)
    answer = seller.request("PATCH", path, {"reserve_price": 2_000})
    assert code(answer) == (409, "RESERVE_INVALID")
    without = f"/api/auctions/{create_lot(seller)['id']}"
    answer = seller.request("PATCH", without, {"reserve_price": 2_000})
    assert code(answer) == (409, "RESERVE_INVALID")


def test_bought_now_seller_and_winner_know_each_other(
    gateway: Gateway, seller: Person, anna: Person, ben: Person
) -> None:
    lot = create_lot(seller, buy_now_price=3_000)
    found = outcome(anna, lot, 3_500, confirm=True)
    assert (found["standing"], found["price"]) == ("leading", 3_000)
    path = f"/api/auctions/{lot['id']}"
    assert gateway.http.get(path).json()["winner"] == {"alias": 1, "amount": 3_000}
    for person in (seller, anna):
        assert person.call("GET", path)["winner_user"]["id"] == anna.id
    assert "winner_user" not in ben.call("GET", path)
    assert anna.call("GET", path)["mine"]["standing"] == "won"
    notices = anna.call("GET", "/api/me/notices")["items"]
    assert [n["id"] for n in notices] == sorted((n["id"] for n in notices), reverse=True)
    assert (notices[0]["kind"], notices[0]["auction_id"]) == ("won", lot["id"])
    anna.call("POST", "/api/me/notices/read", {"up_to": notices[0]["id"]})


def test_concurrent_bids_have_outcomes_and_a_key_is_one_bid(
    seller: Person, anna: Person, ben: Person
) -> None:
    lot = create_lot(seller)
    with ThreadPoolExecutor(8) as pool:
        same = list(pool.map(lambda _: outcome(anna, lot, 1_500, key="same"), range(8)))
        rest = list(pool.map(lambda n: outcome(ben, lot, 2_000 + 200 * n), range(8)))
    assert all(found == same[0] for found in same)
    accepted = sorted(found["seq"] for found in rest if found["status"] == "accepted")
    history = seller.call("GET", f"/api/auctions/{lot['id']}/bids?limit=100")["items"]
    assert [b["seq"] for b in history] == list(range(1, len(history) + 1)) == [1, *accepted]


def test_an_unacknowledged_bid_is_unknown_and_decided_once(
    cluster: Cluster, seller: Person, anna: Person
) -> None:
    lot = create_lot(seller)
    outcome(anna, lot, 1_500)
    with frozen(cluster.stack.control.pid("kafka")):
        assert code(bid(anna, lot, 2_000, key="stalled")) == (504, "BID_UNKNOWN")
    answers: list[httpx.Response] = []

    def is_decided() -> bool:
        answers.append(bid(anna, lot, 2_000, key="stalled"))
        assert answers[-1].status_code in (200, 503, 504), answers[-1].text
        return answers[-1].status_code == httpx.codes.OK

    wait_until(is_decided, what="the bid is decided once Kafka answers")
    found = answers[-1].json()
    assert (found["status"], found["seq"]) == ("accepted", 2)
