"""The services of processes of all kinds: PostgreSQL, Redis, the topics settled per key.

Everything is created on first use, so that a process connects only to what it needs, and never
before its fork.
"""

from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from redis import Redis
from sqlalchemy import Engine

from app.adapters.postgres.engine import make_engine
from app.adapters.postgres.epochs import guard_connections
from app.adapters.postgres.queries import rows
from app.adapters.postgres.settling import PostgresAuctionStore
from app.adapters.redis.connect import connect
from app.domain.errors import BusyError
from app.protocol.tasks import SETTLE_QUEUE
from app.protocol.topics import AUCTION_BID, INGEST_GROUP
from app.services import settling
from app.services.epochs import DatabaseGuard, FreshnessCheck, OlderDatabaseError
from app.settings import Settings
from lanes import Begin, DeadLetterLimit, LaneTopic
from lanes.postgres.dead_letters import PostgresDeadLetters
from lanes.postgres.lanes import PostgresLanes
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
    def begin(self) -> Begin:
        """Begins a transaction of the platform."""
        return transactions(self.engine)

    lanes = PostgresLanes()
    dead_letters = PostgresDeadLetters()

    @cached_property
    def dead_letter_limit(self) -> DeadLetterLimit:
        """The limit of dead letters."""
        return self.settings.limits.dead_letter_limit

    @cached_property
    def fanout(self) -> Redis:
        """Redis for pub/sub, flags and presence."""
        return connect(self.settings.redis_fanout_url, limits=self.settings.limits)

    @cached_property
    def lane_topics(self) -> dict[str, LaneTopic]:
        """The topics whose records are settled per key."""
        bids = LaneTopic(
            topic=AUCTION_BID,
            group=INGEST_GROUP,
            queue=SETTLE_QUEUE,
            check=partial(settling.check_known, lost_ids=lambda: self.guard.lost_ids),
            identify=settling.identify,
            handler=settling.AuctionLane(PostgresAuctionStore(), self._hasten_notices),
            is_text=True,
        )
        return {bids.topic.name: bids}

    def _hasten_notices(self) -> None:
        """Publish new notices soon. Only processes with Celery can: elsewhere the sweep publishes
        them."""

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
