"""Progress and the log disagree: ingest follows progress, or stops and says where the way out is.

The ways out are tested as docs/ownership.md has them: its SQL is read from the page.
"""

import re

import pytest
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions

from stack.places import CHECKOUT
from tests.platform.world import Process, World
from tests.waiting import CALL_S, wait_until

PAGE = CHECKOUT / "docs" / "ownership.md"
TEXTS = 30


def way_out(heading: str) -> str:
    """The SQL under a heading of the page."""
    (text,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S)
    (sql,) = re.findall(r"```sql\n(.*?)```", text, re.S)
    # psql's variables are this driver's parameters.
    return re.sub(r":'(\w+)'", r"%(\1)s", sql)


def fill(world: World, texts: int = TEXTS) -> None:
    """Append so many texts to three lists."""
    for number in range(texts):
        world.append(world.list_name(number % 3), f"text {number}")
    world.producer.flush()


def wait_taken(world: World) -> None:
    ends = world.ends()
    wait_until(lambda: world.progress() == ends, what="everything is taken")


def owner_that_took(world: World, *, running: bool = False) -> Process:
    """An ingest process that has taken all of a filled log; ended, unless it goes on `running`."""
    owner = world.bridge("ingest")
    fill(world)
    wait_taken(world)
    if not running:
        assert owner.stop() == 0
    return owner


def taken(world: World) -> list[tuple[int, int]]:
    rows = world.rows('SELECT partition, "offset" FROM inbox WHERE topic = %s', world.topic)
    return sorted((row.partition, row.offset) for row in rows)


def logged(world: World) -> list[tuple[int, int]]:
    return sorted((record.partition, record.offset) for record in world.log())


def refusal(process: Process) -> str:
    """Why it stopped; it must have ended by itself with exit code 1."""
    assert process.wait_ended() == 1
    (told,) = process.said("pipeline_stopped")
    assert "docs/ownership.md" in told["reason"]
    return str(told["reason"])


def test_kafkas_committed_offset_is_never_followed(world: World) -> None:
    owner_that_took(world)
    fill(world)
    ends = world.ends()
    world.commit(dict.fromkeys(ends, 0))
    world.bridge("ingest")
    wait_taken(world)
    assert taken(world) == logged(world)
    wait_until(lambda: world.committed() == ends, what="Kafka is told where progress is")


def test_a_database_that_took_less_than_kafka_was_told_is_refused(world: World) -> None:
    owner_that_took(world)
    before = world.progress()
    fill(world)
    world.commit(world.ends())
    world.execute("UPDATE epochs SET admitted = NULL")  # as when its server was started anew
    owner = world.bridge("ingest")
    assert owner.wait_ended() == 2
    (line,) = [line for line in owner.log_file.read_text().splitlines() if "older" in line][-1:]
    assert any(
        f"{world.topic}/{part} was taken up to {end}, progress is {before[part]};" in line
        for part, end in world.ends().items()
    )
    assert "`python -m app.admin after-restore`" in line
    assert world.progress() == before


def test_a_database_that_comes_back_older_stops_a_running_owner(world: World) -> None:
    owner = owner_that_took(world, running=True)
    wait_until(
        lambda: sum(world.committed().values()) == sum(world.ends().values()), what="Kafka is told"
    )
    name = world.rows("SELECT name FROM epochs")[0].name
    world.execute("UPDATE ingest_progress SET next_offset = 0 WHERE topic = %s", (world.topic,))
    # Its server was not started again, but it is another database by its name.
    world.execute("UPDATE epochs SET name = 'restored', admitted = NULL")
    try:
        world.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'bridge'"
        )
        assert owner.wait_ended() == 1
    finally:
        world.execute("UPDATE epochs SET name = %s", (name,))
    told = owner.said("pipeline_stopped")
    assert any("run `python -m app.admin after-restore`" in line["reason"] for line in told)
    assert set(world.progress().values()) == {0}


def test_records_deleted_beyond_progress_stop_it_until_a_person_gives_them_up(
    world: World,
) -> None:
    owner_that_took(world)
    before = taken(world)
    fill(world)
    lost_from = world.progress()[0]
    for _ in range(2):
        world.put(b"any", b"{}", partition=0).get(timeout=CALL_S)
    first = lost_from + 1
    world.admin.delete_records({TopicPartition(world.topic, 0): first})
    reason = refusal(world.bridge("ingest"))
    assert f"progress {lost_from} of {world.topic}/0 is outside its log [{first}," in reason
    assert taken(world) == before

    world.execute(
        way_out("progress is outside the log"),
        {"topic": world.topic, "partition": 0, "progress": lost_from, "next": first},
    )
    world.bridge("ingest")
    wait_taken(world)


def test_records_deleted_under_a_parked_partition_stop_a_running_owner(world: World) -> None:
    world.execute(
        "INSERT INTO parked_partitions VALUES (%s, %s, 0, 'Person', 'for a test')",
        (f"{world.topic}-group", world.topic),
    )
    for partition in (0, 0, 0, 1):
        world.put(b"any", b"{", partition=partition)
    world.producer.flush()
    owner = world.bridge("ingest")
    wait_until(lambda: world.progress() == {0: 0, 1: 1, 2: 0}, what="the others are taken")
    world.admin.delete_records({TopicPartition(world.topic, 0): 2})
    world.execute("DELETE FROM parked_partitions WHERE topic = %s", (world.topic,))
    assert f"progress 0 of {world.topic}/0 is outside its log [2, 3]" in refusal(owner)
    assert world.progress()[0] == 0


