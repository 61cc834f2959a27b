"""The right to bid in a browser: a limit, a void as the voided and the seller see it, a block."""

from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize, expect

from app.protocol.resources import BidLimitChange, UserChange
from app.settings import read_settings
from tests.containers import Container, build_container
from tests.e2e.bidding import bid
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.page.conftest import Visit
from tests.e2e.page.tabs import Tab
from tests.e2e.people import Gateway, Person
from tests.e2e.visitors import DESKTOP, PHONE

TEXTS = {
    "en-GB": {
        "limit": "Your bid limit: ₩3,000", "over": "It is above your bid limit.",
        "leads": "You lead", "voided": "Your bids here were voided", "row": "voided",
        "reason": "Reason: a stolen card", "message": "Message",
        "block": "Block Soo from", "unblock": "Let Soo bid",
        "blocked": "The seller does not take bids from you.",
    },
    "ko-KR": {
        "limit": "내 입찰 한도: ₩3,000", "over": "내 입찰 한도를 넘는 금액입니다.",
        "leads": "최고 입찰자입니다", "voided": "내 입찰이 무효 처리되어", "row": "무효",
        "reason": "사유: a stolen card", "message": "메시지",
        "block": "Soo 님이 내 경매에", "unblock": "Soo 님의 차단을",
        "blocked": "판매자가 회원님의 입찰을 받지 않습니다.",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def operator(cluster: Cluster) -> Container:
    return build_container(read_settings(cluster.stack.environment()), application="tests")


@pytest.fixture(scope="module")
def admin_user(gateway: Gateway, operator: Container) -> Person:
    """An admin."""
    person = gateway.sign_up("Chief")
    operator.administration.change(person.id, UserChange(role="admin"), by="tests")
    person.log_in()
    return person


@pytest.mark.parametrize(("size", "locale"), [(PHONE, "ko-KR"), (DESKTOP, "en-GB")])
def test_limit_void_and_block(
    visit: Visit,
    gateway: Gateway,
    operator: Container,
    anna: Person,
    admin_user: Person,
    size: ViewportSize,
    locale: str,
    tmp_path: Path,
) -> None:
    texts = TEXTS[locale]
    bidder, host = (visit(size=size, locale=locale) for _ in range(2))
    users = operator.administration
    bidder_id = users.find(bidder.email)
    users.change(bidder_id, UserChange(bid_limits=BidLimitChange(krw=3_000)), by="tests")
    seller = Person(gateway, "Soo", email=host.email)
    lot, other = create_lot(seller), create_lot(seller)
    theirs, ours = (one.open(f"/auctions/{lot['id']}") for one in (bidder, host))

    def shot(tab: Tab, name: str) -> None:
        tab.page.screenshot(path=tmp_path / f"{name}-{locale}.png", full_page=True)

    with anna.enter() as socket:
        bid(socket, lot, 1_000, kind="max")
    limit = theirs.page.get_by_test_id("limit")
    expect(limit).to_have_text(texts["limit"])
    shot(theirs, "1-limit")
    theirs.amount.fill("3001")
    expect(limit).to_have_class("fault small")
    theirs.press()
    expect(theirs.outcome).to_contain_text(texts["over"])
    shot(theirs, "2-over")
    theirs.amount.fill("2500")
    theirs.press()
    expect(theirs.standing).to_contain_text(texts["leads"])
    theirs.page.get_by_label(texts["message"], exact=True).fill("...")
    theirs.page.keyboard.press("Enter")
    block = ours.page.get_by_role("button", name=texts["block"])
    expect(block).to_be_visible()

    body = {"bidder_id": bidder_id, "reason": "a stolen card"}
    admin_user.call("POST", f"/api/admin/auctions/{lot['id']}/void", body)
    for tab in (theirs, ours):
        expect(tab.price).to_have_text("₩1,000")
        rows = tab.page.get_by_test_id("bid")
        expect(rows.first).to_contain_text(texts["row"])
        expect(rows.last).not_to_contain_text(texts["row"])
    expect(theirs.page.locator(".bid-panel")).to_contain_text(texts["voided"])
    expect(theirs.standing).to_have_count(0)
    shot(theirs, "3-voided")
    shot(ours, "4-voided-seen-by-seller")
    theirs.page.goto("/notices")
    expect(theirs.page.get_by_role("main")).to_contain_text(texts["reason"])
    shot(theirs, "5-notice")

    block.click()
    expect(ours.page.get_by_role("button", name=texts["unblock"])).to_be_visible()
    shot(ours, "6-blocked-by-seller")
    theirs.page.goto(f"/auctions/{other['id']}")
    expect(theirs.page.locator(".bid-panel")).to_contain_text(texts["blocked"])
    expect(theirs.bid_button).to_have_count(0)
    shot(theirs, "7-blocked")
    ours.page.goto("/account")
    expect(ours.page.get_by_role("button", name=texts["unblock"])).to_be_visible()
    shot(ours, "8-account")
