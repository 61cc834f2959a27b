"""What abuse leaves behind in Redis."""

from dataclasses import dataclass
from typing import Any, cast

from redis import Redis

MIB = 2**20
# Counters of who was refused fade by themselves; nothing that abuse makes may stay for ever.
LASTING_MORE_MAX = 20  # keys: Celery's own are of a fixed number
MEMORY_MORE_MAX_MIB = 64  # a minute's counters, sockets' buffers, and the honest bids' own


@dataclass(frozen=True, slots=True)
class RedisUsage:
    """What Redis holds: all keys, those that never fade, and its memory."""

    keys: int
    lasting: int
    memory_mib: float


def redis_usage(redis_url: str) -> RedisUsage:
    """What it holds now, in all databases."""
    with Redis.from_url(redis_url) as redis:
        info = cast("dict[str, Any]", redis.info())
    databases = [value for name, value in info.items() if name.removeprefix("db").isdigit()]
    keys = sum(int(database["keys"]) for database in databases)
    fading = sum(int(database["expires"]) for database in databases)
    return RedisUsage(keys, keys - fading, int(info["used_memory"]) / MIB)


def complaints_of(before: RedisUsage, after: RedisUsage) -> list[str]:
    """What grew in a way that would have no end, one line each."""
    found = []
    if after.lasting - before.lasting > LASTING_MORE_MAX:
        found.append(f"Redis: {after.lasting - before.lasting} more keys that never fade")
    if after.memory_mib - before.memory_mib > MEMORY_MORE_MAX_MIB:
        found.append(f"Redis: {after.memory_mib - before.memory_mib:.0f} MiB more memory")
    return found


def render_growth(before: RedisUsage, after: RedisUsage) -> str:
    """What Redis held, in one line."""
    return (
        f"Redis: {before.keys:,} keys and {before.memory_mib:.0f} MiB before, "
        f"{after.keys:,} and {after.memory_mib:.0f} MiB after"
    )
