"""A bidder on a phone, on a train: the network falls silent, comes back, breaks, comes back."""

from pathlib import Path
from uuid import uuid4

from playwright.sync_api import expect

from tests.e2e.lots import create_lot
from tests.e2e.page.conftest import Visit
from tests.e2e.page.network import Network
from tests.e2e.page.tabs import Tab
from tests.e2e.page.test_money import bid
from tests.e2e.people import Person
from tests.e2e.visitors import PHONE
from tests.waiting import stretched

LOT_S = 35.0  # time for all that happens before the end, on a free machine


def test_a_bidder_wins_over_a_network_that_drops(
    visit: Visit, seller: Person, ben: Person, network: Network, tmp_path: Path
) -> None:
    name = f"백자 {uuid4().hex[:8]}"
    lot_id = put_up_named(seller, name)
    tab = visit(size=PHONE, locale="ko-KR", over=network).open("/")
    tab.page.get_by_role("searchbox").fill(name)
    expect(tab.page.get_by_role("listitem")).to_have_count(1)  # until then it may move
    tab.page.get_by_role("link", name=name).click()
    tab.is_live()
    bid_and_lead(tab, "₩10,000 입찰하기")
    picture(tab, tmp_path, "1-leads")

    network.hold()
    bid(ben, lot_id, 20_000)
    tab.is_stale()
    expect(tab.panel).to_contain_text("마지막으로 확인된 가격")
    expect(tab.bar).to_contain_text("연결이 끊어졌습니다")
    expect(tab.bid_button).to_be_disabled()
    picture(tab, tmp_path, "2-silent")

    network.heal()
    tab.is_live()
    expect(tab.price).to_have_text("₩20,000")
    expect(tab.standing).to_contain_text("다른 사람이 더 높게 입찰했습니다")
    picture(tab, tmp_path, "3-outbid")
    bid_and_lead(tab, "₩21,000 입찰하기")

    network.cut()
    tab.is_stale()
    picture(tab, tmp_path, "4-cut")
    network.heal()
    expect(tab.result).to_contain_text("₩21,000", timeout=LOT_S * 10_000)
    picture(tab, tmp_path, "5-won")


def put_up_named(seller: Person, name: str) -> int:
    """A lot from 10,000 won that ends during the test; its auction's id."""
    product = seller.call(
        "POST", "/api/products", {"name": name, "description": "", "sale_type": "auction"}
    )
    lot: int = create_lot(
        seller, product_id=product["id"], starting_price=10_000, lasts_s=stretched(LOT_S)
    )["id"]
    return lot


def bid_and_lead(tab: Tab, label: str) -> None:
    """Press the button once its text is `label`, and wait until the bid leads."""
    expect(tab.bid_button).to_have_text(label)
    tab.press()
    expect(tab.standing).to_contain_text("최고 입찰자입니다")


def picture(tab: Tab, folder: Path, name: str) -> None:
    """Save a picture of the page."""
    tab.page.screenshot(path=folder / f"{name}.png")
