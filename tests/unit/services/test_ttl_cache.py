"""A cache with a time to live: bounded, and never older than that time."""

from app.services.ttl_cache import TtlCache

TTL_S, KEYS = 60.0, range(100)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def kept(cache: TtlCache[int, int]) -> int:
    """How many of the keys are kept."""
    return sum(cache.get(key) is not None for key in KEYS)


def test_a_value_is_kept_for_its_time() -> None:
    clock = Clock()
    cache: TtlCache[int, int] = TtlCache(100, ttl_s=TTL_S, clock=clock)
    for key in KEYS:
        cache.put(key, key)
    clock.now += TTL_S - 1.0
    assert kept(cache) == len(KEYS)
    clock.now += 1.0
    assert kept(cache) == 0


def test_entries_read_together_expire_at_different_times() -> None:
    clock = Clock()
    cache: TtlCache[int, int] = TtlCache(100, ttl_s=TTL_S, is_spread=True, clock=clock)
    for key in KEYS:
        cache.put(key, key)
    clock.now += TTL_S / 2 - 1.0
    assert kept(cache) == len(KEYS)
    clock.now += TTL_S / 4
    assert 0 < kept(cache) < len(KEYS)
    clock.now += TTL_S / 4 + 1.0
    assert kept(cache) == 0
