"""Progress and topic disagree: ingest follows progress, or stops and names the repair.

The repairs are those of docs/ownership.md: their SQL is read from the page.
"""

import re

import pytest
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions

from stack.places import CHECKOUT
from tests.platform.cluster import ListsCluster, Process
from tests.waiting import CALL_S, wait_until

PAGE = CHECKOUT / "docs" / "ownership.md"
TEXTS = 30


def way_out(heading: str) -> str:
    """The SQL under a heading of the page."""
    (text,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S)
    (sql,) = re.findall(r"```sql\n(.*?)```", text, re.S)
    # psql's variables are this driver's parameters.
    return re.sub(r":'(\w+)'", r"%(\1)s", sql)


def fill(cluster: ListsCluster, texts: int = TEXTS) -> None:
    """Append so many texts to three lists."""
    for number in range(texts):
        cluster.append(cluster.list_name(number % 3), f"text {number}")
    cluster.producer.flush()


def wait_ingested(cluster: ListsCluster) -> None:
    ends = cluster.ends()
    wait_until(lambda: cluster.progress() == ends, what="everything is taken")


def owner_that_ingested(cluster: ListsCluster, *, running: bool = False) -> Process:
    """Return an ingest process that has ingested a filled topic; ended unless `running`."""
    owner = cluster.bridge("ingest")
    fill(cluster)
    wait_ingested(cluster)
    if not running:
        assert owner.stop() == 0
    return owner


def taken(cluster: ListsCluster) -> list[tuple[int, int]]:
    rows = cluster.rows('SELECT partition, "offset" FROM inbox WHERE topic = %s', cluster.topic)
    return sorted((row.partition, row.offset) for row in rows)


def logged(cluster: ListsCluster) -> list[tuple[int, int]]:
    return sorted((record.partition, record.offset) for record in cluster.log())


def refusal(process: Process) -> str:
    """Return why it stopped; it must have exited by itself with code 1."""
    assert process.wait_ended() == 1
    (event,) = process.log_events("pipeline_stopped")
    assert "docs/ownership.md" in event["reason"]
    return str(event["reason"])


def test_kafkas_committed_offset_is_never_followed(cluster: ListsCluster) -> None:
    owner_that_ingested(cluster)
    fill(cluster)
    ends = cluster.ends()
    cluster.commit(dict.fromkeys(ends, 0))
    cluster.bridge("ingest")
    wait_ingested(cluster)
    assert taken(cluster) == logged(cluster)
    wait_until(lambda: cluster.committed() == ends, what="Kafka is told where progress is")


def test_a_database_behind_the_committed_offsets_is_refused(cluster: ListsCluster) -> None:
    owner_that_ingested(cluster)
    before = cluster.progress()
    fill(cluster)
    cluster.commit(cluster.ends())
    cluster.execute("UPDATE epochs SET admitted = NULL")  # as after a restart of its server
    owner = cluster.bridge("ingest")
    assert owner.wait_ended() == 2
    (line,) = [line for line in owner.log_file.read_text().splitlines() if "older" in line][-1:]
    assert any(
        f"{cluster.topic}/{part} was taken up to {end}, progress is {before[part]};" in line
        for part, end in cluster.ends().items()
    )
    assert "`python -m app.admin after-restore`" in line
    assert cluster.progress() == before


def test_a_restored_database_stops_a_running_owner(cluster: ListsCluster) -> None:
    owner = owner_that_ingested(cluster, running=True)
    wait_until(
        lambda: sum(cluster.committed().values()) == sum(cluster.ends().values()),
        what="Kafka is told",
    )
    name = cluster.rows("SELECT name FROM epochs")[0].name
    cluster.execute("UPDATE ingest_progress SET next_offset = 0 WHERE topic = %s", (cluster.topic,))
    # Its server was not started again, but it is another database by its name.
    cluster.execute("UPDATE epochs SET name = 'restored', admitted = NULL")
    try:
        cluster.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'bridge'"
        )
        assert owner.wait_ended() == 1
    finally:
        cluster.execute("UPDATE epochs SET name = %s", (name,))
    event = owner.log_events("pipeline_stopped")
    assert any("run `python -m app.admin after-restore`" in line["reason"] for line in event)
    assert set(cluster.progress().values()) == {0}


