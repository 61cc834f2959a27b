"""A user changes their address on the account page, by the link in a delivered mail."""

from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize, expect

from app.protocol.tasks import SEND_MAILS_TASK
from tests.e2e.cluster import Cluster
from tests.e2e.measures import faint_controls, scrolled_sideways, small_controls
from tests.e2e.page.conftest import Visit
from tests.e2e.page.test_mails import at
from tests.e2e.people import PASSWORD, Gateway
from tests.e2e.visitors import DESKTOP, PHONE
from tests.mailbox import Mailbox

LABELS = {
    "ko-KR": ("새 이메일 주소", "비밀번호"),
    "en-GB": ("New e-mail address", "Password"),
}


@pytest.mark.parametrize(("size", "locale"), [(PHONE, "ko-KR"), (DESKTOP, "en-GB")])
def test_a_new_address_counts_once_its_link_is_used(
    visit: Visit,
    cluster: Cluster,
    gateway: Gateway,
    size: ViewportSize,
    locale: str,
    tmp_path: Path,
) -> None:
    new_email, password = LABELS[locale]
    browsing = visit(size=size, locale=locale)
    page = browsing.open("/account").page
    section, shown = page.locator("section[aria-labelledby=email]"), page.locator(".account-name")
    mailbox = Mailbox(cluster.stack.addresses()["MAILPIT_URL"], browsing.email).another()

    def request(typed: str) -> None:
        section.get_by_label(new_email).fill(mailbox.address)
        section.get_by_label(password, exact=True).fill(typed)
        section.locator("button[type=submit]").click()

    request("wrong password")
    expect(section.get_by_label(password, exact=True)).to_have_attribute("aria-invalid", "true")
    request(PASSWORD)
    expect(section.get_by_role("status")).to_contain_text(mailbox.address)
    expect(section.get_by_label(new_email)).to_have_value("")
    page.screenshot(path=tmp_path / f"asked-{locale}.png", full_page=True)
    assert [*small_controls(page), *faint_controls(page), *scrolled_sideways(page)] == []
    expect(shown).to_contain_text(browsing.email)
    cluster.run_task(SEND_MAILS_TASK)
    page.goto(at(gateway, mailbox, of=1))
    expect(page.locator("main a")).to_be_visible()
    page.goto("/account")
    expect(shown).to_contain_text(mailbox.address)
    page.screenshot(path=tmp_path / f"changed-{locale}.png", full_page=True)
