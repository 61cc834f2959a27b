"""Lists of a test: a topic and processes of its own, and their effects."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from kafka import KafkaAdminClient, KafkaProducer, OffsetAndMetadata, TopicPartition
from sqlalchemy import Engine, create_engine

from app.adapters.kafka.rights import create_topics_with_rights
from app.settings import Settings, read_settings
from lanes.kafka.connect import make_producer
from lanes.kafka.security import client_arguments
from lanes.postgres.engine import driver_url
from lanes.topic import Topic, dead_letter_topic
from tests import kafka_log
from tests.freezing import freeze, wake
from tests.integration.database import alembic, own_database
from tests.platform.lists import GROUP_SUFFIX, TABLES
from tests.servers import redis_url
from tests.waiting import wait_until


class Process:
    """A process of ours, with its output in `log_file`."""

    def __init__(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], log_file: Path
    ) -> None:
        self.log_file = log_file
        with log_file.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                env=dict(environment),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; returns its exit code when it has ended."""
        self._process.terminate()
        return self.wait_ended()

    def freeze(self) -> None:
        """SIGSTOP; returns when none of its threads runs any more."""
        freeze(self._process.pid)

    def wake(self) -> None:
        """SIGCONT."""
        wake(self._process.pid)

    def wait_ended(self) -> int:
        """Wait until it ends by itself; return its exit code."""
        wait_until(lambda: self._process.poll() is not None, what="it ends")
        return self._process.wait()

    def log_events(self, event: str) -> list[dict[str, Any]]:
        """The lines of its log with this event, oldest first."""
        lines = self.log_file.read_text(errors="replace").splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in events if line["event"] == event]

    def wait_log_event(self, event: str) -> list[dict[str, Any]]:
        """The same, once there is one."""
        wait_until(lambda: bool(self.log_events(event)), what=f"{self.log_file.name} says {event}")
        return self.log_events(event)

    def end(self) -> None:
        """Kill it if it still runs."""
        if self._process.poll() is None:
            self.kill()


