"""A Kafka topic as the platform needs it, and the topic of its dead letters."""

from dataclasses import dataclass

DEAD_LETTER_SUFFIX = ".DLT"
DEAD_LETTER_DAYS = 90
# The longest record that Kafka takes otherwise (1 MiB), with its key and its provenance.
DEAD_LETTER_BYTES_MAX = 2 * 1024 * 1024

# The number of times that a record was replayed.
REPLAY_COUNT_HEADER = "replay_count"
# When the transaction that wrote a message to the outbox began, in ms since 1970.
WRITTEN_AT_HEADER = "written_at_ms"


PartitionId = tuple[str, int]
"""A topic and a partition."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic whose partition count is fixed for its life.

    `for_ever` topics are never deleted from: they are the source of truth, or the last copy.
    `record_bytes_max` is how long a record may be; None: as long as the broker's own setting says.
    `kept_days` is what others are made with; who wants more or less may set the topic so.
    """

    name: str
    partitions: int
    for_ever: bool = False
    record_bytes_max: int | None = None
    kept_days: int = 7


def dead_letter_topic(topic: Topic) -> Topic:
    """Return the topic of dead letters of `topic`, with as many partitions.

    It is kept for ever if `topic` is. Others have a retention: chat messages must not stay for ever
    because they could not be stored.
    """
    return Topic(
        topic.name + DEAD_LETTER_SUFFIX,
        topic.partitions,
        for_ever=topic.for_ever,
        record_bytes_max=DEAD_LETTER_BYTES_MAX,
        kept_days=DEAD_LETTER_DAYS,
    )
