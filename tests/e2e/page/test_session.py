"""A reload, a busy server or many tabs end no session."""

from itertools import count

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.lots import create_lot
from tests.e2e.page.conftest import Visit
from tests.e2e.page.network import Network
from tests.e2e.people import Person
from tests.waiting import wait_until

REFRESH = "**/api/auth/refresh"
SOCKETS_OF_A_USER = 5
RELOADS = 4
SLOW_S = 0.3  # each way, so that the answer is under way when the page is left
# While `reloads` are left, the page reloads so long after it has asked for a refresh.
RELOAD_AFTER_REFRESH = """{
  const ask = window.fetch;
  window.fetch = (...call) => {
    if (String(call[0]).endsWith("/auth/refresh") && sessionStorage.reloads > 0) {
      sessionStorage.reloads -= 1;
      setTimeout(() => location.reload(), %d);
    }
    return ask(...call);
  };
}"""

RELOAD_SOON = """{
  document.documentElement.dataset.old = "";
  setTimeout(() => location.reload(), 200);
}"""


def is_signed_in(page: Page) -> None:
    """Wait until the page greets its user."""
    expect(page.locator(".whoami")).to_have_text("Soo")


@pytest.mark.parametrize("gap_ms", [100, 150, 200, 250])
def test_a_reload_during_a_refresh_keeps_the_session(
    visit: Visit, network: Network, gap_ms: int
) -> None:
    browsing = visit(over=network)
    browsing.context.add_init_script(RELOAD_AFTER_REFRESH % gap_ms)
    page = browsing.open("/").page
    is_signed_in(page)
    network.slow(SLOW_S)
    page.evaluate(f"sessionStorage.reloads = {RELOADS}")
    refreshes = count(1)
    with page.expect_request(
        lambda call: "/auth/refresh" in call.url and next(refreshes) > RELOADS
    ):
        page.reload(wait_until="commit")
    network.heal()
    page.reload()
    is_signed_in(page)


@pytest.mark.parametrize("status", [503, 429, 500])
def test_a_refresh_that_cannot_be_answered_now_is_no_log_out(visit: Visit, status: int) -> None:
    browsing = visit()

    def refuse(route: Route) -> None:
        route.fulfill(status=status, json={"code": "BUSY"})

    browsing.context.route(REFRESH, refuse)
    page = browsing.open("/bids").page
    expect(page.get_by_role("main")).to_contain_text("Taking up your session again")
    expect(page.get_by_role("link", name="Log in")).to_have_count(0)
    browsing.context.unroute(REFRESH)
    is_signed_in(page)


def test_a_refresh_that_is_refused_is_a_log_out(visit: Visit) -> None:
    browsing = visit()
    browsing.context.clear_cookies()
    page = browsing.open("/bids").page
    expect(page.get_by_role("link", name="Log in").first).to_be_visible()


def test_two_tabs_that_reload_at_once_stay_signed_in(visit: Visit) -> None:
    browsing = visit()
    pages = [browsing.open("/").page for _ in range(2)]
    for page in pages:
        is_signed_in(page)
    for page in pages:
        page.evaluate(RELOAD_SOON)
    for page in pages:
        expect(page.locator("html:not([data-old])")).to_be_attached()
        is_signed_in(page)


def test_the_oldest_of_six_tabs_closes_and_can_continue(visit: Visit, seller: Person) -> None:
    lot = create_lot(seller, starting_price=10_000)["id"]
    browsing = visit()
    tabs = [browsing.open(f"/auctions/{lot}") for _ in range(SOCKETS_OF_A_USER)]
    for tab in tabs:
        tab.is_live()
    newest = browsing.open(f"/auctions/{lot}")
    newest.is_live()
    wait_until(lambda: any(tab.bar.is_visible() for tab in tabs), what="a tab that gave way")
    gave_way = next(tab for tab in tabs if tab.bar.is_visible())
    expect(gave_way.bar).to_contain_text("open in too many tabs")
    gave_way.is_stale()
    expect(gave_way.bid_button).to_be_disabled()
    gave_way.bar.get_by_role("button", name="Continue here").click()
    gave_way.is_live()
