"""How many more records may become dead letters, by those that did lately."""

from lanes.policy import DeadLetterLimit
from lanes.ports import DeadLetters, T


def dead_letter_quota(
    transaction: T,
    dead_letters: DeadLetters[T],
    limit: DeadLetterLimit,
    *,
    topic: str,
    partition: int,
    key: str | None = None,
) -> int:
    """Return how many more dead letters the lane of `key` may have; without a key, the
    partition."""
    recent = dead_letters.count_recent(
        transaction, topic=topic, key=key, partition=partition, within_s=limit.window_s
    )
    return limit.partition_quota(recent) if key is None else limit.quota(recent)
