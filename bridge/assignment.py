"""Which partitions are ours, as the group says; told between polls, never inside them."""

from kafka import ConsumerRebalanceListener, TopicPartition


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """Remembers what a rebalance did. It runs on the client's I/O loop: no I/O in here."""

    def __init__(self) -> None:
        self._fresh: set[TopicPartition] = set()
        self._gone: set[TopicPartition] = set()

    def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Note what came."""
        self._fresh |= set(assigned)

    def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Note what went."""
        self._gone |= set(revoked)
        self._fresh -= set(revoked)

    def changes(self) -> tuple[set[TopicPartition], set[TopicPartition]]:
        """What came and what went since the last call; a partition may be in both."""
        fresh, gone = self._fresh, self._gone
        self._fresh, self._gone = set(), set()
        return fresh, gone
