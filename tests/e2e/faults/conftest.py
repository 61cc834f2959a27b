"""Many bidders, and the records and rows of the application."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from app.settings import read_settings
from tests.containers import build_container
from tests.e2e.bidders import Bidder
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.integration.lanes.cluster import LaneCluster

CROWD = 25

MakeBidders = Callable[..., list[Bidder]]


@pytest.fixture(scope="package")
def lanes(cluster: Cluster) -> Iterator[LaneCluster]:
    """The application's records and rows."""
    container = build_container(read_settings(cluster.stack.environment()), application="tests")
    yield LaneCluster(cluster.stack, container, prefix=cluster.prefix)
    container.engine.dispose()


@pytest.fixture(scope="package")
def crowd(gateway: Gateway) -> list[Person]:
    """Users."""
    return [gateway.sign_up(f"Bidder {number}") for number in range(CROWD)]


@pytest.fixture
def make_bidders(seller: Person, crowd: Sequence[Person]) -> Iterator[MakeBidders]:
    """Let `count` users join a new auction, each with a socket at every gateway of `at`."""
    made: list[Bidder] = []

    def make(count: int, at: Sequence[Gateway]) -> list[Bidder]:
        lot_id = create_lot(seller)["id"]
        made.extend(Bidder(person, lot_id, at) for person in crowd[:count])
        return made

    yield make
    for bidder in made:
        bidder.close()
