"""One running application for all end-to-end tests, and its users.

The application belongs to this folder, not to the session: other tests run own workers on the
same servers, and kill them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import pytest

from stack.boards.query import PrometheusClient
from stack.places import CHECKOUT, Places
from stack.servers.prometheus import Prometheus
from tests.e2e.cluster import Cluster
from tests.e2e.people import Gateway, Person
from tests.integration.database import database_without_tables
from tests.servers import own_stack
from tests.waiting import stretched

PREFIX = "e2e-"
# Limits that a test reaches in seconds.
STRICT = {
    "ALLOW_MISSING_ORIGIN": "0",
    "SOCKETS_PER_GATEWAY_MAX": "4",
    "SUBSCRIPTIONS_PER_SOCKET_MAX": "2",
    "FRAMES_PER_S_MAX": "5",
    "FRAMES_OVER_RATE_S": "1",
    "PING_S": "1",
}
# Those that a client of this machine must keep, in seconds of a free one.
PROMPT_S = {"AUTH_TIMEOUT_S": 2, "ACCESS_TOKEN_S": 5, "PONG_TIMEOUT_S": 2}
# No limit of frames, a short queue, a log that names why sockets are closed, presence every second,
# and rights that are read again only when a change is published.
PATIENT = {
    "FRAMES_PER_S_MAX": "1000000",
    "BYTES_PER_S_MAX": "1000000000",
    "QUEUE_BYTES_MAX": "16384",
    "LOG_LEVEL": "DEBUG",
    "PRESENCE_S": "1",
    "RIGHTS_TTL_S": "86400",
}
SCRAPE_S = 1  # of Prometheus


@dataclass(frozen=True, slots=True)
class Limited:
    """Gateways of one process each. `broken` has a database without tables."""

    strict: Gateway
    patient: Gateway
    broken: Gateway


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    """Gateway with its workers, bridge and Celery workers on the tests' servers."""
    stack = own_stack()
    stack.servers_up()
    stack.run_once("migrations", "alembic", "upgrade", "head")
    stack.run_once("topics", "python", "-m", "bridge", "topics")
    with Cluster.open(stack, prefix=PREFIX) as cluster:
        yield cluster


@pytest.fixture(scope="package")
def gateway(cluster: Cluster) -> Gateway:
    """The default gateway."""
    return cluster.gateway


@pytest.fixture(scope="package")
def limited(cluster: Cluster) -> Iterator[Limited]:
    """More gateways on the same stores, with other limits."""
    prompt = {name: str(ceil(stretched(seconds))) for name, seconds in PROMPT_S.items()}
    with database_without_tables() as tableless:
        changes = {
            "strict": {**STRICT, **prompt},
            "patient": PATIENT,
            "broken": {"DATABASE_URL": tableless},
        }
        with cluster.other_gateways(
            {f"gateway-{name}": changes[name] for name in changes}
        ) as found:
            yield Limited(*found)


@pytest.fixture(scope="package")
def seller(gateway: Gateway) -> Person:
    """A user who sells."""
    return gateway.sign_up("Mina")


@pytest.fixture(scope="package")
def anna(gateway: Gateway) -> Person:
    """A user who bids."""
    return gateway.sign_up("Anna")


@pytest.fixture(scope="package")
def ben(gateway: Gateway) -> Person:
    """Another user who bids."""
    return gateway.sign_up("벤")


@pytest.fixture(scope="module")
def prometheus(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrometheusClient]:
    """A real Prometheus that scrapes the application, without data of earlier tests."""
    stack = cluster.stack
    places = Places(CHECKOUT, stack.places.run_dir, tmp_path_factory.mktemp("prometheus"))
    server = Prometheus(places, stack.settings, stack.credentials)
    server.scrape_s = SCRAPE_S
    server.prepare()
    with stack.control.running([server.program()]):
        stack.control.wait_for(server.is_ready, name=server.name)
        yield PrometheusClient(stack.addresses()["PROMETHEUS_URL"])
