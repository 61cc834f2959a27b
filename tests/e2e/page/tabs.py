"""A user's browser and its tabs: page elements, actions and frames."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    ViewportSize,
    WebSocket,
    expect,
)

from tests.e2e.people import PASSWORD
from tests.e2e.visitors import PHONE, WAIT_MS
from tests.waiting import stretched

Sent = dict[str, Any]

# The driver is too slow to tap so soon again.
SECOND_TAP = """(button, gapMs) => button.addEventListener("click", () => setTimeout(() => {
  for (const type of ["pointerdown", "pointerup"])
    button.dispatchEvent(new PointerEvent(type, { button: 0, bubbles: true }));
  button.click();
  document.documentElement.dataset.tappedTwice = "";
}, gapMs), { once: true })"""


class Browsing:
    """A signed-in user with a browser profile of their own at `url`; a phone is touched."""

    def __init__(self, browser: Browser, url: str, *, size: ViewportSize, locale: str) -> None:
        self.is_touched = size == PHONE
        self.context: BrowserContext = browser.new_context(
            base_url=url,
            locale=locale,
            viewport=size,
            has_touch=self.is_touched,
        )
        self.context.set_default_timeout(WAIT_MS)
        self._sign_in(url)

    def _sign_in(self, origin: str) -> None:
        self.email = f"{uuid4().hex}@example.org"
        person = {"email": self.email, "password": PASSWORD}
        for path, body in (("signup", {**person, "nickname": "Soo"}), ("login", person)):
            headers = {"Origin": origin}
            answer = self.context.request.post(f"/api/auth/{path}", data=body, headers=headers)
            assert answer.ok, answer.text()
        self.context.add_init_script("localStorage['signed-in'] = '1'")

    def open(self, path: str) -> "Tab":
        """One more tab, at `path`."""
        tab = Tab(self.context.new_page(), is_touched=self.is_touched)
        tab.page.goto(path)
        return tab


class Tab:
    """One page, and the parts of it that a bidder looks at.

    `panel` has the price and the clock, `standing` says who leads, `outcome` what became of the
    last bid, `bar` how the connection is. `sent` is what the page sent over its sockets.
    """

    def __init__(self, page: Page, *, is_touched: bool) -> None:
        self.page = page
        self.panel = page.locator(".price-panel")
        self.price, self.standing, self.outcome, self.result = (
            page.get_by_test_id(name) for name in ("price", "standing", "outcome", "result")
        )
        self.bar = page.locator(".connection")
        form = page.locator(".bid-panel form")
        self.amount, self.bid_button = (
            form.locator("input[inputmode]"),
            form.locator("[type=submit]"),
        )
        self.press = self.bid_button.tap if is_touched else self.bid_button.click
        self.sent: list[Sent] = []
        self._bids: dict[str, int] = {}  # amounts by key
        page.on("websocket", self._listen)
        page.on("request", self._count_request)

    def bids(self) -> list[int]:
        """The amounts of the bids it sent, each once, over a socket or by a request."""
        return list(self._bids.values())

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._count_frame)

    def _count_frame(self, text: str | bytes) -> None:
        frame = json.loads(text)
        self.sent.append(frame)
        if frame["type"] == "bid.place":
            self._bids[frame["key"]] = frame["amount"]

    def _count_request(self, request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/bids"):
            self._bids[request.headers["idempotency-key"]] = json.loads(request.post_data or "")[
                "amount"
            ]

    def is_live(self, *, seconds: float | None = None) -> None:
        """Wait until the price is shown as live, for `seconds` of a free machine."""
        self._has_price(stale="false", seconds=seconds)

    def is_stale(self, *, seconds: float | None = None) -> None:
        """Wait until the price is shown as stale, for `seconds` of a free machine."""
        self._has_price(stale="true", seconds=seconds)

    def _has_price(self, *, stale: str, seconds: float | None) -> None:
        timeout = WAIT_MS if seconds is None else stretched(seconds) * 1_000
        expect(self.panel).to_have_attribute("data-stale", stale, timeout=timeout)

    def press_while(self, happens: Callable[[], None]) -> None:
        """Press the bid's button, let something happen, and let go."""
        self.bid_button.scroll_into_view_if_needed()
        box = self.bid_button.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.mouse.down()
        happens()
        self.page.mouse.up()

    def tap_twice(self, gap_ms: int) -> None:
        """Press the bid's button, and again after `gap_ms` of the page's own clock."""
        self.bid_button.evaluate(SECOND_TAP, gap_ms)
        self.press()
        expect(self.page.locator("html[data-tapped-twice]")).to_be_attached()
