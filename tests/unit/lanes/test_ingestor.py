"""Each record once, in order, by one owner at a time."""

from dataclasses import replace

import pytest

from app.services.rejected_records import UNKNOWN_USER
from lanes.bounds import Bounds
from lanes.dead_letter import TOO_MANY
from lanes.errors import GoneError, OutageError, StoppedError
from lanes.ingest import Ingestor
from lanes.testing.ports import DEAD_LETTERS
from tests.unit.lanes.builders import (
    LANE,
    PER_PARTITION,
    TOPIC,
    Store,
    bad,
    owner_of,
    ports_of,
    raw,
    start,
    started,
)

PARTITION = (TOPIC.name, 0)
PLACE = (LANE.group, *PARTITION)


def test_an_owner_starts_at_the_first_offset_or_at_progress() -> None:
    store = Store()
    assert start(owner_of(store), {0: Bounds(5, 100)}) == {0: 5}
    store.progress[PARTITION] = (40, "first")
    assert start(owner_of(store), {0: Bounds(5, 100)}) == {0: 40}


def test_repeats_and_records_of_other_partitions_are_dropped() -> None:
    store = Store()
    owner = started(store)
    owner.ingest({0: [raw(0), raw(1)]})
    result = owner.ingest({0: [raw(1), raw(2)], 1: [raw(0, partition=1)]})
    assert store.inserted() == [0, 1, 2]
    assert store.inserted(1) == []
    assert result.positions == {0: 3}


def test_an_owner_whose_progress_was_moved_ingests_nothing() -> None:
    store = Store()
    zombie, other = started(store), started(store)
    other.ingest({0: [raw(0), bad(1)]})
    result = zombie.ingest({0: [raw(0), bad(1), raw(2)]})
    assert (store.inserted(), store.reasons()) == ([0], [(1, "Undecodable")])
    assert (result.lost, result.positions, result.records) == ({0}, {}, [])
    assert start(zombie, {0: Bounds(0, 1_000)}) == {0: 2}


def test_a_fenced_owner_does_not_park_partitions() -> None:
    store = Store()
    zombie, other = started(store), started(store)
    other.ingest({0: [bad(offset) for offset in range(PER_PARTITION)]})
    result = zombie.ingest({0: [bad(0)]})
    assert result.lost == {0}
    assert not store.parked


def test_one_lost_partition_does_not_keep_the_others() -> None:
    store = Store()
    owner = owner_of(store)
    start(owner, {0: Bounds(0, 9), 1: Bounds(0, 9)})
    store.progress[PARTITION] = (1, "first")
    result = owner.ingest({0: [raw(0)], 1: [raw(0, partition=1)]})
    assert (result.lost, result.positions) == ({0}, {1: 1})
    assert store.inserted(1) == [0]


def test_a_reassigned_partition_is_not_ingested() -> None:
    store = Store()
    owner = started(store)
    owner.revoke([0])
    owner.ingest({0: [raw(0)]})
    assert store.inserted() == []


def test_an_outage_ingests_and_counts_nothing() -> None:
    store = Store()
    owner = started(store)
    store.is_down = True
    with pytest.raises(OutageError):
        owner.ingest({0: [raw(0), bad(1)]})
    store.is_down = False
    owner.ingest({0: [raw(0), bad(1)]})
    assert (store.inserted(), store.reasons()) == ([0], [(1, "Undecodable")])


@pytest.mark.parametrize("bounds", [Bounds(8, 100), Bounds(0, 6)])
def test_a_log_that_does_not_hold_progress_is_refused(bounds: Bounds) -> None:
    store = Store()
    store.progress[PARTITION] = (7, "first")
    with pytest.raises(StoppedError, match=r"progress 7 of lists/0 .* docs/ownership.md"):
        start(owner_of(store), {0: bounds})


def test_a_topic_of_another_id_is_refused() -> None:
    store = Store()
    started(store)
    with pytest.raises(StoppedError, match="made again"):
        start(owner_of(store, topic_id="second"), {0: Bounds(0, 1_000)})


