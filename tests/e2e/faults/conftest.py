"""A crowd of bidders, and the house seen from its log and its database."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from app.settings import read_settings
from tests.containers import build_container
from tests.e2e.bidders import Bidder
from tests.e2e.house import House
from tests.e2e.lots import put_up
from tests.e2e.people import Gateway, Person
from tests.integration.lanes.house import House as Lanes

CROWD = 25

Gather = Callable[..., list[Bidder]]


@pytest.fixture(scope="package")
def lanes(house: House) -> Iterator[Lanes]:
    """The house's log and rows."""
    container = build_container(read_settings(house.stack.environment()), application="tests")
    yield Lanes(house.stack, container, prefix=house.prefix)
    container.engine.dispose()


@pytest.fixture(scope="package")
def crowd(gateway: Gateway) -> list[Person]:
    """People."""
    return [gateway.sign_up(f"Bidder {number}") for number in range(CROWD)]


@pytest.fixture
def gather(seller: Person, crowd: Sequence[Person]) -> Iterator[Gather]:
    """Lets `count` people come to a new lot, each with a socket at every gateway of `at`."""
    here: list[Bidder] = []

    def come(count: int, at: Sequence[Gateway]) -> list[Bidder]:
        lot_id = put_up(seller)["id"]
        here.extend(Bidder(person, lot_id, at) for person in crowd[:count])
        return here

    yield come
    for bidder in here:
        bidder.close()
