"""Guests wait for each other; signed-in users do not wait for them."""

import select
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.abuse.conftest import PRODUCTION
from tests.e2e.cluster import Cluster
from tests.e2e.people import Gateway, Person
from tests.e2e.raw import RawConnection, head
from tests.waiting import CALL_S

CROWD = 10
READ = head("GET", "/api/auctions")


@pytest.fixture
def slow(cluster: Cluster) -> Iterator[Gateway]:
    """A gateway that answers one guest a second."""
    changes = {**PRODUCTION, "GATEWAY_WORKERS": "1", "GUEST_REQUESTS_PER_S_MAX": "1"}
    with cluster.another_gateway("gateway-slow", **changes) as gateway:
        yield gateway


def test_requests_with_a_token_overtake_waiting_guests(slow: Gateway, anna: Person) -> None:
    with ExitStack() as stack:
        guests = [stack.enter_context(RawConnection.open(slow.port)) for _ in range(CROWD)]
        for guest in guests:
            guest.send(READ)
        answered, _, _ = select.select([guest.sock for guest in guests], [], [], CALL_S)
        assert answered, "a first guest is answered"
        token = f"Authorization: Bearer {anna.token}"
        person = stack.enter_context(RawConnection.open(slow.port))
        assert person.send(head("GET", "/api/auctions", token)).answer().status == 200
        answered, _, _ = select.select([guest.sock for guest in guests], [], [], 0)
        assert len(answered) < CROWD
        assert {guest.answer().status for guest in guests} == {200}  # in time all are
