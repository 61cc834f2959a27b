"""Two people, two browsers, two languages: from signing up to the winner."""

import re

from playwright.sync_api import expect

from tests.e2e.browser.conftest import Seat
from tests.e2e.browser.visitor import Visitor
from tests.e2e.people import Person


def seller_signs_up(visitor: Visitor) -> None:
    visitor.sign_up(
        "Soo", e_mail="E-mail", name="Nickname", password="Password", create="Create account"
    )


def bidder_signs_up(visitor: Visitor) -> None:
    visitor.sign_up("벤", e_mail="이메일", name="닉네임", password="비밀번호", create="계정 만들기")


def bid_elsewhere(person: Person, auction_url: str, amount: int) -> None:
    """A bid by somebody without a browser."""
    path = f"/api/auctions/{auction_url.rpartition('/')[2]}/bids"
    headers = {"Idempotency-Key": f"k{amount}", "Prefer": "wait=5"}
    answer = person.request("POST", path, {"amount": amount}, headers=headers)
    assert answer.json()["standing"] == "leading", answer.text


def put_up_a_live_lot(seller: Visitor, *, name: str, starting_price: str) -> str:
    """The address of its page."""
    seller.page.goto("/sell")
    seller.field("Name").fill(name)
    seller.field("Starting price").fill(starting_price)
    seller.field("Runs for").select_option(label="30 seconds (live lot)")
    seller.press("Start the auction")
    seller.page.wait_for_url(re.compile(r"/auctions/\d+$"))
    return seller.page.url


def bid(bidder: Visitor, amount: str) -> None:
    bidder.field("금액").fill(amount)
    bidder.press(re.compile("입찰하기$"))


def test_a_lot_is_sold_before_the_eyes_of_both(seat: Seat, anna: Person) -> None:
    seller, bidder = seat("en-US"), seat("ko-KR")
    bidder_signs_up(bidder)
    seller_signs_up(seller)
    lot = put_up_a_live_lot(seller, name="Moon jar", starting_price="10000")
    bidder.page.goto(lot)

    bid(bidder, "10000")
    bidder.sees("standing", "최고 입찰자입니다")
    seller.sees("price", "₩10,000")
    seller.sees("leader", "Bidder 1 leads")
    seller.sees("bid", "Bidder 1")

    bidder.field("메시지").fill("안녕하세요")
    bidder.press("보내기")
    seller.sees("message", "안녕하세요")

    bid_elsewhere(anna, lot, 12_000)
    bidder.sees("price", "₩12,000")
    bidder.sees("standing", "다른 사람이 더 높게 입찰했습니다")

    seller.wait_until_left(9)
    before = seller.seconds_left()
    bid(bidder, "15000")
    seller.sees("extensions", "Extended 1 time")
    assert seller.seconds_left() >= before
    bidder.sees("extensions", "1")

    seller.sees("result", "Sold to Bidder 1 for")
    seller.sees("result", "The winner is 벤")
    bidder.sees("result", "낙찰")


def test_the_language_changes_at_once_and_stays(seat: Seat) -> None:
    visitor = seat("en-US")
    visitor.page.goto("/")
    expect(visitor.page.get_by_role("heading", name="Auctions")).to_be_visible()
    visitor.field("Language").select_option(label="한국어")
    expect(visitor.page.get_by_role("heading", name="경매")).to_be_visible()
    visitor.page.reload()
    expect(visitor.page.get_by_role("heading", name="경매")).to_be_visible()
    expect(visitor.page.locator("html")).to_have_attribute("lang", "ko")
