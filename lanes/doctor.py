"""Checks what would break a promise of the platform before a process starts."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from kafka.errors import KafkaError
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from lanes.kafka.connect import make_admin
from lanes.kafka.topic_settings import MIN_ISR, WrongTopicError, settings_of
from lanes.kafka.topics import TopicWatch
from lanes.kafka.unreachable import why_unreachable
from lanes.migrations import schema_fault
from lanes.settings import KafkaSettings
from lanes.topic import Topic

if TYPE_CHECKING:
    from lanes.platform import Platform

WAIT_S = 5.0

Check = tuple[str, str | None]
"""What was checked, and what is wrong with it, in one line; None: nothing."""


def examine(platform: "Platform") -> Iterator[Check]:
    """Check servers, schema and topics, each by itself, and yield the results."""
    yield "PostgreSQL: schema", _database_fault(platform)
    yield "Redis: flags", _redis_fault(platform.redis.ping)
    yield "Celery: broker", _redis_fault(platform.waker.waiting_at_broker)
    for topic in platform.kafka_topics:
        yield f"Kafka: topic {topic.name}", _topic_fault(platform.kafka, topic)


def _database_fault(platform: "Platform") -> str | None:
    try:
        with platform.engine.connect() as connection:
            return schema_fault(connection, schema=platform.schema)
    except SQLAlchemyError as error:
        return str(getattr(error, "orig", None) or error).partition("\n")[0]


def _redis_fault(ask: Callable[[], object]) -> str | None:
    try:
        ask()
    except (RedisError, OSError) as error:
        return str(error)
    return None


def _topic_fault(kafka: KafkaSettings, topic: Topic) -> str | None:
    try:
        with closing(TopicWatch(kafka, (topic,), wait_s=WAIT_S)) as watch:
            watch.check()
        with closing(make_admin(kafka, timeout_ms=int(WAIT_S * 1000))) as admin:
            min_isr = int(settings_of(admin, [topic])[topic.name][MIN_ISR])
    except WrongTopicError as error:
        return str(error)
    except KafkaError as error:
        return why_unreachable(kafka, error)
    if min_isr < kafka.min_isr:
        return f"{MIN_ISR} is {min_isr}, less than KAFKA_MIN_ISR={kafka.min_isr}"
    return None
