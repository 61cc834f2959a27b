"""The campaign's environment: a stack of its own, with a proxy on every link."""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any, Self

import psycopg2
import redis
from kafka import KafkaConsumer, TopicPartition

from app.settings import read_settings
from lanes.kafka.security import client_arguments
from lanes.topic import Topic
from stack import Program, Stack
from stack.application import PIPELINES
from stack.campaign.clock import SHIM
from stack.campaign.disk import SmallDisk
from stack.campaign.process_tree import process_tree
from stack.campaign.proxies import LINKS, Proxies
from stack.client import Endpoint
from stack.environment import application_environment
from stack.ports import HOST
from stack.progress import shown
from stack.readiness import complaint_of
from stack.servers import Server
from stack.servers.kafka import Kafka
from stack.servers.postgresql import SUPERUSER
from stack.slowness import wait_until

INGESTS = ("ingest-0", "ingest-1")  # so that partitions change hands
READY_S, POLL_S = 180.0, 0.2
LEFT_OUT = ("bridge", "flower")


class Environment:
    """The stack, its proxies, and what faults need: signals, SQL, the disk.

    `busy_kills` counts processes that were killed in the middle of a transaction.
    """

    def __init__(self, stack: Stack, rng: random.Random) -> None:
        self.stack, self.rng = stack, rng
        self.control, self.settings = stack.control, stack.settings
        self.proxies = Proxies(stack.settings)
        self.disk = SmallDisk(stack.places)
        self.busy_kills: Counter[str] = Counter()
        self.endpoint = Endpoint.at(HOST, self.settings.ports.proxy_gateway)

    @classmethod
    @contextmanager
    def open(cls, stack: Stack, rng: random.Random) -> Iterator[Self]:
        """Start everything with empty data; stop it at the end."""
        environment = cls(stack, rng)
        environment._reset()
        try:
            environment._start()
            yield environment
        finally:
            stack.down()
            environment.disk.remove()

    def servers(self) -> dict[str, Server]:
        """The servers by the names of their processes."""
        return self.stack.servers()

    def broker(self, number: int) -> Kafka:
        """The broker of this number, from 1."""
        return self.stack.brokers()[number - 1]

    def run_broker(self, broker: Kafka, **environment: str) -> None:
        """End a broker and start it with these variables."""
        program = broker.program()
        self.control.run(replace(program, environment={**program.environment, **environment}))
        self.control.wait_for(broker.is_ready, name=broker.name)

    def programs(self, **changes: str) -> list[Program]:
        """The application, each pipeline in a process of its own, reaching all through proxies."""
        programs = self.stack.application(**self._proxied_variables(), **changes)
        (bridge,) = (program for program in programs if program.name == "bridge")
        command = bridge.command[: -len(PIPELINES)]
        pipelines = [*INGESTS, *(name for name in PIPELINES if name != "ingest")]
        return [
            *(program for program in programs if program.name not in LEFT_OUT),
            *(
                replace(bridge, name=name, command=(*command, name.partition("-")[0]))
                for name in pipelines
            ),
        ]

    def all_run(self) -> bool:
        """Whether every process of servers and application has lived for a second."""
        states = {process.name: process.state for process in self.control.processes()}
        names = (*self.servers(), *(program.name for program in self.programs()))
        return all(states.get(name) == "RUNNING" for name in names)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process and all its children; do nothing if it does not run."""
        pid = self.control.pid(name)
        for each in process_tree(pid) if pid else ():
            try:
                os.kill(each, number)
            except ProcessLookupError:
                continue

    def sql(
        self, statement: str, database: str = "auction", host: str = ""
    ) -> list[tuple[Any, ...]]:
        """Run one statement as superuser, straight; its rows. Raises psycopg2.Error.

        It is asked of the primary, or of the server at `host`.
        """
        hosts = [server.host for server in self.stack.postgresql()]
        connection = psycopg2.connect(
            host=host or ",".join(hosts),
            port=self.settings.ports.postgresql,
            user=SUPERUSER,
            password=self.stack.credentials.postgres_password,
            dbname=database,
            connect_timeout=3,
            application_name="campaign",
            target_session_attrs="any" if host else "read-write",
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def redis(self) -> "redis.Redis":
        """A client, straight."""
        return redis.Redis.from_url(self.stack.addresses()["REDIS_URL"], socket_timeout=5)

    def consumer(self, group: str | None = None) -> "closing[KafkaConsumer]":
        """A consumer that commits nothing by itself."""
        settings = read_settings(self.stack.environment())
        arguments = client_arguments(settings.kafka)
        return closing(KafkaConsumer(**arguments, group_id=group, enable_auto_commit=False))

    def ends(self, topic: Topic) -> dict[TopicPartition, int]:
        """By partition, the offset that its next record will get."""
        parts = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        with self.consumer() as consumer:
            ends: dict[TopicPartition, int] = consumer.end_offsets(parts)
        return ends

    def _reset(self) -> None:
        self.stack.down()
        self.disk.remove()
        self.stack.clean()

    def _start(self) -> None:
        SHIM.ensure()
        self.stack.places.create()
        if not self.settings.standby:
            self.servers()["postgresql"].prepare()
            self.disk.move_here(self.stack.places.data_dir / "postgresql")
        self.stack.begin()
        self.control.run(self.proxies.program())
        self.control.wait_for(self.proxies.is_ready, name="proxies")
        self.proxies.open_all()  # before the brokers, which meet by way of them
        self.stack.servers_up()
        # On the small disk the log of changes must be small, too.
        self.sql("ALTER SYSTEM SET max_wal_size = '192MB'")
        self.sql("ALTER SYSTEM SET min_wal_size = '64MB'")
        self.sql("SELECT pg_reload_conf()")
        self.stack.run_once("migrations", "alembic", "upgrade", "head")
        self.stack.run_once("topics", "python", "-m", "bridge", "topics")
        with shown("the application is ready behind its proxies"):
            for program in self.programs():
                self.control.run(program, wait=False)
            self._wait_ready()

    def _wait_ready(self) -> None:
        wait_until(
            lambda: self.all_run() and not complaint_of(self.endpoint.base_url),
            "the application is ready (see `make status`)",
            seconds=READY_S,
            poll_s=POLL_S,
        )

    def _proxied_variables(self) -> Mapping[str, str]:
        """What differs in the application's environment when each address is that of its proxy."""
        ports = self.settings.ports
        proxied = replace(ports, **{link: self.proxies.port(f"proxy_{link}") for link in LINKS})
        direct = self.stack.environment()
        behind = application_environment(
            settings=replace(self.settings, ports=proxied),
            credentials=self.stack.credentials,
            places=self.stack.places,
        )
        return {
            name: value
            for name, value in behind.items()
            if value != direct[name] and name != "GATEWAY_BIND"
        }
