"""The task `settle`: lanes in turn, none of which holds up another."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from celery import Celery

from app.bootstrap.worker import WorkerContainer
from app.domain.time import from_epoch_ms
from app.protocol.topics import Topic
from app.services.dead_letter_limits import DeadLetterLimit
from app.services.lanes import InboxRecord, LaneTopic, Settlement
from app.services.waking import SETTLE_TASK, Lane
from tests.simulation.ports import MemoryPorts
from tests.simulation.store import Store
from workers.tasks.bids import register_settle

TOPIC = "things"
LIMITS = SimpleNamespace(retries_max=2, retry_first_ms=10, settle_batch_max=10, settle_round_s=60.0)


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

    def wake_later(self, lanes: Any) -> None:
        self.later += lanes


class Handler:
    """Settles anything, but for lanes whose keys say otherwise."""

    def load(self, _: object, key: str, records: Sequence[InboxRecord]) -> str:
        if key.startswith("unreadable"):
            raise ValueError(key)
        return key

    def settle(self, _: object, state: str, records: Sequence[InboxRecord]) -> Settlement:
        return Settlement([])

    def fail(self, _: object, key: str, records: Sequence[InboxRecord]) -> Settlement:
        raise NotImplementedError

    def settled(self, _: object, payloads: Sequence[bytes]) -> list[bool]:
        raise NotImplementedError


class Worker:
    """A worker without a broker, and the lanes that wait for it."""

    def __init__(self, *keys: str, **limits: float) -> None:
        self.store, self.waker = Store(), FakeWaker()
        lane = LaneTopic(
            Topic(TOPIC, 1), "group", "queue", lambda *_: None, lambda _: None, Handler()
        )
        container = SimpleNamespace(
            settings=SimpleNamespace(limits=SimpleNamespace(**{**vars(LIMITS), **limits})),
            waker=self.waker,
            lane_topics={TOPIC: lane},
            begin=self.store.begin,
            lanes=MemoryPorts(),
            dead_letters=MemoryPorts(),
            dead_letter_limit=DeadLetterLimit(1, 1, 60),
        )
        self.celery = Celery("tests", set_as_current=False)
        register_settle(self.celery, cast("WorkerContainer", container))
        for offset, key in enumerate(keys):
            record = InboxRecord(TOPIC, 0, offset, key, "", from_epoch_ms(0))
            self.store.rows("inbox")[TOPIC, 0, offset] = record

    def settle(self, *keys: str) -> None:
        """Run the task. Raise what it raises."""
        self.celery.tasks[SETTLE_TASK].apply(args=(TOPIC, list(keys)), throw=True)

    @property
    def waiting(self) -> list[str]:
        """The keys of the records that are not settled."""
        return [record.key for record in self.store.rows("inbox").values()]


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
        assert other.try_lock("claims", (TOPIC, "a"))
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
