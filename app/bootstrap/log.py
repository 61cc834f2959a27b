"""The services of processes that use Kafka: the bridge, gateways, commands of operators."""

from collections.abc import Sequence
from functools import cached_property

from redis import Redis
from sqlalchemy import Engine

from app.adapters.kafka.memory import KafkaMemory
from app.adapters.postgres.nicknames import PostgresNicknames
from app.adapters.redis.connect import connect
from app.adapters.redis.sessions import last_signed_in
from app.bootstrap.lanes import LaneContainer
from app.protocol.topics import ALL_TOPICS, AUCTION_EVENT
from app.services.epochs import FreshnessCheck, committed_ahead, published_ahead, signed_in_ahead
from app.services.nicknames import Nicknames
from lanes import Topic


class LogContainer(LaneContainer):
    """Services that use Kafka."""

    @cached_property
    def auth_redis(self) -> Redis:
        """Redis for sessions and rates."""
        return connect(self.settings.redis_auth_url, limits=self.settings.limits)

    @cached_property
    def freshness_checks(self) -> Sequence[FreshnessCheck]:
        """The checks that a database is not older than Kafka."""
        memory = KafkaMemory(self.settings, name=f"{self.application}-guard")
        freshness_checks = [
            committed_ahead(memory, group=lane.group, topic=lane.topic)
            for lane in self.lane_topics.values()
        ]
        if AUCTION_EVENT in self.topics:
            freshness_checks.append(published_ahead(memory))
            freshness_checks.append(
                signed_in_ahead(lambda epoch: last_signed_in(self.auth_redis, epoch))
            )
        return freshness_checks

    @cached_property
    def topics(self) -> tuple[Topic, ...]:
        """The required topics."""
        return ALL_TOPICS

    @property
    def chat_engine(self) -> Engine:
        """PostgreSQL, for rooms."""
        return self.engine

    @cached_property
    def nicknames(self) -> Nicknames:
        """Nicknames for user ids from Kafka."""
        return Nicknames(PostgresNicknames(self.chat_engine))
