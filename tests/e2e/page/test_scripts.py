"""Users' text is shown as text, and never run as a script."""

from uuid import uuid4

from playwright.sync_api import expect

from tests.e2e.lots import create_lot
from tests.e2e.page.conftest import Visit
from tests.e2e.people import Gateway
from tests.e2e.visitors import DESKTOP

SCRIPT = "<img src=x onerror=\"document.documentElement.dataset.owned=''\">"
NAMES_MAX = 30
VIOLATIONS = """
window.stopped = 0;
document.addEventListener("securitypolicyviolation", () => { window.stopped += 1; });
"""
INJECT = """html => {
  document.body.insertAdjacentHTML("beforeend", html);
  const script = document.createElement("script");
  script.textContent = "document.documentElement.dataset.owned=''";
  document.body.append(script);
}"""


def test_user_text_is_escaped_and_csp_blocks_scripts(gateway: Gateway, visit: Visit) -> None:
    nickname = SCRIPT[:NAMES_MAX]
    writer = gateway.sign_up(nickname)
    product = {"name": SCRIPT, "description": SCRIPT, "sale_type": "auction"}
    product_id = writer.call("POST", "/api/products", product)["id"]
    lot = create_lot(writer, product_id=product_id)
    room = writer.call("POST", "/api/rooms", {"type": "auction", "auction_id": lot["id"]})
    writer.call("POST", f"/api/rooms/{room['id']}/join")
    with writer.enter() as socket:
        receipt = socket.request("chat.send", room_id=room["id"], text=SCRIPT, key=uuid4().hex)
        assert receipt["type"] == "chat.received"
    reader = visit(size=DESKTOP)
    reader.context.add_init_script(VIOLATIONS)
    tab = reader.open(f"/auctions/{lot['id']}")
    tab.is_live()
    page = tab.page
    expect(page.get_by_role("heading", name=SCRIPT)).to_be_visible()
    expect(page.locator("main")).to_contain_text(nickname)
    expect(page.get_by_test_id("message").locator(".text")).to_have_text(SCRIPT)
    assert page.locator("img[onerror]").count() == 0
    # Were a text put into the page as it is after all:
    page.evaluate(INJECT, SCRIPT)
    page.wait_for_function("window.stopped >= 2")
    assert page.locator("html[data-owned]").count() == 0
