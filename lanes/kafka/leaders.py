"""The leader of a partition when brokers do not agree on it.

A broker that is cut off from the others goes on saying that it leads. Every leadership has an
epoch, which grows; kafka-python forgets it with each metadata response.
"""

from typing import Any

from kafka import TopicPartition

# A consumer of such a broker sees no error, only silence, until it asks anew who leads: by default
# after five minutes, and work has to resume within 30 s.
METADATA_MS_MAX = 5_000


def keep_newest_leaders(cluster: Any) -> None:  # noqa: ANN401 - kafka-python has no types
    """Never let the client's knowledge of leaders become older, whichever broker answers."""
    update = cluster.update_metadata

    def update_unless_older(metadata: Any) -> None:  # noqa: ANN401
        for topic in metadata.topics:
            # A topic that was made again begins with new epochs.
            if topic.topic_id is not None and topic.topic_id == cluster.topic_id(topic.name):
                for leader in topic.partitions:
                    _correct(cluster, topic.name, leader)
        update(metadata)

    cluster.update_metadata = update_unless_older


def _correct(cluster: Any, topic: str, leader: Any) -> None:  # noqa: ANN401
    partition = TopicPartition(topic, leader.partition_index)
    known_epoch = cluster.leader_epoch_for_partition(partition)
    if known_epoch is not None and leader.leader_epoch < known_epoch:
        leader.leader_epoch = known_epoch
        leader.leader_id = cluster.leader_for_partition(partition)
