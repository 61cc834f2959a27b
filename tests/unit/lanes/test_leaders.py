"""What a client knows of leaders when one of its brokers is isolated."""

from uuid import UUID, uuid4

from kafka import TopicPartition
from kafka.cluster import ClusterMetadata
from kafka.protocol.metadata import MetadataResponse

from lanes.kafka.leaders import keep_newest_leaders

BROKERS = (1, 2, 3)
VERSION = 12  # of the answer
TOPIC, MADE_AGAIN = uuid4(), uuid4()
OLD, NEW = (1, 4), (2, 5)  # a leader, and the epoch of its leadership
AT = TopicPartition("bids", 0)


def cluster() -> ClusterMetadata:
    made = ClusterMetadata(bootstrap_servers=["127.0.0.1:1"])
    keep_newest_leaders(made)
    return made


def answer(leadership: tuple[int, int], topic_id: UUID = TOPIC) -> MetadataResponse:
    """The metadata response of a broker that knows this leadership as the newest."""
    leader, epoch = leadership
    made_of = MetadataResponse.MetadataResponseTopic
    partition = made_of.MetadataResponsePartition(
        error_code=0, partition_index=AT.partition, leader_id=leader, leader_epoch=epoch,
        replica_nodes=list(BROKERS), isr_nodes=list(BROKERS), offline_replicas=[],
    )  # fmt: skip
    topic = made_of(
        error_code=0, name=AT.topic, topic_id=topic_id, is_internal=False, partitions=[partition]
    )
    brokers = [MetadataResponse.MetadataResponseBroker(n, "127.0.0.1", n, None) for n in BROKERS]
    response = MetadataResponse(
        version=VERSION, throttle_time_ms=0, brokers=brokers, cluster_id="c", controller_id=1,
        topics=[topic],
    )  # fmt: skip
    return MetadataResponse.decode(response.encode(), version=VERSION)


def known(found: ClusterMetadata) -> tuple[int, int]:
    return found.leader_for_partition(AT), found.leader_epoch_for_partition(AT)


def test_an_isolated_broker_does_not_bring_the_old_leader_back() -> None:
    found = cluster()
    for response in (OLD, NEW, OLD):
        found.update_metadata(answer(response))
    assert known(found) == NEW
    assert found.partitions_for_broker(NEW[0]) == {AT}
    assert not found.partitions_for_broker(OLD[0])


def test_a_newer_leader_is_believed_and_one_that_steps_down_too() -> None:
    found = cluster()
    for response in (OLD, NEW, (-1, 6), (3, 7)):
        found.update_metadata(answer(response))
        assert known(found) == response


def test_a_topic_that_was_made_again_begins_with_new_leaderships() -> None:
    found = cluster()
    found.update_metadata(answer(NEW))
    found.update_metadata(answer((3, 0), MADE_AGAIN))
    assert found.leader_for_partition(AT) == 3
