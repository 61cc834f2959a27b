"""The task `settle`: lanes in turn, none of which holds up another."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from celery import Celery

from app.domain.time import from_epoch_ms
from lanes.handler import LaneTopic, Settlement
from lanes.record import InboxRecord, RecordsByKey
from lanes.settings import LaneLimits
from lanes.settle import make_settler
from lanes.tasks.settle import register_settle
from lanes.testing import MemoryPorts, MemoryStore
from lanes.testing.ports import CLAIMS, INBOX
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


class Handler:
    """Settles anything, but for lanes whose keys say otherwise."""

    def load(self, _: object, lanes: RecordsByKey) -> None:
        if any(key.startswith("unreadable") for key in lanes):
            raise ValueError

    def settle(self, _: object, state: None, lanes: RecordsByKey) -> list[Settlement]:
        return [Settlement([]) for _ in lanes]

    def fail(self, _: object, key: str, records: Sequence[InboxRecord]) -> Settlement:
        raise NotImplementedError

    def settled(self, _: object, payloads: Sequence[bytes]) -> list[bool]:
        raise NotImplementedError


class Worker:
    """A worker without a broker, and the lanes that wait for it."""

    def __init__(self, *keys: str, **limits: Any) -> None:
        self.store, self.waker = MemoryStore(), FakeWaker()
        lane = LaneTopic(
            Topic(TOPIC, 1), "group", "queue", lambda *_: None, lambda _: None, Handler()
        )
        own_limits = replace(LIMITS, **limits)
        settler = make_settler(
            begin=self.store.begin,
            lanes=MemoryPorts(),
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
        """Run the task. Raise what it raises."""
        self.celery.tasks[SETTLE_TASK].apply(args=(TOPIC, list(keys)), throw=True)

    @property
    def waiting(self) -> list[str]:
        """The keys of the records that are not settled."""
        return [record.key for record in self.store.rows(INBOX).values()]


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
        assert other.try_lock(CLAIMS, (TOPIC, "a"))
        worker.settle("a", "b")
    assert worker.waiting == ["a"]
    assert worker.waker.later == [(TOPIC, "a")]
    worker.settle("a")
    assert worker.waiting == []


def test_what_a_turn_has_no_time_for_is_queued_again() -> None:
    worker = Worker("a", "b", settle_round_s=-1.0)
    worker.settle("a", "b")
    assert worker.waiting == ["a", "b"]
    assert worker.waker.enqueued == [(TOPIC, "a"), (TOPIC, "b")]