def test_a_partition_too_many_is_refused() -> None:
    with pytest.raises(StoppedError, match="partitions were added"):
        start(owner_of(Store()), {TOPIC.partitions: Bounds(0, 0)})


@pytest.mark.parametrize(
    ("offsets", "has_gap"),
    [([3, 4], False), ([4, 5], True), ([2, 3], True), ([3, 5], True), ([0], True)],
)
def test_a_gap_or_a_step_back_of_offsets_is_found(offsets: list[int], *, has_gap: bool) -> None:
    owner = started(Store())
    owner.ingest({0: [raw(0), raw(1), raw(2)]})
    assert owner.partitions_with_gap({0: [raw(offset) for offset in offsets]}) == (
        {0} if has_gap else set()
    )


def test_records_lost_under_a_running_owner_are_refused() -> None:
    owner = started(Store())
    owner.check_truncated({0: Bounds(0, 5), 1: Bounds(9, 9)})  # 1 is not ours
    with pytest.raises(StoppedError):
        owner.check_truncated({0: Bounds(2, 5)})


def test_too_many_bad_records_park_the_partition() -> None:
    store = Store()
    owner = started(store)
    start(owner, {1: Bounds(0, 9)})
    batch = [raw(0), *(bad(offset) for offset in range(1, PER_PARTITION + 2)), raw(9)]
    result = owner.ingest({0: batch, 1: [raw(0, partition=1)]})
    stopped_at = PER_PARTITION + 1
    assert store.inserted() == [0]
    assert len(store.letters) == PER_PARTITION
    assert result.positions == {0: stopped_at, 1: 1}
    assert store.progress[PARTITION] == (stopped_at, "first")
    assert result.parkings[0].reason == store.parked[PLACE].reason == TOO_MANY
    owner.ingest({0: batch, 1: [raw(1, partition=1)]})
    assert store.inserted() == [0]
    assert store.inserted(1) == [0, 1]


def test_an_unparked_partition_continues_where_it_stopped() -> None:
    store = Store()
    owner = started(store)
    batch = [*(bad(offset) for offset in range(PER_PARTITION + 1)), raw(PER_PARTITION + 1)]
    owner.ingest({0: batch})
    store.unpark_all()
    assert owner.refresh_parked() == {0}
    assert owner.positions[0] == PER_PARTITION
    owner.ingest({0: batch})
    assert store.inserted() == [PER_PARTITION + 1]


def test_a_new_owner_knows_what_is_parked() -> None:
    store = Store()
    started(store).ingest({0: [bad(offset) for offset in range(PER_PARTITION + 1)]})
    owner = started(store)
    assert owner.parked == {0}
    store.rows(DEAD_LETTERS).clear()
    owner.ingest({0: [bad(PER_PARTITION)]})
    assert store.reasons() == []


def test_progress_moved_by_another_owner_is_no_fault() -> None:
    store = Store()
    owner, other = owner_of(store), started(store)

    def bounds_of(_: object) -> dict[int, Bounds]:
        """The topic has grown by two records since, and both are ingested."""
        other.ingest({0: [raw(0), raw(1)]})
        return {0: Bounds(0, 2)}

    assert owner.start([0], bounds_of) == {0: 0}
    assert owner.ingest({0: [raw(0)]}).lost == {0}
    assert owner.start([0], lambda _: {0: Bounds(0, 2)}) == {0: 2}


def test_records_lost_by_a_restore_park_nothing() -> None:
    def lost(key: str, value: bytes) -> object:
        raise GoneError(UNKNOWN_USER, "user 7 was lost")

    store = Store()
    owner = Ingestor(replace(LANE, check=lost), ports_of(store), topic_id="first")
    start(owner, {0: Bounds(0, 1_000)})
    many = 10 * PER_PARTITION
    result = owner.ingest({0: [raw(offset) for offset in range(many)]})
    assert store.reasons() == [(offset, UNKNOWN_USER) for offset in range(many)]
    assert (result.positions, result.parkings) == ({0: many}, {})
