"""A bid that has to wait for its turn is refused at once, or placed in turn in any case."""

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent.event import Event

from app.domain.errors import BusyError
from app.services.backlog import LATE_FRAMES_MIN, LATE_S
from app.web.turns import LOOP_TURNS
from app.web.ws.admission import BIDS_WAITING_MAX
from tests.unit.ws.builders import Client, FakeServices

BID: dict[str, Any] = {"auction_id": 7, "amount": 500}


@pytest.fixture
def turn() -> Iterator[Event]:
    """Until it is set, all sockets wait for their turn."""
    turn = Event()
    LOOP_TURNS.put(turn.wait)
    yield turn
    turn.set()
    LOOP_TURNS.wait()


def bidder(services: FakeServices, user: int = 5, first: Client | None = None) -> Client:
    """A user who has bid, so that their right to bid is cached."""
    client = Client(services, None if first is None else first.hub)
    client.request("auth", token=str(user))
    client.request("bid.place", **BID, key="k0")
    return client


def in_turn(client: Client, turn: Event) -> list[dict[str, Any]]:
    """The answers after its turn."""
    turn.set()
    LOOP_TURNS.wait()
    return client.received()


def test_a_waiting_bid_is_placed_in_its_turn(turn: Event) -> None:
    services = FakeServices()
    client = bidder(services)
    assert client.admit("bid.place", **BID, key="k1")
    gevent.sleep(0)
    assert len(services.appended) == 1
    assert [answer["key"] for answer in in_turn(client, turn)] == ["k1"]
    assert len(services.appended) == 2


def test_a_waiting_bid_is_refused_before_its_turn(turn: Event) -> None:
    services = FakeServices()
    client = bidder(services)
    services.check_error = BusyError()
    assert client.admit("bid.place", **BID, key="k1")
    (refusal,) = client.received()
    assert (refusal["code"], refusal["re"], refusal["retry"]) == ("BUSY", 3, True)
    assert in_turn(client, turn) == []
    assert len(services.appended) == 1


def test_an_accepted_waiting_bid_is_not_refused_later(turn: Event) -> None:
    services = FakeServices()
    client = bidder(services)
    client.admit("bid.place", **BID, key="k1")
    services.check_error = BusyError()
    assert [answer["type"] for answer in in_turn(client, turn)] == ["bid.received"]


def test_early_refusals_do_not_count_for_the_measured_wait(turn: Event) -> None:
    services = FakeServices()
    client = bidder(services)
    late_s = client.connection.received_at + 10 * LATE_S
    for _ in range(LATE_FRAMES_MIN):
        services.admission.lateness.update(2 * LATE_S, late_s)
    services.admission.lateness.update(2 * LATE_S, late_s + LATE_S / 2)
    services.check_error = BusyError()
    client.admit("bid.place", **BID, key="k1")
    assert services.admission.lateness.is_over(late_s + 1.1 * LATE_S)


def test_other_frames_wait_in_their_reader(turn: Event) -> None:
    client = bidder(FakeServices())
    assert not client.admit("bid.status", auction_id=7, key="k0")
    assert not client.admit("bid.place", **BID, key="a fault")
    assert client.received() == []


def test_a_socket_has_few_waiting_bids(turn: Event) -> None:
    client = bidder(FakeServices())
    keys = [f"k{number + 1}" for number in range(BIDS_WAITING_MAX + 1)]
    taken = [client.admit("bid.place", **BID, key=key) for key in keys]
    assert taken == [True] * BIDS_WAITING_MAX + [False]
    assert [answer["key"] for answer in in_turn(client, turn)] == keys[:-1]
    assert client.connection.bids_waiting == 0


def test_a_repeated_frame_id_is_refused(turn: Event) -> None:
    client = bidder(FakeServices())
    client.admit("bid.place", **BID, key="k1")
    assert not client.admit("bid.place", **BID, id=2, key="k2")


def test_a_waiting_bid_is_placed_even_if_its_socket_ended(turn: Event) -> None:
    services = FakeServices()
    client = bidder(services)
    client.admit("bid.place", **BID, key="k1")
    client.end()
    in_turn(client, turn)
    assert len(services.appended) == 2


def test_a_waiting_bid_is_dropped_in_a_drain(turn: Event) -> None:
    services = FakeServices()
    client = bidder(services)
    client.admit("bid.place", **BID, key="k1")
    client.hub.registry.is_draining = True
    assert in_turn(client, turn) == []
    assert len(services.appended) == 1
    assert client.connection.bids_waiting == 0


def test_above_the_rate_it_is_refused_at_once(turn: Event) -> None:
    client = bidder(FakeServices())
    while not (refused := [a for a in client.request("time", client_ms=1) if "code" in a]):
        pass
    assert refused[0]["code"] == "RATE_LIMITED"
    assert client.admit("bid.place", **BID, key="k1")
    assert [answer["code"] for answer in client.received()] == ["RATE_LIMITED"]


def test_a_waiting_bid_is_refused_before_its_right_is_read(turn: Event) -> None:
    services = FakeServices()
    client = bidder(services)
    services.bidding.rights.clear()
    assert not client.admit("bid.place", **BID, key="k1")
    services.check_error = BusyError()
    assert client.admit("bid.place", **BID, key="k2")
    assert [answer["code"] for answer in client.received()] == ["BUSY"]
