"""Which databases a process admits, and the signs of one that is older than Kafka."""

from collections.abc import Collection
from dataclasses import dataclass, field

import pytest

from app.domain.errors import BusyError
from app.protocol.topics import AUCTION_BID
from app.services.epochs import (
    INSPECT_AGAIN_S,
    DatabaseGuard,
    Epoch,
    LostIds,
    OlderDatabaseError,
    committed_ahead,
    published_ahead,
    signed_in_ahead,
)
from lanes.topic import Topic


@dataclass
class StoredRows:
    """A database of a test."""

    server: str = "first start"
    name: str = "e1"
    published: dict[int, int] = field(default_factory=dict)
    next_offsets: dict[int, int] = field(default_factory=dict)
    auctions: dict[int, int] = field(default_factory=dict)
    last_user: int = 0
    admitted: str | None = None

    def epoch(self) -> Epoch:
        return Epoch(self.name, self.server, self.admitted, LostIds(), self.published)

    def record_admitted(self, epoch: Epoch) -> None:
        self.admitted = epoch.server

    def progress(self, topic: str) -> dict[int, int]:
        return self.next_offsets

    def versions(self, auction_ids: Collection[int]) -> dict[int, int]:
        return {one: self.auctions[one] for one in auction_ids if one in self.auctions}

    def last_user_id(self) -> int:
        return self.last_user


@dataclass
class Remembered:
    """What the log remembers; None: it does not answer."""

    offsets: dict[int, int] | None = field(default_factory=dict)
    last: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    reads: int = 0

    def committed(self, group: str, topic: Topic) -> dict[int, int]:
        self.reads += 1
        if self.offsets is None:
            raise BusyError("no Kafka")
        return self.offsets

    def last_published(self) -> dict[int, tuple[int, int, int]]:
        return self.last


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def guard(log: Remembered, *, signed_in: int = 0, clock: Clock | None = None) -> DatabaseGuard:
    freshness_checks = (
        committed_ahead(log, group="auction", topic=AUCTION_BID),
        published_ahead(log),
        signed_in_ahead(lambda _: signed_in),
    )
    return DatabaseGuard(freshness_checks, clock=clock or Clock())


@pytest.mark.parametrize(
    ("database", "log"),
    [
        (StoredRows(), Remembered()),
        (StoredRows(next_offsets={0: 5, 1: 3}), Remembered({0: 5, 1: 3})),
        (StoredRows(next_offsets={0: 900}), Remembered({0: 5})),  # its commits were lost
        (StoredRows(next_offsets={0: 900}), Remembered()),
        (StoredRows(auctions={7: 4}), Remembered(last={0: (9, 7, 4)})),
        (StoredRows(auctions={7: 9}), Remembered(last={0: (9, 7, 4)})),  # its relay is behind
        (StoredRows(published={0: 10}), Remembered(last={0: (9, 7, 4)})),  # of before a restore
    ],
)
def test_no_crash_looks_like_a_restore(database: StoredRows, log: Remembered) -> None:
    guarded = guard(log)
    guarded.admit(database)
    assert guarded.epoch.name == "e1"


@pytest.mark.parametrize(
    ("database", "log", "signed_in", "reason"),
    [
        (StoredRows(next_offsets={0: 4}), Remembered({0: 5}), 0, "auction-bid/0 was taken up to 5"),
        (StoredRows(), Remembered({3: 1}), 0, "auction-bid/3 was taken up to 1, progress is 0"),
        (StoredRows(), Remembered(last={0: (9, 7, 0)}), 0, "auction 7 was published"),
        (StoredRows(auctions={7: 3}), Remembered(last={0: (9, 7, 4)}), 0, "version 4, not 3"),
        (StoredRows(last_user=5), Remembered(), 6, "user 6 has signed in, the last one is 5"),
    ],
)
def test_a_newer_kafka_or_session_reveals_an_older_database(
    database: StoredRows, log: Remembered, signed_in: int, reason: str
) -> None:
    guarded = guard(log, signed_in=signed_in)
    with pytest.raises(OlderDatabaseError, match=reason) as refusal:
        guarded.admit(database)
    assert "run `python -m app.admin after-restore`" in str(refusal.value)
    with pytest.raises(OlderDatabaseError):
        guarded.check()


def test_a_server_is_checked_once_per_start() -> None:
    log = Remembered({0: 5})
    guarded = guard(log)
    for server in ("first start", "first start", "second start"):
        guarded.admit(StoredRows(server=server, next_offsets={0: 5}))
    assert log.reads == 2
    with pytest.raises(OlderDatabaseError):
        guarded.admit(StoredRows(server="third start", next_offsets={0: 4}))
    with pytest.raises(OlderDatabaseError):
        guarded.check()


def test_while_kafka_is_down_only_known_servers_are_admitted() -> None:
    log, clock = Remembered({0: 5}), Clock()
    guarded = guard(log, clock=clock)
    with pytest.raises(BusyError):
        guarded.check()
    guarded.admit(StoredRows(next_offsets={0: 5}))
    log.offsets = None
    with pytest.raises(BusyError):
        guarded.admit(StoredRows(server="second start", next_offsets={0: 5}))
    guarded.check()
    log.offsets = {0: 5}
    clock.now += INSPECT_AGAIN_S
    guarded.admit(StoredRows(server="second start", next_offsets={0: 5}))


def test_a_new_epoch_admits_a_refused_database() -> None:
    log, clock = Remembered({0: 5}), Clock()
    guarded = guard(log, clock=clock)
    with pytest.raises(OlderDatabaseError):
        guarded.admit(StoredRows(next_offsets={0: 4}))
    log.offsets = {0: 4}
    clock.now += INSPECT_AGAIN_S
    guarded.admit(StoredRows(name="e2", next_offsets={0: 4}))
    assert guarded.epoch.name == "e2"


def test_an_admitted_server_is_admitted_by_all_processes() -> None:
    log, database, clock = Remembered({0: 5}), StoredRows(next_offsets={0: 5}), Clock()
    follower = DatabaseGuard((), clock=clock)
    with pytest.raises(BusyError, match="after-restore"):
        follower.admit(database)
    guard(log).admit(database)
    guard(log).admit(database)
    assert log.reads == 1
    clock.now += INSPECT_AGAIN_S
    follower.admit(database)
    database.server = "second start"
    with pytest.raises(BusyError):
        follower.admit(database)


def test_without_a_guard_any_database_is_admitted() -> None:
    guarded = DatabaseGuard(None)
    guarded.check()
    guarded.admit(StoredRows())
    assert guarded.epoch.name == "e1"


def test_ids_that_were_lost_are_ranges_and_single_ones() -> None:
    lost_ids = LostIds({"users": [(3, 3), (10, 20)]})
    assert [number for number in range(25) if lost_ids.has("users", number)] == [3, *range(10, 21)]
    assert not lost_ids.has("auctions", 3)
