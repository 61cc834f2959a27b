"""Checks of the stores in production: that they require a password, and their version."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from app.adapters.mongo import password as mongo_password
from app.adapters.mongo import version as mongo_version
from app.adapters.postgres import password as postgres_password
from app.adapters.postgres import version as postgres_version
from app.adapters.redis import password as redis_password
from app.adapters.redis import version as redis_version
from app.settings import Settings
from app.store_security import PRODUCTION
from app.store_versions import version_fault


class Store(NamedTuple):
    """A kind of store, and its checks."""

    kind: str
    accepts_without_password: Callable[..., bool]
    server_version: Callable[..., tuple[int, ...] | None]


POSTGRESQL = Store(
    "PostgreSQL", postgres_password.accepts_without_password, postgres_version.server_version
)
REDIS = Store("Redis", redis_password.accepts_without_password, redis_version.server_version)
MONGODB = Store("MongoDB", mongo_password.accepts_without_password, mongo_version.server_version)
STORES = {
    "database_url": POSTGRESQL,
    "redis_broker_url": REDIS,
    "redis_fanout_url": REDIS,
    "redis_auth_url": REDIS,
    "mongodb_url": MONGODB,
}


def find_faults(settings: Settings) -> list[str]:
    """Check all stores at once; return a line for each fault."""
    with ThreadPoolExecutor(len(STORES)) as pool:
        found = pool.map(lambda name: list(_faults(settings, name)), STORES)
    return [fault for store_faults in found for fault in store_faults]


def _faults(settings: Settings, name: str) -> Iterator[str]:
    store, url = STORES[name], getattr(settings, name)
    if store.accepts_without_password(url, limits=settings.limits):
        yield (
            f"{name.upper()}: the server lets in who shows no password, which "
            f"PROFILE={PRODUCTION} forbids"
        )
    version = store.server_version(url, limits=settings.limits)
    if version is not None and (fault := version_fault(store.kind, version)):
        yield f"{name.upper()}: {fault}"
