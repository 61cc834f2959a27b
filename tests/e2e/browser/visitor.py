"""Somebody at a browser: what they can do on the page, and what their browser complained of."""

import re
from uuid import uuid4

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, Response, expect

from tests.e2e.people import PASSWORD

PATIENCE_MS = 20_000


class Visitor:
    """One browser with one page, by the test ids and roles of its parts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.on("response", self._response)

    def sees(self, part: str, text: str | re.Pattern[str]) -> None:
        """Wait until the part of that test id shows the text."""
        expect(self.page.get_by_test_id(part)).to_contain_text(text, timeout=PATIENCE_MS)

    def field(self, label: str) -> Locator:
        """The field of that label."""
        return self.page.get_by_label(label, exact=True)

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press the button of that name."""
        self.page.get_by_role("button", name=name).click()

    def seconds_left(self) -> int:
        """What the countdown shows; 0 when it runs no more."""
        shown = self.page.get_by_test_id("countdown").inner_text()
        minutes, colon, seconds = shown.rpartition(":")
        return int(minutes.rpartition(":")[2]) * 60 + int(seconds) if colon else 0

    def wait_until_left(self, seconds: int) -> None:
        """Wait until the countdown shows no more than that, and still runs."""
        self.page.wait_for_function(
            """most => {
              const text = document.querySelector("[data-testid=countdown]").innerText;
              const left = text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
              return left <= most && left > 0;
            }""",
            arg=seconds,
            timeout=60_000,
        )

    def sign_up(self, nickname: str, *, e_mail: str, name: str, password: str, create: str) -> None:
        """Make an account on the page `/signup`, by the labels of its language."""
        self.page.goto("/signup")
        self.field(e_mail).fill(f"{uuid4().hex}@example.org")
        self.field(name).fill(nickname)
        self.field(password).fill(PASSWORD)
        self.press(create)
        expect(self.page.get_by_text(nickname)).to_be_visible()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text}")

    def _error(self, error: Error) -> None:
        self.complaints.append(f"error: {error}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")