class ListsCluster:
    """The topic of lists of one test, its database and its processes."""

    def __init__(
        self, environment: Mapping[str, str], engine: Engine, *, partitions: int, logs: Path
    ) -> None:
        self.topic = f"lists-{uuid4().hex[:12]}"
        self.partitions, self.engine, self._logs = partitions, engine, logs
        self.environment = {
            **environment,
            "LISTS_TOPIC": self.topic,
            "LISTS_PARTITIONS": str(partitions),
        }
        self.settings: Settings = read_settings(self.environment)
        self.admin = KafkaAdminClient(**client_arguments(self.settings.kafka))
        self.producer: KafkaProducer = make_producer(self.settings.kafka, name="tests")
        self._processes: list[Process] = []

    def close(self) -> None:
        """End every process and forget the topic, and what nobody relayed: the relay of the next
        world would wait for a topic that is gone."""
        for process in self._processes:
            process.end()
        self.execute("DELETE FROM outbox")
        self.producer.close(timeout=1)
        self.admin.delete_topics([self.topic, f"{self.topic}.DLT"], raise_errors=False)
        self.admin.close()

    def make_topics(self) -> None:
        """As `python -m tests.platform.bridge topics` does."""
        topic = Topic(self.topic, self.partitions, for_ever=True)
        topics = (topic, dead_letter_topic(topic))
        create_topics_with_rights(self.settings.kafka, topics, wait_s=30)

    def bridge(self, *pipelines: str, **changes: str) -> Process:
        """A bridge process that runs these; `changes` of its environment."""
        return self._start("bridge", "tests.platform.bridge", *pipelines, **changes)

    def worker(self, *, pool: str = "solo", **changes: str) -> Process:
        """A worker process that settles lists, in this pool of Celery, which has two children."""
        options = ("-Q", self.topic, "-P", pool, "-c", "2", "--without-gossip", "--without-mingle")
        return self._start(
            "worker", "celery", "-q", "-A", "tests.platform.workers", "worker", *options, **changes
        )

    def append(self, name: str, text: str, **log_events: Any) -> Any:
        """Put a record into the log; a future of its place in it."""
        value = {"v": 1, "name": name, "id": uuid4().hex, "text": text, **log_events}
        return self.put(name.encode(), json.dumps(value).encode())

    def put(self, key: bytes | None, value: bytes | None, **where: Any) -> Any:
        """Put any bytes into the log; `where`: partition, headers."""
        return self.producer.send(self.topic, key=key, value=value, **where)

    def ends(self) -> dict[int, int]:
        """By partition, the offset that its next record will get."""
        return kafka_log.ends(self.settings, self.topic)

    def log(self) -> list[Any]:
        """Every record of the topic; each partition in its order."""
        return kafka_log.records(
            self.settings, self.topic, dict.fromkeys(range(self.partitions), 0)
        )

    def dead_letter_log(self) -> list[Any]:
        """Every record of the dead-letter topic."""
        partitions = dict.fromkeys(range(self.partitions), 0)
        return kafka_log.records(self.settings, f"{self.topic}.DLT", partitions)

    def progress(self) -> dict[int, int]:
        """By partition, the next offset to take."""
        query = "SELECT partition, next_offset FROM ingest_progress WHERE topic = %s"
        return {row.partition: row.next_offset for row in self.rows(query, self.topic)}

    def committed(self) -> dict[int, int]:
        """By partition, the committed offset in Kafka."""
        group = self.topic + GROUP_SUFFIX
        found = self.admin.list_group_offsets({group: None})[group]
        return {part.partition: place.offset for part, place in found.items()}

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Commit other offsets in Kafka; the group must have no members."""
        parts = {
            TopicPartition(self.topic, n): OffsetAndMetadata(offset, "", -1)
            for n, offset in offsets.items()
        }
        self.admin.alter_group_offsets(self.topic + GROUP_SUFFIX, parts)

    def settled(self) -> dict[str, list[tuple[int, int, str]]]:
        """By list, the (partition, offset, text) of its items, in the order they were appended."""
        lists: dict[str, list[tuple[int, int, str]]] = {}
        query = (
            'SELECT name, partition, "offset", text FROM list_items '
            "WHERE name LIKE %s ORDER BY place"
        )
        for row in self.rows(query, f"{self.topic}-%"):
            lists.setdefault(row.name, []).append((row.partition, row.offset, row.text))
        return lists

    def logged(self) -> dict[str, list[tuple[int, int, str]]]:
        """What `settled` must be, computed from the log; records without a key have no list."""
        lists: dict[str, list[tuple[int, int, str]]] = {}
        for record in self.log():
            if record.key is None:
                continue
            place = (record.partition, record.offset, json.loads(record.value)["text"])
            lists.setdefault(record.key.decode(), []).append(place)
        return lists

    def list_name(self, number: int) -> str:
        """The name of a list of this cluster, unique in this database."""
        return f"{self.topic}-{number}"

    def rows(self, query: str, *parameters: object) -> list[Any]:
        """What the database answers."""
        with self.engine.connect() as connection:
            return list(connection.exec_driver_sql(query, parameters))

    def execute(self, statement: str, parameters: Any = None) -> None:
        """Change the database; `parameters` by place or by name."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(statement, parameters)

    @contextmanager
    def locked(self, statement: str, *parameters: object) -> Iterator[None]:
        """Hold the locks that a statement takes."""
        with self.engine.connect() as connection, connection.begin() as transaction:
            connection.exec_driver_sql(statement, parameters)
            yield
            transaction.rollback()

    def wait_blocked(self, query_like: str) -> None:
        """Return once a query like this waits for a lock."""
        waiting = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock' AND query LIKE %s"
        )
        wait_until(lambda: self.rows(waiting, query_like), what=f"{query_like} waits for a lock")

    def _start(self, kind: str, *arguments: str, **changes: str) -> Process:
        name = f"{kind}-{len(self._processes)}"
        process = Process(
            arguments,
            environment={**self.environment, "PROCESS_NAME": name, **changes},
            log_file=self._logs / f"{name}.log",
        )
        self._processes.append(process)
        return process


@contextmanager
def lists_database() -> Iterator[tuple[dict[str, str], Engine]]:
    """A database with the platform's tables and those of lists: its environment and an engine."""
    with own_database("lists") as environment:
        alembic(environment, "upgrade", "head")
        engine = create_engine(driver_url(environment["DATABASE_URL"]))
        with engine.begin() as connection:
            connection.exec_driver_sql(TABLES)
        # The Redis users have rights for the application's queues and channels only.
        own = {"REDIS_BROKER_URL": redis_url(1), "REDIS_FANOUT_URL": redis_url(2)}
        yield {**environment, **own}, engine
        engine.dispose()


@contextmanager
def open_cluster(
    environment: Mapping[str, str], engine: Engine, *, logs: Path, partitions: int = 3
) -> Iterator[ListsCluster]:
    """A cluster whose topics exist, and whose processes end when it is left."""
    metrics_dir = logs / "metrics"
    metrics_dir.mkdir()
    base = {**os.environ, **environment, "PROMETHEUS_MULTIPROC_DIR": str(metrics_dir)}
    cluster = ListsCluster(base, engine, partitions=partitions, logs=logs)
    try:
        cluster.make_topics()
        yield cluster
    finally:
        cluster.close()
