"""A network that falls silent, breaks, or lets no WebSocket through."""

from collections.abc import Callable

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.e2e.lots import create_lot
from tests.e2e.page.conftest import Visit
from tests.e2e.page.network import Network
from tests.e2e.page.tabs import Tab
from tests.e2e.page.test_money import bid
from tests.e2e.people import Person

STALE_WITHIN_S = 12.0  # of a silent network: QUIET_MS and DEAD_MS of the page, and a margin
BACK_WITHIN_S = 12.0  # one reading over HTTP that hangs, the pause before the next, and connecting
LEADS = "Your bid of ₩10,000 leads."

OpenLot = Callable[[], tuple[Tab, int]]


@pytest.fixture
def open_lot(visit: Visit, seller: Person, network: Network, size: ViewportSize) -> OpenLot:
    """Opens a new lot from 10,000 won over the network that can be cut."""

    def open_lot() -> tuple[Tab, int]:
        lot_id: int = create_lot(seller, starting_price=10_000)["id"]
        return visit(size=size, over=network).open(f"/auctions/{lot_id}"), lot_id

    return open_lot


def test_bidding_is_disabled_while_the_network_is_silent(
    open_lot: OpenLot, network: Network, ben: Person
) -> None:
    tab, lot_id = open_lot()
    tab.is_live()
    network.hold()
    bid(ben, lot_id, 20_000)
    tab.is_stale(seconds=STALE_WITHIN_S)
    expect(tab.bar).to_contain_text("Connection lost. Prices may be out of date.")
    expect(tab.panel).to_contain_text("Last known price")
    expect(tab.price).to_have_text("₩10,000")
    expect(tab.bid_button).to_be_disabled()
    tab.press(force=True)
    expect(tab.outcome).to_be_empty()
    network.heal()
    tab.is_live(seconds=BACK_WITHIN_S)
    expect(tab.price).to_have_text("₩20,000")
    expect(tab.bar).to_be_empty()
    expect(tab.bid_button).to_be_enabled()
    assert tab.bids() == []


def test_a_bid_clicked_while_disconnected_is_not_sent(open_lot: OpenLot, network: Network) -> None:
    tab, _ = open_lot()
    tab.is_live()
    network.cut()
    tab.is_stale()
    tab.press(force=True)
    expect(tab.page.get_by_text("There is no connection, so you cannot bid")).to_be_visible()
    expect(tab.outcome).to_be_empty()
    network.heal()
    tab.is_live()
    tab.press()
    expect(tab.outcome).to_have_text("Your bid of ₩10,000 leads.")
    assert tab.bids() == [10_000]


def test_a_bid_in_flight_finds_its_outcome_after_silence(
    open_lot: OpenLot, network: Network
) -> None:
    tab, _ = open_lot()
    tab.is_live()
    network.hold()
    tab.press()
    expect(tab.outcome).to_contain_text("Sending your bid of ₩10,000")
    tab.is_stale()
    expect(tab.outcome).to_contain_text("It is not known whether your bid of ₩10,000 arrived")
    network.heal()
    expect(tab.outcome).to_have_text(LEADS)
    expect(tab.page.get_by_test_id("bid")).to_have_count(1)


def test_without_a_socket_the_page_reads_and_bids_over_http(
    open_lot: OpenLot, network: Network, ben: Person
) -> None:
    network.refuse_sockets()
    tab, lot_id = open_lot()
    expect(tab.price).to_have_text("₩10,000")
    tab.is_live()
    tab.press()
    expect(tab.outcome).to_have_text("Your bid of ₩10,000 leads.")
    bid(ben, lot_id, 20_000)
    expect(tab.price).to_have_text("₩20,000")
    expect(tab.standing).to_contain_text("You have been outbid")
    assert tab.sent == []


def test_after_waking_offline_the_price_is_marked_stale(
    open_lot: OpenLot, network: Network
) -> None:
    tab, _ = open_lot()
    tab.is_live()
    network.hold()
    tab.page.evaluate("dispatchEvent(new Event('online'))")
    tab.is_stale(seconds=2)
