"""The partitions assigned to this member; read between polls, never inside them."""

from kafka import ConsumerRebalanceListener, TopicPartition


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """Records what a rebalance did. It runs on the client's I/O loop: no I/O in here."""

    def __init__(self) -> None:
        self._assigned: set[TopicPartition] = set()
        self._revoked: set[TopicPartition] = set()

    def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Record assigned partitions."""
        self._assigned |= set(assigned)

    def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Record revoked partitions."""
        self._revoked |= set(revoked)
        self._assigned -= set(revoked)

    def changes(self) -> tuple[set[TopicPartition], set[TopicPartition]]:
        """Return the partitions assigned and revoked since the last call; one may be in both."""
        assigned, revoked = self._assigned, self._revoked
        self._assigned, self._revoked = set(), set()
        return assigned, revoked
