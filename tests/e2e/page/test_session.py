"""Nobody is signed out by a busy server, or by two tabs that reload at once."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.page.conftest import Visit

REFRESH = "**/api/auth/refresh"


def is_signed_in(page: Page) -> None:
    """Wait until the page greets its user."""
    expect(page.locator(".whoami")).to_have_text("Soo")


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
        page.evaluate("window.isOld = true; setTimeout(() => location.reload(), 200)")
    for page in pages:
        page.wait_for_function("!window.isOld")
        is_signed_in(page)