@pytest.mark.parametrize("running", [True, False])
def test_a_topic_made_again_is_refused_until_a_person_begins_it_anew(
    world: World, *, running: bool
) -> None:
    owner = owner_that_took(world, running=running)
    world.admin.delete_topics([world.topic])
    if running:
        assert "does not exist" in refusal(owner)
    wait_until(lambda: world.topic not in world.admin.list_topics(), what="the topic is gone")
    assert world.bridge("topics").wait_ended() == 0
    assert "was deleted and made again" in refusal(world.bridge("ingest"))

    progress = world.progress()
    world.execute(way_out("the topic was made again"), {"topic": world.topic})
    assert world.progress() == progress, "records of the old log wait still"
    world.worker()
    world.bridge("clock")
    wait_until(lambda: not taken(world), what="what was taken from the old log is settled")
    world.execute(way_out("the topic was made again"), {"topic": world.topic})
    fill(world)
    world.bridge("ingest")
    wait_taken(world)
    wait_until(lambda: not taken(world), what="everything is settled")
    appended = [place for items in world.settled().values() for place in items]
    assert len(appended) == 2 * TEXTS, "those of the old log, and those of the new"


@pytest.mark.parametrize("running", [True, False])
def test_added_partitions_are_refused(world: World, *, running: bool) -> None:
    owner = owner_that_took(world, running=running)
    world.admin.create_partitions({world.topic: NewPartitions(world.partitions + 1)})
    stopped = owner if running else world.bridge("ingest")
    reason = refusal(stopped)
    # Whichever notices first: who looks at the topic, or who is given a partition too many.
    added = world.partitions
    seen = (
        f"has {added + 1} partitions, not {added}",
        f"has a partition {added}, beyond its {added}",
    )
    assert any(f"topic {world.topic} {what}" in reason for what in seen)


def set_topic(world: World, **settings: str) -> None:
    """Change settings of the topic (dots as underlines)."""
    changes = {name.replace("_", "."): value for name, value in settings.items()}
    resource = ConfigResource(ConfigResourceType.TOPIC, world.topic, configs=changes)
    world.admin.alter_configs([resource])


@pytest.mark.parametrize(
    ("running", "settings"),
    [(True, {"message_timestamp_type": "CreateTime"}), (False, {"retention_ms": "3600000"})],
)
def test_a_topic_that_takes_other_clocks_or_forgets_is_refused(
    world: World, settings: dict[str, str], *, running: bool
) -> None:
    owner = owner_that_took(world, running=running)
    set_topic(world, **settings)
    reason = refusal(owner if running else world.bridge("ingest"))
    ((name, value),) = settings.items()
    assert f"topic {world.topic} has {name.replace('_', '.')}={value}, must have " in reason
    assert (
        f"kafka-configs.sh --bootstrap-server {world.settings.kafka_bootstrap_servers} --alter"
        in reason
    )


def test_topics_says_in_a_line_what_is_wrong_and_what_to_do(world: World) -> None:
    set_topic(world, message_timestamp_type="CreateTime", retention_ms="1000")
    command = world.bridge("topics")
    assert command.wait_ended() == 2
    (line,) = [
        line
        for line in command.log_file.read_text().splitlines()
        if world.topic in line  # on a slow machine Kafka's client complains, too
    ]
    assert line.startswith(
        f"topic {world.topic} has message.timestamp.type=CreateTime,retention.ms=1000, must have "
        "message.timestamp.type=LogAppendTime,retention.ms=-1; mend it by: kafka-configs.sh "
    )


def take_clock_of(world: World, whose: str) -> None:
    """Let the topic take this clock; returns once it does, which its records show."""
    set_topic(world, message_timestamp_type=whose)
    wanted = int(whose == "LogAppendTime")

    def takes_it() -> bool:
        probe = world.append(world.list_name(1), "probe").get(timeout=10)
        records = {(one.partition, one.offset): one for one in world.log()}
        return bool(records[probe.partition, probe.offset].timestamp_type == wanted)

    wait_until(takes_it, what=f"the topic takes {whose}")


def test_records_stamped_by_their_producers_are_not_taken_and_a_replay_stamps_them_anew(
    world: World,
) -> None:
    take_clock_of(world, "CreateTime")
    name = world.list_name(0)
    early = world.append(name, "by my clock").get(timeout=10)
    take_clock_of(world, "LogAppendTime")
    world.bridge("ingest")
    wait_taken(world)
    query = 'SELECT partition, "offset", reason FROM dead_letters WHERE topic = %s'
    letters = {tuple(row) for row in world.rows(query, world.topic)}
    stamped = {(one.partition, one.offset) for one in world.log() if one.timestamp_type == 0}
    assert letters == {(*place, "NoLogTime") for place in stamped}
    assert (early.partition, early.offset) in stamped
    assert not stamped & set(taken(world))

    world.worker()
    world.bridge("clock")
    replay = world.bridge("replay", "run", "--reason", "NoLogTime", "--topic", world.topic)
    assert replay.wait_ended() == 0
    wait_until(
        lambda: "by my clock" in [text for *_, text in world.settled().get(name, [])],
        what="it is settled at its new place",
    )
