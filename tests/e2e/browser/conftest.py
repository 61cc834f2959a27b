"""Debian's Chromium, and people who sit at one each."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.browser.visitor import Visitor
from tests.e2e.people import Gateway

Seat = Callable[[str], Visitor]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser, without a window."""
    program = shutil.which("chromium")
    assert program, "Debian's package chromium is missing: `make test` installs it"
    # Chromium refuses its sandbox to root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def seat(chromium: Browser, gateway: Gateway) -> Iterator[Seat]:
    """Somebody new at a browser of their own, by the locale; at the end nothing may have failed."""
    visitors: list[Visitor] = []

    def take(locale: str) -> Visitor:
        context = chromium.new_context(base_url=gateway.base_url, locale=locale)
        visitors.append(Visitor(context.new_page()))
        return visitors[-1]

    yield take
    for visitor in visitors:
        visitor.page.context.close()
        assert visitor.complaints == []
