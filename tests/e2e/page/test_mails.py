"""A user verifies an address, resets the password and leaves, by delivered mails."""

from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from app.protocol.tasks import SEND_MAILS_TASK
from tests.e2e.cluster import Cluster
from tests.e2e.people import PASSWORD, Gateway
from tests.e2e.visitors import DESKTOP, PHONE, WAIT_MS
from tests.mailbox import Mailbox, link_in

NEW_PASSWORD = "another password"
LABELS = {
    "ko-KR": ("이메일", "비밀번호", "새 비밀번호", "닉네임"),
    "en-GB": ("E-mail", "Password", "New password", "Nickname"),
}
SUBMIT = "main form button[type=submit]"


@pytest.mark.parametrize(("size", "locale"), [(PHONE, "ko-KR"), (DESKTOP, "en-GB")])
def test_a_user_verifies_resets_the_password_and_leaves(
    browser: Browser,
    cluster: Cluster,
    gateway: Gateway,
    size: ViewportSize,
    locale: str,
    tmp_path: Path,
) -> None:
    email, password, new_password, nickname = LABELS[locale]
    address = f"{uuid4().hex}@example.org"
    mailbox = Mailbox(cluster.stack.addresses()["MAILPIT_URL"], address)
    context = browser.new_context(base_url=gateway.base_url, locale=locale, viewport=size)
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()

    page.goto("/signup")
    fill(page, {email: address, nickname: "Soo", password: PASSWORD})
    expect(page.locator(".proof")).to_contain_text(address)
    picture(page, tmp_path, "1-wanted")
    cluster.run_task(SEND_MAILS_TASK)
    page.goto(at(gateway, mailbox, of=1))
    expect(page.locator("main a")).to_be_visible()
    expect(page.locator(".proof")).to_have_count(0)
    assert page.evaluate("location.hash") == ""
    picture(page, tmp_path, "2-proved")

    page.goto("/forgot")
    fill(page, {email: address})
    expect(page.locator("main p[role=status]")).not_to_be_empty()
    picture(page, tmp_path, "3-forgot")
    cluster.run_task(SEND_MAILS_TASK)
    page.goto(at(gateway, mailbox, of=2))
    picture(page, tmp_path, "4-reset")
    fill(page, {new_password: NEW_PASSWORD})
    page.locator("main a.button").click()
    fill(page, {email: address, password: NEW_PASSWORD})
    expect(page.locator(".whoami")).to_have_text("Soo")

    page.goto("/account")
    page.locator("main details summary").last.click()
    picture(page, tmp_path, "5-account")
    erase = page.locator("main details form")
    erase.get_by_label(password, exact=True).fill(NEW_PASSWORD)
    erase.locator("button").click()
    expect(page.locator(".whoami")).to_have_count(0)
    context.close()
    body = {"email": address, "password": NEW_PASSWORD}
    assert gateway.http.post("/api/auth/login", json=body).status_code == 401


def at(gateway: Gateway, mailbox: Mailbox, *, of: int) -> str:
    """The link of the newest mail, at the gateway of the tests."""
    link = link_in(mailbox.newest(of=of))
    return gateway.base_url + link[link.index("/", len("http://")) :]


def fill(page: Page, fields: dict[str, str]) -> None:
    """Type into fields by their labels, and send the form."""
    for label, text in fields.items():
        page.locator("main").get_by_label(label, exact=True).fill(text)
    page.locator(SUBMIT).last.click()


def picture(page: Page, directory: Path, name: str) -> None:
    page.screenshot(path=directory / f"{name}.png", full_page=True)
