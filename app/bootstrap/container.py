"""The services of processes of all kinds: PostgreSQL and Redis.

Everything is created on first use, so that a process connects only to what it needs, and never
before its fork.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from redis import Redis
from sqlalchemy import Connection, Engine

from app.adapters.postgres.engine import make_engine
from app.adapters.postgres.epochs import guard_connections
from app.adapters.postgres.queries import rows
from app.adapters.redis.connect import connect
from app.domain.errors import BusyError
from app.services.epochs import DatabaseGuard, FreshnessCheck, OlderDatabaseError
from app.settings import Settings
from lanes import Begin
from lanes.postgres.transactions import transactions

if TYPE_CHECKING:
    from app.adapters.mongo.messages import MongoMessages


class Container:
    """The services of one process; `application` is its name on the servers it connects to."""

    def __init__(self, settings: Settings, *, application: str) -> None:
        self.settings = settings
        self.application = application
        self._is_guarded = False

    def guard_database(self) -> None:
        """Use no database that is older than Kafka; to be called before anything connects."""
        self._is_guarded = True

    @cached_property
    def guard(self) -> DatabaseGuard:
        """The guard of the database."""
        return DatabaseGuard(self.freshness_checks if self._is_guarded else None)

    @cached_property
    def freshness_checks(self) -> Sequence[FreshnessCheck]:
        """The checks that a database is not older than Kafka.

        Empty for a process that never connects to Kafka: it uses a database that others have
        admitted.
        """
        return ()

    def check_database(self) -> None:
        """Connect, which checks a database that is not known yet. Raise BusyError."""
        rows(self.engine, "SELECT 1", {})

    @cached_property
    def engine(self) -> Engine:
        """PostgreSQL."""
        engine = make_engine(
            self.settings.database_url, application=self.application, limits=self.settings.limits
        )
        guard_connections(engine, lambda: self.guard)
        return engine

    @cached_property
    def begin(self) -> Begin[Connection]:
        """Begins a transaction of the platform."""
        return transactions(self.engine)

    @cached_property
    def fanout(self) -> Redis:
        """Redis for pub/sub, flags and presence."""
        return connect(self.settings.redis_fanout_url, limits=self.settings.limits)

    @cached_property
    def messages(self) -> "MongoMessages":
        """Stored chat messages."""
        # Its driver, which of the workers only housekeeping needs, and of the bridge only `save`.
        from app.adapters.mongo.messages import MongoMessages, make_client  # noqa: PLC0415

        settings = self.settings
        client = make_client(settings.mongodb_url, limits=settings.limits, name=self.application)
        return MongoMessages(client)


def refuse_older_database(container: Container) -> None:
    """Raise OlderDatabaseError when the database is older than Kafka; do nothing while it does not
    answer."""
    try:
        container.check_database()
    except OlderDatabaseError:
        raise
    except BusyError:
        return
