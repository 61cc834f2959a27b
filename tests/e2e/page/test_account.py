"""The account walked in a browser: sessions ended, the password changed, suspended and banned."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from app.protocol.resources import UserChange
from app.settings import read_settings
from tests.containers import Container, build_container
from tests.e2e.cluster import Cluster
from tests.e2e.page.conftest import Visit
from tests.e2e.people import PASSWORD
from tests.e2e.visitors import DESKTOP, PHONE

NEW = "another password"
TEXTS = {
    "en-GB": {
        "end": "Sign out: Unknown device", "others": "Sign out all other devices",
        "current": "Current password", "new": "New password", "change": "Change the password",
        "changed": "Your password is changed", "email": "E-mail", "password": "Password",
        "log_in": "Log in", "suspended": "Your account is suspended", "banned": "is banned",
        "ended": "You have been signed out",
    },
    "ko-KR": {
        "end": "로그아웃: 알 수 없는 기기", "others": "다른 모든 기기에서 로그아웃",
        "current": "현재 비밀번호", "new": "새 비밀번호", "change": "비밀번호 변경",
        "changed": "비밀번호가 변경되어", "email": "이메일", "password": "비밀번호",
        "log_in": "로그인", "suspended": "이용이 정지된 계정", "banned": "영구 정지된",
        "ended": "로그아웃되었습니다",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def operator(cluster: Cluster) -> Container:
    return build_container(read_settings(cluster.stack.environment()), application="tests")


@pytest.mark.parametrize(("size", "locale"), [(PHONE, "ko-KR"), (DESKTOP, "en-GB")])
def test_sessions_password_suspension_and_ban(
    visit: Visit, operator: Container, size: ViewportSize, locale: str, tmp_path: Path
) -> None:
    browsing, texts = visit(size=size, locale=locale), TEXTS[locale]
    page = browsing.open("/account").page

    def shot(name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}-{locale}.png", full_page=True)

    def log_in(password: str) -> None:
        page.goto("/login?next=/account")
        page.get_by_label(texts["email"]).fill(browsing.email)
        page.get_by_label(texts["password"], exact=True).fill(password)
        page.get_by_role("main").get_by_role("button", name=texts["log_in"], exact=True).click()

    def change(status: UserChange) -> None:
        user_id = operator.administration.find(browsing.email)
        operator.administration.change(user_id, status, by="tests")

    sessions = page.get_by_test_id("session")
    expect(sessions).to_have_count(1)
    for count in (2, 3):
        body = {"email": browsing.email, "password": PASSWORD, "delivery": "body"}
        headers = {"User-Agent": "", "Origin": page.url.removesuffix("/account")}
        assert browsing.context.request.post("/api/auth/login", data=body, headers=headers).ok
        page.reload()
        expect(sessions).to_have_count(count)
    shot("sessions")
    page.get_by_role("button", name=texts["end"]).first.click()
    expect(sessions).to_have_count(2)
    page.get_by_role("button", name=texts["others"]).click()
    expect(sessions).to_have_count(1)

    page.get_by_label(texts["current"]).fill("wrong password")
    page.get_by_label(texts["new"]).fill(NEW)
    submit = page.get_by_role("button", name=texts["change"])
    submit.click()
    expect(page.get_by_label(texts["current"])).to_have_attribute("aria-invalid", "true")
    shot("wrong-password")
    page.get_by_label(texts["current"]).fill(PASSWORD)
    submit.click()
    _expect_text(page, texts["changed"])
    shot("changed")
    log_in(NEW)
    expect(sessions).to_have_count(1)

    change(UserChange(status="suspended"))
    _expect_text(page, texts["ended"])
    shot("ended")
    log_in(NEW)
    _expect_text(page, texts["suspended"])
    shot("suspended")
    change(UserChange(status="banned"))
    _expect_text(page, texts["ended"])
    log_in(NEW)
    expect(page.get_by_role("alert")).to_contain_text(texts["banned"])
    shot("banned")


def _expect_text(page: Page, text: str) -> None:
    expect(page.locator(".account-bar")).to_contain_text(text)
