"""No page has a fault that axe-core finds, a control too small or faint, or scrolls sideways.

In either language, on a phone and at a desk, in light colours and dark ones.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ViewportSize, expect

from stack.builds import CLIENT
from tests.e2e.lots import create_lot
from tests.e2e.measures import faint_controls, scrolled_sideways, small_controls
from tests.e2e.page.conftest import Visit
from tests.e2e.page.tabs import Tab
from tests.e2e.page.test_money import bid
from tests.e2e.people import Person
from tests.e2e.visitors import DESKTOP, PHONE

AXE = CLIENT / "node_modules" / "axe-core" / "axe.min.js"
# WCAG 2.2, levels A and AA; the size of targets is a rule of 2.2 that axe does not run by default.
RUN = """() => axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  rules: { "target-size": { enabled: true } },
  resultTypes: ["violations"],
})"""
LISTS = {
    "home": "/",
    "nothing-found": "/?query=nothing-is-called-so",
    "my-bids": "/bids",
    "notices": "/notices",
    "account": "/account",
    "missing": "/no-such-page",
}
GUEST_PLACES = {
    "log-in": "/login",
    "sign-up": "/signup",
    "forgot": "/forgot",
    "reset": "/reset#x",
    "verify": "/verify",
}
LONG = "W" * 120  # a name as long as may be, with no place to break it
SUBMIT = "main button[type=submit]"

State = Iterator[str]


def faults_of(tab: Tab, place: str, pictures: Path) -> list[str]:
    """Return the page's faults by rule and element; take a picture."""
    page = tab.page
    page.screenshot(path=pictures / f"{place}.png", full_page=True)
    found: dict[str, Any] = page.evaluate(RUN)
    assert found["passes"], "axe examined nothing"
    faults = [f"{one['id']} {one['nodes'][0]['html']}" for one in found["violations"]]
    faults += [f"small {one}" for one in small_controls(page)]
    faults += [f"faint {one}" for one in faint_controls(page)]
    faults += [f"wide {one}" for one in scrolled_sideways(page)]
    return [f"{place}: {fault}" for fault in faults]


def open_at(tab: Tab, path: str) -> None:
    """Load a page, and wait until it shows all it has to show."""
    tab.page.goto(path)
    expect(tab.page.locator("h1")).to_be_visible()
    tab.page.wait_for_load_state("networkidle")


def bidding(tab: Tab, seller: Person, ben: Person) -> State:
    """An auction from the first look to being outbid."""
    lot_id: int = create_lot(seller, starting_price=10_000, reserve_price=30_000)["id"]
    open_at(tab, f"/auctions/{lot_id}")
    tab.is_live()
    yield "auction"
    tab.amount.fill("1e5")
    tab.press()
    expect(tab.amount).to_have_attribute("aria-invalid", "true")
    yield "unreadable"
    tab.amount.fill("900000")
    tab.press()
    expect(tab.page.get_by_role("alertdialog")).to_be_visible()
    yield "confirm"
    tab.page.keyboard.press("Escape")
    tab.amount.fill("10000")
    tab.press()
    expect(tab.outcome).to_contain_text("₩10,000")
    expect(tab.page.get_by_test_id("bid")).to_have_count(1)
    yield "leading"
    chat = tab.page.locator(".chat form")
    chat.locator("input").fill(LONG)
    chat.locator("button").click()
    expect(tab.page.get_by_test_id("message")).to_have_count(1)
    bid(ben, lot_id, 20_000)
    expect(tab.price).to_have_text("₩20,000")
    yield "outbid"


def selling(tab: Tab) -> State:
    """The form, its faults, and the own auction that it leads to."""
    open_at(tab, "/sell")
    yield "sell"
    tab.page.locator(SUBMIT).click()
    expect(tab.page.locator("[aria-invalid=true]").first).to_be_visible()
    yield "sell-faults"
    fields = tab.page.locator("main input")
    for number, text in enumerate((LONG, "10000", "999999999999")):  # name, start, reserve
        fields.nth(number).fill(text)
    tab.page.locator(SUBMIT).click()
    folded = tab.page.locator("summary")
    expect(folded).to_have_count(2)
    for one in folded.all():
        one.click()
    yield "own"


def lists_and_ends(tab: Tab, seller: Person, ben: Person) -> State:
    """Lists with something in them or nothing, and how auctions end."""
    bought = create_lot(seller, starting_price=10_000, buy_now_price=30_000)["id"]
    bid(ben, bought, 30_000)
    cancelled = create_lot(seller, starting_price=10_000)["id"]
    seller.call("POST", f"/api/auctions/{cancelled}/cancel", {})
    ends = {"sold": f"/auctions/{bought}", "cancelled": f"/auctions/{cancelled}"}
    for place, path in {**LISTS, **ends}.items():
        open_at(tab, path)
        yield place


def as_guest(tab: Tab, seller: Person) -> State:
    """What is seen without an account."""
    tab.page.locator("header nav button").click()  # log out
    largest = create_lot(seller, starting_price=999_999_999_999)["id"]
    for place, path in {**GUEST_PLACES, "guest": f"/auctions/{largest}"}.items():
        open_at(tab, path)
        yield place
    open_at(tab, "/login")
    tab.page.locator(SUBMIT).click()
    expect(tab.page.locator("[role=alert]:not(:empty)").first).to_be_visible()
    yield "log-in-refused"


@pytest.mark.parametrize(
    ("size", "locale", "colours"),
    [(PHONE, "ko-KR", "light"), (DESKTOP, "en-GB", "dark")],
    ids=["phone", "desktop"],
)
def test_every_page_is_readable_and_can_be_pressed(
    visit: Visit,
    seller: Person,
    ben: Person,
    size: ViewportSize,
    locale: str,
    colours: Any,
    tmp_path: Path,
) -> None:
    browsing = visit(size=size, locale=locale)
    browsing.context.add_init_script(path=AXE)
    tab = browsing.open("/")
    tab.page.emulate_media(color_scheme=colours, reduced_motion="reduce")
    faults = [
        fault
        for states in (
            bidding(tab, seller, ben),
            selling(tab),
            lists_and_ends(tab, seller, ben),
            as_guest(tab, seller),
        )
        for place in states
        for fault in faults_of(tab, place, tmp_path)
    ]
    assert faults == []
