"""Growth of the stores is reported per million, and hot updates as their share."""

from stack.bench.stored import HOT_TABLES, Growth, Updates, render_growth

NAMES = [f"PostgreSQL {name}, {part}" for name in HOT_TABLES for part in ("heap", "indexes")]


def test_growth_is_listed_per_million_largest_first() -> None:
    growth = Growth(
        what="decided bids",
        number=50_000,
        added={"Kafka auction-bid": 5_000_000, "PostgreSQL bids, heap": 12_500_000, "Redis": 100},
        sizes=dict.fromkeys(NAMES, 1_000_000),
        updates={"auctions": Updates(updates=200, hot=150, dead=7, vacuums=1)},
    )
    lines = render_growth([growth]).splitlines()
    assert lines[2:5] == [
        "| PostgreSQL bids, heap | 12.5 | 250 |",
        "| Kafka auction-bid | 5.0 | 100 |",
        "",
    ]
    assert lines[-1] == "| auctions | 2.0 | 200 | 75.0% | 7 | 1 |"
