"""A store in memory behind the platform's ports, and records to feed the cores with."""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lanes.bounds import Bounds
from lanes.checking import Sizes
from lanes.dead_letter import DeadLetter, Parking
from lanes.errors import OutageError
from lanes.ingest import Ingestor, IngestorPorts
from lanes.policy import DeadLetterLimit
from lanes.ports import Transaction
from lanes.record import InboxRecord, RawRecord
from lanes.topic import Topic
from tests.platform.lists import lane_topic

TOPIC = Topic("lists", 3)
LANE = lane_topic(TOPIC)
LOG_TIME = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIZES = Sizes(key_bytes_max=10, value_bytes_max=200)
PER_PARTITION = 3
DEAD_LETTER_LIMIT = DeadLetterLimit(per_lane=1, per_partition=PER_PARTITION, window_s=60)


@dataclass
class State:
    """What the tables hold."""

    progress: dict[int, tuple[int, str]] = field(default_factory=dict)
    inbox: list[InboxRecord] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    parked: dict[tuple[str, str, int], Parking] = field(default_factory=dict)


class Store:
    """The ports Intake and DeadLetters, and a Begin that rolls back; no dead letter ever ages."""

    def __init__(self) -> None:
        self.state = State()
        self.is_down = False

    @contextmanager
    def begin(self) -> Iterator[None]:
        if self.is_down:
            raise OutageError("away")
        before = copy.deepcopy(self.state)
        try:
            yield
        except BaseException:
            self.state = before
            raise

    def progress_of(self, transaction: Transaction, topic: str) -> dict[int, tuple[int, str]]:
        return dict(self.state.progress)

    def begin_progress(
        self, transaction: Transaction, *, topic: str, partition: int, topic_id: str, offset: int
    ) -> None:
        self.state.progress.setdefault(partition, (offset, topic_id))

    def move_progress(
        self,
        transaction: Transaction,
        *,
        topic: str,
        partition: int,
        expected: int,
        next_offset: int,
    ) -> bool:
        offset, topic_id = self.state.progress[partition]
        if offset == expected:
            self.state.progress[partition] = (next_offset, topic_id)
        return offset == expected

    def insert(self, transaction: Transaction, records: Sequence[InboxRecord]) -> None:
        self.state.inbox += records

    def count_recent(self, transaction: Transaction, **parameters: Any) -> tuple[int, int]:
        same = [one for one in self.state.letters if one.partition == parameters["partition"]]
        return 0, len(same)

    def add(self, transaction: Transaction, letters: Sequence[DeadLetter]) -> None:
        self.state.letters += letters

    def park_partition(
        self, transaction: Transaction, *, group: str, topic: str, partition: int, parking: Parking
    ) -> bool:
        is_new = (group, topic, partition) not in self.state.parked
        self.state.parked.setdefault((group, topic, partition), parking)
        return is_new

    def parked_partitions(self, transaction: Transaction, *, group: str) -> set[tuple[str, int]]:
        return {(topic, part) for parked_by, topic, part in self.state.parked if parked_by == group}

    def inserted(self, partition: int = 0) -> list[int]:
        """The offsets in the inbox, in the order they came."""
        return [one.offset for one in self.state.inbox if one.partition == partition]

    def reasons(self) -> list[tuple[int, str]]:
        """Of each dead letter, its offset and reason."""
        return [(one.offset, one.reason) for one in self.state.letters]


def owner_of(store: Store, *, topic_id: str = "first") -> Ingestor:
    """Somebody who takes in."""
    ports = IngestorPorts(store.begin, store, store, SIZES, DEAD_LETTER_LIMIT)
    return Ingestor(LANE, ports, topic_id=topic_id)


def start(owner: Ingestor, bounds: Mapping[int, Bounds]) -> dict[int, int]:
    """Let it begin with partitions whose logs hold that."""
    return owner.start(bounds, lambda _: bounds)


def started(store: Store) -> Ingestor:
    """The owner of partition 0, whose log begins at 0."""
    owner = owner_of(store)
    start(owner, {0: Bounds(0, 1_000)})
    return owner


def raw(offset: int, value: bytes | None = None, **changes: Any) -> RawRecord:
    """A good record of partition 0, but for `changes`."""
    good = json.dumps({"v": 1, "name": "a", "id": f"id-{offset}", "text": "t"}).encode()
    given: dict[str, Any] = {
        "topic": TOPIC.name,
        "partition": 0,
        "offset": offset,
        "key": b"a",
        "value": good if value is None else value,
        "log_time": LOG_TIME,
    }
    return RawRecord(**{**given, **changes})


def bad(offset: int) -> RawRecord:
    """An undecodable record."""
    return raw(offset, b"{")
