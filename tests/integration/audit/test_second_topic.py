"""A second topic gets its audit by saying what its settling leaves behind, and nothing else."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from kafka import KafkaAdminClient, OffsetAndMetadata, TopicPartition
from sqlalchemy import Connection, insert

from app.adapters.kafka.topics import create_topics
from app.adapters.postgres import schema
from app.bootstrap import Container
from app.protocol.topics import Topic
from app.services.auditing.ports import Place, Scope, Selection, Trace
from app.services.auditing.tallies import Tallies
from app.services.lanes import InboxRecord, LaneTopic, Settlement
from bridge.audit.run import audit

TOY = Topic(f"toy-{uuid4().hex}", 1)
GROUP = TOY.name
LANE = "a"


class ToyHandler:
    """Counts; the audit never asks it."""

    def load(self, transaction: object, key: str) -> None: ...

    def settle(
        self, transaction: object, state: None, records: Sequence[InboxRecord]
    ) -> Settlement:
        return Settlement([])

    def fail(self, transaction: object, key: str, records: Sequence[InboxRecord]) -> Settlement:
        return Settlement([])

    def settled(self, transaction: object, payloads: Sequence[bytes]) -> list[bool]:
        return [True for _ in payloads]


class ToyAudit:
    """Says what settling left: a row in the table `toys`."""

    def __init__(self, tallies: Tallies) -> None:
        self._tallies = tallies

    def select(self, transaction: Any, scope: Scope) -> Selection:
        return Selection()

    def traces(
        self, transaction: Connection, *, partition: int, first: int, selection: Selection
    ) -> Iterator[Trace]:
        found = transaction.exec_driver_sql(
            'SELECT "offset" FROM toys WHERE "offset" >= %s ORDER BY "offset"', (first,)
        )
        return (Trace(row[0], "effect", "toys", row) for row in found)

    def see(self, transaction: Any, places: Sequence[Place]) -> None: ...

    def end_partition(self, transaction: Any) -> None: ...

    def end(self, transaction: Any, selection: Selection) -> None: ...


class ToyContainer(Container):
    """The house, with one more topic."""

    @cached_property
    def lane_topics(self) -> dict[str, LaneTopic]:
        toy = LaneTopic(
            topic=TOY,
            group=GROUP,
            queue="toys",
            check=lambda key, value: msgspec.json.decode(value),
            identify=lambda value: None,
            handler=ToyHandler(),
            audit=ToyAudit,
        )
        return {**super().lane_topics, TOY.name: toy}


@pytest.fixture
def toys(container: Container) -> Iterator[ToyContainer]:
    """Four records: settled, settled, waiting, given up; and progress after the last."""
    toys = ToyContainer(container.settings, application="tests")
    servers = container.settings.kafka_bootstrap_servers
    create_topics(servers, (TOY,), replication=1, min_isr=1, wait_s=10)
    for _ in range(4):
        container.producer.append(TOY, key=1, value=b"{}")
    with toys.engine.begin() as connection:
        connection.exec_driver_sql('CREATE TABLE toys ("offset" bigint PRIMARY KEY)')
        connection.exec_driver_sql("INSERT INTO toys VALUES (0), (1)")
        _fill(connection)
    yield toys
    with toys.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE toys")
        for table in (schema.inbox, schema.dead_letters, schema.ingest_progress):
            connection.execute(table.delete().where(table.c.topic == TOY.name))
    toys.log_reader.close()
    toys.engine.dispose()


def _fill(connection: Connection) -> None:
    now = datetime.now(UTC)
    at = {"topic": TOY.name, "partition": 0, "key": "1", "log_time": now}
    connection.execute(insert(schema.inbox).values(**at, offset=2, payload="{}"))
    connection.execute(
        insert(schema.dead_letters).values(
            **at, offset=3, payload=b"{}", consumer_group=GROUP, reason="HandlerError",
            error_class="E", message="m", attempts=1, first_failed_at=now,
        )
    )  # fmt: skip
    connection.execute(
        insert(schema.ingest_progress).values(
            topic=TOY.name, partition=0, topic_id="t", next_offset=4
        )
    )


def examples(toys: ToyContainer) -> dict[str, list[str]]:
    """What is said of the toys, by invariant."""
    tallies = audit(toys, Scope(since=datetime.now(UTC) - timedelta(minutes=1)), [])
    said = {name: [line for line in tally.examples if TOY.name in line] for name, tally in tallies}
    return {name: lines for name, lines in said.items() if lines}


def test_every_place_of_a_second_topic_is_judged(toys: ToyContainer) -> None:
    assert examples(toys) == {}
    with toys.engine.begin() as connection:
        connection.exec_driver_sql('DELETE FROM toys WHERE "offset" = 1')
        connection.exec_driver_sql("INSERT INTO toys VALUES (2)")
    assert examples(toys) == {
        "I2": [
            f"{TOY.name}/0/1 lane 1 is in no place at all",
            f"{TOY.name}/0/2 lane 1 is in toys and inbox_waiting",
        ]
    }


def test_a_second_topic_may_not_wait_nor_commit_ahead(toys: ToyContainer) -> None:
    inbox = schema.inbox
    with toys.engine.begin() as connection:
        long_ago = datetime.now(UTC) - timedelta(seconds=31)
        mine = inbox.update().where(inbox.c.topic == TOY.name)
        connection.execute(mine.values(taken_at=long_ago))
    admin = KafkaAdminClient(bootstrap_servers=toys.settings.kafka_bootstrap_servers)
    admin.alter_group_offsets(GROUP, {TopicPartition(TOY.name, 0): OffsetAndMetadata(5, "", -1)})
    admin.close()
    said = examples(toys)
    assert list(said) == ["I4", "I12"]
    assert f"{TOY.name}/0/2 lane 1 waits for" in said["I4"][0]
    assert said["I12"] == [f"{TOY.name}/0: group {GROUP} committed 5, progress is 4"]
