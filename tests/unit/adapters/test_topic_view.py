"""What the metadata of a topic means for its producers."""

import pytest

from app.adapters.kafka.probe import Partition, TopicView

ALL = frozenset({1, 2, 3})
WELL = Partition(1, ALL, ALL)


def view(*partitions: Partition, alive: frozenset[int] = ALL) -> TopicView:
    return TopicView(partitions, alive)


def test_a_topic_with_all_replicas_in_sync_is_healthy() -> None:
    topic = view(WELL, WELL)
    assert (topic.refusal(2), topic.degradation()) == ("", "")


def test_one_broker_down_of_three_is_named_and_nothing_refused() -> None:
    without_three = Partition(1, ALL, frozenset({1, 2}))
    topic = view(without_three, WELL, alive=frozenset({1, 2}))
    assert (topic.refusal(2), topic.degradation()) == ("", "1 of 3 brokers away: 3")


def test_a_broker_that_catches_up_is_reported() -> None:
    topic = view(WELL, Partition(1, ALL, frozenset({1, 2})))
    assert (topic.refusal(2), topic.degradation()) == ("", "1 of 2 partitions lack copies")


@pytest.mark.parametrize(
    "bad", [Partition(None, ALL, ALL), Partition(1, ALL, frozenset({1}))], ids=["leader", "copies"]
)
def test_a_partition_without_leader_or_in_sync_replicas_refuses(bad: Partition) -> None:
    assert view(WELL, bad, WELL).refusal(2) == "1 of 3 partitions take no records"


def test_one_replica_is_enough_if_configured() -> None:
    one = frozenset({1})
    topic = view(Partition(1, one, one), alive=one)
    assert (topic.refusal(1), topic.degradation()) == ("", "")


def test_a_missing_topic_accepts_no_records() -> None:
    assert view().refusal(1) == "there is no such topic"