def test_records_deleted_beyond_progress_stop_ingest(
    cluster: ListsCluster,
) -> None:
    owner_that_ingested(cluster)
    before = taken(cluster)
    fill(cluster)
    lost_from = cluster.progress()[0]
    for _ in range(2):
        cluster.put(b"any", b"{}", partition=0).get(timeout=CALL_S)
    first = lost_from + 1
    cluster.admin.delete_records({TopicPartition(cluster.topic, 0): first})
    reason = refusal(cluster.bridge("ingest"))
    assert f"progress {lost_from} of {cluster.topic}/0 is outside its log [{first}," in reason
    assert taken(cluster) == before

    cluster.execute(
        way_out("progress is outside the log"),
        {"topic": cluster.topic, "partition": 0, "progress": lost_from, "next": first},
    )
    cluster.bridge("ingest")
    wait_ingested(cluster)


def test_records_deleted_under_a_parked_partition_stop_ingest(
    cluster: ListsCluster,
) -> None:
    cluster.execute(
        "INSERT INTO parked_partitions VALUES (%s, %s, 0, 'Person', 'for a test')",
        (f"{cluster.topic}-group", cluster.topic),
    )
    for partition in (0, 0, 0, 1):
        cluster.put(b"any", b"{", partition=partition)
    cluster.producer.flush()
    owner = cluster.bridge("ingest")
    wait_until(lambda: cluster.progress() == {0: 0, 1: 1, 2: 0}, what="the others are taken")
    cluster.admin.delete_records({TopicPartition(cluster.topic, 0): 2})
    cluster.execute("DELETE FROM parked_partitions WHERE topic = %s", (cluster.topic,))
    assert f"progress 0 of {cluster.topic}/0 is outside its log [2, 3]" in refusal(owner)
    assert cluster.progress()[0] == 0


@pytest.mark.parametrize("running", [True, False])
def test_a_recreated_topic_is_refused_until_reset(cluster: ListsCluster, *, running: bool) -> None:
    owner = owner_that_ingested(cluster, running=running)
    cluster.admin.delete_topics([cluster.topic])
    if running:
        assert "does not exist" in refusal(owner)
    wait_until(lambda: cluster.topic not in cluster.admin.list_topics(), what="the topic is gone")
    assert cluster.bridge("topics").wait_ended() == 0
    assert "was deleted and made again" in refusal(cluster.bridge("ingest"))

    progress = cluster.progress()
    cluster.execute(way_out("the topic was made again"), {"topic": cluster.topic})
    assert cluster.progress() == progress, "records of the old log wait still"
    cluster.worker()
    cluster.bridge("clock")
    wait_until(lambda: not taken(cluster), what="what was taken from the old log is settled")
    cluster.execute(way_out("the topic was made again"), {"topic": cluster.topic})
    fill(cluster)
    cluster.bridge("ingest")
    wait_ingested(cluster)
    wait_until(lambda: not taken(cluster), what="everything is settled")
    appended = [place for items in cluster.settled().values() for place in items]
    assert len(appended) == 2 * TEXTS, "those of the old log, and those of the new"


@pytest.mark.parametrize("running", [True, False])
def test_added_partitions_are_refused(cluster: ListsCluster, *, running: bool) -> None:
    owner = owner_that_ingested(cluster, running=running)
    cluster.admin.create_partitions({cluster.topic: NewPartitions(cluster.partitions + 1)})
    stopped = owner if running else cluster.bridge("ingest")
    reason = refusal(stopped)
    # Either the check of the topic or the assignment of an extra partition notices first.
    added = cluster.partitions
    seen = (
        f"has {added + 1} partitions, not {added}",
        f"has a partition {added}, beyond its {added}",
    )
    assert any(f"topic {cluster.topic} {what}" in reason for what in seen)


