"""The page in a browser: sizes, positions, scrolling, focus; phone and desktop."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from stack.websocket_client import Frame
from tests.e2e.lots import create_lot
from tests.e2e.measures import controls_under_toast, focused
from tests.e2e.people import PASSWORD, Gateway, Person
from tests.e2e.visitors import DESKTOP, PHONE, Visitor, chromium
from tests.waiting import stretched, wait_until

LISTED = 45  # three pages of a list
SOON_S = 590  # so near the end, each time one is outbid gives a notice (rule 19)
SAMPLES = 12
CLOCK_AHEAD = timedelta(minutes=10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of all."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def person(gateway: Gateway) -> Person:
    """The user of the page, who also bids and chats from another client."""
    return gateway.sign_up("Visitor")


@pytest.fixture(
    scope="module", params=[("ko-KR", PHONE), ("en-GB", DESKTOP)], ids=["phone", "desk"]
)
def visitor(request: Any, browser: Browser, person: Person) -> Visitor:
    """That person, signed in: in Korean on a phone, in English at a desk."""
    locale, viewport = request.param
    visitor = Visitor(browser, person.gateway, locale=locale, viewport=viewport)
    visitor.page.goto("/login")
    for kind, text in (("email", person.email), ("password", PASSWORD)):
        visitor.page.locator(f"input[type={kind}]").fill(text)
    visitor.page.locator("main button[type=submit]").click()
    expect(visitor.page.locator("nav a[href='/bids']")).to_be_visible()
    return visitor


def lot_named(seller: Person, name: str, **fields: Any) -> Frame:
    """An auction of a product with this name."""
    product = {"name": name, "description": "", "sale_type": "auction"}
    product_id = seller.call("POST", "/api/products", product)["id"]
    return create_lot(seller, product_id=product_id, **fields)


def bid(person: Person, lot: Frame, amount: int) -> None:
    """A bid that needs no browser, and is decided when this returns."""
    headers = {"Idempotency-Key": uuid4().hex, "Prefer": "wait=5"}
    body = {"amount": amount, "confirm": True}
    answer = person.request("POST", f"/api/auctions/{lot['id']}/bids", body, headers=headers)
    assert answer.is_success, answer.text


def test_a_toast_names_another_auction_and_covers_no_control(
    visitor: Visitor, person: Person, seller: Person, ben: Person
) -> None:
    page, announcement = visitor.page, visitor.page.get_by_test_id("news")
    here, there = (lot_named(seller, name, lasts_s=SOON_S) for name in ("여기", "저기"))
    for lot in (here, there):
        bid(person, lot, 1_000)
    page.goto(f"/auctions/{here['id']}")
    visitor.sees("price", "₩1,000")
    bid(ben, there, 2_000)
    expect(announcement).to_contain_text("저기")
    assert under_toast_while_scrolling(visitor) == []
    expect(announcement).to_be_empty()

    bid(ben, here, 2_000)
    visitor.sees("price", "₩2,000")
    visitor.sees("standing", "")
    expect(announcement).to_be_empty()

    bid(person, there, 3_000)
    page.goto("/")
    bid(ben, there, 4_000)
    expect(announcement).to_contain_text("저기")
    expect(page.get_by_test_id("toast")).to_be_visible()
    assert under_toast_while_scrolling(visitor) == []
    page.reload()
    expect(page.locator("nav .badge")).to_be_visible()
    expect(announcement).to_be_empty()


def under_toast_while_scrolling(visitor: Visitor) -> list[str]:
    """What a toast lay over, up and down the page."""
    found: list[str] = []
    for sample in range(SAMPLES):
        visitor.page.mouse.wheel(0, 150 if sample < SAMPLES // 2 else -150)
        visitor.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        found += controls_under_toast(visitor.page)
    return found


def test_my_bids_show_outbid_without_a_reload(
    visitor: Visitor, person: Person, seller: Person, ben: Person
) -> None:
    lot = create_lot(seller)
    bid(person, lot, 1_000)
    visitor.page.goto("/bids")
    card = visitor.page.locator(
        ".card", has=visitor.page.locator(f"a[href='/auctions/{lot['id']}']")
    )
    expect(card).to_have_attribute("data-standing", "leading")
    visitor.page.evaluate("window.isSamePage = true")
    for amount, own in ((2_000, 3_000), (4_000, None)):  # the second time without a notice
        bid(ben, lot, amount)
        expect(card).to_have_attribute("data-standing", "outbid")
        expect(card).to_contain_text(f"₩{amount:,}")
        if own is not None:
            bid(person, lot, own)
            expect(card).to_have_attribute("data-standing", "leading")
    assert visitor.page.evaluate("window.isSamePage") is True


@pytest.fixture(scope="module")
def query(seller: Person) -> str:
    """A search with a space in it, which finds three pages of auctions."""
    word = uuid4().hex[:8]
    for number in range(LISTED):
        lot_named(seller, f"Film camera {word} no. {number}")
    return f"camera {word}"


def test_a_list_keeps_its_position(visitor: Visitor, query: str) -> None:
    page = visitor.page
    page.goto("/")
    page.get_by_role("searchbox").press_sequentially(query)
    cards = page.locator(".card")
    expect(page).to_have_url(re.compile(re.escape(query.replace(" ", "+"))))
    expect(page.locator(".cards")).to_have_attribute("aria-busy", "false")
    expect(cards.filter(has_text=query)).to_have_count(20)
    more = page.locator("main > button")
    for count in (40, LISTED):
        more.click()
        expect(cards).to_have_count(count)
    cards.nth(30).scroll_into_view_if_needed()
    left_at = settled_scroll(visitor)
    assert left_at > 0
    cards.nth(30).click()
    expect(page.get_by_test_id("price")).to_be_visible()
    for come_back in (page.go_back, page.reload):
        come_back()
        expect(cards).to_have_count(LISTED)
        expect(page.get_by_role("searchbox")).to_have_value(query)
        wait_until(lambda: scroll_of(visitor) == left_at, what=f"the list is at {left_at}")


def scroll_of(visitor: Visitor) -> int:
    scrolled: float = visitor.page.evaluate("scrollY")
    return round(scrolled)


def settled_scroll(visitor: Visitor) -> int:
    """Where the page is, once it no longer moves and remembers it."""
    wait_until(
        lambda: visitor.page.evaluate("history.state?.scroll === scrollY"), what="scrolling ends"
    )
    return scroll_of(visitor)


def test_an_empty_search_result_names_the_search(visitor: Visitor) -> None:
    word = uuid4().hex
    visitor.page.goto(f"/?query=no+{word}")
    expect(visitor.page.locator("main [role=status]")).to_contain_text(f"no {word}")


def test_a_missing_page_is_404_and_says_so(visitor: Visitor) -> None:
    answer = visitor.page.goto("/nothing")
    assert answer is not None
    assert answer.status == 404
    expect(visitor.page.locator("h1")).to_have_text(
        "페이지를 찾을 수 없습니다"
        if visitor.page.locator("html[lang=ko]").count()
        else "Page not found"
    )


def test_the_focus_stays_near_a_button_that_goes(
    visitor: Visitor, person: Person, seller: Person
) -> None:
    lot = create_lot(seller)
    page = visitor.page
    page.goto(f"/auctions/{lot['id']}")
    page.locator(".bid-panel input[inputmode]").fill("60000")
    page.locator(".bid-panel button[type=submit]").click()
    dialog = page.get_by_role("alertdialog")
    dialog.locator("button.primary").press("Enter")
    expect(dialog).to_be_hidden()
    visitor.sees("price", "₩60,000")
    assert focused(page) != "BODY"


def test_a_sale_uses_server_time_and_shows_server_errors(
    visitor: Visitor, gateway: Gateway
) -> None:
    page = visitor.page
    page.clock.set_system_time(datetime.now(UTC) + CLOCK_AHEAD)
    page.goto("/sell")
    fields = page.locator("main input")
    fields.nth(0).fill("빠른 시계")
    fields.nth(1).fill("5000")
    fields.nth(2).fill("100")
    page.locator("main select").nth(1).select_option("5m")
    page.locator("main button[type=submit]").click()
    reserve = page.locator("main input[aria-invalid=true]")
    expect(reserve).to_have_value("100")
    expect(reserve).to_be_focused()
    reserve.fill("6000")
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/auctions/*")
    lot = gateway.http.get(f"/api/auctions/{page.url.rsplit('/', 1)[1]}").json()
    lasts_s = datetime.fromisoformat(lot["ends_at"]) - datetime.fromisoformat(lot["starts_at"])
    assert 300 - stretched(10) < lasts_s.total_seconds() <= 300 + 1
