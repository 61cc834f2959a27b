"""A browser, a network that can fail, and a gateway behind it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.e2e.cluster import Cluster
from tests.e2e.page.network import Network
from tests.e2e.page.tabs import Browsing
from tests.e2e.people import Gateway
from tests.e2e.visitors import DESKTOP, PHONE, chromium

Visit = Callable[..., Browsing]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser of all tests here; each user has a profile of their own."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def page_network(cluster: Cluster) -> Iterator[Network]:
    """The network before a gateway that knows it by that address."""
    with (
        Network.between() as network,
        cluster.another_gateway("gateway-page", ALLOWED_ORIGINS=network.url) as gateway,
    ):
        network.upstream_port = gateway.port
        yield network


@pytest.fixture
def network(page_network: Network) -> Iterator[Network]:
    """The network, sound before and after each test."""
    page_network.heal()
    yield page_network
    page_network.heal()


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def size(request: pytest.FixtureRequest) -> ViewportSize:
    """Width and height of a window."""
    found: ViewportSize = request.param
    return found


@pytest.fixture
def visit(browser: Browser, gateway: Gateway) -> Iterator[Visit]:
    """Opens pages of new users, by default straight at the gateway; closes them at the end."""
    made: list[Browsing] = []

    def make(
        *, size: ViewportSize = PHONE, locale: str = "en-GB", over: Network | None = None
    ) -> Browsing:
        url = gateway.base_url if over is None else over.url
        made.append(Browsing(browser, url, size=size, locale=locale))
        return made[-1]

    yield make
    for browsing in made:
        browsing.context.close()
