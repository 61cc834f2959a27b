"""Whether progress speaks of the log that is there. If not, going on would lose or double records,
so whoever takes them in stops and says where the way out is."""

from dataclasses import dataclass

from app.protocol.topics import Topic
from bridge.runner import StoppedError

REMEDY = "The way out is in docs/ownership.md"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a partition's log holds: the offsets from `first` up to, without it, `end`."""

    first: int
    end: int


def refuse_added_partition(topic: Topic, partition: int) -> None:
    """Raises StoppedError for a partition that the topic must not have."""
    if partition >= topic.partitions:
        raise StoppedError(
            f"topic {topic.name} has a partition {partition}, beyond its {topic.partitions}. "
            f"{REMEDY}: partitions were added"
        )


def refuse_other_topic(topic: Topic, *, topic_id: str, known_id: str) -> None:
    """Raises StoppedError when progress is that of a topic that exists no more."""
    if known_id != topic_id:
        raise StoppedError(
            f"topic {topic.name} was deleted and made again (its id is {topic_id}, progress is of "
            f"{known_id}). {REMEDY}: the topic was made again"
        )


def refuse_outside(topic: Topic, partition: int, *, offset: int, bounds: Bounds) -> None:
    """Raises StoppedError when the log does not reach from or to `offset`, the next to take."""
    if not bounds.first <= offset <= bounds.end:
        raise StoppedError(
            f"progress {offset} of {topic.name}/{partition} is outside its log "
            f"[{bounds.first}, {bounds.end}]. {REMEDY}: progress is outside the log"
        )
