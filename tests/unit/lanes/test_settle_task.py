"""The task `settle`: lanes in turn, none of which holds up another."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from celery import Celery
from msgspec.structs import replace

from lanes.dead_letter import HANDLER_ERROR, TOO_MANY
from lanes.errors import RetryLater, UnknownLaneError
from lanes.handler import LaneTopic, OnPoison, Settlement
from lanes.record import InboxRecord, RecordsByKey
from lanes.settings import LaneLimits
from lanes.settle import make_settler
from lanes.tasks.settle import register_settle
from lanes.testing import MemoryPorts, MemoryStore
from lanes.testing.ports import DEAD_LETTERS, INBOX, LANE_LOCKS, PARKED_LANES
from lanes.time import from_epoch_ms
from lanes.topic import Topic
from lanes.wake import SETTLE_TASK, Lane

TOPIC = "things"
LIMITS = LaneLimits(
    retries_max=2, settle_batch_max=10, settle_round_s=60.0, dead_letters_per_lane_max=1,
    dead_letters_per_partition_max=1,
)  # fmt: skip


@dataclass
class FakeWaker:
    """Records its calls."""

    cleared: list[Lane] = field(default_factory=list)
    enqueued: list[Lane] = field(default_factory=list)
    later: list[Lane] = field(default_factory=list)
    delayed: list[tuple[Lane, float]] = field(default_factory=list)

    def clear_flags(self, lanes: Any) -> None:
        self.cleared += lanes

    def enqueue(self, lanes: Any) -> None:
        self.enqueued += lanes

    def wake(self, lanes: Any) -> None:
        raise NotImplementedError

    def waiting(self, *, at_most: int) -> int:
        raise NotImplementedError

    def wake_later(self, lanes: Any) -> None:
        self.later += lanes

    def wake_after(self, lanes: Any, after_s: float) -> None:
        self.delayed += [(lane, after_s) for lane in lanes]


class Handler:
    """Settles all lanes except those whose keys name a failure."""

    def load(self, _: object, lanes: RecordsByKey) -> None:
        if any(key.startswith("unreadable") for key in lanes):
            raise ValueError
        if "unknown" in lanes:
            raise UnknownLaneError("NoSuchThing", "unknown")

    def settle(self, _: object, state: None, lanes: RecordsByKey) -> list[Settlement]:
        if "not-yet" in lanes:
            raise RetryLater(7.5)
        if "poison" in lanes:
            raise ZeroDivisionError
        return [Settlement([]) for _ in lanes]

    def fail(self, _: object, key: str, records: Sequence[InboxRecord]) -> Settlement:
        return Settlement([])

    def settled(self, _: object, payloads: Sequence[bytes]) -> list[bool]:
        raise NotImplementedError


class Worker:
    """A worker without a broker, and the lanes that wait for it."""

    def __init__(self, *keys: str, on_poison: OnPoison = "dead_letter", **limits: Any) -> None:
        self.store, self.waker = MemoryStore(), FakeWaker()
        lane = LaneTopic(
            topic=Topic(TOPIC, 1),
            group="group",
            queue="queue",
            check=lambda *_: None,
            identify=lambda _: None,
            handler=Handler(),
            on_poison=on_poison,
        )
        own_limits = replace(LIMITS, **limits)
        settler = make_settler(
            begin=self.store.begin,
            lanes=MemoryPorts(),
            claims=MemoryPorts(),
            dead_letters=MemoryPorts(),
            waker=self.waker,
            limits=own_limits,
        )
        self.celery = Celery("tests", set_as_current=False)
        register_settle(
            self.celery, settler, topics={TOPIC: lane}, waker=self.waker, limits=own_limits
        )
        for offset, key in enumerate(keys):
            record = InboxRecord(TOPIC, 0, offset, key, "", from_epoch_ms(0))
            self.store.rows(INBOX)[TOPIC, 0, offset] = record

    def settle(self, *keys: str) -> None:
        """Run the task, and raise its error."""
        self.celery.tasks[SETTLE_TASK].apply(args=(TOPIC, list(keys)), throw=True)

    @property
    def waiting(self) -> list[str]:
        """The keys of the records that are not settled."""
        return [record.key for record in self.store.rows(INBOX).values()]

    @property
    def reasons(self) -> list[str]:
        """The reasons of the dead letters."""
        return [letter.reason for letter, _ in self.store.rows(DEAD_LETTERS).values()]

    @property
    def parked(self) -> dict[str, str]:
        """By key, why a lane is parked."""
        rows = self.store.rows(PARKED_LANES).items()
        return {key: parking.reason for (_, key), (parking, _) in rows}


def test_every_lane_of_a_task_is_settled_and_its_flag_cleared() -> None:
    worker = Worker("a", "b", "a", "other")
    worker.settle("a", "b", "empty")
    assert worker.waiting == ["other"]
    assert worker.waker.cleared == [(TOPIC, "a"), (TOPIC, "b"), (TOPIC, "empty")]


def test_lanes_that_cannot_be_read_hold_up_no_other_lane() -> None:
    worker = Worker("unreadable", "a", "unreadable-too", "b")
    with pytest.raises(ExceptionGroup):
        worker.settle("unreadable", "a", "unreadable-too", "b")
    assert worker.waiting == ["unreadable", "unreadable-too"]


def test_a_busy_lane_is_left_at_once_and_retried_later() -> None:
    worker = Worker("a", "b")
    with worker.store.begin() as other:
        assert other.try_lock(LANE_LOCKS, (TOPIC, "a"))
        worker.settle("a", "b")
    assert worker.waiting == ["a"]
    assert worker.waker.later == [(TOPIC, "a")]
    worker.settle("a")
    assert worker.waiting == []


def test_lanes_without_time_left_are_queued_again() -> None:
    worker = Worker("a", "b", settle_round_s=1e-9)
    worker.settle("a", "b")
    assert worker.waiting == ["a", "b"]
    assert worker.waker.enqueued == [(TOPIC, "a"), (TOPIC, "b")]


def test_a_lane_deferred_by_its_handler_is_not_counted() -> None:
    worker = Worker("a", "not-yet", "not-yet", "b")
    worker.settle("a", "not-yet", "b")
    assert worker.waiting == ["not-yet", "not-yet"]
    assert worker.waker.delayed == [((TOPIC, "not-yet"), 7.5)]
    for _ in range(5):
        worker.settle("not-yet")
    assert [record.attempts for record in worker.store.rows(INBOX).values()] == [0, 0]
    assert (worker.reasons, worker.parked, worker.waker.enqueued) == ([], {}, [])


@pytest.mark.parametrize("after_s", [0, -1, float("inf"), float("nan")])
def test_a_lane_is_deferred_within_bounds_only(after_s: float) -> None:
    with pytest.raises(ValueError, match="after_s"):
        RetryLater(after_s)


def test_a_poison_record_is_a_dead_letter_and_its_lane_continues() -> None:
    worker = Worker("poison", "a")
    worker.settle("poison", "a")
    assert (worker.waiting, worker.reasons, worker.parked) == ([], [HANDLER_ERROR], {})


def test_a_poison_record_parks_its_lane_if_the_topic_says_so() -> None:
    worker = Worker("poison", "poison", "a", on_poison="park")
    worker.settle("poison", "a")
    assert (worker.waiting, worker.reasons) == (["poison", "poison"], [])
    assert worker.parked == {"poison": HANDLER_ERROR}


def test_a_record_of_no_lane_parks_nothing() -> None:
    worker = Worker("unknown", on_poison="park")
    worker.settle("unknown")
    assert (worker.waiting, worker.reasons, worker.parked) == ([], ["NoSuchThing"], {})


def test_the_limit_of_dead_letters_parks_by_its_own_reason() -> None:
    worker = Worker("unknown", "unknown", on_poison="park")
    worker.settle("unknown")
    assert (worker.waiting, worker.parked) == (["unknown"], {"unknown": TOO_MANY})
