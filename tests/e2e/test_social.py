"""Log-in by Google, Kakao and Naver in a browser: two users each, on a phone and a desktop."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Request, ViewportSize, expect

from app.web.cookies import REFRESH
from tests.e2e.cluster import Cluster, answers
from tests.e2e.measures import faint_controls, scrolled_sideways, small_controls
from tests.e2e.people import PASSWORD, Gateway
from tests.e2e.test_logs import found_in_logs
from tests.e2e.visitors import DESKTOP, PHONE, Visitor, chromium

LOG_IN = re.compile("^(Continue|Log in) with|^Google로|^(카카오|네이버) 로그인$")
TITLES = {"google": "Google", "kakao": "Kakao", "naver": "Naver"}
WAYS = [("ko-KR", PHONE), ("en-GB", DESKTOP)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module", autouse=True)
def _providers(cluster: Cluster) -> Iterator[None]:
    programs = cluster.stack.application(prefix=cluster.prefix)
    (program,) = [own for own in programs if own.name == cluster.name("providers")]
    url = cluster.stack.addresses()["PROVIDERS_URL"]
    with cluster.stack.control.running([program]):
        cluster.stack.control.wait_for(lambda: answers(f"{url}/healthz"), name=program.name)
        yield


class Guest(Visitor):
    """A guest at the log-in page; `requested_urls` are all URLs that their browser requested."""

    def __init__(
        self, browser: Browser, gateway: Gateway, way: tuple[str, ViewportSize], pictures: Path
    ) -> None:
        locale, viewport = way
        super().__init__(browser, gateway, locale=locale, viewport=viewport)
        self.name, self.requested_urls, self._pictures = f"N {uuid4().hex[:8]}", [""], pictures
        self.page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.is_navigation_request():
            self.requested_urls.append(request.url)

    def go_to_provider(self, provider: str, where: str = "/login?next=/sell") -> None:
        """Press its button, and be on its page."""
        self.page.goto(where)
        self.page.locator(f"a[href^='/oauth2/authorization/{provider}']").click()
        expect(self.page.get_by_role("heading", name=TITLES[provider])).to_be_visible()

    def agree(self, email: str) -> None:
        """Choose a user whom the provider has not seen."""
        self.page.locator("input[name=name]").fill(self.name)
        self.page.locator("input[name=email]").fill(email)
        self.page.locator("button[value=agree]").click()

    def is_signed_in(self, name: str) -> None:
        """Wait until the page shows that `name` is signed in."""
        expect(self.page.locator(".whoami")).to_have_text(name)

    def refresh_secret(self) -> str:
        """The secret part of the refresh token in the browser's cookie."""
        cookies = self.page.context.cookies()
        (token,) = [own.get("value", "") for own in cookies if own.get("name") == REFRESH]
        return token.partition(".")[2]

    def is_laid_out(self, place: str) -> None:
        """Take a picture; no control is small or faint, and nothing scrolls sideways."""
        page = self.page
        page.screenshot(path=self._pictures / f"{place}.png", full_page=True)
        assert [*small_controls(page), *faint_controls(page), *scrolled_sideways(page)] == []


@pytest.mark.parametrize("way", WAYS, ids=["phone", "desk"])
def test_each_provider_account_gets_an_account_of_its_own(
    browser: Browser,
    gateway: Gateway,
    cluster: Cluster,
    way: tuple[str, ViewportSize],
    tmp_path: Path,
) -> None:
    requested_urls: list[str] = []
    tokens: list[str] = []
    for provider in TITLES:
        for email in (f"{uuid4().hex}@example.org", ""):
            guest = Guest(browser, gateway, way, tmp_path)
            guest.go_to_provider(provider)
            guest.is_laid_out(f"{provider}-consent")
            guest.agree(email)
            guest.is_signed_in(guest.name)
            assert urlsplit(guest.page.url).path == "/sell"
            note = guest.page.locator("aside.no-email")
            expect(note).to_have_count(0 if email else 1)
            guest.is_laid_out(f"{provider}-{'in' if email else 'no-email'}")
            if not email:
                note.get_by_role("button").click()
                expect(note).to_have_count(0)
            assert guest.complaints == []
            requested_urls += guest.requested_urls
            tokens.append(guest.refresh_secret())
            guest.page.context.close()
    names = {name for url in requested_urls for name in parse_qs(urlsplit(url).query)}
    assert not {name for name in names if "token" in name or "verifier" in name}
    secrets = [
        value
        for url in requested_urls
        for key in ("code", "state")
        for value in parse_qs(urlsplit(url).query).get(key, [])
    ]
    assert len(secrets) >= 4 * len(TITLES)
    assert len(tokens) == 2 * len(TITLES)
    assert found_in_logs(cluster, *secrets, *tokens) == []


@pytest.mark.parametrize("way", WAYS, ids=["phone", "desk"])
def test_an_existing_address_is_linked_by_logging_in(
    browser: Browser, gateway: Gateway, way: tuple[str, ViewportSize], tmp_path: Path
) -> None:
    owner = gateway.sign_up("Owner")
    guest = Guest(browser, gateway, way, tmp_path)
    guest.go_to_provider("google")
    guest.agree(owner.email)
    expect(guest.page.locator("input[type=password]")).to_be_visible()
    guest.is_laid_out("link")
    guest.page.locator("input[type=email]").fill(owner.email)
    guest.page.locator("input[type=password]").fill(PASSWORD)
    guest.page.locator("main button[type=submit]").click()
    guest.is_signed_in("Owner")
    expect(guest.page).to_have_url(re.compile("/sell$"))
    unlink_and_link_again(guest, owner.email)
    second_visit = Guest(browser, gateway, way, tmp_path)
    second_visit.name = guest.name
    second_visit.go_to_provider("google", "/signup")
    second_visit.agree(owner.email)
    second_visit.is_signed_in("Owner")
    for visitor in (guest, second_visit):
        assert visitor.complaints == []


def unlink_and_link_again(guest: Guest, email: str) -> None:
    """By the account page, signed in."""
    section = guest.page.locator("section[aria-labelledby=identities]")
    guest.page.goto("/account")
    expect(section.get_by_role("button")).to_have_count(1)
    guest.is_laid_out("account")
    section.get_by_role("button").click()
    expect(section.get_by_role("button")).to_have_count(0)
    guest.go_to_provider("google", "/account")
    guest.agree(email)
    guest.page.locator("main button[type=submit]").click()
    expect(section.get_by_role("button")).to_have_count(1)


@pytest.mark.parametrize(
    ("way", "message"), zip(WAYS, ["동의하지 않아", "did not agree"], strict=True)
)
def test_a_user_who_refuses_is_informed_and_can_try_again(
    browser: Browser, gateway: Gateway, way: tuple[str, ViewportSize], message: str, tmp_path: Path
) -> None:
    guest = Guest(browser, gateway, way, tmp_path)
    guest.go_to_provider("kakao")
    guest.page.locator("button[value=refuse]").click()
    expect(guest.page.get_by_role("alert").filter(has_text=message)).to_be_visible()
    guest.is_laid_out("failed")
    guest.page.locator("main a.primary").click()
    guest.agree("")
    guest.is_signed_in(guest.name)
    assert urlsplit(guest.page.url).path == "/sell"
    assert guest.complaints == []
