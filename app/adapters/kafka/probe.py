"""Whether Kafka takes records of a topic, as its metadata says: leaders, copies, living brokers."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from kafka import KafkaProducer
from kafka.future import Future

from app.domain.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class Partition:
    """The replicas of one partition, by broker id; without a leader `leader_id` is None."""

    leader_id: int | None
    replica_ids: frozenset[int]
    in_sync_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class TopicView:
    """A topic as a broker sees it now; `broker_ids` are those that live."""

    partitions: Sequence[Partition]
    broker_ids: frozenset[int]

    def refusal(self, min_isr: int) -> str:
        """Why some record would not be acknowledged by `min_isr` copies; empty when all would."""
        if not self.partitions:
            return "there is no such topic"
        refusing = sum(not _is_writable(each, min_isr) for each in self.partitions)
        return f"{refusing} of {len(self.partitions)} partitions take no records" * bool(refusing)

    def degradation(self) -> str:
        """Return what is missing although every record is accepted; empty when nothing is."""
        replicas = frozenset[int]().union(*(each.replica_ids for each in self.partitions))
        away = sorted(replicas - self.broker_ids)
        if away:
            ids = ", ".join(map(str, away))
            return f"{len(away)} of {len(replicas)} brokers away: {ids}"
        behind = sum(each.in_sync_ids < each.replica_ids for each in self.partitions)
        return f"{behind} of {len(self.partitions)} partitions lack copies" * bool(behind)


def view_topic(producer: KafkaProducer, topic: str, *, timeout_s: float) -> TopicView:
    """Ask a broker, over the connections on which records go, what becomes of `topic` now.

    Raise BusyError when none answers within `timeout_s`.
    """
    cluster = producer._metadata  # noqa: SLF001 - the client tells its copies to nobody else
    deadline = time.monotonic() + timeout_s
    while not _is_refreshed(cluster.request_update(), deadline):
        if time.monotonic() >= deadline:
            raise UnavailableError("no broker answers")
    found = cluster._partitions.get(topic, {})  # noqa: SLF001 - as above
    partitions = [
        Partition(
            leader_id=None if each.leader_id < 0 else each.leader_id,
            replica_ids=frozenset(each.replica_nodes),
            in_sync_ids=frozenset(each.isr_nodes),
        )
        for each in found.values()
    ]
    return TopicView(partitions, frozenset(broker.node_id for broker in cluster.brokers()))


def _is_refreshed(update: Future, deadline: float) -> bool:
    """Wait for one attempt, and the client's pause after one that fails."""
    done = threading.Event()
    update.add_both(lambda _: done.set())
    done.wait(max(0.0, deadline - time.monotonic()))
    return bool(update.succeeded())


def _is_writable(partition: Partition, min_isr: int) -> bool:
    return partition.leader_id is not None and len(partition.in_sync_ids) >= min_isr
