"""The services of gateways."""

import time
from functools import cached_property
from urllib.parse import urlsplit
from uuid import uuid4

from redis import Redis
from sqlalchemy import Engine

from app.adapters.mongo.messages import MongoMessages, make_guarded_client
from app.adapters.oauth.providers import make_providers
from app.adapters.postgres.engine import make_guarded_engine
from app.adapters.postgres.epochs import guard_connections
from app.adapters.postgres.identities import PostgresIdentities
from app.adapters.postgres.waiting import install_waits
from app.adapters.redis.connect import connect_guarded
from app.adapters.redis.presence import RedisPresence
from app.adapters.redis.used_states import RedisUsedStates
from app.bootstrap.house import HouseContainer
from app.observability import metrics
from app.services.accounts import Accounts
from app.services.breaker import Breaker
from app.services.social import SocialLogIn
from app.settings import Settings

PRODUCER_WAIT_S = 1.5  # longer than connecting takes; a bid before that gets BUSY


class WebContainer(HouseContainer):
    """The services of the API and the sockets."""

    def make_social(self, accounts: Accounts) -> SocialLogIn:
        """Log-in by Google, Kakao and Naver to these accounts."""
        return SocialLogIn(
            make_providers(self.settings),
            PostgresIdentities(self.engine),
            used=RedisUsedStates(self.auth_redis, limits=self.settings.limits),
            accounts=accounts,
            profiles=self.profiles,
        )

    @cached_property
    def presence(self) -> RedisPresence:
        """Presence over all gateways."""
        return RedisPresence(self.fanout, gateway=str(uuid4()), limits=self.settings.limits)

    def start_producers(self) -> None:
        """Connect to Kafka; wait briefly for the producer of bids, and continue in the
        background."""
        self.chat_producer.start()
        self.producer.wait_connected(PRODUCER_WAIT_S)

    def flush_producers(self, timeout_s: float) -> None:
        """Wait for acknowledgements, at most `timeout_s`: those of bids first."""
        deadline = time.monotonic() + timeout_s
        self.producer.flush(timeout_s)
        self.chat_producer.flush(max(0.0, deadline - time.monotonic()))


class GatewayContainer(WebContainer):
    """Services of requests that wait: each store answers in `limits.store_timeout_s` or the call
    fails."""

    def __init__(self, settings: Settings, *, application: str) -> None:
        super().__init__(settings, application=application)
        self._breakers: dict[tuple[str, str], Breaker] = {}

    @cached_property
    def engine(self) -> Engine:
        """PostgreSQL."""
        limits = self.settings.limits
        return self._make_engine("", limits.pool_connections, limits.store_timeout_s)

    @cached_property
    def chat_engine(self) -> Engine:
        """PostgreSQL, for rooms: however many ask for them, bids keep their connections."""
        limits = self.settings.limits
        return self._make_engine("-chat", limits.chat_pool_connections, limits.store_timeout_s)

    @cached_property
    def guest_engine(self) -> Engine:
        """PostgreSQL, as far as guests may use it."""
        limits = self.settings.limits
        return self._make_engine("-guests", limits.guest_pool_connections, limits.guest_pool_wait_s)

    @cached_property
    def fanout(self) -> Redis:
        """Redis for pub/sub and presence."""
        url = self.settings.redis_fanout_url
        return connect_guarded(url, breaker=self._breaker(metrics.REDIS, url))

    @cached_property
    def auth_redis(self) -> Redis:
        """Redis for sessions and rates."""
        url = self.settings.redis_auth_url
        return connect_guarded(url, breaker=self._breaker(metrics.REDIS, url))

    @cached_property
    def messages(self) -> MongoMessages:
        """Stored chat messages."""
        settings = self.settings
        breaker = self._breaker(metrics.MONGODB, settings.mongodb_url)
        client = make_guarded_client(
            settings.mongodb_url, limits=settings.limits, name=self.application, breaker=breaker
        )
        return MongoMessages(client, breaker)

    @property
    def is_fanout_away(self) -> bool:
        """Whether Redis does not answer, through which outcomes would come."""
        return self._breaker(metrics.REDIS, self.settings.redis_fanout_url).is_open

    def _make_engine(self, whose: str, connections: int, wait_s: float) -> Engine:
        url = self.settings.database_url
        engine = make_guarded_engine(
            url,
            application=self.application + whose,
            limits=self.settings.limits,
            breaker=self._breaker(metrics.POSTGRESQL, url),
            connections=connections,
            wait_s=wait_s,
        )
        guard_connections(engine, lambda: self.guard)
        return engine

    def _breaker(self, store: str, url: str) -> Breaker:
        """The breaker of the server at `url`, shared by all its uses."""
        limits = self.settings.limits
        return self._breakers.setdefault(
            (store, urlsplit(url).netloc.rpartition("@")[2]),
            Breaker(store, timeout_s=limits.store_timeout_s, pause_s=limits.store_pause_s),
        )


def build_gateway_container(settings: Settings) -> GatewayContainer:
    """The services of a gateway, which runs under gevent; connects to nothing yet."""
    install_waits(settings.limits.store_timeout_s)
    container = GatewayContainer(settings, application="gateway")
    container.guard_database()
    return container
