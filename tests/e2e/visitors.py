"""Users of a browser: the page's elements, and the browser's errors."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from playwright.sync_api import (
    Browser,
    Page,
    Request,
    Response,
    ViewportSize,
    WebSocket,
    expect,
    sync_playwright,
)

from tests.e2e.people import Gateway

CHROMIUM = "/usr/bin/chromium"  # Debian's
PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1280, height=900)
LEFT = "net::ERR_ABORTED"  # of a request whose page was left before its answer
REFUSED_FROM = 400
WAIT_MS = 120_000  # for any wait of a test; only a failing one takes so long


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium; it ends when left."""
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


class Visitor:
    """A visitor with a browser profile of their own, in the language `locale`, at the front page.

    `complaints` collects errors in the console, exceptions, failed requests and refusals;
    `frames` the types of what came over the page's sockets.
    """

    def __init__(
        self,
        browser: Browser,
        gateway: Gateway,
        *,
        locale: str,
        viewport: ViewportSize | None = None,
    ) -> None:
        context = browser.new_context(
            base_url=gateway.base_url, locale=locale, viewport=viewport or DESKTOP
        )
        context.set_default_timeout(WAIT_MS)
        self.page = context.new_page()
        self.email = f"{uuid4().hex}@example.org"
        self.complaints: list[str] = []
        self.frames: list[str] = []
        self._listen(self.page)
        self.page.goto("/")

    def _listen(self, page: Page) -> None:
        page.on(
            "console",
            lambda entry: self.complaints.append(entry.text) if entry.type == "error" else None,
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", self._note_failure)
        page.on("response", self._note_refusal)
        page.on("websocket", self._listen_to_socket)

    def _note_failure(self, request: Request) -> None:
        if request.failure != LEFT:
            self.complaints.append(f"{request.failure} {request.url}")

    def _note_refusal(self, answer: Response) -> None:
        if answer.status >= REFUSED_FROM:
            self.complaints.append(f"{answer.status} {answer.url}")

    def _listen_to_socket(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: self.frames.append(json.loads(data)["type"]))

    def press(self, name: str) -> None:
        """Press the button that is named so."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        """Follow the link that is named so, in the main navigation."""
        self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()

    def fill(self, **fields: str) -> None:
        """Type into fields; each is named by its label, `_` for a space."""
        for label, text in fields.items():
            self.page.get_by_label(label.replace("_", " "), exact=True).fill(text)

    def choose_language(self, language: str) -> None:
        """Choose a language by its own name."""
        self.page.locator(".preferences select").first.select_option(label=language)

    def sees(self, what: str, text: str) -> None:
        """Wait until the part of the page marked `what` contains `text`."""
        expect(self.page.get_by_test_id(what).first).to_contain_text(text)

    def end_shown(self) -> str:
        """The end the countdown runs to, RFC 3339; empty when it does not run."""
        clock = self.page.get_by_test_id("countdown").get_by_role("timer")
        return clock.get_attribute("datetime") or ""
