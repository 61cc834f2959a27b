"""The services of processes that ingest, settle or replay: the topics settled per key."""

from functools import cached_property, partial

from sqlalchemy import Connection

from app.adapters.postgres.settling import PostgresAuctionStore
from app.bootstrap.container import Container
from app.protocol.tasks import SETTLE_QUEUE
from app.protocol.topics import AUCTION_BID, INGEST_GROUP
from app.services import settling
from lanes import DeadLetterLimit, LaneTopic
from lanes.postgres.dead_letters import PostgresDeadLetters
from lanes.postgres.lanes import PostgresLanes


class LaneContainer(Container):
    """Services with lanes."""

    lanes = PostgresLanes()
    dead_letters = PostgresDeadLetters()

    @cached_property
    def dead_letter_limit(self) -> DeadLetterLimit:
        """The limit of dead letters."""
        return self.settings.limits.dead_letter_limit

    @cached_property
    def lane_topics(self) -> dict[str, LaneTopic[Connection]]:
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
