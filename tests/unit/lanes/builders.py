"""Records to feed the cores with, and the store in memory as tests of ingest see it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lanes.bounds import Bounds
from lanes.checking import Sizes
from lanes.dead_letter import DeadLetter, Parking
from lanes.ingest import Ingestor, IngestorPorts
from lanes.policy import DeadLetterLimit
from lanes.record import RawRecord
from lanes.testing import MemoryPorts, MemoryStore, MemoryTransaction
from lanes.testing.ports import DEAD_LETTERS, INBOX, PARKED_PARTITIONS, PROGRESS
from lanes.topic import Topic
from tests.platform.lists import lane_topic

TOPIC = Topic("lists", 3)
LANE = lane_topic(TOPIC)
LOG_TIME = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIZES = Sizes(key_bytes_max=10, value_bytes_max=200)
PER_PARTITION = 3
DEAD_LETTER_LIMIT = DeadLetterLimit(per_lane=1, per_partition=PER_PARTITION, window_s=60)


class Store(MemoryStore):
    """The store in memory, with what tests of ingest read and change."""

    @property
    def progress(self) -> dict[tuple[str, int], tuple[int, str]]:
        """By (topic, partition), the next offset and the topic's id."""
        return self.rows(PROGRESS)

    @property
    def letters(self) -> list[DeadLetter]:
        """The dead letters, oldest first."""
        return [letter for letter, _ in self.rows(DEAD_LETTERS).values()]

    @property
    def parked(self) -> dict[tuple[str, str, int], Parking]:
        """By (group, topic, partition), why it is parked."""
        return {place: parking for place, (parking, _) in self.rows(PARKED_PARTITIONS).items()}

    def unpark_all(self) -> None:
        """Unpark every partition, after the window of dead letters has passed."""
        self.rows(DEAD_LETTERS).clear()
        self.rows(PARKED_PARTITIONS).clear()

    def inserted(self, partition: int = 0) -> list[int]:
        """The offsets in the inbox, in the order they came."""
        return [one.offset for one in self.rows(INBOX).values() if one.partition == partition]

    def reasons(self) -> list[tuple[int, str]]:
        """Of each dead letter, its offset and reason."""
        return [(one.offset, one.reason) for one in self.letters]


def ports_of(store: Store) -> IngestorPorts[MemoryTransaction]:
    """The ports of an owner on this store."""
    return IngestorPorts(store.begin, MemoryPorts(), MemoryPorts(), SIZES, DEAD_LETTER_LIMIT)


def owner_of(store: Store, *, topic_id: str = "first") -> Ingestor[MemoryTransaction]:
    """Return an owner of the store."""
    return Ingestor(LANE, ports_of(store), topic_id=topic_id)


def start(owner: Ingestor[MemoryTransaction], bounds: Mapping[int, Bounds]) -> dict[int, int]:
    """Start it with partitions of these bounds."""
    return owner.start(bounds, lambda _: bounds)


def started(store: Store) -> Ingestor[MemoryTransaction]:
    """Return an owner of partition 0, whose first offset is 0."""
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