def set_topic(cluster: ListsCluster, **settings: str) -> None:
    """Change settings of the topic (dots as underlines)."""
    changes = {name.replace("_", "."): value for name, value in settings.items()}
    resource = ConfigResource(ConfigResourceType.TOPIC, cluster.topic, configs=changes)
    cluster.admin.alter_configs([resource])


@pytest.mark.parametrize(
    ("running", "settings"),
    [(True, {"message_timestamp_type": "CreateTime"}), (False, {"retention_ms": "3600000"})],
)
def test_a_topic_with_wrong_clock_or_retention_is_refused(
    cluster: ListsCluster, settings: dict[str, str], *, running: bool
) -> None:
    owner = owner_that_ingested(cluster, running=running)
    set_topic(cluster, **settings)
    reason = refusal(owner if running else cluster.bridge("ingest"))
    ((name, value),) = settings.items()
    assert f"topic {cluster.topic} has {name.replace('_', '.')}={value}, must have " in reason
    assert (
        f"kafka-configs.sh --bootstrap-server {cluster.settings.kafka_bootstrap_servers} --alter"
        in reason
    )


def test_topics_prints_the_fault_and_the_remedy_in_one_line(cluster: ListsCluster) -> None:
    set_topic(cluster, message_timestamp_type="CreateTime", retention_ms="1000")
    command = cluster.bridge("topics")
    assert command.wait_ended() == 2
    (line,) = [
        line
        for line in command.log_file.read_text().splitlines()
        if cluster.topic in line  # on a slow machine Kafka's client complains, too
    ]
    assert line.startswith(
        f"topic {cluster.topic} has message.timestamp.type=CreateTime,retention.ms=1000, must have "
        "message.timestamp.type=LogAppendTime,retention.ms=-1; mend it by: kafka-configs.sh "
    )


def set_timestamp_type(cluster: ListsCluster, new_type: str) -> None:
    """Set the topic's time stamp type; return when its records have it."""
    set_topic(cluster, message_timestamp_type=new_type)
    wanted = int(new_type == "LogAppendTime")

    def ingests_it() -> bool:
        probe = cluster.append(cluster.list_name(1), "probe").get(timeout=10)
        records = {(one.partition, one.offset): one for one in cluster.log()}
        return bool(records[probe.partition, probe.offset].timestamp_type == wanted)

    wait_until(ingests_it, what=f"the topic takes {new_type}")


def test_records_with_producer_timestamps_are_refused(
    cluster: ListsCluster,
) -> None:
    set_timestamp_type(cluster, "CreateTime")
    name = cluster.list_name(0)
    early = cluster.append(name, "by my clock").get(timeout=10)
    set_timestamp_type(cluster, "LogAppendTime")
    cluster.bridge("ingest")
    wait_ingested(cluster)
    query = 'SELECT partition, "offset", reason FROM dead_letters WHERE topic = %s'
    letters = {tuple(row) for row in cluster.rows(query, cluster.topic)}
    stamped = {(one.partition, one.offset) for one in cluster.log() if one.timestamp_type == 0}
    assert letters == {(*place, "NoLogTime") for place in stamped}
    assert (early.partition, early.offset) in stamped
    assert not stamped & set(taken(cluster))

    cluster.worker()
    cluster.bridge("clock")
    replay = cluster.bridge("replay", "run", "--reason", "NoLogTime", "--topic", cluster.topic)
    assert replay.wait_ended() == 0
    wait_until(
        lambda: "by my clock" in [text for *_, text in cluster.settled().get(name, [])],
        what="it is settled at its new place",
    )
