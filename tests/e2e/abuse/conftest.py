"""A gateway with production limits, and honest users on it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from stack.hostile.abuses import GUESTS, Target
from stack.websocket_client import Frame
from tests.e2e.abuse.honest import HonestBidders
from tests.e2e.bidding import bid
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.e2e.processes import wait_idle

WaitIdle = Callable[[], None]

# Addresses count, loopback too: each client has another one of 127.0.0.0/8, honest ones use
# 127.0.0.1, abusers from 127.0.1.0/24 and above.
PRODUCTION = {
    "TRUST_LOOPBACK": "0",
    "ALLOW_MISSING_ORIGIN": "0",
    "GATEWAY_WORKERS": "2",
}
# Honest users stay for all abuses, which on a slow machine take longer than a token lasts.
PATIENT = {"ACCESS_TOKEN_S": "7200"}
SOCKETS = 5  # that a user may have
HONEST_BIDDERS = 4  # one socket each: enough that there is one at either of the gateway's processes


@pytest.fixture(scope="package")
def abused(cluster: Cluster) -> Iterator[Gateway]:
    """The gateway that is abused: two processes, each with honest users and abusers."""
    with cluster.another_gateway("gateway-abused", **PRODUCTION, **PATIENT) as gateway:
        yield gateway


@pytest.fixture(scope="package")
def lots(seller: Person) -> list[Frame]:
    """The auctions that honest users bid on, one each."""
    return [create_lot(seller) for _ in range(HONEST_BIDDERS)]


@pytest.fixture(scope="package")
def abusers(gateway: Gateway) -> list[Person]:
    """Users whose sockets fill GUESTS."""
    return [gateway.sign_up(f"Abuser {number}") for number in range(GUESTS // SOCKETS)]


@pytest.fixture
def target(cluster: Cluster, abused: Gateway, lots: list[Frame], abusers: list[Person]) -> Target:
    """The target of abusers."""
    metrics_port = httpx.URL(cluster.metrics_url).port
    assert metrics_port is not None
    lot_ids, tokens = [lot["id"] for lot in lots], [person.token for person in abusers]
    return Target(abused.port, metrics_port, lot_ids, tokens)


@pytest.fixture(scope="package")
def wait_until_idle(cluster: Cluster, abused: Gateway) -> WaitIdle:
    """Wait until the gateway has finished what the last abuse caused."""
    return lambda: wait_idle(cluster.stack.control.pid(abused.name))


@pytest.fixture(scope="package")
def tokens(gateway: Gateway, abused: Gateway) -> list[str]:
    """The tokens of honest users, who sign up at the usual gateway, where loopback is exempt."""
    people = [gateway.sign_up(f"Honest {number}") for number in range(HONEST_BIDDERS)]
    return [person.log_in(abused) for person in people]


@pytest.fixture
def honest(abused: Gateway, lots: list[Frame], tokens: list[str]) -> Iterator[HonestBidders]:
    """Bidders who have bid once, on sockets that no other abuse has used."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(abused.enter(token)) for token in tokens]
        for socket, lot in zip(sockets, lots, strict=True):
            bid(socket, lot, 10**9, confirm=True)
        yield HonestBidders(sockets, lots)
