"""The bid button sends the shown amount, once."""

from uuid import uuid4

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.e2e.lots import create_lot
from tests.e2e.page.conftest import Visit
from tests.e2e.page.tabs import Tab
from tests.e2e.people import Person

PAUSE_MS = 1_500  # longer than the page takes a second tap for a slip


def bid(bidder: Person, lot_id: int, amount: int) -> None:
    """A rival's bid that leads."""
    path = f"/api/auctions/{lot_id}/bids"
    headers = {"Idempotency-Key": uuid4().hex, "Prefer": "wait=5"}
    body = {"amount": amount, "confirm": True}
    answer = bidder.request("POST", path, body, headers=headers)
    assert answer.is_success, answer.text


def open_lot(visit: Visit, seller: Person, **options: object) -> tuple[Tab, int]:
    """Open a new lot from 10,000 won. Return the tab and the lot's id."""
    lot_id = create_lot(seller, starting_price=10_000)["id"]
    tab = visit(**options).open(f"/auctions/{lot_id}")
    expect(tab.bid_button).to_be_enabled()
    return tab, lot_id


def test_the_amount_sent_is_that_of_the_button_when_pressed(
    visit: Visit, seller: Person, ben: Person, size: ViewportSize
) -> None:
    tab, lot_id = open_lot(visit, seller, size=size)

    def rival_bids() -> None:
        bid(ben, lot_id, 49_000)
        expect(tab.price).to_have_text("₩49,000")
        expect(tab.bid_button).to_have_text("Bid ₩10,000")

    expect(tab.bid_button).to_have_text("Bid ₩10,000")
    tab.press_while(rival_bids)
    expect(tab.outcome).to_contain_text("Your bid of ₩10,000 was not accepted")
    assert tab.bids() == [10_000]
    expect(tab.bid_button).to_have_text("Bid ₩50,000")


def test_a_button_that_moves_while_pressed_still_bids(visit: Visit, seller: Person) -> None:
    tab, _ = open_lot(visit, seller)
    tab.press_while(
        lambda: tab.page.evaluate("document.querySelector('.facts').style.paddingTop = '80px'")
    )
    expect(tab.outcome).to_have_text("Your bid of ₩10,000 leads.")


@pytest.mark.parametrize("gap_ms", [60, 100, 400])
def test_a_second_tap_sends_no_second_bid(
    visit: Visit, seller: Person, gap_ms: int, size: ViewportSize
) -> None:
    tab, _ = open_lot(visit, seller, size=size)
    tab.tap_twice(gap_ms)
    expect(tab.outcome).to_have_text("Your bid of ₩10,000 leads.")
    tab.page.wait_for_timeout(PAUSE_MS)
    assert tab.bids() == [10_000]


def test_a_leader_raises_the_maximum_and_the_button_shows_it(
    visit: Visit, seller: Person, size: ViewportSize
) -> None:
    tab, _ = open_lot(visit, seller, size=size, locale="ko-KR")
    tab.press()
    expect(tab.bid_button).to_have_text("내 최대 금액을 ₩11,000까지 올리기")
    tab.amount.fill("１５０００원")
    expect(tab.bid_button).to_have_text("내 최대 금액을 ₩15,000까지 올리기")
    tab.press()
    expect(tab.standing).to_contain_text("내 최대 금액: ₩15,000")
    expect(tab.price).to_have_text("₩10,000")
    assert tab.bids() == [10_000, 15_000]


def test_an_invalid_amount_is_reported_and_not_sent(visit: Visit, seller: Person) -> None:
    tab, _ = open_lot(visit, seller)
    for text in ("1e5", "15000.5", "-15000"):
        tab.amount.fill(text)
        tab.press()
        expect(tab.page.get_by_text("This cannot be read as an amount.")).to_be_visible()
    assert tab.bids() == []


def test_a_confirmation_keeps_the_amount_and_returns_the_focus(
    visit: Visit, seller: Person, size: ViewportSize
) -> None:
    tab, _ = open_lot(visit, seller, size=size)
    tab.amount.fill("60000")
    tab.press()
    dialog = tab.page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("₩60,000 is more than five times the price, which is ₩10,000.")
    tab.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(tab.amount).to_have_value("60000")
    expect(tab.bid_button).to_be_focused()
    tab.press()
    tab.page.get_by_role("button", name="Yes, bid ₩60,000").click()
    expect(tab.outcome).to_have_text("Your bid of ₩60,000 leads.")


def test_a_bid_that_buys_at_once_warns_before_it_is_sent(visit: Visit, seller: Person) -> None:
    lot_id = create_lot(seller, starting_price=10_000, buy_now_price=30_000)["id"]
    tab = visit().open(f"/auctions/{lot_id}")
    tab.amount.fill("35,000")
    tab.press()
    expect(tab.page.get_by_role("alertdialog")).to_contain_text("You buy at once for ₩30,000")
    tab.page.get_by_role("button", name="Yes, buy for ₩30,000").click()
    expect(tab.result).to_contain_text("₩30,000")
