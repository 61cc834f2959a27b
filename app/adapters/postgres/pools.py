"""Metrics of the connection pools of this process."""

from collections import Counter
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, QueuePool

from app.observability import metrics

_NAMES: WeakKeyDictionary[Engine, str] = WeakKeyDictionary()


def watch_pool(engine: Engine, name: str) -> None:
    """Measure the pool of `engine` from now on, under `name`."""
    _NAMES[engine] = name


def measure_pools() -> None:
    """Set the gauges of all pools that are watched."""
    used: Counter[str] = Counter()
    allowed: Counter[str] = Counter()
    for engine, name in list(_NAMES.items()):
        if isinstance(engine.pool, QueuePool):
            used[name] += engine.pool.checkedout()
            allowed[name] += engine.pool.size()
    for name, number in allowed.items():
        metrics.POOL_USED.labels(name).set(used[name])
        metrics.POOL_ALLOWED.labels(name).set(number)
