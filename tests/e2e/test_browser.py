"""The page as two users see it, each with a browser, in two languages."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import PASSWORD, Gateway, Person
from tests.e2e.visitors import WAIT_MS, Visitor, chromium

LOT_MS = 30_000  # how long a live lot runs
LAST_TEN_SECONDS = re.compile(r"^0:0\d$")  # a live lot's soft close begins there


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser both use, each in a profile of their own."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def soo(browser: Browser, gateway: Gateway) -> Visitor:
    """A Korean user who has signed up, logged out and in again."""
    visitor = Visitor(browser, gateway, locale="ko-KR")
    visitor.follow("회원가입")
    visitor.fill(이메일=visitor.email, 닉네임="수", 비밀번호=PASSWORD)
    visitor.press("계정 만들기")
    visitor.press("로그아웃")
    visitor.follow("로그인")
    visitor.fill(이메일=visitor.email, 비밀번호=PASSWORD)
    visitor.press("로그인")
    expect(visitor.page.get_by_text("수", exact=True)).to_be_visible()
    return visitor


@pytest.fixture(scope="module")
def anna_elsewhere(browser: Browser, gateway: Gateway) -> Visitor:
    """An English user who has signed up."""
    visitor = Visitor(browser, gateway, locale="en-GB")
    visitor.follow("Sign up")
    visitor.fill(**{"E-mail": visitor.email, "Nickname": "Anna there", "Password": PASSWORD})
    visitor.press("Create account")
    expect(visitor.page.get_by_text("Anna there", exact=True)).to_be_visible()
    return visitor


def test_two_browsers_live_through_an_auction(
    soo: Visitor, anna_elsewhere: Visitor, ben: Person
) -> None:
    product = f"백자 {uuid4().hex[:8]}"
    lot_id = put_up_live_lot(soo, product)
    find_and_open(anna_elsewhere, product)
    anna_elsewhere.fill(Amount="1500")
    bid_and_lead(anna_elsewhere, amount="₩1,500")
    assert {"bid.received", "bid.result"} <= set(anna_elsewhere.frames)
    soo.sees("price", "₩1,500")
    soo.sees("bid", "입찰자 1")

    talk(anna_elsewhere, soo, "Is it old?")
    change_language_and_back(anna_elsewhere)

    countdown = anna_elsewhere.page.get_by_test_id("countdown")
    expect(countdown).to_have_text(LAST_TEN_SECONDS, timeout=LOT_MS + WAIT_MS)
    first_end = soo.end_shown()
    bid_from_elsewhere(ben, lot_id, amount=2_000)
    anna_elsewhere.sees("standing", "You have been outbid")
    anna_elsewhere.sees("extensions", "Extended 1 time")
    soo.sees("extensions", "1회 연장됨")
    assert soo.end_shown() == anna_elsewhere.end_shown() > first_end
    bid_and_lead(anna_elsewhere, amount="₩2,100")
    soo.sees("price", "₩2,100")

    anna_elsewhere.sees("result", "You won! The price is ₩2,100")
    soo.sees("result", "입찰자 1 낙찰, ₩2,100")
    soo.sees("result", "낙찰자는 Anna there 님입니다")
    assert was_never_loaded_again(soo)
    assert soo.complaints + anna_elsewhere.complaints == []


def put_up_live_lot(seller: Visitor, product: str) -> int:
    """A lot of 30 s from 1,000 won, by the form; its auction's id. Marks the page it leads to."""
    seller.follow("판매하기")
    seller.fill(이름=product, 설명="금이 없습니다.", 시작가="1000")
    seller.page.get_by_label("진행 시간").select_option(label="30초 (라이브 경매)")
    seller.press("경매 시작하기")
    expect(seller.page.get_by_role("heading", name=product)).to_be_visible()
    seller.page.evaluate("window.isSamePage = true")
    return int(seller.page.url.rsplit("/", 1)[1])


def find_and_open(visitor: Visitor, product: str) -> None:
    """Search the list for the product, and open its auction."""
    visitor.page.get_by_role("searchbox").fill(product)
    visitor.page.get_by_role("link", name=product).click()


def was_never_loaded_again(visitor: Visitor) -> bool:
    """Whether the page is still the one `put_up_live_lot` marked."""
    return visitor.page.evaluate("window.isSamePage") is True


def bid_and_lead(bidder: Visitor, *, amount: str) -> None:
    """Press the button that bids `amount`, and wait until it leads."""
    bidder.press(f"Bid {amount}")
    bidder.sees("outcome", f"Your bid of {amount} leads.")
    bidder.sees("price", amount)


def bid_from_elsewhere(bidder: Person, auction_id: int, *, amount: int) -> None:
    """A bid that needs no browser."""
    key = {"Idempotency-Key": uuid4().hex}
    path = f"/api/auctions/{auction_id}/bids"
    answer = bidder.request("POST", path, {"amount": amount}, headers=key)
    assert answer.status_code == 202, answer.text


def talk(speaker: Visitor, listener: Visitor, text: str) -> None:
    """One visitor sends `text` in the chat, the other reads it."""
    speaker.fill(Message=text)
    speaker.press("Send")
    listener.sees("message", text)


def change_language_and_back(visitor: Visitor) -> None:
    """Korean and English again, at once and without losing the page."""
    heading = visitor.page.get_by_role("heading", level=2)
    visitor.choose_language("한국어")
    expect(heading.filter(has_text="최근 입찰")).to_be_visible()
    visitor.choose_language("English")
    expect(heading.filter(has_text="Recent bids")).to_be_visible()
