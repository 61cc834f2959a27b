"""The platform of one application: its topics, and what its processes are composed of.

    platform = Platform.from_env()

    @platform.lane("orders", partitions=12, value=Order)
    def settle(tx, key, records): ...

Nothing connects before it is used, and drivers are imported only by the processes that need them.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Never, Self

from lanes.codec import Codec
from lanes.command_line import REFUSED
from lanes.configuration import read_settings
from lanes.errors import PlatformError
from lanes.handler import ON_POISON, LaneHandler, LaneTopic, OnPoison
from lanes.logging import configure_logging
from lanes.postgres.schema_name import SCHEMA, name_fault
from lanes.settings import KafkaSettings, LaneLimits, ServerSettings
from lanes.topic import DEAD_LETTER_SUFFIX, Topic, dead_letter_topic

if TYPE_CHECKING:
    from celery import Celery
    from redis import Redis
    from sqlalchemy import Connection, Engine

    from lanes.audit.run import AuditSources
    from lanes.dead_letter_list import DeadLetterList
    from lanes.parking import Parked
    from lanes.pipelines.runner import Pipeline
    from lanes.ports import Begin
    from lanes.postgres.functions import Function
    from lanes.replay import Replayer
    from lanes.settle import LaneSettler
    from lanes.tasks.waker import CeleryWaker

TASK = "lanes.settle"
OPERATOR = "operator"  # the name of a command on the servers it connects to
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 3, 5
POOL_CONNECTIONS = 4  # relay and sweep keep one each for as long as they run
HANDLER_METHODS = ("load", "settle", "fail", "settled")


class Platform:
    """Servers, limits and topics. Every argument may be the user's own object or its URL."""

    def __init__(
        self,
        *,
        engine: "Engine | str",
        kafka: KafkaSettings | str,
        redis: "Redis | str",
        celery: "Celery | str | None" = None,
        limits: LaneLimits | None = None,
        schema: str = SCHEMA,
    ) -> None:
        """`engine`: of SQLAlchemy, on PostgreSQL. `redis` has the flags of wake-ups; `celery` is an
        application or its broker, by default that Redis. `schema` has the platform's tables.

        Raise PlatformError.
        """
        self._engine, self._redis, self._celery = engine, redis, celery
        self.kafka = KafkaSettings(bootstrap_servers=kafka) if isinstance(kafka, str) else kafka
        self.limits = limits or LaneLimits()
        self.topics: dict[str, LaneTopic[Connection]] = {}
        self.schema = schema
        self._published: list[Topic] = []
        _refuse(_engine_fault(engine), _celery_fault(celery, redis), name_fault(schema))

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the platform that the environment describes, as docs/lanes/configuration.md lists
        it. Raise PlatformError with a line for each fault."""
        faults: list[str] = []
        servers = read_settings(ServerSettings, environment, faults)
        kafka = read_settings(KafkaSettings, environment, faults)
        limits = read_settings(LaneLimits, environment, faults)
        if servers is None or kafka is None or limits is None:
            raise PlatformError("\n".join(faults))
        return cls(
            engine=servers.database_url,
            kafka=kafka,
            redis=servers.redis_url,
            celery=servers.celery_broker_url,
            limits=limits,
            schema=servers.lanes_schema,
        )

    def lane(
        self,
        topic: str,
        *,
        partitions: int,
        value: Any = bytes,  # noqa: ANN401 - any type
        group: str | None = None,
        queue: str | None = None,
        on_poison: OnPoison = "dead_letter",
    ) -> "Callable[[Function], Function]":
        """Return a decorator that lets a function settle the records of `topic` key by key.

        `value`: bytes, or a type that msgspec reads from JSON. Group and queue are called as the
        topic unless named. `on_poison` is that of LaneTopic. Raise PlatformError.
        """
        codec = _codec(topic, value)

        def register(function: "Function") -> "Function":
            from lanes.postgres.functions import FunctionAudit, FunctionLane  # noqa: PLC0415 - loads its driver

            if not callable(function):
                raise PlatformError(f"topic {topic}: handler: {function!r} is not callable")
            handler = FunctionLane(topic, function, codec)
            self.add(
                LaneTopic(
                    topic=Topic(topic, partitions, for_ever=True),
                    group=group or topic,
                    queue=queue or topic,
                    check=codec.check,
                    identify=lambda _: None,
                    handler=handler,
                    audit=lambda _: FunctionAudit(topic),
                    on_poison=on_poison,
                )
            )
            return function

        return register

    def add(self, lane: "LaneTopic[Connection]") -> None:
        """Register a topic with its handler. Raise PlatformError."""
        name = lane.topic.name
        _refuse(
            _topic_fault(lane.topic),
            f"topic {name}: handler: there is one already" if name in self.topics else None,
            _handler_fault(name, lane.handler),
            _policy_fault(lane),
        )
        self.topics[name] = lane

    def publish_to(self, topic: str, *, partitions: int) -> None:
        """Let `topics` create a topic to which functions send messages. Raise PlatformError."""
        published = Topic(topic, partitions)
        _refuse(_topic_fault(published))
        self._published.append(published)

    @property
    def kafka_topics(self) -> tuple[Topic, ...]:
        """Every topic that must exist: those with lanes, where their dead letters go, and those to
        which messages are sent."""
        topics = [lane.topic for lane in self.topics.values()]
        return (*topics, *map(dead_letter_topic, topics), *self._published)

    @cached_property
    def engine(self) -> "Engine":
        """PostgreSQL, for tables in `schema`."""
        from lanes.postgres.engine import make_engine  # noqa: PLC0415 - as above
        from lanes.postgres.statements import with_schema  # noqa: PLC0415

        engine = self._engine
        if isinstance(engine, str):
            engine = make_engine(engine, application="lanes", connections=POOL_CONNECTIONS)
        return with_schema(engine, self.schema)

    def check_schema(self) -> None:
        """Raise PlatformError when the tables are not those of this code; pass while PostgreSQL
        does not answer."""
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - as above

        from lanes.migrations import schema_fault  # noqa: PLC0415

        with suppress(SQLAlchemyError), self.engine.connect() as connection:
            _refuse(schema_fault(connection, schema=self.schema))

    @cached_property
    def begin(self) -> "Begin[Connection]":
        """Begins a transaction."""
        from lanes.postgres.transactions import transactions  # noqa: PLC0415 - as above

        return transactions(self.engine)

    @cached_property
    def redis(self) -> "Redis":
        """The flags of wake-ups."""
        return _redis(self._redis) if isinstance(self._redis, str) else self._redis

    @cached_property
    def celery(self) -> "Celery":
        """The Celery application, with the task that settles lanes: `celery -A my_app.celery`."""
        from celery.signals import worker_init, worker_process_init  # noqa: PLC0415 - as above

        from lanes.tasks.application import make_celery  # noqa: PLC0415
        from lanes.tasks.settle import register_settle  # noqa: PLC0415

        configure_logging()
        app = self._celery
        if app is None or isinstance(app, str):
            app = make_celery(app or str(self._redis), name="lanes")
        waker = self._make_waker(app)
        register_settle(
            app,
            self._make_settler(waker),
            topics=self.topics,
            waker=waker,
            limits=self.limits,
            name=TASK,
        )
        worker_init.connect(self._refuse_wrong_schema, weak=False)
        worker_process_init.connect(self._forget_inherited_connections, weak=False)
        return app

    @cached_property
    def waker(self) -> "CeleryWaker":
        """Wakes lanes."""
        return self._make_waker(self.celery)

    @cached_property
    def parked(self) -> "Parked[Connection]":
        """Parked lanes and partitions."""
        from lanes.kafka.lags import KafkaLags  # noqa: PLC0415 - as above
        from lanes.parking import Parked  # noqa: PLC0415
        from lanes.postgres.lanes import PostgresLanes  # noqa: PLC0415
        from lanes.postgres.parked import PostgresParkedStore  # noqa: PLC0415

        return Parked(
            PostgresParkedStore(self.begin),
            PostgresLanes(),
            KafkaLags(self.kafka, name=OPERATOR),
            self.waker,
            begin=self.begin,
            topics=self.topics,
        )

    @cached_property
    def dead_letter_list(self) -> "DeadLetterList":
        """Lists of dead letters."""
        from lanes.dead_letter_list import DeadLetterList  # noqa: PLC0415 - as above
        from lanes.postgres.replay import PostgresStoredDeadLetters  # noqa: PLC0415

        return DeadLetterList(PostgresStoredDeadLetters(self.begin), sorted(self.topics))

    @cached_property
    def replayer(self) -> "Replayer[Connection]":
        """Replays of dead letters."""
        from lanes.kafka.replay_log import KafkaReplayLog  # noqa: PLC0415 - as above
        from lanes.postgres.replay import PostgresReplayStore  # noqa: PLC0415
        from lanes.replay import Replayer  # noqa: PLC0415

        return Replayer(
            self.dead_letter_list,
            PostgresReplayStore(self.begin, quiet_s=self.limits.replay_quiet_s),
            KafkaReplayLog(self.kafka, name=OPERATOR),
            begin=self.begin,
            lanes=self.topics,
            limits=self.limits,
            clock=time.monotonic,
            sleep=time.sleep,
        )

    @cached_property
    def audit_sources(self) -> "AuditSources[Connection]":
        """What an audit reads."""
        from lanes.audit.run import AuditSources  # noqa: PLC0415 - as above
        from lanes.kafka.reader import KafkaLogReader  # noqa: PLC0415
        from lanes.postgres.audit_rows import PostgresLaneRows, snapshot  # noqa: PLC0415

        return AuditSources(
            lanes=list(self.topics.values()),
            log=KafkaLogReader(self.kafka, name=OPERATOR),
            rows=PostgresLaneRows(),
            snapshot=partial(snapshot, self.engine, timeout_ms=self.limits.audit_timeout_ms),
        )

    def _refuse_wrong_schema(self, **_: object) -> None:
        """End a worker at its start: Celery goes on after any other error."""
        try:
            self.check_schema()
        except PlatformError as error:
            print(error, file=sys.stderr)
            raise SystemExit(REFUSED) from error

    def _forget_inherited_connections(self, **_: object) -> None:
        """Let a forked worker open connections of its own."""
        self.engine.dispose(close=False)

    def _make_waker(self, app: "Celery") -> "CeleryWaker":
        from lanes.tasks.waker import CeleryWaker  # noqa: PLC0415 - as above

        broker = _redis(str(app.conf.broker_url))
        return CeleryWaker(app, self.redis, broker, topics=self.topics, task=TASK)

    def _make_settler(self, waker: "CeleryWaker") -> "LaneSettler[Connection]":
        from lanes.postgres.claims import PostgresClaims  # noqa: PLC0415 - as above
        from lanes.postgres.dead_letters import PostgresDeadLetters  # noqa: PLC0415
        from lanes.postgres.lanes import PostgresLanes  # noqa: PLC0415
        from lanes.settle import make_settler  # noqa: PLC0415

        return make_settler(
            begin=self.begin,
            lanes=PostgresLanes(),
            claims=PostgresClaims(),
            dead_letters=PostgresDeadLetters(),
            waker=waker,
            limits=self.limits,
        )

    def pipelines(self, names: "list[str]") -> "list[Pipeline]":
        """Return the pipelines of these names: ingest (one a topic), relay, sweep."""
        from lanes.pipelines.composition import compose  # noqa: PLC0415 - as above

        return compose(self, names)


def _redis(url: str) -> "Redis":
    from redis import Redis  # noqa: PLC0415 - only where it is used

    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=READ_TIMEOUT_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_keepalive=True,
        health_check_interval=15,
    )


def _refuse(*faults: str | None) -> None:
    found = [fault for fault in faults if fault]
    if found:
        raise PlatformError("\n".join(found))


def _engine_fault(engine: "Engine | str") -> str | None:
    dialect = engine.partition("+")[0].partition(":")[0] if isinstance(engine, str) else ""
    name = dialect or getattr(getattr(engine, "dialect", None), "name", type(engine).__name__)
    return None if name in ("postgresql", "postgres") else f"engine: {name} is not PostgreSQL"


def _celery_fault(celery: "Celery | str | None", redis: "Redis | str") -> str | None:
    if celery is None:
        return None if isinstance(redis, str) else "celery: an own Redis does not tell the broker"
    broker = celery if isinstance(celery, str) else celery.conf.broker_url
    if not broker:
        return "celery: the application has no broker"
    return None if str(broker).startswith(("redis", "unix")) else "celery: the broker is not Redis"


def _codec(topic: str, value: Any) -> Codec:  # noqa: ANN401 - any type
    try:
        return Codec(value)
    except TypeError as error:
        raise PlatformError(f"topic {topic}: value: {error}") from error


def _topic_fault(topic: Topic) -> str | None:
    if not topic.name or topic.name.endswith(DEAD_LETTER_SUFFIX):
        return f"topic {topic.name!r}: name: is empty or that of dead letters"
    if topic.partitions < 1:
        return f"topic {topic.name}: partitions: {topic.partitions} is less than 1"
    return None


def _policy_fault(lane: LaneTopic[Never]) -> str | None:
    if lane.on_poison in ON_POISON:
        return None
    return (
        f"topic {lane.topic.name}: on_poison: {lane.on_poison!r} is none of {', '.join(ON_POISON)}"
    )


def _handler_fault(topic: str, handler: LaneHandler[Never, Any]) -> str | None:
    missing = [name for name in HANDLER_METHODS if not callable(getattr(handler, name, None))]
    return f"topic {topic}: handler: has no {', '.join(missing)}" if missing else None
