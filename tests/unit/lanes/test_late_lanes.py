"""A record that kills its worker is found, with any lanes in the same task."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from lanes.dead_letter import HANDLER_ERROR, WORKER_DIED
from lanes.errors import OutageError
from lanes.handler import LaneTopic, OnPoison, Settlement
from lanes.record import InboxRecord, RecordsByKey
from lanes.settings import LaneLimits
from lanes.settle import make_settler
from lanes.testing import MemoryPorts, MemoryStore
from lanes.testing.ports import CLAIMS, DEAD_LETTERS, INBOX, PARKED_LANES
from lanes.topic import Topic
from lanes.wake import Lane

TOPIC = "things"
LIMITS = LaneLimits(settle_round_s=60.0, crashes_max=3)
NOW, LATE, EARLY = 100.0, 94.0, 96.0


class DeathError(BaseException):
    """The end of a process: nothing of ours catches it."""


class NoWaker:
    """Wakes no lane."""

    def wake(self, lanes: Iterable[Lane]) -> None: ...

    enqueue = wake_later = clear_flags = wake

    def wake_after(self, lanes: Iterable[Lane], after_s: float) -> None: ...

    def waiting(self, *, at_most: int) -> int:
        return 0


class Handler:
    """Acts as the payloads of a batch say. `seen` are the offsets of the batches by lane."""

    def __init__(self) -> None:
        self.seen: list[Mapping[str, list[int]]] = []
        self.notified: list[int] = []

    def load(self, _: object, lanes: RecordsByKey) -> None: ...

    def settle(self, _: object, state: None, lanes: RecordsByKey) -> list[Settlement]:
        self.seen.append({key: [one.offset for one in batch] for key, batch in lanes.items()})
        for batch in lanes.values():
            for record in batch:
                self._act(record.payload)
        return [Settlement([]) for _ in lanes]

    def fail(self, _: object, key: str, records: Sequence[InboxRecord]) -> Settlement:
        if any(record.payload == "deadly to fail" for record in records):
            raise DeathError
        self.notified += [record.offset for record in records]
        return Settlement([])

    def settled(self, _: object, payloads: Sequence[bytes]) -> list[bool]:
        raise NotImplementedError

    @staticmethod
    def _act(payload: str) -> None:
        if payload.startswith("deadly"):
            raise DeathError
        if payload == "error":
            raise ZeroDivisionError
        if payload == "outage":
            raise OutageError("away")


class Workers:
    """Workers that run one task each, and their waiting records."""

    def __init__(
        self, *payloads: str, came_at: float | None = LATE, on_poison: OnPoison = "dead_letter"
    ) -> None:
        self.store, self.handler = MemoryStore(), Handler()
        topic = LaneTopic(
            topic=Topic(TOPIC, 1),
            group="group",
            queue="queue",
            check=lambda *_: None,
            identify=lambda _: None,
            handler=self.handler,
        )
        self.topic = replace(topic, on_poison=on_poison)
        self.add("a", *payloads, came_at=came_at)

    def add(self, key: str, *payloads: str, came_at: float | None = LATE) -> None:
        """Let records wait in a lane."""
        moment = datetime.fromtimestamp(0, UTC)
        for payload in payloads:
            offset = len(self.store.rows(INBOX))
            record = InboxRecord(TOPIC, 0, offset, key, payload, moment, ingested_at_s=came_at)
            self.store.rows(INBOX)[TOPIC, 0, offset] = record

    def settle(self, *keys: str) -> bool:
        """Let a new worker do a task; return whether it lives."""
        ports: Any = MemoryPorts()
        settler = make_settler(
            begin=self.store.begin,
            lanes=ports,
            claims=ports,
            dead_letters=ports,
            waker=NoWaker(),
            limits=LIMITS,
            clock=lambda: NOW,
        )
        try:
            for key in settler.settle_together(self.topic, keys or ("a",)):
                with suppress(OutageError):
                    settler.settle(self.topic, key)
        except DeathError:
            return False
        return True

    def settle_until_one_lives(self, *keys: str) -> int:
        """Return how many workers died before."""
        deaths = 0
        while not self.settle(*keys):
            deaths += 1
            assert deaths < 20
        return deaths

    @property
    def waiting(self) -> list[int]:
        """The offsets that wait."""
        return [record.offset for record in self.store.rows(INBOX).values()]

    @property
    def letters(self) -> list[tuple[int, str, str, int]]:
        """Of each dead letter its offset, its reason, its error, and its attempts."""
        letters = [letter for letter, _ in self.store.rows(DEAD_LETTERS).values()]
        return [(one.offset, one.reason, one.error_class, one.attempts) for one in letters]

    @property
    def parked(self) -> dict[str, str]:
        """By key, why a lane is parked."""
        rows = self.store.rows(PARKED_LANES).items()
        return {key: parking.reason for (_, key), (parking, _) in rows}


def test_a_record_that_kills_its_workers_is_a_dead_letter() -> None:
    workers = Workers("a", "b", "deadly", "c")
    assert workers.settle_until_one_lives() == 1 + LIMITS.crashes_max
    assert workers.letters == [(2, WORKER_DIED, "WorkerDiedError", 3)]
    assert workers.handler.notified == [2]
    assert (workers.waiting, workers.store.rows(CLAIMS)) == ([], {})
    assert workers.handler.seen == [
        {"a": [0, 1, 2, 3]},
        *({"a": [offset]} for offset in (0, 1, 2, 2, 2, 3)),
    ]


def test_lanes_settled_with_a_deadly_record_are_not_at_fault() -> None:
    workers = Workers("a", "deadly")
    for key in ("b", "c"):
        workers.add(key, "x", "y")
    assert workers.settle_until_one_lives("a", "b", "c") == 1 + LIMITS.crashes_max
    assert workers.letters == [(1, WORKER_DIED, "WorkerDiedError", 3)]
    assert (workers.waiting, workers.store.rows(CLAIMS)) == ([], {})


def test_a_record_that_is_the_only_one_of_its_lane_kills_three() -> None:
    workers = Workers("deadly")
    assert workers.settle_until_one_lives() == LIMITS.crashes_max
    assert [reason for _, reason, *_ in workers.letters] == [WORKER_DIED]


def test_one_kill_costs_one_round_of_single_records() -> None:
    workers = Workers("deadly", "b", "c")
    assert not workers.settle()
    for record_id, record in list(workers.store.rows(INBOX).items()):
        workers.store.rows(INBOX)[record_id] = replace(record, payload="mended")
    workers.add("a", "d", "e")
    assert workers.settle()
    assert workers.handler.seen[1:] == [{"a": [0]}, {"a": [1]}, {"a": [2]}, {"a": [3, 4]}]
    assert (workers.letters, workers.store.rows(CLAIMS)) == ([], {})


def test_early_lanes_are_not_claimed() -> None:
    for came_at in (EARLY, None):
        workers = Workers("deadly", "b", came_at=came_at)
        assert [workers.settle() for _ in range(9)] == [False] * 9
        assert workers.store.rows(CLAIMS) == {}
        assert workers.waiting == [0, 1]


@pytest.mark.parametrize("payload", ["error", "outage"])
def test_a_failure_without_a_crash_counts_no_crash(payload: str) -> None:
    workers = Workers(payload, "b")
    for _ in range(9):
        assert workers.settle()
    assert WORKER_DIED not in [reason for _, reason, *_ in workers.letters]
    assert all(claim.crashes == 0 for claim in workers.store.rows(CLAIMS).values())
    expected = [] if payload == "error" else [0, 1]
    assert workers.waiting == expected


def test_errors_and_crashes_in_one_lane_are_distinguished() -> None:
    workers = Workers("error", "deadly", "c")
    assert workers.settle_until_one_lives() == LIMITS.crashes_max
    reasons = [(offset, reason) for offset, reason, *_ in workers.letters]
    assert reasons == [(0, HANDLER_ERROR), (1, WORKER_DIED)]
    assert (workers.waiting, workers.store.rows(CLAIMS)) == ([], {})


def test_a_record_whose_fail_crashes_too_is_a_dead_letter() -> None:
    workers = Workers("deadly to fail", "b")
    assert workers.settle_until_one_lives() == LIMITS.crashes_max + 2
    assert [reason for _, reason, *_ in workers.letters] == [WORKER_DIED]
    assert (workers.handler.notified, workers.waiting) == ([], [])


def test_on_poison_park_parks_the_lane() -> None:
    workers = Workers("deadly", "b", on_poison="park")
    assert workers.settle_until_one_lives() == LIMITS.crashes_max + 1
    assert workers.parked == {"a": WORKER_DIED}
    assert (workers.waiting, workers.letters) == ([0, 1], [])
