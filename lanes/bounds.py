"""Checks that progress fits the topic.

If it does not, going on would lose or double records, so the pipeline stops and its message names
the page with the way out.
"""

from dataclasses import dataclass

from lanes.errors import StoppedError
from lanes.topic import Topic

REMEDY = "The way out is in docs/ownership.md"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The offsets that Kafka holds of a partition: from `first` to `end`, exclusive."""

    first: int
    end: int


def refuse_added_partition(topic: Topic, partition: int) -> None:
    """Raise StoppedError for a partition that the topic must not have."""
    if partition >= topic.partitions:
        raise StoppedError(
            f"topic {topic.name} has a partition {partition}, beyond its {topic.partitions}. "
            f"{REMEDY}: partitions were added"
        )


def refuse_other_topic(topic: Topic, *, topic_id: str, stored_id: str) -> None:
    """Raise StoppedError when progress belongs to a topic that no longer exists."""
    if stored_id != topic_id:
        raise StoppedError(
            f"topic {topic.name} was deleted and made again (its id is {topic_id}, progress is of "
            f"{stored_id}). {REMEDY}: the topic was made again"
        )


def refuse_outside(topic: Topic, partition: int, *, offset: int, bounds: Bounds) -> None:
    """Raise StoppedError when `offset`, the next to ingest, is outside of the bounds."""
    if not bounds.first <= offset <= bounds.end:
        raise StoppedError(
            f"progress {offset} of {topic.name}/{partition} is outside its log "
            f"[{bounds.first}, {bounds.end}]. {REMEDY}: progress is outside the log"
        )
