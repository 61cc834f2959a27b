"""The settle loop: a lane's waiting records, in order, one transaction a batch.

Guarantees: what is settled is removed from the inbox in the same transaction; two workers on one
lane cannot both succeed, because the handler's guard and the exact count of removed rows each
make the second one roll back.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, Engine

from app.adapters.postgres import inbox
from app.observability import metrics
from app.services.lanes import InboxRecord, LaneTopic, Settlement

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LaneSettler:
    """Settles the lanes of any topic; `again` queues a lane that has more work than one turn."""

    engine: Engine
    batch_max: int
    turn_s: float
    again: Callable[[str, str], None]

    def settle(self, lane: LaneTopic, key: str) -> int:
        """Settle what waits in a lane, for at most one turn; the number of records settled.

        Raises VersionConflictError when another worker settles it at the same time.
        """
        total = 0
        ends = time.monotonic() + self.turn_s
        while True:
            settled = self._batch(lane, key)
            total += settled
            if settled < self.batch_max:
                return total
            if time.monotonic() > ends:
                self.again(lane.topic.name, key)
                return total

    def _batch(self, lane: LaneTopic, key: str) -> int:
        began = time.perf_counter()
        with self.engine.begin() as connection:
            records, settlement = self._transaction(connection, lane, key)
        if settlement is None:
            return 0
        if settlement.after_commit is not None:
            settlement.after_commit()
        measure(lane.topic.name, records, seconds=time.perf_counter() - began)
        log.info(
            "settled",
            topic=lane.topic.name,
            key=key,
            records=len(records),
            first_offset=records[0].offset,
            last_offset=records[-1].offset,
        )
        return len(records)

    def _transaction(
        self, connection: Connection, lane: LaneTopic, key: str
    ) -> tuple[list[InboxRecord], Settlement | None]:
        state = lane.handler.load(connection, key)
        topic = lane.topic.name
        records = inbox.read_lane(connection, topic=topic, key=key, limit=self.batch_max)
        if not records:
            return records, None
        settlement = lane.handler.settle(connection, state, records)
        inbox.delete_settled(connection, records)
        inbox.send(connection, settlement.messages)
        return records, settlement


def measure(topic: str, records: list[InboxRecord], *, seconds: float) -> None:
    """One settle of `records`, oldest first, took `seconds`."""
    waited_s = time.time() - records[0].log_time.timestamp()
    metrics.SETTLED.labels(topic).inc(len(records))
    metrics.SETTLED_BATCH.labels(topic).observe(len(records))
    metrics.SETTLE_SECONDS.labels(topic).observe(seconds)
    metrics.WAIT_SECONDS.labels(topic).observe(max(0.0, waited_s))
